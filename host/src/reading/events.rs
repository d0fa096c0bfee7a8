//! An upstream's answer as typed events: framed, decoded by the protocol, tool calls put together, edited by transformers.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use ccr_messages::event::{Event, Failure};
use ccr_messages::tool_calls::Assembler;
use ccr_messages::verdict::Verdict;
use http::HeaderMap;

use super::codec::Decoder;
use super::framing::{Frames, Framing, looks_like_events};
use super::raw::good_whole;
use super::waiting::{Wait, Waiting};
use super::{End, MAX_ANSWER, Opening, Reading, broken_off, opening};
use crate::answer_editor::Editor;
use crate::base::error::{GatewayError, redact};
use crate::config::Secret;
use crate::plugins::PluginEngine;
use crate::plugins::answer_stream::AnswerStream;
use crate::plugins::from_protocol;
use crate::snapshot::PluginUse;
use crate::upstream::{Batch, UpstreamBody, UpstreamResponse};

/// Where events come from.
pub struct EventSource {
    input: Input,
    assembler: Assembler,
    /// Those that edit answers, the innermost first: the onion on its way back.
    transformers: Vec<Editor>,
    provider: String,
    /// What went along as credentials, which nothing that the provider says may show.
    secrets: Vec<Secret>,
    /// The provider said why the model stopped; without it, an end is a broken answer.
    finished: bool,
    ended: bool,
    /// What was read already.
    ahead: VecDeque<Next>,
}

enum Input {
    /// A stream of events.
    Stream(Box<Stream>),
    /// A whole answer, decoded at once, and the time that it took.
    Whole(Vec<Event>, Duration),
}

struct Stream {
    waiting: Waiting,
    frames: Frames,
    decoder: Decoder,
}

/// What the next step brought.
pub enum Next {
    /// Events, perhaps none.
    Events(Vec<Event>),
    /// The last events: the answer has come to its end.
    Last(Vec<Event>),
    /// The last events of an answer that broke off, and how ([`EventSource::broken_off`]).
    Broken(Vec<Event>, String),
    /// A ping is due.
    Quiet,
}

impl EventSource {
    /// Finds out what kind of answer it is, whatever its content type says, and makes what reads it.
    pub(super) async fn open(reading: Reading<'_>, response: UpstreamResponse) -> Result<Self, GatewayError> {
        let UpstreamResponse { status, headers, body, .. } = response;
        let provider = body.provider().to_owned();
        let mut waiting = Waiting::new(body, reading.ping_every);
        let framing = match Framing::of(&headers) {
            Some(framing) => framing,
            None => {
                let read_error = |error| UpstreamBody::error(&provider, error);
                let first = waiting.next_batch().await.map_err(read_error)?;
                if !first.pieces.first().is_some_and(|piece| looks_like_events(piece)) {
                    let text = waiting.rest(first, MAX_ANSWER).await.map_err(read_error)?;
                    return Self::of_whole(reading, status, &headers, text, provider).await;
                }
                waiting.put_back(first);
                Framing::ServerSent
            }
        };
        let Reading { engine, codec, session, .. } = reading;
        let decoder = codec.decoder(engine, session).await.map_err(|error| from_protocol(error, &provider))?;
        let frames = Frames::new(framing, MAX_ANSWER);
        let input = Input::Stream(Box::new(Stream { waiting, frames, decoder }));
        let Reading { transformers, assembler, secrets, .. } = reading;
        Self::of_input(input, (engine, transformers, session), assembler, secrets, provider).await
    }

    /// One whose answer has come as a whole.
    pub(super) async fn of_whole(
        reading: Reading<'_>,
        status: u16,
        headers: &HeaderMap,
        text: Vec<u8>,
        provider: String,
    ) -> Result<Self, GatewayError> {
        let Reading { engine, codec, transformers, assembler, session, secrets, .. } = reading;
        let decoded = codec.decode(engine, session, status, headers, text).await;
        let (events, spent) = decoded.map_err(|error| from_protocol(error, &provider))?;
        let input = Input::Whole(events, spent);
        Self::of_input(input, (engine, transformers, session), assembler, secrets, provider).await
    }

    async fn of_input(
        input: Input,
        (engine, transformers, session): (&PluginEngine, &[PluginUse], Option<&Arc<str>>),
        assembler: Assembler,
        secrets: &[Secret],
        provider: String,
    ) -> Result<Self, GatewayError> {
        let transformers = open_transformers(engine, transformers, session).await?;
        // A whole answer has its own end, whether or not it gives a reason.
        let finished = matches!(input, Input::Whole(..));
        let (secrets, ahead) = (secrets.to_vec(), VecDeque::new());
        Ok(Self { input, assembler, transformers, provider, secrets, finished, ended: false, ahead })
    }

    /// Reads up to the first content. What fails before it can be answered by another target.
    pub(super) async fn read_to_content(&mut self) -> Result<(), GatewayError> {
        let mut verdict = Verdict::default();
        loop {
            let end = self.read_one_ahead(&mut verdict).await?;
            let judged = match (&self.input, &end) {
                (Input::Whole(..), End::Clean) => good_whole(&verdict, &self.provider).map(|()| Opening::Good),
                _ => opening(&verdict, &end, &self.provider),
            };
            match judged.map_err(|error| error.redacted(&self.secrets))? {
                Opening::Good => return Ok(()),
                Opening::Unclear => {}
            }
        }
    }

    /// Reads all of it. What fails can be answered by another target.
    pub(super) async fn read_to_end(&mut self) -> Result<(), GatewayError> {
        let mut verdict = Verdict::default();
        loop {
            match self.read_one_ahead(&mut verdict).await? {
                End::Open => {}
                End::Clean => {
                    let judged = good_whole(&verdict, &self.provider);
                    return judged.map_err(|error| error.redacted(&self.secrets));
                }
                End::Broken(reason) => return Err(broken_off(&self.provider, &reason)),
            }
        }
    }

    async fn read_one_ahead(&mut self, verdict: &mut Verdict) -> Result<End, GatewayError> {
        let next = self.read().await?;
        let (events, end) = match &next {
            Next::Quiet => return Ok(End::Open),
            Next::Events(events) => (events, End::Open),
            Next::Last(events) => (events, End::Clean),
            Next::Broken(events, reason) => (events, End::Broken(reason.clone())),
        };
        events.iter().for_each(|event| verdict.note(event));
        self.ahead.push_back(next);
        Ok(end)
    }

    /// The error for an answer that broke off.
    pub fn broken_off(&self, reason: &str) -> GatewayError {
        broken_off(&self.provider, reason)
    }

    /// Who is read.
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// The next events.
    pub async fn next(&mut self) -> Result<Next, GatewayError> {
        match self.ahead.pop_front() {
            Some(next) => Ok(next),
            None => self.read().await,
        }
    }

    /// What was read ahead: it is there without waiting.
    pub fn next_ahead(&mut self) -> Option<Next> {
        self.ahead.pop_front()
    }

    async fn read(&mut self) -> Result<Next, GatewayError> {
        if self.ended {
            return Ok(Next::Last(Vec::new()));
        }
        let (raw, end) = match &mut self.input {
            Input::Whole(events, _) => (std::mem::take(events), End::Clean),
            Input::Stream(stream) => match stream.waiting.next().await {
                Wait::Quiet => return Ok(Next::Quiet),
                // All that matters has come.
                Wait::Error(_) if self.finished => stream.decode(Batch::end(), &self.provider).await?,
                Wait::Error(error) => return Err(UpstreamBody::error(&self.provider, error)),
                Wait::Batch(batch) => stream.decode(batch, &self.provider).await?,
            },
        };
        self.finished |= raw.iter().any(|event| matches!(event, Event::Finish(_) | Event::Error(_)));
        self.ended = !matches!(end, End::Open);
        match end {
            End::Open => Ok(Next::Events(self.assemble(raw, false).await?)),
            _ if self.finished => Ok(Next::Last(self.assemble(raw, true).await?)),
            end => {
                let events = self.assemble(raw, false).await?;
                Ok(Next::Broken(events, end.reason().to_owned()))
            }
        }
    }

    /// Tool calls put together, then every transformer in turn.
    async fn assemble(&mut self, raw: Vec<Event>, ended: bool) -> Result<Vec<Event>, GatewayError> {
        let mut events = Vec::with_capacity(raw.len());
        for event in raw {
            self.assembler.push(event, &mut events);
        }
        if ended {
            self.assembler.finish(&mut events);
        }
        for editor in &mut self.transformers {
            events = editor.edit(events, ended).await?;
        }
        Ok(events)
    }

    /// A failure as the client may see it.
    pub fn redacted(&self, failure: &Failure) -> Failure {
        Failure { message: redact(failure.message.clone(), &self.secrets), ..failure.clone() }
    }

    /// Time spent in plugins so far.
    pub fn plugin_time(&self) -> Duration {
        let input = match &self.input {
            Input::Stream(stream) => stream.decoder.spent(),
            Input::Whole(_, spent) => *spent,
        };
        input + self.transformers.iter().map(Editor::spent).sum::<Duration>()
    }
}

impl Stream {
    /// Frames what came and has the protocol read all events of it at once.
    async fn decode(&mut self, batch: Batch, provider: &str) -> Result<(Vec<Event>, End), GatewayError> {
        let mut framed = self.frames.push(&batch.pieces);
        let end = match batch.broken {
            Some(reason) => End::Broken(reason),
            None if batch.ended => End::Clean,
            None => End::Open,
        };
        // Of an event that was cut off nothing is kept.
        let end = match end {
            End::Clean => self.frames.finish(&mut framed).map_or_else(End::Broken, |()| End::Clean),
            end => end,
        };
        if let Some(reason) = framed.unreadable {
            return Err(GatewayError::BadAnswer { provider: provider.to_owned(), reason });
        }
        let mut events = self.decoder.push(&framed.events, provider).await?;
        if matches!(end, End::Clean) {
            events.extend(self.decoder.finish(provider).await?);
        }
        Ok((events, end))
    }
}

async fn open_transformers(
    engine: &PluginEngine,
    transformers: &[PluginUse],
    session: Option<&Arc<str>>,
) -> Result<Vec<Editor>, GatewayError> {
    let mut open = Vec::new();
    for used in transformers.iter().rev() {
        if !used.plugin.edits_answers() {
            continue;
        }
        match AnswerStream::of_transformer(engine, &used.plugin, used.in_session(session)).await {
            Ok(stream) => open.push(Editor::new(used.clone(), stream)),
            Err(error) => drop(used.fail_open(error)?),
        }
    }
    Ok(open)
}
