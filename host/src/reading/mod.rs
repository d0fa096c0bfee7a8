//! What an upstream answers, read up to its first content: up to there another target may still serve the request.
//!
//! There are two ways. Where upstream and client speak the same format and nothing is to be edited, the bytes stay as they are
//! ([`raw`]). Everything else becomes typed events ([`events`]). Either way [`codec`] reads
//! what the bytes say, and one judge decides what is to be thought of it ([`ccr_messages::verdict`]). [`framing`] finds the
//! events in the bytes; [`waiting`] waits for them.

mod codec;
mod events;
mod framing;
mod raw;
#[cfg(test)]
mod tests;
mod waiting;

use std::sync::Arc;
use std::time::Duration;

use ccr_messages::tool_calls::Assembler;
use ccr_messages::verdict::{Ending, Verdict};
use http::HeaderMap;

pub use self::codec::Codec;
pub use self::events::{EventSource, Next};
pub use self::framing::Framing;
pub use self::raw::{RawEnd, RawNext, RawStream, RawWhole};
use crate::base::error::GatewayError;
use crate::client::ModelNames;
use crate::config::Secret;
use crate::plugins::PluginEngine;
use crate::plugins::from_protocol;
use crate::snapshot::PluginUse;
use crate::upstream::UpstreamResponse;

/// Largest answer that is read as a whole, and largest single event of a stream: above anything a model writes, below what
/// would hurt.
pub const MAX_ANSWER: usize = 64 * 1024 * 1024;

/// Largest error body that is read: providers explain themselves in less, and the rest is of no use.
const MAX_ERROR: usize = 256 * 1024;

/// What is needed to read one upstream's answer.
pub struct Reading<'a> {
    /// Shared by all.
    pub engine: &'a PluginEngine,
    /// Who reads the upstream's format.
    pub codec: Codec<'a>,
    /// Those that edit answers, the outermost first.
    pub transformers: &'a [PluginUse],
    /// Puts tool calls together.
    pub assembler: Assembler,
    /// The session that the client names.
    pub session: Option<&'a Arc<str>>,
    /// What went along as credentials, which nothing that the provider says may show.
    pub secrets: &'a [Secret],
    /// How long a client may hear nothing before it gets a ping.
    pub ping_every: Duration,
}

/// What an answer was opened as.
#[allow(clippy::large_enum_variant, reason = "there is one for an attempt, and it is taken apart at once")]
pub enum Opened<R> {
    /// The upstream's own bytes.
    Raw(R),
    /// Typed events.
    Events(EventSource),
}

/// In which form an answer is wanted.
pub trait Form: Send + Sync {
    /// The upstream's own bytes in this form.
    type Raw: Send;

    /// How an answer must be framed so that its bytes can stand; `None` for one in a single piece.
    const FRAMING: Option<Framing>;

    /// Opens an answer as its own bytes. Where these cannot stand after all, it may become events.
    fn open_raw(
        reading: Reading<'_>,
        response: UpstreamResponse,
        names: ModelNames,
    ) -> impl Future<Output = Result<Opened<Self::Raw>, GatewayError>> + Send;

    /// Reads events until the answer counts as good.
    fn read_ahead(source: &mut EventSource) -> impl Future<Output = Result<(), GatewayError>> + Send;
}

/// An answer in pieces, as they come. It counts as good when its first content is there.
pub struct Streamed;

/// An answer in one piece. All of it is read before it counts as good.
pub struct Whole;

impl Form for Streamed {
    type Raw = RawStream;
    const FRAMING: Option<Framing> = Some(Framing::ServerSent);

    async fn open_raw(
        reading: Reading<'_>,
        response: UpstreamResponse,
        names: ModelNames,
    ) -> Result<Opened<RawStream>, GatewayError> {
        raw::open_stream(reading, response.body, names).await.map(Opened::Raw)
    }

    async fn read_ahead(source: &mut EventSource) -> Result<(), GatewayError> {
        source.read_to_content().await
    }
}

impl Form for Whole {
    type Raw = RawWhole;
    const FRAMING: Option<Framing> = None;

    async fn open_raw(
        reading: Reading<'_>,
        response: UpstreamResponse,
        names: ModelNames,
    ) -> Result<Opened<RawWhole>, GatewayError> {
        raw::open_whole(reading, response, names).await
    }

    async fn read_ahead(source: &mut EventSource) -> Result<(), GatewayError> {
        source.read_to_end().await
    }
}

/// Reads an upstream's answer until it counts as good: as its own bytes where `names` allows it and they can stand.
pub async fn open<F: Form>(
    reading: Reading<'_>,
    response: UpstreamResponse,
    names: Option<ModelNames>,
) -> Result<Opened<F::Raw>, GatewayError> {
    match names {
        Some(names) if is_good(&response) && Framing::of(&response.headers) == F::FRAMING => {
            F::open_raw(reading, response, names).await
        }
        _ => open_events::<F>(reading, response).await.map(Opened::Events),
    }
}

/// Reads it as events, whatever it is.
pub async fn open_events<F: Form>(
    reading: Reading<'_>,
    response: UpstreamResponse,
) -> Result<EventSource, GatewayError> {
    if !is_good(&response) {
        return Err(read_error(reading, response).await);
    }
    let mut source = EventSource::open(reading, response).await?;
    F::read_ahead(&mut source).await?;
    Ok(source)
}

fn is_good(response: &UpstreamResponse) -> bool {
    (200..300).contains(&response.status)
}

/// What a provider says is wrong.
async fn read_error(reading: Reading<'_>, response: UpstreamResponse) -> GatewayError {
    let UpstreamResponse { status, headers, body, .. } = response;
    let provider = body.provider().to_owned();
    if (300..400).contains(&status) {
        let reason = format!("answered with a redirect ({status}); correct its api_base_url");
        return GatewayError::BadAnswer { provider, reason };
    }
    // The status alone is worth telling when the body cannot be read.
    let text = body.read_all(MAX_ERROR).await.unwrap_or_default();
    let Reading { engine, codec, session, .. } = reading;
    let mut failure = match codec.decode_error(engine, session, status, &headers, text).await {
        Ok(failure) => failure,
        Err(error) => return from_protocol(error, &provider),
    };
    failure.status = Some(status);
    failure.retry_after_ms = failure.retry_after_ms.or_else(|| retry_after_ms(&headers));
    failure.message = format!("provider `{provider}`: {}", failure.message);
    GatewayError::Upstream(failure)
}

/// Whether an answer may be opened for the client as it stands.
enum Opening {
    /// It has begun to say something, or ended in a way that needs no words.
    Good,
    /// More has to be read.
    Unclear,
}

/// Decides whether an answer has begun well. `end` is how its bytes ended, if they have. An error here leads to another target.
fn opening(verdict: &Verdict, end: &End, provider: &str) -> Result<Opening, GatewayError> {
    if verdict.has_content() {
        return Ok(Opening::Good);
    }
    match (end, verdict.ending()) {
        (_, Ending::Failed(failure)) => Err(GatewayError::Upstream(failure)),
        (End::Open, _) => Ok(Opening::Unclear),
        (_, Ending::Complete) => Ok(Opening::Good),
        (_, Ending::Empty) => Err(empty(provider)),
        (end, Ending::BrokenOff) => Err(broken_off(provider, end.reason())),
    }
}

/// How far the bytes of an answer have come.
enum End {
    Open,
    Clean,
    Broken(String),
}

impl End {
    fn reason(&self) -> &str {
        match self {
            Self::Open | Self::Clean => "it ended without saying why",
            Self::Broken(reason) => reason,
        }
    }
}

/// The error for an answer that ended in the middle.
fn broken_off(provider: &str, reason: &str) -> GatewayError {
    let reason = format!("broke off in the middle of its answer ({reason})");
    GatewayError::BadAnswer { provider: provider.to_owned(), reason }
}

/// The error for an answer that said nothing.
fn empty(provider: &str) -> GatewayError {
    let reason = "sent an empty answer; try again, or use another model".to_owned();
    GatewayError::BadAnswer { provider: provider.to_owned(), reason }
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
