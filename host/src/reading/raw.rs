//! An upstream that speaks the client's own format: its bytes go through untouched but for the model's name, and are judged on
//! the side.
//!
//! Only whole events are handed on, so that an upstream that breaks off in the middle of one leaves no half event before the
//! error.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use ccr_messages::event::Failure;
use ccr_messages::verdict::{Ending, Verdict};

use super::codec::Watch;
use super::waiting::{Wait, Waiting};
use super::{End, EventSource, MAX_ANSWER, Opened, Opening, Reading, broken_off, empty, opening};
use crate::base::error::GatewayError;
use crate::client::ModelNames;
use crate::plugins::from_protocol;
use crate::upstream::{Batch, UpstreamBody, UpstreamResponse};

/// A stream going through.
pub struct RawStream {
    waiting: Waiting,
    watch: Watch,
    names: ModelNames,
    provider: String,
    /// The beginning of an event whose end has not come yet.
    held: BytesMut,
    /// Whole events that the client has not got yet.
    ready: BytesMut,
    end: End,
}

/// What a stream that goes through brings next.
pub enum RawNext {
    /// Whole events.
    Bytes(Bytes),
    /// A ping is due. No event is half sent.
    Quiet,
    /// The last bytes, if there are any, and how it ended.
    End(Bytes, RawEnd),
}

/// How a stream that goes through ended.
pub enum RawEnd {
    /// Well.
    Complete,
    /// With an error that the upstream told in the stream.
    Failed(Failure),
    /// In the middle; the client has not been told yet.
    Broken(GatewayError),
}

/// Reads up to the first content.
pub(super) async fn open_stream(
    reading: Reading<'_>,
    body: UpstreamBody,
    names: ModelNames,
) -> Result<RawStream, GatewayError> {
    let provider = body.provider().to_owned();
    let waiting = Waiting::new(body, reading.ping_every);
    let watch = Watch::open(reading, &provider).await?;
    let (held, ready) = (BytesMut::new(), BytesMut::new());
    let mut stream = RawStream { waiting, watch, names, provider, held, ready, end: End::Open };
    loop {
        if let Wait::Error(error) = stream.advance().await {
            return Err(UpstreamBody::error(&stream.provider, error));
        }
        match opening(stream.watch.verdict(), &stream.end, &stream.provider)? {
            Opening::Good => return Ok(stream),
            Opening::Unclear => {}
        }
    }
}

impl RawStream {
    /// The next bytes for the client.
    pub async fn next(&mut self) -> RawNext {
        loop {
            if !matches!(self.end, End::Open) {
                return RawNext::End(self.ready.split().freeze(), self.ended());
            }
            if !self.ready.is_empty() {
                return RawNext::Bytes(self.ready.split().freeze());
            }
            match self.advance().await {
                Wait::Quiet => return RawNext::Quiet,
                Wait::Batch(()) => {}
                Wait::Error(error) => {
                    let error = UpstreamBody::error(&self.provider, error);
                    return RawNext::End(Bytes::new(), RawEnd::Broken(error));
                }
            }
        }
    }

    async fn advance(&mut self) -> Wait<()> {
        match self.waiting.next().await {
            Wait::Quiet => Wait::Quiet,
            // All that matters has come.
            Wait::Error(_) if self.verdict().has_ended() => {
                self.take(Batch::end()).await;
                Wait::Batch(())
            }
            Wait::Error(error) => Wait::Error(error),
            Wait::Batch(batch) => {
                self.take(batch).await;
                Wait::Batch(())
            }
        }
    }

    /// What is to be thought of the answer so far.
    pub fn verdict(&self) -> &Verdict {
        self.watch.verdict()
    }

    /// Time spent in plugins so far.
    pub fn plugin_time(&self) -> Duration {
        self.watch.spent()
    }

    async fn take(&mut self, batch: Batch) {
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
        self.end = match (self.watch.unreadable(), batch.broken) {
            (Some(reason), _) => End::Broken(reason.to_owned()),
            (None, Some(reason)) => End::Broken(reason),
            (None, None) if batch.ended => End::Clean,
            (None, None) => End::Open,
        };
        self.watch.read(&self.end).await;
        if !fresh.is_empty() {
            self.names.events(&mut fresh);
            self.ready.unsplit(fresh);
        }
        if self.watch.verdict().has_content() {
            self.names.content_has_come();
        }
        match (&self.end, self.watch.verdict().ending()) {
            // The last event may end with the stream and not with a blank line.
            (End::Clean, Ending::Complete | Ending::Failed(_)) => self.ready.unsplit(std::mem::take(&mut self.held)),
            (End::Open, _) => {}
            (End::Clean | End::Broken(_), _) => self.held.clear(),
        }
    }

    fn ended(&self) -> RawEnd {
        match (self.watch.verdict().ending(), &self.end) {
            (_, End::Broken(reason)) if self.watch.unreadable().is_some() => {
                RawEnd::Broken(GatewayError::BadAnswer { provider: self.provider.clone(), reason: reason.clone() })
            }
            (Ending::Complete, _) => RawEnd::Complete,
            (Ending::Failed(failure), _) => RawEnd::Failed(failure),
            (Ending::Empty, _) => RawEnd::Broken(empty(&self.provider)),
            (Ending::BrokenOff, end) => RawEnd::Broken(broken_off(&self.provider, end.reason())),
        }
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

/// A whole answer going through.
pub struct RawWhole {
    /// For the client.
    pub bytes: Bytes,
    /// What is to be thought of it.
    pub verdict: Verdict,
    /// Time spent in plugins.
    pub plugin_time: Duration,
}

/// Reads a whole answer, and judges it.
pub(super) async fn open_whole(
    reading: Reading<'_>,
    response: UpstreamResponse,
    mut names: ModelNames,
) -> Result<Opened<RawWhole>, GatewayError> {
    let UpstreamResponse { status, headers, body, .. } = response;
    let provider = body.provider().to_owned();
    let text = body.read_all(MAX_ANSWER).await.map_err(|error| UpstreamBody::error(&provider, error))?;
    if !reading.codec.can_pass(&text) {
        let mut source = EventSource::of_whole(reading, status, &headers, text, provider).await?;
        source.read_to_end().await?;
        return Ok(Opened::Events(source));
    }
    let Reading { engine, codec, session, assembler, .. } = reading;
    let judged = codec.judge(engine, session, status, &headers, &text, assembler).await;
    let (verdict, plugin_time) = judged.map_err(|error| from_protocol(error, &provider))?;
    good_whole(&verdict, &provider)?;
    Ok(Opened::Raw(RawWhole { bytes: names.whole(text).into(), verdict, plugin_time }))
}

/// Whether an answer that has come as a whole is one. Its own end is the body's, whether or not it gives a reason.
pub(super) fn good_whole(verdict: &Verdict, provider: &str) -> Result<(), GatewayError> {
    match verdict.ending() {
        Ending::Failed(failure) => Err(GatewayError::Upstream(failure)),
        Ending::Complete => Ok(()),
        Ending::BrokenOff if verdict.has_content() => Ok(()),
        Ending::Empty | Ending::BrokenOff => Err(empty(provider)),
    }
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
