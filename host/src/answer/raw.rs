//! An upstream that speaks the client's own format: its bytes go through untouched but for the model's name, and its token
//! counts are read on the side ([`super::watch`]).
//!
//! Only whole events are handed on, so that an upstream that breaks off in the middle of one leaves no half event before the
//! error.

use bytes::{Bytes, BytesMut};
use ccr_messages::answer::Head;
use ccr_messages::encode;
use ccr_messages::event::{ErrorKind, Failure};
use ccr_messages::json::Document;

use super::quiet::{Came, Waiting};
use super::watch::{self, Names, Watch};
use super::{MAX_ANSWER, Reading};
use crate::client::Answering;
use crate::error::GatewayError;
use crate::plugins::PluginEngine;
use crate::plugins::client::Encoder;
use crate::plugins::upstream as protocol;
use crate::record::{OpenRecord, Outcome};
use crate::upstream::{Batch, UpstreamBody, UpstreamResponse};

/// A stream going through.
pub struct RawStream {
    waiting: Waiting,
    watch: Watch,
    names: Names,
    /// The beginning of an event whose end has not come yet.
    held: BytesMut,
    /// Whole events that the client has not got yet.
    ready: BytesMut,
    words: Words,
    done: bool,
}

/// What the gateway itself may have to say in the stream.
enum Words {
    Inner,
    /// Another format's; the encoder is there only to say that the stream broke off.
    Foreign {
        keep_alive: Option<String>,
        encoder: Box<Encoder>,
    },
}

impl Words {
    async fn of(engine: &PluginEngine, head: &Head, answering: Option<&Answering>) -> Result<Self, GatewayError> {
        let Some(answering) = answering else { return Ok(Self::Inner) };
        let encoder = Box::new(answering.encoder(engine, head).await?);
        Ok(Self::Foreign { keep_alive: answering.foreign.format.keep_alive.clone(), encoder })
    }

    fn keep_alive(&self) -> &[u8] {
        match self {
            Self::Inner => encode::PING.as_bytes(),
            Self::Foreign { keep_alive, .. } => keep_alive.as_deref().unwrap_or_default().as_bytes(),
        }
    }

    async fn abort(&mut self, failure: &Failure) -> Vec<u8> {
        match self {
            Self::Inner => encode::error_event(failure),
            Self::Foreign { encoder, .. } => encoder.abort(&failure.clone().into()).await.unwrap_or_else(|error| {
                tracing::error!("the end of a broken stream is not told: {error}");
                Vec::new()
            }),
        }
    }
}

/// How the model's name is found in a stream or an answer of the client's format.
fn names(reading: &Reading<'_>, inner: fn(&str) -> Names) -> Names {
    let model = &reading.head.model;
    match reading.answering {
        None => inner(model),
        Some(Answering { foreign, .. }) => Names::foreign(&foreign.format.model_pointers, model),
    }
}

/// Reads up to the first content.
pub(super) async fn begin(
    body: UpstreamBody,
    reading: &mut Reading<'_>,
    record: &mut OpenRecord,
) -> Result<super::LiveStream, GatewayError> {
    let provider = body.provider().to_owned();
    let mut stream = RawStream {
        waiting: Waiting::new(body, reading.ping_every),
        names: names(reading, Names::inner),
        words: Words::of(reading.engine, &reading.head, reading.answering).await?,
        watch: Watch::open(reading, &provider).await?,
        held: BytesMut::new(),
        ready: BytesMut::new(),
        done: false,
    };
    while !stream.watch.has_content() && !stream.watch.is_complete() {
        let batch = stream.waiting.next_batch().await.map_err(|error| UpstreamBody::error(&provider, error))?;
        let ended = batch.ended || batch.broken.is_some();
        stream.take(&batch).await;
        if let Some(failure) = stream.watch.failure() {
            return Err(GatewayError::Upstream(failure.clone()));
        }
        if ended && !stream.watch.has_content() && !stream.watch.is_complete() {
            return Err(GatewayError::BadAnswer {
                provider,
                reason: "ended its answer before it said anything".into(),
            });
        }
        if ended {
            stream.end(batch.broken.as_deref(), record).await;
        }
    }
    record.record.ms.first_event = Some(record.elapsed_ms());
    Ok(super::LiveStream::Raw(Box::new(stream)))
}

impl RawStream {
    pub(super) async fn next(&mut self, record: &mut OpenRecord) -> Option<Bytes> {
        loop {
            if !self.ready.is_empty() {
                return Some(self.ready.split().freeze());
            }
            if self.done {
                return None;
            }
            match self.waiting.next().await {
                // Not in the middle of the upstream's own event: only whole ones have been handed on.
                Came::Quiet => self.ready.extend_from_slice(self.words.keep_alive()),
                Came::Batch(batch) => {
                    self.take(&batch).await;
                    if batch.ended || batch.broken.is_some() {
                        self.end(batch.broken.as_deref(), record).await;
                    }
                }
                Came::Error(error) => {
                    let failure = UpstreamBody::error(self.waiting.body.provider(), error).into_failure();
                    self.fail(&failure, record).await;
                }
            }
        }
    }

    async fn take(&mut self, batch: &Batch) {
        let mut fresh = BytesMut::new();
        for piece in &batch.pieces {
            self.watch.piece(piece);
            // Where a name may have to be replaced, only in what has just come.
            let whole_events = if self.names.is_over() { &mut self.ready } else { &mut fresh };
            match last_event_end(&self.held, piece) {
                Some(end) => {
                    let (whole, rest) = piece.split_at(end);
                    whole_events.extend_from_slice(&self.held);
                    whole_events.extend_from_slice(whole);
                    self.held.clear();
                    self.held.extend_from_slice(rest);
                }
                None => self.held.extend_from_slice(piece),
            }
        }
        self.watch.read(batch.ended && batch.broken.is_none()).await;
        if !fresh.is_empty() {
            self.names.events(&mut fresh);
            self.ready.unsplit(fresh);
        }
        if matches!(self.words, Words::Inner) && self.watch.has_content() {
            // `message_start` has gone by.
            self.names.end();
        }
    }

    async fn end(&mut self, broken: Option<&str>, record: &mut OpenRecord) {
        if self.watch.is_complete() || self.watch.failure().is_some() {
            self.ready.extend_from_slice(&self.held);
            self.close(record);
            match self.watch.failure() {
                Some(failure) => record.fail(Outcome::BrokenUpstream, failure),
                None => record.end(Outcome::Completed),
            }
            return;
        }
        let reason =
            format!("broke off in the middle of its answer ({})", broken.unwrap_or("it ended without saying why"));
        let provider = self.waiting.body.provider().to_owned();
        let failure = GatewayError::BadAnswer { provider, reason }.into_failure();
        self.fail(&failure, record).await;
    }

    async fn fail(&mut self, failure: &Failure, record: &mut OpenRecord) {
        let words = self.words.abort(failure).await;
        self.ready.extend_from_slice(&words);
        self.close(record);
        record.fail(Outcome::BrokenUpstream, failure);
    }

    fn close(&mut self, record: &mut OpenRecord) {
        self.done = true;
        self.held.clear();
        self.watch.record(record);
    }
}

/// Offset in `piece` behind the last blank line of `held` and `piece` together.
fn last_event_end(held: &[u8], piece: &[u8]) -> Option<usize> {
    let mut search = piece.len();
    while let Some(at) = memchr::memrchr2(b'\n', b'\r', &piece[..search]) {
        let before = |back: usize| match at.checked_sub(back) {
            Some(index) => piece.get(index).copied(),
            None => held.len().checked_sub(back - at).and_then(|index| held.get(index).copied()),
        };
        let blank = match piece[at] {
            b'\n' => before(1) == Some(b'\n') || (before(1) == Some(b'\r') && matches!(before(2), Some(b'\n' | b'\r'))),
            _ => before(1) == Some(b'\r'),
        };
        if blank {
            return Some(at + 1);
        }
        search = at;
    }
    None
}

fn is_message(json: &[u8]) -> bool {
    let Ok(document) = Document::parse(json) else { return false };
    document.root().get("type").and_then(|kind| kind.as_str()).is_some_and(|kind| kind == *"message")
}

/// A whole answer, going through but for the model's name.
pub(super) async fn whole(
    response: UpstreamResponse,
    reading: &mut Reading<'_>,
    record: &mut OpenRecord,
) -> Result<Bytes, GatewayError> {
    let UpstreamResponse { status, headers, body, .. } = response;
    let provider = body.provider().to_owned();
    let text = body.read_all(MAX_ANSWER).await.map_err(|error| UpstreamBody::error(&provider, error))?;
    let wire = || protocol::wire_response(status, &headers, text.clone());
    let seen = watch::whole(reading, wire, &text, &provider).await?;
    record.record.ms.first_event = Some(record.elapsed_ms());
    seen.record(record);
    if let Some(failure) = seen.failure {
        return Err(match failure.kind {
            ErrorKind::Api if failure.status.is_none() => {
                GatewayError::BadAnswer { provider, reason: format!("answered nonsense: {}", failure.message) }
            }
            _ => GatewayError::Upstream(failure),
        });
    }
    if reading.answering.is_none() && !is_message(&text) {
        let reason = "answered JSON that is no Anthropic message; check its api_base_url".to_owned();
        return Err(GatewayError::BadAnswer { provider, reason });
    }
    Ok(names(reading, Names::inner_whole).whole(text).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_ends_behind_its_blank_line_wherever_reads_cut() {
        assert_eq!(last_event_end(b"", b"data: 1\n\ndata: 2"), Some(9));
        assert_eq!(last_event_end(b"data: 1\n", b"\ndata: 2"), Some(1));
        assert_eq!(last_event_end(b"data: 1\r\n", b"\r\nx"), Some(2));
        assert_eq!(last_event_end(b"data: 1\r\n\r", b"\nx"), Some(1));
        assert_eq!(last_event_end(b"", b"data: 1\r\rx"), Some(9));
        assert_eq!(last_event_end(b"", b"data: 1\ndata: 2\n"), None);
        assert_eq!(last_event_end(b"", b""), None);
    }
}
