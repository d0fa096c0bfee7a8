#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use super::forward;
use crate::responses::decode::whole;
use ccr_plugin::messages::event::Event;
use ccr_plugin::{ClientRequest, EncodedRequest, Header, Settings, Target};

fn to(base: &str, path: &str, settings: &str, body: &str) -> Option<EncodedRequest> {
    let header = |name: &str| Header { name: name.into(), value: "v".into() };
    let headers = vec![header("openai-beta"), header("openai-organization"), header("user-agent")];
    let request = ClientRequest { path: path.into(), headers, body: body.as_bytes().to_vec() };
    let target = Target::new("p", "gpt-\"5\"");
    forward(&request, &target, base, &Settings::of(settings)).unwrap()
}

fn goes(settings: &str, body: &str) -> bool {
    to("/v1", "/v1/responses", settings, body).is_some()
}

#[test]
fn only_the_models_name_changes() {
    let body = "{ \"input\" : \"\\u0061\",\n \"model\":\"x\", \"new\":1e3 }";
    let forwarded = to("/v1", "/v1/responses", "{}", body).unwrap();
    assert_eq!(String::from_utf8(forwarded.body).unwrap(), body.replace("\"x\"", r#""gpt-\"5\"""#));
    assert_eq!(forwarded.headers.iter().map(|header| header.name.as_str()).collect::<Vec<_>>(), ["openai-beta"]);
}

#[test]
fn the_path_is_the_targets_and_the_query_of_both() {
    let path = |base, path| to(base, path, "{}", r#"{"model":"x"}"#).unwrap().path;
    assert_eq!(path("/v1", "/v1/responses"), "/v1/responses");
    assert_eq!(path("", "/responses?a=1"), "/v1/responses?a=1");
    assert_eq!(path("/openai/v1?api-version=2", "/v1/responses?a=1"), "/openai/v1/responses?api-version=2&a=1");
}

#[test]
fn what_only_the_gateway_can_open_is_translated() {
    let reasoning = |content| {
        format!(r#"{{"model":"x","input":[{{"type":"reasoning","summary":[],"encrypted_content":"{content}"}}]}}"#)
    };
    assert!(goes("{}", &reasoning("gAAA")));
    assert!(!goes("{}", &reasoning("ccr1:sig:ErUB")));
    // Somebody speaks of it.
    assert!(goes("{}", r#"{"model":"x","input":"what is ccr1:sig: ?"}"#));
}

#[test]
fn options_that_would_change_the_request_make_it_translated() {
    let effort = |effort| format!(r#"{{"model":"x","reasoning":{{"effort":"{effort}","summary":"auto"}}}}"#);
    assert!(goes("{}", &effort("xhigh")));
    assert!(goes(r#"{"max_effort":"medium"}"#, &effort("medium")));
    assert!(!goes(r#"{"max_effort":"medium"}"#, &effort("high")));
    assert!(!goes(r#"{"summary":"off"}"#, &effort("low")));
    assert!(!goes(r#"{"reasoning":"never"}"#, &effort("low")));
    let search = r#"{"model":"x","tools":[{"type":"function"},{"type":"web_search"}],"prompt_cache_key":"k"}"#;
    assert!(goes("{}", search));
    for settings in
        [r#"{"web_search":"off"}"#, r#"{"web_search":"web_search_preview"}"#, r#"{"prompt_cache_key":false}"#]
    {
        assert!(!goes(settings, search), "{settings}");
        assert!(goes(settings, r#"{"model":"x","tools":[],"reasoning":null}"#), "{settings}");
    }
}

#[test]
fn the_upstream_side_can_read_the_answer() {
    let forwarded = to("/v1", "/v1/responses", "{}", r#"{"model":"x"}"#).unwrap();
    let answer = br#"{"output":[{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"g"}]}"#;
    let events = whole(answer, &forwarded.context).unwrap();
    let signed = |event: &Event| matches!(event, Event::Signature(signature) if signature.ends_with(":rs_1:e:g"));
    assert!(events.iter().any(signed));
}
