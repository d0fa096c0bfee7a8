//! A client and a provider of one format, with nothing to edit between them: what the client sends reaches the provider byte for
//! byte but for the model's name, and the answer comes back the same way. Anthropic's own format is tried in `passthrough`.

use gateway_tests::{FakeUpstream, Format, Gate, Request, Script, Setup, TestGateway};
use serde_json::{Value, json};

/// What one format says. The texts have spaces, orders, escapes and fields that nobody would write again in the same way;
/// `ASKED` and `SAID` stand for the two names of the model.
struct Kind {
    format: Format,
    /// Where clients ask, whole and streamed.
    paths: [&'static str; 2],
    /// Where the provider is asked.
    upstream: [&'static str; 2],
    /// The request; `STREAM` stands for true or false.
    request: &'static str,
    whole: &'static str,
    /// The events of a stream, up to the first words, and the rest.
    stream: [&'static str; 2],
    /// The message of the error that ends a broken stream, in the format's own words.
    broken: fn(&str) -> bool,
}

fn kinds() -> [Kind; 3] {
    [chat(), responses(), gemini()]
}

fn chat() -> Kind {
    Kind {
        format: Format::Chat,
        paths: ["/v1/chat/completions"; 2],
        upstream: ["/v1/chat/completions"; 2],
        request: "{ \"unknown\": {\"b\":1.0,\"a\":[ ]},\n\t\"model\" : \"ASKED\" ,\"messages\":[{\"content\":\"\\u0068i \\/ \\ud83e\\udd80\",\"role\":\"user\"}],\"temperature\": 1e0 , \"stream\":STREAM,\"stream_options\":{ \"include_usage\":true} }",
        whole: "{ \"model\" : \"SAID\", \"id\":\"chatcmpl-1\",\"odd\":[1.0, 1e2],\"object\":\"chat.completion\",\"created\":1,\n\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"h\\u0069\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":20,\"completion_tokens\":5,\"total_tokens\":25} }\n",
        stream: [
            ": a comment\n\ndata:  { \"model\":\"SAID\",\"id\":\"chatcmpl-1\",\"x\" : 1.0,\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"H\\u00e9\"},\"finish_reason\":null}]}\n\n",
            ": another\n\ndata:{\"id\":\"chatcmpl-1\",\"model\" : \"SAID\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":20,\"completion_tokens\":5,\"total_tokens\":25}}\r\n\r\ndata: [DONE]\n\n",
        ],
        broken: |rest| {
            let error = data(rest);
            error["error"]["message"].is_string() && error["error"]["type"].is_string() && !rest.contains("[DONE]")
        },
    }
}

fn responses() -> Kind {
    Kind {
        format: Format::Responses,
        paths: ["/v1/responses"; 2],
        upstream: ["/v1/responses"; 2],
        request: "{ \"input\":\"\\u0068i \\/\",\n\t\"model\" : \"ASKED\" ,\"unknown\": {\"b\":1.0,\"a\":[ ]}, \"stream\":STREAM }",
        whole: "{ \"id\":\"resp_1\",\"object\":\"response\",\"odd\" : 1.0,\"model\" : \"SAID\",\"status\":\"completed\",\"output\":[{\"type\":\"message\",\"id\":\"msg_1\",\"role\":\"assistant\",\"status\":\"completed\",\"content\":[{\"type\":\"output_text\",\"text\":\"h\\u0069\",\"annotations\":[ ]}]}],\"usage\":{\"input_tokens\":20,\"output_tokens\":5,\"total_tokens\":25} }",
        stream: [
            ": a comment\n\nevent: response.created\ndata:  {\"type\":\"response.created\",\"response\":{\"id\":\"resp_1\",\"model\" : \"SAID\",\"status\":\"in_progress\",\"output\":[ ]}}\n\nevent:response.output_item.added\ndata: {\"type\":\"response.output_item.added\",\"output_index\":0,\"item\":{\"type\":\"message\",\"id\":\"msg_1\",\"role\":\"assistant\",\"content\":[]}}\n\nevent: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"item_id\":\"msg_1\",\"output_index\":0,\"content_index\":0,\"delta\":\"H\\u00e9\",\"unknown\":1.0}\n\n",
            ": another\n\nevent: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"id\":\"resp_1\",\"model\":\"SAID\",\"status\":\"completed\",\"output\":[{\"type\":\"message\",\"id\":\"msg_1\",\"role\":\"assistant\",\"status\":\"completed\",\"content\":[{\"type\":\"output_text\",\"text\":\"H\\u00e9\",\"annotations\":[]}]}],\"usage\":{\"input_tokens\":20,\"output_tokens\":5,\"total_tokens\":25}}}\n\n",
        ],
        broken: |rest| {
            let error = data(rest);
            let failed = error["type"] == "response.failed" && error["response"]["error"]["message"].is_string();
            (failed || (error["type"] == "error" && error["message"].is_string()))
                && !rest.contains("response.completed")
        },
    }
}

fn gemini() -> Kind {
    Kind {
        format: Format::Gemini,
        paths: ["/v1beta/models/ASKED:generateContent", "/v1beta/models/ASKED:streamGenerateContent?alt=sse"],
        upstream: [
            "/v1beta/models/gemini-3-pro:generateContent",
            "/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse",
        ],
        request: "{ \"contents\" : [{\"parts\":[{\"text\":\"\\u0068i \\/\"}],\"role\":\"user\"}],\n\t\"generation_config\":{\"topK\":1.0} }",
        whole: "{ \"candidates\":[{\"content\":{\"parts\":[{\"text\":\"h\\u0069\"}],\"role\":\"model\"},\"finishReason\":\"STOP\",\"index\":0}],\"odd\" : 1.0,\"modelVersion\" : \"SAID\",\"usageMetadata\":{\"promptTokenCount\":20,\"candidatesTokenCount\":5,\"totalTokenCount\":25} }",
        stream: [
            ": a comment\n\ndata:  {\"candidates\": [ {\"content\":{\"parts\":[{\"text\":\"H\\u00e9\"}],\"role\":\"model\"},\"index\":0}],\"modelVersion\" : \"SAID\",\"odd\":1.0}\r\n\r\n",
            ": another\n\ndata: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"!\"}],\"role\":\"model\"},\"finishReason\":\"STOP\",\"index\":0}],\"modelVersion\":\"SAID\",\"usageMetadata\":{\"promptTokenCount\":20,\"candidatesTokenCount\":5,\"totalTokenCount\":25}}\r\n\r\n",
        ],
        broken: |rest| {
            let error = data(rest);
            error["error"]["message"].is_string()
                && error["error"]["code"].is_number()
                && error["error"]["status"].is_string()
        },
    }
}

/// The JSON of the last event, with or without the word before it.
fn data(text: &str) -> Value {
    let last = text.trim_end().lines().rfind(|line| line.starts_with("data:") || line.starts_with('{'));
    let last = last.unwrap_or_else(|| panic!("nothing was said: {text}"));
    serde_json::from_str(last.trim_start_matches("data:")).unwrap_or_else(|error| panic!("{error}: {last}"))
}

impl Kind {
    /// A provider that has nothing but its protocol; chat's needs not even that.
    async fn gateway(&self, upstream: &FakeUpstream) -> TestGateway {
        let mut provider = self.format.provider("up", upstream);
        match self.format {
            Format::Chat => _ = provider.as_object_mut().unwrap().remove("transformer"),
            other => provider["transformer"] = json!({"use": [other.name()]}),
        }
        let model = self.format.model();
        let config = json!({"Providers": [provider], "Router": {"default": format!("up,{model}")}});
        Setup::config(&config).start().await
    }

    fn asks(&self, stream: bool) -> (Request, String) {
        let body = self.request.replace("STREAM", if stream { "true" } else { "false" });
        let path = self.paths[usize::from(stream)].replace("ASKED", "asked-for");
        (
            Request::new("POST", &path).body(body.replace("ASKED", "asked-for")),
            body.replace("ASKED", self.format.model()),
        )
    }
}

fn said(text: &str) -> String {
    text.replace("SAID", "upstream-model")
}

fn heard(text: &str) -> String {
    text.replace("SAID", "asked-for")
}

/// A stream in pieces that end anywhere, also within a character.
fn stream(text: &str) -> Script {
    text.as_bytes().chunks(11).fold(Script::stream(), |script, piece| script.chunk(piece))
}

#[tokio::test]
async fn both_ways_but_for_the_models_name() {
    for kind in kinds() {
        let name = kind.format.name();
        let upstream = FakeUpstream::start().await;
        let gateway = kind.gateway(&upstream).await;
        let events = kind.stream.concat();
        for (streamed, answer) in [(false, kind.whole), (true, &events)] {
            upstream.next(match streamed {
                false => Script::text(200, "application/json", &said(answer)),
                true => stream(&said(answer)).end(),
            });
            let (request, expected) = kind.asks(streamed);
            let got = gateway.client().send(&request).await.expect(200).await;
            assert_eq!(got.header("x-ccr-model"), kind.format.model(), "{name}");
            assert_eq!(got.text().await, heard(answer), "{name}, streamed: {streamed}");
            let seen = upstream.request().await;
            assert_eq!(seen.target, kind.upstream[usize::from(streamed)], "{name}");
            assert_eq!(String::from_utf8(seen.body).unwrap(), expected, "{name}, streamed: {streamed}");
        }
        let stopped = gateway.stop().await;
        assert_eq!(stopped.records.len(), 2, "{name}");
        for record in &stopped.records {
            assert_eq!(record["outcome"], "completed", "{name}: {record}");
            assert_eq!(
                (&record["usage"]["input_tokens"], &record["usage"]["output_tokens"]),
                (&json!(20), &json!(5)),
                "{name}"
            );
        }
    }
}

#[tokio::test]
async fn a_break_in_mid_stream_is_told_in_the_clients_format() {
    for kind in kinds() {
        let name = kind.format.name();
        let upstream = FakeUpstream::start().await;
        let gateway = kind.gateway(&upstream).await;
        let gate = Gate::new();
        // Half an event follows, which the client must not get.
        upstream.next(stream(&said(kind.stream[0])).wait(&gate).chunk("data: {\"half").reset());
        let (request, _) = kind.asks(true);
        let mut answer = gateway.client().send(&request).await.expect(200).await;
        let begun = heard(kind.stream[0]);
        let mut text = Vec::new();
        while text.len() < begun.len() {
            text.extend(answer.piece().await.expect("the first words"));
        }
        gate.open();
        while let Some(piece) = answer.piece().await {
            text.extend(piece);
        }
        let text = String::from_utf8(text).unwrap();
        let rest = text.strip_prefix(&begun).unwrap_or_else(|| panic!("{name}: {text}"));
        assert!((kind.broken)(rest) && !rest.contains("half"), "{name}: {rest}");
        let stopped = gateway.stop().await;
        assert_eq!(stopped.record()["outcome"], "broken_upstream", "{name}");
    }
}

/// A bare model of an OpenAI or Gemini client goes where `Router.default` says; an error is told in the client's words.
#[tokio::test]
async fn an_error_of_the_provider_is_told_in_the_clients_format() {
    for kind in kinds() {
        let name = kind.format.name();
        let upstream = FakeUpstream::start().await;
        let gateway = kind.gateway(&upstream).await;
        for streamed in [false, true] {
            upstream.next(kind.format.tell(&gateway_tests::Story::refuses(400, "there is no such thing"), false));
            let (request, _) = kind.asks(streamed);
            let error = gateway.client().send(&request).await.expect(400).await.json().await;
            // Google's streams are lists in the client packages' eyes, errors of theirs included.
            let error = error.get(0).unwrap_or(&error);
            let message = error["error"]["message"].as_str().unwrap_or_else(|| panic!("{name}: {error}"));
            assert!(message.contains("there is no such thing"), "{name}: {message}");
            let word = if kind.format == Format::Gemini { &error["error"]["status"] } else { &error["error"]["type"] };
            let words = [json!("INVALID_ARGUMENT"), json!("invalid_request_error")];
            assert!(words.contains(word), "{name}: {error}");
        }
    }
}
