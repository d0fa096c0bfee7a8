//! An upstream's answer as typed events: framed, decoded by the protocol, tool calls put together, edited by transformers.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use ccr_messages::anthropic;
use ccr_messages::event::{Event, Failure};
use ccr_messages::tool_calls::Assembler;

use super::framing::{Frames, Framing};
use super::quiet::{Came, Waiting};
use super::{MAX_ANSWER, Reading, looks_like_events};
use crate::config::Secret;
use crate::error::{GatewayError, from_protocol, redact};
use crate::plugins::bindings::platform::exports::ccr::plugin::plugin::TransformerHooks;
use crate::plugins::bindings::upstream::exports::ccr::plugin::upstream_protocol::WireResponse;
use crate::plugins::bindings::{self, SseEvent};
use crate::plugins::{PluginEngine, PluginError, transformer, upstream as protocol};
use crate::snapshot::{Chain, PluginUse};
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
    peeked: VecDeque<Next>,
}

enum Input {
    /// A stream of events.
    Stream(Box<Stream>),
    /// A whole answer, decoded at once.
    Whole(Vec<Event>, Duration),
}

struct Stream {
    waiting: Waiting,
    frames: Frames,
    decoder: Decoder,
}

enum Decoder {
    Inner(anthropic::Decoder),
    Plugin(Box<protocol::Decoder>),
}

/// What the next step brought.
pub(super) enum Next {
    /// Events, perhaps none.
    Events(Vec<Event>),
    /// The last events of a turn, after which agents have calls to answer and the model goes on.
    Turn(Vec<Event>),
    /// The last events: the answer has come to its end.
    Last(Vec<Event>),
    /// The last events of an answer that broke off, and how.
    Broken(Vec<Event>, GatewayError),
    /// A ping is due.
    Quiet,
}

/// How far the input has come.
enum End {
    Open,
    Clean,
    Broken(String),
}

impl EventSource {
    /// Finds out what kind of answer it is, whatever its content type says, and makes what reads it.
    pub(super) async fn open(
        reading: &mut Reading<'_>,
        response: UpstreamResponse,
        framing: Option<Framing>,
    ) -> Result<Self, GatewayError> {
        let provider = response.body.provider().to_owned();
        let mut waiting = Waiting::new(response.body, reading.ping_every);
        let read_error = |error| UpstreamBody::error(&provider, error);
        let first = match framing {
            Some(_) => None,
            None => Some(waiting.next_batch().await.map_err(read_error)?),
        };
        let looks = |batch: &Batch| batch.pieces.first().is_some_and(|piece| looks_like_events(piece));
        let (input, finished) = match first {
            Some(first) if !looks(&first) => {
                let body = waiting.rest(first, MAX_ANSWER).await.map_err(read_error)?;
                let wire = protocol::wire_response(response.status, &response.headers, body);
                (decode_whole(reading, wire, &provider).await?, true)
            }
            first => {
                waiting.put_back(first);
                let decoder = Decoder::open(reading, &provider).await?;
                let frames = Frames::new(framing.unwrap_or(Framing::ServerSent), MAX_ANSWER);
                (Input::Stream(Box::new(Stream { waiting, frames, decoder })), false)
            }
        };
        let transformers = open_transformers(reading.engine, reading.chain, reading.session).await?;
        let seed = &reading.head.id;
        let assembler = if reading.mending { Assembler::mending(seed) } else { Assembler::new(seed) };
        let assembler = assembler.forgiving(reading.agents_tools.iter().cloned());
        let secrets = reading.secrets.to_vec();
        Ok(Self { input, assembler, transformers, provider, secrets, finished, ended: false, peeked: VecDeque::new() })
    }

    /// Reads up to the first content. What fails before it can be answered by another target.
    pub(super) async fn peek(&mut self) -> Result<(), GatewayError> {
        loop {
            let next = self.read().await?;
            let (events, over) = match &next {
                Next::Quiet => continue,
                Next::Events(events) | Next::Turn(events) => (events, false),
                Next::Last(events) | Next::Broken(events, _) => (events, true),
            };
            let has_content = events.iter().any(is_content);
            let failure = events.iter().find_map(|event| match event {
                Event::Error(failure) => Some(self.redacted(failure)),
                _ => None,
            });
            match (failure, next) {
                (Some(failure), _) if !has_content => return Err(GatewayError::Upstream(failure)),
                (None, Next::Broken(_, error)) if !has_content => return Err(error),
                (_, next) => self.peeked.push_back(next),
            }
            if has_content || over {
                return Ok(());
            }
        }
    }

    /// Who is read.
    pub(super) fn provider(&self) -> &str {
        &self.provider
    }

    /// The next events.
    pub(super) async fn next(&mut self) -> Result<Next, GatewayError> {
        match self.peeked.pop_front() {
            Some(next) => Ok(next),
            None => self.read().await,
        }
    }

    async fn read(&mut self) -> Result<Next, GatewayError> {
        if self.ended {
            return Ok(Next::Last(Vec::new()));
        }
        let (raw, end) = match &mut self.input {
            Input::Whole(events, _) => (std::mem::take(events), End::Clean),
            Input::Stream(stream) => match stream.waiting.next().await {
                Came::Quiet => return Ok(Next::Quiet),
                Came::Error(error) => return Err(UpstreamBody::error(&self.provider, error)),
                Came::Batch(batch) => stream.decode(batch, &self.provider).await?,
            },
        };
        self.finished |= raw.iter().any(|event| matches!(event, Event::Finish(_) | Event::Error(_)));
        self.ended = !matches!(end, End::Open);
        let reason = match end {
            End::Open => return Ok(Next::Events(self.assemble(raw, false).await?)),
            _ if self.finished => return Ok(Next::Last(self.assemble(raw, true).await?)),
            End::Broken(reason) => reason,
            End::Clean => "it ended without saying why".into(),
        };
        let events = self.assemble(raw, false).await?;
        let reason = format!("broke off in the middle of its answer ({reason})");
        Ok(Next::Broken(events, GatewayError::BadAnswer { provider: self.provider.clone(), reason }))
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
    pub(super) fn redacted(&self, failure: &Failure) -> Failure {
        Failure { message: redact(failure.message.clone(), &self.secrets), ..failure.clone() }
    }

    /// Time spent in plugins so far.
    pub(super) fn plugin_time(&self) -> Duration {
        let input = match &self.input {
            Input::Stream(stream) => stream.decoder.spent(),
            Input::Whole(_, spent) => *spent,
        };
        input + self.transformers.iter().map(Editor::spent).sum::<Duration>()
    }
}

/// Whether an event is part of what a model says.
fn is_content(event: &Event) -> bool {
    let nothing = matches!(
        event,
        Event::Start(_) | Event::Usage(_) | Event::Finish(_) | Event::NewBlock | Event::Dropped(_) | Event::Error(_)
    );
    !nothing
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
        let end = match end {
            End::Open => End::Open,
            end => match (self.frames.finish(&mut framed), end) {
                (Err(reason), End::Clean) => End::Broken(reason),
                (_, end) => end,
            },
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

impl Decoder {
    async fn open(reading: &mut Reading<'_>, provider: &str) -> Result<Self, GatewayError> {
        match reading.speaker() {
            None => Ok(Self::Inner(anthropic::Decoder::new())),
            Some(used) => protocol::Decoder::open(
                reading.engine,
                &used.plugin,
                used.in_session(reading.session),
                reading.instance.take(),
                reading.context,
            )
            .await
            .map(|decoder| Self::Plugin(Box::new(decoder)))
            .map_err(|error| from_protocol(error, provider)),
        }
    }

    async fn push(&mut self, events: &[SseEvent], provider: &str) -> Result<Vec<Event>, GatewayError> {
        match self {
            _ if events.is_empty() => Ok(Vec::new()),
            Self::Inner(decoder) => {
                let mut out = Vec::with_capacity(events.len());
                for event in events {
                    decoder.push(event.data.as_bytes(), &mut out);
                }
                Ok(out)
            }
            Self::Plugin(decoder) => read(decoder.push(events).await, provider),
        }
    }

    async fn finish(&mut self, provider: &str) -> Result<Vec<Event>, GatewayError> {
        match self {
            Self::Inner(_) => Ok(Vec::new()),
            Self::Plugin(decoder) => read(decoder.finish().await, provider),
        }
    }

    fn spent(&self) -> Duration {
        match self {
            Self::Inner(_) => Duration::ZERO,
            Self::Plugin(decoder) => decoder.spent(),
        }
    }
}

fn read(events: Result<Vec<bindings::Event>, PluginError>, provider: &str) -> Result<Vec<Event>, GatewayError> {
    match events {
        Ok(events) => Ok(events.into_iter().map(Into::into).collect()),
        Err(error) => Err(from_protocol(error, provider)),
    }
}

async fn decode_whole(reading: &mut Reading<'_>, wire: WireResponse, provider: &str) -> Result<Input, GatewayError> {
    match reading.speaker() {
        None => {
            let mut events = Vec::new();
            anthropic::decode_message(&wire.body, &mut events);
            Ok(Input::Whole(events, Duration::ZERO))
        }
        Some(used) => {
            let surroundings = used.in_session(reading.session);
            let (events, spent) = protocol::decode(
                reading.engine,
                &used.plugin,
                surroundings,
                reading.instance.take(),
                wire,
                reading.context,
            )
            .await
            .map_err(|error| from_protocol(error, provider))?;
            Ok(Input::Whole(events.into_iter().map(Into::into).collect(), spent))
        }
    }
}

async fn open_transformers(
    engine: &PluginEngine,
    chain: &Chain,
    session: Option<&Arc<str>>,
) -> Result<Vec<Editor>, GatewayError> {
    let mut open = Vec::new();
    for used in chain.transformers.iter().rev() {
        if used.plugin.hooks.contains(TransformerHooks::EVENTS) {
            open.push(Editor::open(engine, used, session).await?);
        }
    }
    Ok(open)
}

/// A transformer at work on an answer.
struct Editor {
    used: PluginUse,
    /// `None` once it failed and the answer goes on without it.
    stream: Option<transformer::AnswerStream>,
}

impl Editor {
    async fn open(engine: &PluginEngine, used: &PluginUse, session: Option<&Arc<str>>) -> Result<Self, GatewayError> {
        let opened = transformer::AnswerStream::open(engine, &used.plugin, used.in_session(session)).await;
        let mut editor = Self { used: used.clone(), stream: None };
        match opened {
            Ok(stream) => editor.stream = Some(stream),
            Err(error) => {
                crate::transform::without(used, error)?;
            }
        }
        Ok(editor)
    }

    async fn edit(&mut self, events: Vec<Event>, ended: bool) -> Result<Vec<Event>, GatewayError> {
        let Some(stream) = &mut self.stream else { return Ok(events) };
        let batch: Vec<bindings::Event> = events.into_iter().map(Into::into).collect();
        let edited = match edit(stream, &batch, ended).await {
            Ok(edited) => edited,
            Err(error) => {
                let note = crate::transform::without(&self.used, error)?;
                self.stream = None;
                let mut events: Vec<Event> = batch.into_iter().map(Into::into).collect();
                events.push(Event::Dropped(note));
                return Ok(events);
            }
        };
        Ok(edited.into_iter().map(Into::into).collect())
    }

    fn spent(&self) -> Duration {
        self.stream.as_ref().map_or(Duration::ZERO, transformer::AnswerStream::spent)
    }
}

async fn edit(
    stream: &mut transformer::AnswerStream,
    batch: &[bindings::Event],
    ended: bool,
) -> Result<Vec<bindings::Event>, PluginError> {
    let mut edited = if batch.is_empty() { Vec::new() } else { stream.push(batch).await? };
    if ended {
        edited.extend(stream.finish().await?);
    }
    Ok(edited)
}
