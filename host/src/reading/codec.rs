//! Who reads an upstream's format: the host itself, where it is Anthropic's and nothing has to be translated, or the component
//! that speaks it. Nothing else in this folder knows which.

use std::sync::Arc;
use std::time::Duration;

use ccr_messages::anthropic::{self, Tap};
use ccr_messages::event::{Event, Failure};
use ccr_messages::json::Document;
use ccr_messages::sse::{SseDecoder, SseError, SseEvent as BorrowedEvent};
use ccr_messages::tool_calls::Assembler;
use ccr_messages::verdict::Verdict;
use http::HeaderMap;

use super::framing::unreadable_event;
use super::{End, MAX_ANSWER, Reading};
use crate::base::error::GatewayError;
use crate::plugins::bindings::{self, SseEvent};
use crate::plugins::from_protocol;
use crate::plugins::upstream::{self as protocol, WaitingInstance};
use crate::plugins::{PluginEngine, PluginError};
use crate::snapshot::PluginUse;

/// Reads one upstream's format.
#[allow(clippy::large_enum_variant, reason = "there is one for an attempt, and it is used up")]
pub enum Codec<'a> {
    /// The host: what was sent were an Anthropic client's own bytes, or nearly.
    Anthropic,
    /// A component.
    Component {
        /// With its options.
        used: &'a PluginUse,
        /// What it left at encoding.
        context: Vec<u8>,
        /// Its instance, if it waits for the answer.
        instance: Option<WaitingInstance>,
    },
}

impl Codec<'_> {
    /// Reads an answer with a bad status.
    pub(super) async fn decode_error(
        self,
        engine: &PluginEngine,
        session: Option<&Arc<str>>,
        status: u16,
        headers: &HeaderMap,
        text: Vec<u8>,
    ) -> Result<Failure, PluginError> {
        match self {
            Self::Anthropic => Ok(anthropic::decode_error(status, &text)),
            Self::Component { used, instance, .. } => {
                let wire = protocol::wire_response(status, headers, text);
                let surroundings = used.in_session(session);
                protocol::decode_error(engine, &used.plugin, surroundings, instance, wire).await.map(Into::into)
            }
        }
    }

    /// Reads a whole answer; also says how long a component took.
    pub(super) async fn decode(
        self,
        engine: &PluginEngine,
        session: Option<&Arc<str>>,
        status: u16,
        headers: &HeaderMap,
        text: Vec<u8>,
    ) -> Result<(Vec<Event>, Duration), PluginError> {
        match self {
            Self::Anthropic => {
                let mut events = Vec::new();
                anthropic::decode_message(&text, &mut events);
                Ok((events, Duration::ZERO))
            }
            Self::Component { used, context, instance } => {
                let wire = protocol::wire_response(status, headers, text);
                let surroundings = used.in_session(session);
                let (events, spent) =
                    protocol::decode(engine, &used.plugin, surroundings, instance, wire, &context).await?;
                Ok((events.into_iter().map(Into::into).collect(), spent))
            }
        }
    }

    /// Begins to read a streamed answer.
    pub(super) async fn decoder(
        self,
        engine: &PluginEngine,
        session: Option<&Arc<str>>,
    ) -> Result<Decoder, PluginError> {
        match self {
            Self::Anthropic => Ok(Decoder::Anthropic(anthropic::Decoder::new())),
            Self::Component { used, context, instance } => {
                let surroundings = used.in_session(session);
                let decoder = protocol::Decoder::open(engine, &used.plugin, surroundings, instance, &context).await?;
                Ok(Decoder::Component(Box::new(decoder)))
            }
        }
    }

    /// Judges a whole answer that goes through as it is.
    pub(super) async fn judge(
        self,
        engine: &PluginEngine,
        session: Option<&Arc<str>>,
        status: u16,
        headers: &HeaderMap,
        text: &[u8],
        mut assembler: Assembler,
    ) -> Result<(Verdict, Duration), PluginError> {
        let mut verdict = Verdict::default();
        if matches!(self, Self::Anthropic) {
            let mut tap = Tap::new();
            tap.body(text);
            return Ok((tap.verdict().clone(), Duration::ZERO));
        }
        let (events, spent) = self.decode(engine, session, status, headers, text.to_vec()).await?;
        let mut assembled = Vec::with_capacity(events.len());
        events.into_iter().for_each(|event| assembler.push(event, &mut assembled));
        assembler.finish(&mut assembled);
        assembled.iter().for_each(|event| verdict.note(event));
        Ok((verdict, spent))
    }

    /// Whether a whole answer can reach a client of the same format as it is. What imitators of Anthropic's format leave out is
    /// put in on the way through events.
    pub(super) fn can_pass(&self, text: &[u8]) -> bool {
        match self {
            Self::Component { .. } => true,
            Self::Anthropic => Document::parse(text).is_ok_and(|document| {
                document.root().get("type").and_then(|kind| kind.as_str()).is_some_and(|kind| kind == *"message")
            }),
        }
    }
}

/// Reads one streamed answer.
pub(super) enum Decoder {
    Anthropic(anthropic::Decoder),
    Component(Box<protocol::Decoder>),
}

impl Decoder {
    /// Reads the events of one batch.
    pub(super) async fn push(&mut self, events: &[SseEvent], provider: &str) -> Result<Vec<Event>, GatewayError> {
        match self {
            _ if events.is_empty() => Ok(Vec::new()),
            Self::Anthropic(decoder) => {
                let mut out = Vec::with_capacity(events.len());
                for event in events {
                    decoder.push(event.data.as_bytes(), &mut out);
                }
                Ok(out)
            }
            Self::Component(decoder) => read(decoder.push(events).await, provider),
        }
    }

    /// The stream has ended.
    pub(super) async fn finish(&mut self, provider: &str) -> Result<Vec<Event>, GatewayError> {
        match self {
            Self::Anthropic(_) => Ok(Vec::new()),
            Self::Component(decoder) => read(decoder.finish().await, provider),
        }
    }

    /// Time spent in a component.
    pub(super) fn spent(&self) -> Duration {
        match self {
            Self::Anthropic(_) => Duration::ZERO,
            Self::Component(decoder) => decoder.spent(),
        }
    }
}

fn read(events: Result<Vec<bindings::Event>, PluginError>, provider: &str) -> Result<Vec<Event>, GatewayError> {
    match events {
        Ok(events) => Ok(events.into_iter().map(Into::into).collect()),
        Err(error) => Err(from_protocol(error, provider)),
    }
}

/// Reads a stream beside its way to the client, and judges it.
pub(super) struct Watch {
    frames: SseDecoder,
    reader: Reader,
    /// Something in the stream was no event: what.
    unreadable: Option<String>,
}

enum Reader {
    /// By a glance at each event.
    Anthropic(Box<Tap>),
    /// By the component that speaks the format.
    Component(Box<Watching>),
}

struct Watching {
    decoder: Decoder,
    assembler: Assembler,
    verdict: Verdict,
    /// The events of the batch at hand.
    framed: Vec<SseEvent>,
    provider: String,
}

impl Watch {
    pub(super) async fn open(reading: Reading<'_>, provider: &str) -> Result<Self, GatewayError> {
        let Reading { engine, codec, session, assembler, .. } = reading;
        let reader = match codec {
            Codec::Anthropic => Reader::Anthropic(Box::default()),
            component @ Codec::Component { .. } => {
                let decoder = component.decoder(engine, session).await;
                let decoder = decoder.map_err(|error| from_protocol(error, provider))?;
                let (verdict, framed, provider) = (Verdict::default(), Vec::new(), provider.to_owned());
                Reader::Component(Box::new(Watching { decoder, assembler, verdict, framed, provider }))
            }
        };
        Ok(Self { frames: SseDecoder::new(MAX_ANSWER), reader, unreadable: None })
    }

    /// Takes a piece of the stream.
    pub(super) fn piece(&mut self, piece: &[u8]) {
        let Self { frames, reader, unreadable } = self;
        frames.push(piece, |event| reader.take(event, unreadable));
    }

    /// Reads what the pieces held. `end` is how the stream ended, if it has.
    pub(super) async fn read(&mut self, end: &End) {
        let Self { frames, reader, unreadable } = self;
        // Of an event that was cut off nothing is kept.
        if matches!(end, End::Clean) {
            frames.finish(|event| reader.take(event, unreadable));
        }
        match reader {
            Reader::Anthropic(tap) if matches!(end, End::Clean) => tap.finish(),
            Reader::Anthropic(_) => {}
            Reader::Component(watching) => watching.read(matches!(end, End::Clean)).await,
        }
    }

    /// What in the stream was no event, if anything was.
    pub(super) fn unreadable(&self) -> Option<&str> {
        self.unreadable.as_deref()
    }

    /// What is to be thought of the answer so far.
    pub(super) fn verdict(&self) -> &Verdict {
        match &self.reader {
            Reader::Anthropic(tap) => tap.verdict(),
            Reader::Component(watching) => &watching.verdict,
        }
    }

    /// Time spent in a component.
    pub(super) fn spent(&self) -> Duration {
        match &self.reader {
            Reader::Anthropic(_) => Duration::ZERO,
            Reader::Component(watching) => watching.decoder.spent(),
        }
    }
}

impl Reader {
    fn take(&mut self, event: Result<BorrowedEvent<'_>, SseError>, unreadable: &mut Option<String>) {
        match (event, self) {
            (Ok(event), Self::Anthropic(tap)) => tap.event(event.data.as_bytes()),
            (Ok(event), Self::Component(watching)) => {
                let framed = SseEvent { event: event.event.map(str::to_owned), data: event.data.to_owned() };
                watching.framed.push(framed);
            }
            (Err(error), _) => *unreadable = Some(unreadable_event(&error)),
        }
    }
}

impl Watching {
    /// Whatever a component finds wrong is the answer's failure.
    async fn read(&mut self, ended: bool) {
        let framed = std::mem::take(&mut self.framed);
        if self.verdict.failure().is_some() {
            return;
        }
        let read = self.decoder.push(&framed, &self.provider).await;
        self.note(read);
        if ended {
            let last = self.decoder.finish(&self.provider).await;
            self.note(last);
        }
        if ended && self.verdict.finish().is_some() {
            let mut events = Vec::new();
            self.assembler.finish(&mut events);
            events.iter().for_each(|event| self.verdict.note(event));
        }
    }

    fn note(&mut self, read: Result<Vec<Event>, GatewayError>) {
        match read {
            Ok(events) => {
                let mut assembled = Vec::with_capacity(events.len());
                for event in events {
                    // What the assembler would hold back to the end is known at once here.
                    if matches!(event, Event::Finish(_)) {
                        self.verdict.note(&event);
                    }
                    self.assembler.push(event, &mut assembled);
                }
                assembled.iter().for_each(|event| self.verdict.note(event));
            }
            Err(error) => self.verdict.note(&Event::Error(error.into_failure())),
        }
    }
}
