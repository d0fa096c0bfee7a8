//! An upstream that speaks the client's own format: its bytes go through untouched but for the model's name, and its token
//! counts are read on the side.
//!
//! Only whole events are handed on, so that an upstream that breaks off in the middle of one leaves no half event before the
//! error.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use ccr_messages::anthropic::UsageTap;
use ccr_messages::encode;
use ccr_messages::event::{ErrorKind, Failure};
use ccr_messages::json::{Document, Writer};
use ccr_messages::sse::SseDecoder;

use super::MAX_ANSWER;
use super::quiet::{Came, Waiting};
use crate::error::GatewayError;
use crate::record::{OpenRecord, Outcome};
use crate::upstream::{Batch, UpstreamBody};

/// A stream going through.
pub struct RawStream {
    waiting: Waiting,
    frames: SseDecoder,
    tap: UsageTap,
    /// The beginning of an event whose end has not come yet.
    held: BytesMut,
    /// Whole events that the client has not got yet.
    ready: BytesMut,
    /// The model's name as the client asked for it; taken once it is in its place.
    model: Option<String>,
    done: bool,
}

/// Reads up to the first content.
pub(super) async fn begin(
    body: UpstreamBody,
    model: &str,
    ping_every: Duration,
    record: &mut OpenRecord,
) -> Result<super::LiveStream, GatewayError> {
    let provider = body.provider().to_owned();
    let mut stream = RawStream {
        waiting: Waiting::new(body, ping_every),
        frames: SseDecoder::new(MAX_ANSWER),
        tap: UsageTap::new(),
        held: BytesMut::new(),
        ready: BytesMut::new(),
        model: Some(model.to_owned()),
        done: false,
    };
    while !stream.tap.has_content() && !stream.tap.is_complete() {
        let batch = stream.waiting.next_batch().await.map_err(|error| UpstreamBody::error(&provider, error))?;
        let ended = batch.ended || batch.broken.is_some();
        stream.take(&batch);
        if let Some(failure) = stream.tap.failure() {
            return Err(GatewayError::Upstream(failure.clone()));
        }
        if ended && !stream.tap.has_content() && !stream.tap.is_complete() {
            return Err(GatewayError::BadAnswer {
                provider,
                reason: "ended its answer before it said anything".into(),
            });
        }
        if ended {
            stream.end(batch.broken.as_deref(), record);
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
                Came::Quiet => self.ready.extend_from_slice(encode::PING.as_bytes()),
                Came::Batch(batch) => {
                    self.take(&batch);
                    if batch.ended || batch.broken.is_some() {
                        self.end(batch.broken.as_deref(), record);
                    }
                }
                Came::Error(error) => {
                    let failure = UpstreamBody::error(self.waiting.body.provider(), error).into_failure();
                    self.fail(&failure, record);
                }
            }
        }
    }

    fn take(&mut self, batch: &Batch) {
        for piece in &batch.pieces {
            self.frames.push(piece, |event| {
                if let Ok(event) = event {
                    self.tap.event(event.data.as_bytes());
                }
            });
            match last_event_end(&self.held, piece) {
                Some(end) => {
                    let (whole, rest) = piece.split_at(end);
                    self.ready.extend_from_slice(&self.held);
                    self.ready.extend_from_slice(whole);
                    self.held.clear();
                    self.held.extend_from_slice(rest);
                }
                None => self.held.extend_from_slice(piece),
            }
        }
        if self.model.is_some() && !self.ready.is_empty() {
            self.rename();
        }
    }

    /// Puts the name that the client asked for into `message_start`: Claude Code drops its thinking blocks when the name
    /// is another one.
    fn rename(&mut self) {
        let Some(model) = self.model.take() else { return };
        match renamed(&self.ready, &model) {
            Some(ready) => self.ready = ready,
            // It has not come yet (a ping or a comment goes before it).
            None if !self.tap.has_content() => self.model = Some(model),
            None => {}
        }
    }

    fn end(&mut self, broken: Option<&str>, record: &mut OpenRecord) {
        self.frames.finish(|event| {
            if let Ok(event) = event {
                self.tap.event(event.data.as_bytes());
            }
        });
        if self.tap.is_complete() || self.tap.failure().is_some() {
            self.ready.extend_from_slice(&self.held);
            self.close(record);
            match self.tap.failure() {
                Some(failure) => record.fail(Outcome::BrokenUpstream, failure),
                None => record.end(Outcome::Completed),
            }
            return;
        }
        let reason =
            format!("broke off in the middle of its answer ({})", broken.unwrap_or("it ended without message_stop"));
        let provider = self.waiting.body.provider().to_owned();
        let failure = GatewayError::BadAnswer { provider, reason }.into_failure();
        self.fail(&failure, record);
    }

    fn fail(&mut self, failure: &Failure, record: &mut OpenRecord) {
        self.ready.extend_from_slice(&encode::error_event(failure));
        self.close(record);
        record.fail(Outcome::BrokenUpstream, failure);
    }

    fn close(&mut self, record: &mut OpenRecord) {
        self.done = true;
        self.held.clear();
        note_tap(&self.tap, record);
    }
}

fn note_tap(tap: &UsageTap, record: &mut OpenRecord) {
    record.record.usage = (*tap.usage()).into();
    record.record.upstream_model.clone_from(&tap.start().model);
    record.record.stop_reason = tap.finish_reason().map(|reason| reason.as_str().to_owned());
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

/// The text with another name in its `message_start`.
fn renamed(text: &[u8], model: &str) -> Option<BytesMut> {
    let start = memchr::memmem::find(text, b"\"message_start\"")?;
    let line_start = memchr::memrchr(b'\n', &text[..start]).map_or(0, |at| at + 1);
    let line_end = memchr::memchr2(b'\n', b'\r', &text[start..]).map_or(text.len(), |at| start + at);
    let json_start = line_start + memchr::memchr(b'{', &text[line_start..line_end])?;
    let span = model_span(&text[json_start..line_end], "/message/model")?;
    let mut out = BytesMut::with_capacity(text.len() + model.len());
    out.extend_from_slice(&text[..json_start + span.start]);
    out.extend_from_slice(&quoted(model));
    out.extend_from_slice(&text[json_start + span.end..]);
    Some(out)
}

fn model_span(json: &[u8], pointer: &str) -> Option<std::ops::Range<usize>> {
    let document = Document::parse(json).ok()?;
    document.root().pointer(pointer).map(|value| value.span())
}

fn is_message(json: &[u8]) -> bool {
    let Ok(document) = Document::parse(json) else { return false };
    document.root().get("type").and_then(|kind| kind.as_str()).is_some_and(|kind| kind == *"message")
}

fn quoted(model: &str) -> Vec<u8> {
    let mut name = Writer::with_capacity(model.len() + 2);
    name.string(model);
    name.into_bytes()
}

/// A whole message, going through but for the model's name.
pub(super) async fn whole(body: UpstreamBody, model: &str, record: &mut OpenRecord) -> Result<Bytes, GatewayError> {
    let provider = body.provider().to_owned();
    let text = body.read_all(MAX_ANSWER).await.map_err(|error| UpstreamBody::error(&provider, error))?;
    let mut tap = UsageTap::new();
    tap.body(&text);
    record.record.ms.first_event = Some(record.elapsed_ms());
    note_tap(&tap, record);
    if let Some(failure) = tap.failure() {
        return Err(match failure.kind {
            ErrorKind::Api if failure.status.is_none() => {
                GatewayError::BadAnswer { provider, reason: format!("answered nonsense: {}", failure.message) }
            }
            _ => GatewayError::Upstream(failure.clone()),
        });
    }
    if !is_message(&text) {
        let reason = "answered JSON that is no Anthropic message; check its api_base_url".to_owned();
        return Err(GatewayError::BadAnswer { provider, reason });
    }
    let Some(span) = model_span(&text, "/model") else { return Ok(text.into()) };
    let mut named = Vec::with_capacity(text.len() + model.len());
    named.extend_from_slice(&text[..span.start]);
    named.extend_from_slice(&quoted(model));
    named.extend_from_slice(&text[span.end..]);
    Ok(named.into())
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

    #[test]
    fn the_name_is_replaced_in_message_start_only() {
        let text = b"event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"model\" : \"up\", \"x\":1}}\n\ndata: {\"model\":\"up\"}\n\n";
        let expected = String::from_utf8_lossy(text).replacen("\"up\"", "\"a\\\"b\"", 1);
        let renamed = renamed(text, "a\"b").expect("it is there");
        assert_eq!(String::from_utf8_lossy(&renamed), expected);
    }
}
