//! A format of clients, at `/hostile/*`, that misbehaves where the path says: `/hostile/trap-decode`, `/hostile/spin-decode`,
//! `/hostile/nonsense-decode`, `/hostile/trap-push`, `/hostile/huge-push`, `/hostile/trap-encode`, `/hostile/trap-error`,
//! `/hostile/status`. At `/hostile/well` it does as it should: its requests are the inner form, its answers plain text.

use ccr_plugin::messages::event::Failure;
use ccr_plugin::prelude::*;
use ccr_plugin::{Answer, ClientRequest, DecodedRequest, Encoder, Format};

/// The plugin.
#[derive(Debug)]
pub struct Hostile;

impl Plugin for Hostile {
    fn describe() -> Description {
        Description::new("hostile-format", "0.1.0", "A format that misbehaves.")
    }
}

/// A panic is a trap: plugins are built to abort.
fn misbehave() -> ! {
    panic!("as agreed")
}

fn plain(status: u16, text: &str) -> Answer {
    Answer { status, content_type: "text/plain".into(), body: text.as_bytes().to_vec() }
}

impl ClientProtocol for Hostile {
    type Encoder = Stream;

    fn format() -> Format {
        Format {
            paths: vec!["/hostile/*".into(), "/v1/messages".into(), "/v1/chat/completions".into()],
            keep_alive: None,
            key_parameter: None,
            model_pointers: Vec::new(),
        }
    }

    fn decode(request: &ClientRequest) -> Result<DecodedRequest, Fault> {
        let streaming = request.path.ends_with("-push");
        let body = match request.path.as_str() {
            "/hostile/trap-decode" | "/hostile/trap-error" => misbehave(),
            "/hostile/spin-decode" => loop {
                std::hint::black_box(0);
            },
            "/hostile/nonsense-decode" => b"{\"messages\":7}".to_vec(),
            _ => request.body.clone(),
        };
        let context = request.path.as_bytes().to_vec();
        Ok(DecodedRequest { context, ..DecodedRequest::new(body, streaming) })
    }

    fn encode(events: Vec<Event>, _: &str, _: &str, context: &[u8]) -> Result<Answer, Fault> {
        match context {
            b"/hostile/trap-encode" => misbehave(),
            b"/hostile/status" => Ok(plain(7, "")),
            _ => {
                let text = events.iter().filter_map(|event| match event {
                    Event::Text(text) => Some(text.as_str()),
                    _ => None,
                });
                Ok(plain(200, &text.collect::<String>()))
            }
        }
    }

    fn encode_error(failure: &Failure, _: &str, path: &str) -> Answer {
        if path == "/hostile/trap-error" {
            misbehave();
        }
        plain(failure.status.unwrap_or(500), &format!("sorry: {}", failure.message))
    }

    fn encoder(_: &str, _: &str, context: &[u8]) -> Stream {
        Stream { path: context.to_vec() }
    }
}

/// A streamed answer.
#[derive(Debug)]
pub struct Stream {
    path: Vec<u8>,
}

impl Encoder for Stream {
    fn push(&mut self, event: Event, out: &mut Vec<u8>) -> Result<(), Fault> {
        if let Event::Text(text) = event {
            match self.path.as_slice() {
                b"/hostile/trap-push" if text.contains("well") => misbehave(),
                b"/hostile/huge-push" => out.resize(8 * 1024 * 1024, b' '),
                _ => out.extend_from_slice(text.as_bytes()),
            }
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Fault> {
        out.extend_from_slice(b"\nthe end");
        Ok(())
    }

    fn abort(&mut self, failure: &Failure, out: &mut Vec<u8>) {
        out.extend_from_slice(failure.message.as_bytes());
    }
}

register!(Hostile: client);
