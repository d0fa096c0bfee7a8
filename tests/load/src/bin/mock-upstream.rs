//! `mock-upstream`: a provider that answers at once, in OpenAI's and Anthropic's wire formats.
//! Every answer is rendered once and then only written, so that what is measured is the gateway.

use std::collections::HashMap;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gateway_load::answer::{Format, Pace, Plan, Rendered, format_of, stream, whole};
use gateway_load::args::Args;
use gateway_load::http1::{Framing, Head, Reader};
use memchr::memmem;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

const HELP: &str = "\
mock-upstream [options]

  --port N      port on 127.0.0.1; 0 takes a free one [0]
  --chunks N    text events in a stream [50]
  --bytes N     letters of text in one event [20]
  --pace P      `burst` writes a stream at once; a number waits so many milliseconds between events [burst]
  --delay MS    silence before each answer [0]

A request may set the same in its path or query: /chunks=2000,pace=5/v1/messages
Paths that end in /chat/completions speak OpenAI's format, those that end in /messages Anthropic's.";

/// Rendered answers by format, streamed or not, chunks and bytes. A handful of kinds in any run.
type Cache = Arc<Mutex<HashMap<(Format, bool, usize, usize), Arc<Rendered>>>>;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.iter().any(|word| word == "--help") {
        println!("{HELP}");
        return ExitCode::SUCCESS;
    }
    let outcome = options(words).and_then(|(port, plan)| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let served = runtime.and_then(|runtime| runtime.block_on(serve(port, plan)));
        served.map_err(|error| format!("cannot serve on port {port}: {error}"))
    });
    if let Err(message) = outcome {
        eprintln!("mock-upstream: {message}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn options(words: Vec<String>) -> Result<(u16, Plan), String> {
    let mut args = Args::parse(words.into_iter(), &[])?;
    let port = args.or("port", 0)?;
    let pace: String = args.or("pace", "burst".to_owned())?;
    let plan = Plan {
        chunks: args.or("chunks", 50)?,
        bytes: args.or("bytes", 20)?,
        pace: match pace.as_str() {
            "burst" => Pace::Burst,
            number => {
                Pace::Millis(number.parse().map_err(|_| format!("`--pace {number}`: give `burst` or milliseconds"))?)
            }
        },
        delay: args.or("delay", 0)?,
    };
    args.finish()?;
    Ok((port, plan))
}

async fn serve(port: u16, plan: Plan) -> std::io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let cache = Cache::default();
    loop {
        let (stream, _) = listener.accept().await?;
        let cache = Arc::clone(&cache);
        // A client that hangs up ends its own connection and nobody else's; there is nothing to report.
        tokio::spawn(async move { converse(stream, plan, cache).await.ok() });
    }
}

async fn converse(mut stream: TcpStream, plan: Plan, cache: Cache) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = Reader::default();
    let mut body = Vec::new();
    while let Some(head) = reader.head(&mut stream).await? {
        body.clear();
        // A request that states no length has no body.
        let framing = if head.framing == Framing::Unstated { Framing::Length(0) } else { head.framing };
        reader.body(&mut stream, framing, |part| body.extend_from_slice(part)).await?;
        answer(&mut stream, &head, &body, plan, &cache).await?;
        if head.close {
            break;
        }
    }
    Ok(())
}

async fn answer(stream: &mut TcpStream, head: &Head, body: &[u8], plan: Plan, cache: &Cache) -> std::io::Result<()> {
    let target = head.second_word();
    let plan = plan.with_target(target);
    let Some(format) = format_of(target) else {
        return stream.write_all(OTHER).await;
    };
    let rendered = rendered(cache, format, wants_stream(body), &plan);
    if plan.delay > 0 {
        tokio::time::sleep(Duration::from_millis(plan.delay)).await;
    }
    match plan.pace {
        Pace::Burst => stream.write_all(&rendered.bytes).await,
        Pace::Millis(pause) => slowly(stream, &rendered, Duration::from_millis(pause)).await,
    }
}

/// The head at once, then an event per pause.
async fn slowly(stream: &mut TcpStream, rendered: &Rendered, pause: Duration) -> std::io::Result<()> {
    let mut from = 0;
    for &cut in &rendered.cuts {
        if from > 0 {
            tokio::time::sleep(pause).await;
        }
        stream.write_all(&rendered.bytes[from..cut]).await?;
        from = cut;
    }
    Ok(())
}

/// What any other path gets: an empty list of models, so that a gateway's probe finds something valid.
const OTHER: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 27\r\n\r\n{\"object\":\"list\",\"data\":[]}";

/// Whether a request asks for a stream. Inside a string the quotes would be escaped, so this finds no text.
fn wants_stream(body: &[u8]) -> bool {
    memmem::find(body, b"\"stream\":true").or_else(|| memmem::find(body, b"\"stream\": true")).is_some()
}

fn rendered(cache: &Cache, format: Format, streamed: bool, plan: &Plan) -> Arc<Rendered> {
    let key = (format, streamed, plan.chunks, plan.bytes);
    // A panic while rendering leaves the map itself whole.
    let mut cache = cache.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let render = || Arc::new(if streamed { stream(format, plan) } else { whole(format, plan) });
    Arc::clone(cache.entry(key).or_insert_with(render))
}

#[cfg(test)]
mod tests {
    use super::{OTHER, wants_stream};

    #[test]
    fn a_stream_is_asked_for_by_the_field_and_not_by_text() {
        assert!(wants_stream(br#"{"stream":true}"#));
        assert!(wants_stream(br#"{"stream": true}"#));
        assert!(!wants_stream(br#"{"text":"say \"stream\":true","stream":false}"#));
    }

    #[test]
    fn the_answer_to_other_paths_has_the_length_it_states() {
        let text = std::str::from_utf8(OTHER).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with(&format!("content-length: {}", body.len())));
    }
}
