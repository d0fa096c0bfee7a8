//! Step 8, answer back: what an upstream sends, on its way to the client.
//!
//! There are two ways. An upstream that speaks the client's own format, with nothing to edit, is forwarded byte for byte
//! while its token counts are read on the side ([`raw`]). Everything else becomes typed events ([`source`]), which are
//! written as a stream ([`stream`]) or folded into one message ([`whole`]). [`framing`] finds the events in the bytes.
//!
//! Nothing is sent before the first content is there: up to then another target may still serve the request.

mod framing;
mod quiet;
mod raw;
mod source;
mod stream;
mod turns;
mod watch;
mod whole;
mod writing;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ccr_messages::answer::Head;
use http::HeaderMap;

use self::framing::Framing;
use self::turns::Source;
use crate::agents::Conversation;
use crate::client::Answering;
use crate::config::Secret;
use crate::error::{GatewayError, from_protocol};
use crate::plugins::PluginEngine;
use crate::plugins::client::ClientAnswer;
use crate::plugins::upstream as protocol;
use crate::plugins::upstream::WaitingInstance;
use crate::record::OpenRecord;
use crate::snapshot::{Chain, PluginUse, Protocol};
use crate::upstream::UpstreamResponse;

pub use source::EventSource;
pub use stream::{LiveStream, Said};
pub use whole::WholeAnswer;

/// Largest answer that is read as a whole, and largest single event of a stream: above anything a model writes, below what
/// would hurt.
pub const MAX_ANSWER: usize = 64 * 1024 * 1024;

/// Largest error body that is read: providers explain themselves in less, and the rest is of no use.
const MAX_ERROR: usize = 256 * 1024;

/// An answer that has begun well.
pub enum Answer {
    /// A stream for the client, its first content in hand.
    Stream(LiveStream),
    /// The whole answer.
    Whole(Whole),
    /// A whole answer in which agents have calls to answer before the model goes on.
    Waiting(Box<WholeAnswer>),
    /// The next turn of an answer that has begun: its first content is in hand.
    Turn(Box<EventSource>),
}

/// An answer in one piece.
pub enum Whole {
    /// JSON, with a status of 200.
    Json(Bytes),
    /// As a component wrote it.
    Foreign(ClientAnswer),
}

impl Whole {
    fn json(bytes: impl Into<Bytes>) -> Self {
        Self::Json(bytes.into())
    }
}

/// What is needed to read one upstream's answer.
pub struct Reading<'a> {
    /// Shared by all.
    pub engine: &'a PluginEngine,
    /// The target's protocol and transformers.
    pub chain: &'a Arc<Chain>,
    /// The request went out as the client's own bytes, or nearly: no component made it.
    pub native: bool,
    /// What the protocol left at encoding.
    pub context: &'a [u8],
    /// The protocol's instance, if it waits for the answer.
    pub instance: Option<WaitingInstance>,
    /// What the client reads first.
    pub head: Head,
    /// How the answer is written; none for Anthropic's own format.
    pub answering: Option<&'a Answering>,
    /// Arguments of tool calls that are no JSON are mended.
    pub mending: bool,
    /// The agents' part in the answer.
    pub agents: Option<Box<Conversation>>,
    /// Their tools.
    pub agents_tools: Vec<String>,
    /// The answer has begun: this is another turn of it.
    pub is_later_turn: bool,
    /// The session that the client names.
    pub session: Option<&'a Arc<str>>,
    /// The upstream got the client's own bytes, so the client gets the upstream's.
    pub forwarded: bool,
    /// What went along as credentials, which nothing that the provider says may show.
    pub secrets: &'a [Secret],
    /// The client wants a stream.
    pub streaming: bool,
    /// What the input may come to, for a client that is told so before the provider says it.
    pub expected_input: Option<u64>,
    /// How long a client may hear nothing before it gets a ping.
    pub ping_every: Duration,
}

impl<'a> Reading<'a> {
    /// The component that reads the answer; none for Anthropic's own format, which the host reads itself.
    fn speaker(&self) -> Option<&'a PluginUse> {
        match &self.chain.protocol {
            Protocol::Inner { component, .. } => (!self.native).then_some(component),
            Protocol::Plugin(used) => Some(used),
        }
    }
}

/// Reads an upstream's answer up to its first content; an error here may still lead to another target.
pub async fn begin(
    mut reading: Reading<'_>,
    response: UpstreamResponse,
    record: &mut OpenRecord,
) -> Result<Answer, GatewayError> {
    if !(200..300).contains(&response.status) {
        return Err(read_error(&mut reading, response).await);
    }
    let framing = Framing::of(&response.headers);
    let can_pass = if reading.streaming { framing == Some(Framing::ServerSent) } else { framing.is_none() };
    if reading.forwarded && can_pass {
        return if reading.streaming {
            raw::begin(response.body, &mut reading, record).await.map(Answer::Stream)
        } else {
            raw::whole(response, &mut reading, record).await.map(|json| Answer::Whole(Whole::Json(json)))
        };
    }
    let mut source = EventSource::open(&mut reading, response, framing).await?;
    if reading.is_later_turn {
        source.peek().await?;
        return Ok(Answer::Turn(Box::new(source)));
    }
    let Reading { engine, head, answering, streaming, expected_input, agents, .. } = reading;
    let source = Source::new(source, agents);
    if streaming {
        stream::begin(source, engine, head, answering, expected_input, record).await.map(Answer::Stream)
    } else {
        WholeAnswer::new(source, head, answering).read(engine, record).await
    }
}

/// What a provider says is wrong.
async fn read_error(reading: &mut Reading<'_>, response: UpstreamResponse) -> GatewayError {
    let UpstreamResponse { status, headers, body, .. } = response;
    let provider = body.provider().to_owned();
    if (300..400).contains(&status) {
        let reason = format!("answered with a redirect ({status}); correct its api_base_url");
        return GatewayError::BadAnswer { provider, reason };
    }
    // The status alone is worth telling when the body cannot be read.
    let text = body.read_all(MAX_ERROR).await.unwrap_or_default();
    let mut failure = match reading.speaker() {
        None => ccr_messages::anthropic::decode_error(status, &text),
        Some(used) => {
            let wire = protocol::wire_response(status, &headers, text);
            match protocol::decode_error(
                reading.engine,
                &used.plugin,
                used.in_session(reading.session),
                reading.instance.take(),
                wire,
            )
            .await
            {
                Ok(failure) => failure.into(),
                Err(error) => return from_protocol(error, &provider),
            }
        }
    };
    failure.status = Some(status);
    failure.retry_after_ms = failure.retry_after_ms.or_else(|| retry_after_ms(&headers));
    failure.message = format!("provider `{provider}`: {}", failure.message);
    GatewayError::Upstream(failure)
}

/// `retry-after` in seconds or as a date (RFC 9110, section 10.2.3).
fn retry_after_ms(headers: &HeaderMap) -> Option<u64> {
    let value = headers.get(http::header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(seconds.saturating_mul(1000));
    }
    let when = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    u64::try_from(when.duration_since(jiff::Timestamp::now()).as_millis()).ok()
}

/// Whether a body without a usable content type begins like an event stream.
fn looks_like_events(start: &[u8]) -> bool {
    let start = start.trim_ascii_start();
    [b"data:".as_slice(), b"event:", b":", b"id:", b"retry:"].iter().any(|field| start.starts_with(field))
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn events_are_told_from_json() {
        assert!(looks_like_events(b"data: {}"));
        assert!(looks_like_events(b"\n: OPENROUTER PROCESSING"));
        assert!(!looks_like_events(b"{\"data\":1}"));
    }
}
