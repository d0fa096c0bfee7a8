#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
use std::sync::OnceLock;

use bytes::Bytes;
use ccr_messages::event::{Start, Usage};
use proptest::prelude::*;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::base::wire::{Credential, WireBody, WireRequest};
use crate::config::{Config, Provider, SafeUrl};
use crate::upstream::Upstreams;

fn headers(value: &str) -> HeaderMap {
    [(http::header::RETRY_AFTER, value.parse().expect("legal"))].into_iter().collect()
}

#[test]
fn retry_after_comes_in_seconds_and_as_a_date() {
    assert_eq!(retry_after_ms(&headers("3")), Some(3000));
    let when = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(100);
    let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&when).expect("a date");
    let wait = retry_after_ms(&headers(&date)).expect("a date");
    assert!((90_000..=100_000).contains(&wait), "{wait}");
    assert_eq!(retry_after_ms(&headers("Wed, 21 Oct 2015 07:28:00 GMT")), None);
    assert_eq!(retry_after_ms(&headers("soon")), None);
}

/// The bytes of one answer, and how they come.
#[derive(Debug, Clone)]
struct Sent {
    pieces: Vec<String>,
    /// The connection ends before the announced length.
    cut: bool,
}

fn event(data: &str) -> String {
    format!("event: x\ndata: {data}\n\n")
}

/// What real, careless and broken providers put into a stream.
fn any_event() -> impl Strategy<Value = String> {
    let delta = |kind: &str, text: String| {
        event(&format!(
            r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"{kind}_delta","{kind}":"{text}"}}}}"#
        ))
    };
    let call = [
        r#"{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t","name":"f","input":{}}}"#,
        r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{}"}}"#,
        r#"{"type":"content_block_stop","index":1}"#,
    ];
    prop_oneof![
        2 => Just(event(r#"{"type":"message_start","message":{"id":"m","model":"up","usage":{"input_tokens":3}}}"#)),
        2 => Just(event(r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#)),
        3 => "[ab]{0,2}".prop_map(move |text| delta("text", text)),
        1 => "[ab]{0,2}".prop_map(move |text| delta("thinking", text)),
        1 => Just(call.map(event).concat()),
        1 => Just(event(r#"{"type":"ping"}"#)),
        1 => Just(": a comment\n\n".to_owned()),
        1 => Just(event("{not json")),
        3 => prop_oneof![Just("end_turn"), Just("max_tokens"), Just("refusal")].prop_map(|reason| {
            event(&format!(r#"{{"type":"message_delta","delta":{{"stop_reason":"{reason}"}},"usage":{{"output_tokens":5}}}}"#))
        }),
        3 => Just(event(r#"{"type":"message_stop"}"#)),
        1 => Just(event(r#"{"type":"error","error":{"type":"overloaded_error","message":"busy"}}"#)),
    ]
}

fn any_stream() -> impl Strategy<Value = Sent> {
    (prop::collection::vec(any_event(), 0..9), any::<bool>(), 0usize..40).prop_map(|(events, cut, back)| {
        // Where the connection is cut, it is perhaps in the middle of an event.
        let mut pieces = events;
        if cut && let Some(last) = pieces.last_mut() {
            last.truncate(last.len().saturating_sub(back));
        }
        Sent { pieces, cut }
    })
}

/// Answers one request with these bytes.
async fn respond(sent: &Sent) -> UpstreamResponse {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (pieces, cut) = (sent.pieces.clone(), sent.cut);
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4096]).await;
        let length = pieces.iter().map(String::len).sum::<usize>() + usize::from(cut);
        let head = format!("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {length}\r\n\r\n");
        for piece in std::iter::once(&head).chain(&pieces) {
            stream.write_all(piece.as_bytes()).await.unwrap();
            stream.flush().await.unwrap();
            tokio::task::yield_now().await;
        }
    });
    let mut provider = Provider::named("up");
    provider.base_url = SafeUrl::new(url.parse().unwrap());
    let body = WireBody::new(Bytes::from_static(b"{}"));
    let wire =
        WireRequest { path: "/v1/messages".into(), headers: HeaderMap::new(), body, credential: Credential::None };
    Upstreams::new(&Config::default()).unwrap().forward(&provider, None, wire, true).await.unwrap()
}

fn reading() -> Reading<'static> {
    static ENGINE: OnceLock<PluginEngine> = OnceLock::new();
    Reading {
        engine: ENGINE.get_or_init(|| PluginEngine::new().unwrap()),
        codec: Codec::Anthropic,
        transformers: &[],
        assembler: Assembler::new("seed"),
        session: None,
        secrets: &[],
        ping_every: Duration::from_secs(60),
    }
}

/// What came of an answer: refused before its first content, or how it ended and what the record gets.
#[derive(Debug, PartialEq)]
enum Outcome {
    Refused(String),
    Ended(Option<String>, Record),
}

/// What the record gets beside the ending.
type Record = (Start, Usage);

fn record(verdict: &Verdict) -> Record {
    (verdict.start().clone(), *verdict.usage())
}

async fn as_bytes(sent: &Sent) -> (Outcome, Vec<u8>) {
    let names = ModelNames::anthropic("up");
    let mut bytes = Vec::new();
    let mut raw = match open::<Streamed>(reading(), respond(sent).await, Some(names)).await {
        Err(error) => return (Outcome::Refused(error.to_string()), bytes),
        Ok(Opened::Raw(raw)) => raw,
        Ok(Opened::Events(_)) => panic!("the bytes can stand"),
    };
    loop {
        match raw.next().await {
            RawNext::Quiet => {}
            RawNext::Bytes(piece) => bytes.extend(piece),
            RawNext::End(piece, end) => {
                bytes.extend(piece);
                let error = match end {
                    RawEnd::Complete => None,
                    RawEnd::Failed(failure) => Some(failure.message),
                    RawEnd::Broken(error) => Some(error.to_string()),
                };
                return (Outcome::Ended(error, record(raw.verdict())), bytes);
            }
        }
    }
}

async fn as_events(sent: &Sent) -> Outcome {
    let mut source = match open_events::<Streamed>(reading(), respond(sent).await).await {
        Err(error) => return Outcome::Refused(error.to_string()),
        Ok(source) => source,
    };
    let mut verdict = Verdict::default();
    loop {
        let (events, end) = match source.next().await {
            Ok(Next::Quiet) => continue,
            Ok(Next::Events(events)) => (events, None),
            Ok(Next::Last(events)) => (events, Some(None)),
            Ok(Next::Broken(events, reason)) => (events, Some(Some(source.broken_off(&reason).to_string()))),
            Err(error) => (Vec::new(), Some(Some(error.to_string()))),
        };
        events.iter().for_each(|event| verdict.note(event));
        if let Some(broken) = end {
            let error = broken.or_else(|| verdict.failure().map(|failure| failure.message.clone()));
            return Outcome::Ended(error, record(&verdict));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn whichever_way_the_bytes_go_the_verdict_is_the_same(sent in any_stream()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let ((raw, bytes), events) = runtime.block_on(async { (as_bytes(&sent).await, as_events(&sent).await) });
        prop_assert_eq!(&raw, &events);
        if let Outcome::Ended(error, _) = raw {
            let text = sent.pieces.concat();
            prop_assert!(text.as_bytes().starts_with(&bytes), "only what came goes on");
            prop_assert!(sent.cut || error.is_some() || bytes.len() == text.len(), "a whole answer is not cut");
        }
    }
}
