#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
use super::{Ask, search, takes_place};
use crate::options::Kind;
use crate::options::Options;
use crate::report::Failed;
use crate::source::Source;
use crate::tool::Wanted;
use ccr_plugin::host::{HttpRequest, HttpResponse};
use ccr_plugin::testing::host::on_http;
use ccr_plugin::{Fault, Settings};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::rc::Rc;

fn options(json: &Value) -> Options {
    Options::read(&Settings::of(json.to_string())).unwrap()
}

/// What was sent for the question, and what was made of the answer.
fn ask(
    options: &Value,
    wanted: &Wanted,
    query: &str,
    status: u16,
    body: &[u8],
) -> (Option<HttpRequest>, Result<Vec<Source>, Failed>) {
    let sent = Rc::new(RefCell::new(None));
    let (seen, body) = (Rc::clone(&sent), body.to_owned());
    on_http(move |request| {
        seen.replace(Some(request.clone()));
        Ok(HttpResponse { status, headers: Vec::new(), body: body.clone() })
    });
    let options = self::options(options);
    let found = search(&Ask { query, count: 10, wanted, options: &options });
    (sent.take(), found)
}

fn headers(request: &HttpRequest) -> Vec<(&str, &str)> {
    request.headers.iter().map(|header| (&*header.name, &*header.value)).collect()
}

fn body(request: &HttpRequest) -> Value {
    serde_json::from_slice(request.body.as_ref().unwrap()).unwrap()
}

fn list(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn place(members: &[(&str, &str)]) -> Vec<(String, String)> {
    members.iter().map(|(member, value)| ((*member).to_owned(), (*value).to_owned())).collect()
}

fn source(title: &str, url: &str, age: &str, text: &str) -> Source {
    Source { number: 0, title: title.into(), url: url.into(), age: age.into(), text: text.into() }
}

#[test]
fn brave() {
    let wanted = Wanted {
        allowed: list(&["docs.rs", "example.com/blog", "not a host"]),
        location: place(&[
            ("city", "Graz"),
            ("region", "Steiermark"),
            ("country", "AT"),
            ("timezone", "Europe/Vienna"),
        ]),
        ..Wanted::default()
    };
    let answer = json!({"type": "search", "query": {"original": "q"}, "web": {"results": [
        {"title": "A &amp; B", "url": "https://docs.rs/a", "description": "It&#x27;s <strong>good</strong>.",
            "age": "2 days ago", "page_age": "2025-04-12T14:22:41", "extra_snippets": ["More.", "And more."]},
        {"title": "C", "url": "https://example.com/blog/c", "age": "3 days ago"},
    ]}});
    let (sent, found) = ask(&json!({"backend": "brave"}), &wanted, "what & why?", 200, answer.to_string().as_bytes());
    let sent = sent.unwrap();
    assert_eq!(sent.method, "GET");
    assert_eq!(
        sent.url,
        "https://api.search.brave.com/res/v1/web/search?q=what%20%26%20why%3F&count=10&result_filter=web&text_decorations=false\
         &goggles=%24discard%0A%24site%3Ddocs.rs%0A%24site%3Dexample.com"
    );
    assert_eq!(
        headers(&sent),
        [
            ("accept", "application/json"),
            ("x-subscription-token", "{{secret:BRAVE_API_KEY}}"),
            ("x-loc-city", "Graz"),
            ("x-loc-state-name", "Steiermark"),
            ("x-loc-country", "AT"),
            ("x-loc-timezone", "Europe/Vienna"),
        ]
    );
    assert_eq!((sent.body, sent.timeout_ms), (None, Some(15_000)));
    let expected = [
        source("A & B", "https://docs.rs/a", "2025-04-12", "It's good. More. And more."),
        source("C", "https://example.com/blog/c", "3 days ago", ""),
    ];
    assert_eq!(found.unwrap(), expected);
}

#[test]
fn brave_blocks_sites_and_may_find_nothing() {
    let wanted = Wanted { blocked: list(&["a.invalid", "b.invalid"]), ..Wanted::default() };
    let nothing = json!({"type": "search", "query": {"original": "q"}}).to_string();
    let (sent, found) = ask(&json!({"backend": "brave"}), &wanted, "q", 200, nothing.as_bytes());
    assert!(sent.unwrap().url.ends_with("&goggles=%24discard%2Csite%3Da.invalid%0A%24discard%2Csite%3Db.invalid"));
    assert_eq!(found, Ok(vec![]));
}

#[test]
fn tavily() {
    let wanted = Wanted { allowed: list(&["docs.rs/tokio"]), ..Wanted::default() };
    let answer = json!({"query": "q", "results": [
        {"title": "A", "url": "https://docs.rs/tokio", "content": "Text.\nMore.", "score": 0.9, "published_date": "2025-04-12"},
    ], "response_time": 1.0});
    let options = json!({"backend": "tavily", "timeout_ms": 5000, "secret": "SEARCH_KEY"});
    let (sent, found) = ask(&options, &wanted, "q \"x\"", 200, answer.to_string().as_bytes());
    let sent = sent.unwrap();
    assert_eq!((&*sent.method, &*sent.url, sent.timeout_ms), ("POST", "https://api.tavily.com/search", Some(5000)));
    assert_eq!(
        headers(&sent),
        [
            ("accept", "application/json"),
            ("content-type", "application/json"),
            ("authorization", "Bearer {{secret:SEARCH_KEY}}"),
        ]
    );
    assert_eq!(body(&sent), json!({"query": "q \"x\"", "max_results": 10, "include_domains": ["docs.rs"]}));
    assert_eq!(found.unwrap(), [source("A", "https://docs.rs/tokio", "2025-04-12", "Text. More.")]);

    let wanted = Wanted { blocked: list(&["a.invalid"]), ..Wanted::default() };
    let (sent, _) = ask(&json!({"backend": "tavily"}), &wanted, "q", 200, b"{}");
    assert_eq!(body(&sent.unwrap()), json!({"query": "q", "max_results": 10, "exclude_domains": ["a.invalid"]}));
}

#[test]
fn serper() {
    let wanted = Wanted {
        allowed: list(&["docs.rs", "example.com/blog"]),
        location: place(&[("city", "Graz"), ("country", "AT")]),
        ..Wanted::default()
    };
    let answer = json!({"searchParameters": {"q": "q"}, "organic": [
        {"title": "A", "link": "https://docs.rs/a", "snippet": "Text.", "date": "Apr 12, 2025", "position": 1},
    ]});
    let (sent, found) = ask(&json!({"backend": "serper"}), &wanted, "q", 200, answer.to_string().as_bytes());
    let sent = sent.unwrap();
    assert_eq!((&*sent.method, &*sent.url), ("POST", "https://google.serper.dev/search"));
    assert_eq!(
        headers(&sent),
        [
            ("accept", "application/json"),
            ("content-type", "application/json"),
            ("x-api-key", "{{secret:SERPER_API_KEY}}"),
        ]
    );
    assert_eq!(body(&sent), json!({"q": "q (site:docs.rs OR site:example.com)", "num": 10, "gl": "at"}));
    assert_eq!(found.unwrap(), [source("A", "https://docs.rs/a", "Apr 12, 2025", "Text.")]);
}

#[test]
fn searxng() {
    let wanted = Wanted { blocked: list(&["a.invalid", "b.invalid"]), ..Wanted::default() };
    let answer = json!({"query": "q", "results": [
        {"title": "A", "url": "https://docs.rs/a", "content": "Text.", "publishedDate": "2025-04-12T00:00:00", "engine": "x"},
        {"title": "", "url": "https://docs.rs/b", "content": null, "publishedDate": null},
        {"title": "mail", "url": "mailto:x@a.invalid"},
    ], "answers": [], "unresponsive_engines": [["x", "timeout"]]});
    let options = json!({"backend": "searxng", "url": "https://search.invalid/searxng/"});
    let (sent, found) = ask(&options, &wanted, "q", 200, answer.to_string().as_bytes());
    let sent = sent.unwrap();
    assert_eq!(
        sent.url,
        "https://search.invalid/searxng/search?q=q%20-site%3Aa.invalid%20-site%3Ab.invalid&format=json"
    );
    assert_eq!(headers(&sent), [("accept", "application/json")]);
    let expected = [
        source("A", "https://docs.rs/a", "2025-04-12", "Text."),
        source("https://docs.rs/b", "https://docs.rs/b", "", ""),
    ];
    assert_eq!(found.unwrap(), expected);

    let wanted = Wanted { allowed: list(&["docs.rs"]), ..Wanted::default() };
    let options = json!({"backend": "searxng", "url": "https://search.invalid/search", "secret": "SEARXNG_KEY"});
    let sent = ask(&options, &wanted, "q", 200, b"{}").0.unwrap();
    assert_eq!(sent.url, "https://search.invalid/search?q=q%20site%3Adocs.rs&format=json");
    assert_eq!(headers(&sent)[1], ("authorization", "Bearer {{secret:SEARXNG_KEY}}"));
}

#[test]
fn failures_have_anthropics_codes_and_words_for_the_model() {
    let options = json!({"backend": "brave"});
    for (status, code) in [
        (401, "unavailable"),
        (403, "unavailable"),
        (414, "query_too_long"),
        (422, "unavailable"),
        (429, "too_many_requests"),
        (432, "too_many_requests"),
        (500, "unavailable"),
        (503, "unavailable"),
        (302, "unavailable"),
    ] {
        let failed = ask(&options, &Wanted::default(), "q", status, b"{\"secret\":\"s3cr3t\"}").1.unwrap_err();
        assert_eq!(failed.code, code, "{status}");
        assert!(!failed.words.contains("s3cr3t") && !failed.words.is_empty(), "{}", failed.words);
    }
    for answer in ["", "<html>", "{}", "[]", "{\"web\":{}}", "{\"web\":{\"results\":{}}}"] {
        let failed = ask(&options, &Wanted::default(), "q", 200, answer.as_bytes()).1.unwrap_err();
        assert_eq!(failed.code, "unavailable", "{answer}");
    }
}

#[test]
fn a_service_that_cannot_be_reached_is_told() {
    let options = options(&json!({"backend": "tavily"}));
    for fault in [Fault::Denied("grants".into()), Fault::Unavailable("timed out".into()), Fault::own("x")] {
        on_http(move |_| Err(fault.clone()));
        let failed = search(&Ask { query: "q", count: 1, wanted: &Wanted::default(), options: &options }).unwrap_err();
        assert_eq!(failed.code, "unavailable");
        assert!(failed.words.contains("Tavily"), "{}", failed.words);
    }
}

#[test]
fn long_queries_are_not_sent() {
    for (backend, query) in [("brave", "x".repeat(401)), ("brave", "a ".repeat(51)), ("tavily", "é".repeat(401))] {
        let (sent, found) = ask(&json!({"backend": backend}), &Wanted::default(), query.trim(), 200, b"{}");
        assert_eq!((sent.is_none(), found.unwrap_err().code), (true, "query_too_long"), "{backend}");
    }
}

#[test]
fn nothing_that_a_model_or_a_client_writes_stands_for_a_secret() {
    let evil = "{{secret:BRAVE_API_KEY}}";
    let wanted = Wanted { location: place(&[("city", evil)]), allowed: list(&[evil]), ..Wanted::default() };
    for backend in ["brave", "searxng"] {
        let options = json!({"backend": backend, "url": "https://search.invalid"});
        let sent = ask(&options, &wanted, evil, 200, b"{}").0.unwrap();
        assert!(!sent.url.contains('{'), "{}", sent.url);
        let keys = headers(&sent).into_iter().filter(|(_, value)| value.contains('{')).count();
        assert_eq!(keys, usize::from(backend == "brave"));
    }
    assert!(!takes_place(Kind::Brave, "city", evil));
    assert!(!takes_place(Kind::Brave, "city", "São Paulo"));
}

#[test]
fn long_results_are_cut_and_bad_addresses_left_out() {
    let answer = json!({"results": [
        {"title": "t".repeat(1000), "url": "https://a.invalid", "content": "é".repeat(9000)},
        {"title": "javascript", "url": "javascript:alert(1)"},
        {"title": "long", "url": format!("https://a.invalid/{}", "x".repeat(3000))},
        {"title": "space", "url": "https://a.invalid/ b"},
        {"title": "none"},
        7,
    ]});
    let found =
        ask(&json!({"backend": "tavily"}), &Wanted::default(), "q", 200, answer.to_string().as_bytes()).1.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].title.chars().count(), found[0].text.chars().count()), (300, 2000));
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from)
    ];
    let key = prop::sample::select(vec![
        "web", "results", "organic", "url", "link", "title", "query", "content", "page_age", "x",
    ]);
    leaf.prop_recursive(4, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..5)
                .prop_map(|members| members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn no_answer_traps(
        backend in prop::sample::select(vec!["brave", "tavily", "serper", "searxng"]),
        status in prop_oneof![Just(200), any::<u16>()],
        bytes in prop_oneof![json_value().prop_map(|value| value.to_string().into_bytes()), prop::collection::vec(any::<u8>(), 0..200)],
        query in ".{1,60}",
    ) {
        let options = json!({"backend": backend, "url": "https://search.invalid"});
        let (_, found) = ask(&options, &Wanted::default(), &query, status, &bytes);
        for source in found.unwrap_or_default() {
            prop_assert!(source.url.starts_with("http") && !source.title.is_empty());
        }
    }
}
