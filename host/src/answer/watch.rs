//! What is read of an answer that goes through byte for byte: its token counts and how it ends, and where the model's name stands
//! in it.

use std::ops::Range;

use bytes::BytesMut;
use ccr_messages::anthropic::UsageTap;
use ccr_messages::event::{Event, Failure, FinishReason, Start, Usage};
use ccr_messages::json::{Document, Writer};
use ccr_messages::sse::SseDecoder;

use super::Reading;
use crate::error::{GatewayError, from_protocol};
use crate::plugins::bindings::SseEvent;
use crate::plugins::upstream as protocol;
use crate::record::OpenRecord;

/// What an answer has shown of itself so far.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) usage: Usage,
    pub(super) start: Start,
    pub(super) finish: Option<FinishReason>,
    pub(super) failure: Option<Failure>,
    pub(super) content: bool,
    /// The answer has come to its own end.
    pub(super) complete: bool,
}

impl Seen {
    /// Of typed events, as a component reads them.
    pub(super) fn note(&mut self, events: impl IntoIterator<Item = Event>) {
        for event in events {
            match event {
                Event::Start(start) => self.start = start,
                Event::Usage(usage) => self.usage.update(&usage),
                Event::Finish(reason) => {
                    self.finish = Some(reason);
                    self.complete = true;
                }
                Event::Error(failure) => self.failure = Some(failure),
                Event::NewBlock | Event::Dropped(_) => {}
                _ => self.content = true,
            }
        }
    }

    fn of_tap(tap: &UsageTap) -> Self {
        Self {
            usage: *tap.usage(),
            start: tap.start().clone(),
            finish: tap.finish_reason().cloned(),
            failure: tap.failure().cloned(),
            content: tap.has_content(),
            complete: tap.is_complete(),
        }
    }

    /// Keeps what belongs into the record.
    pub(super) fn record(&self, record: &mut OpenRecord) {
        record.record.usage = self.usage.into();
        record.record.upstream_model.clone_from(&self.start.model);
        record.record.stop_reason = self.finish.as_ref().map(|reason| reason.as_str().to_owned());
    }
}

/// Reads a stream beside its way to the client.
pub(super) struct Watch {
    frames: SseDecoder,
    reader: Reader,
    /// The events of the batch at hand, for a component.
    framed: Vec<SseEvent>,
}

enum Reader {
    /// Anthropic's, by a glance at each event.
    Inner(UsageTap),
    /// Another format's, by the component that speaks it.
    Plugin(Box<protocol::Decoder>, Seen),
}

impl Watch {
    pub(super) async fn open(reading: &mut Reading<'_>, provider: &str) -> Result<Self, GatewayError> {
        let reader = match reading.speaker() {
            None => Reader::Inner(UsageTap::new()),
            Some(used) => {
                let (plugin, surroundings) = (&used.plugin, used.in_session(reading.session));
                let waiting = reading.instance.take();
                let decoder =
                    protocol::Decoder::open(reading.engine, plugin, surroundings, waiting, reading.context).await;
                Reader::Plugin(Box::new(decoder.map_err(|error| from_protocol(error, provider))?), Seen::default())
            }
        };
        Ok(Self { frames: SseDecoder::new(super::MAX_ANSWER), reader, framed: Vec::new() })
    }

    /// Takes a piece of the stream.
    pub(super) fn piece(&mut self, piece: &[u8]) {
        match &mut self.reader {
            Reader::Inner(tap) => self.frames.push(piece, |event| {
                if let Ok(event) = event {
                    tap.event(event.data.as_bytes());
                }
            }),
            Reader::Plugin(..) => self.frames.push(piece, |event| keep(&mut self.framed, event)),
        }
    }

    /// Reads what the pieces held. Whatever a component finds wrong is the answer's failure.
    pub(super) async fn read(&mut self, ended: bool) {
        if ended {
            match &mut self.reader {
                Reader::Inner(tap) => self.frames.finish(|event| {
                    if let Ok(event) = event {
                        tap.event(event.data.as_bytes());
                    }
                }),
                Reader::Plugin(..) => self.frames.finish(|event| keep(&mut self.framed, event)),
            }
        }
        let Reader::Plugin(decoder, seen) = &mut self.reader else { return };
        if seen.failure.is_some() {
            return;
        }
        let framed = std::mem::take(&mut self.framed);
        let mut events = if framed.is_empty() { Ok(Vec::new()) } else { decoder.push(&framed).await };
        if ended && let Ok(events) = &mut events {
            match decoder.finish().await {
                Ok(last) => events.extend(last),
                Err(error) => seen.failure = Some(from_protocol(error, "").into_failure()),
            }
        }
        match events {
            Ok(events) => seen.note(events.into_iter().map(Event::from)),
            Err(error) => seen.failure = Some(from_protocol(error, "").into_failure()),
        }
    }

    pub(super) fn has_content(&self) -> bool {
        match &self.reader {
            Reader::Inner(tap) => tap.has_content(),
            Reader::Plugin(_, seen) => seen.content,
        }
    }

    pub(super) fn is_complete(&self) -> bool {
        match &self.reader {
            Reader::Inner(tap) => tap.is_complete(),
            Reader::Plugin(_, seen) => seen.complete,
        }
    }

    pub(super) fn failure(&self) -> Option<&Failure> {
        match &self.reader {
            Reader::Inner(tap) => tap.failure(),
            Reader::Plugin(_, seen) => seen.failure.as_ref(),
        }
    }

    pub(super) fn record(&self, record: &mut OpenRecord) {
        match &self.reader {
            Reader::Inner(tap) => Seen::of_tap(tap).record(record),
            Reader::Plugin(decoder, seen) => {
                record.add_plugin_time(decoder.spent());
                seen.record(record);
            }
        }
    }
}

fn keep(framed: &mut Vec<SseEvent>, event: Result<ccr_messages::sse::SseEvent<'_>, ccr_messages::sse::SseError>) {
    if let Ok(event) = event {
        framed.push(SseEvent { event: event.event.map(str::to_owned), data: event.data.to_owned() });
    }
}

/// Reads a whole answer beside its way to the client.
pub(super) async fn whole(
    reading: &mut Reading<'_>,
    wire: impl FnOnce() -> protocol::WireResponse,
    text: &[u8],
    provider: &str,
) -> Result<Seen, GatewayError> {
    match reading.speaker() {
        None => {
            let mut tap = UsageTap::new();
            tap.body(text);
            Ok(Seen::of_tap(&tap))
        }
        Some(used) => {
            let surroundings = used.in_session(reading.session);
            let waiting = reading.instance.take();
            let (events, _) =
                protocol::decode(reading.engine, &used.plugin, surroundings, waiting, wire(), reading.context)
                    .await
                    .map_err(|error| from_protocol(error, provider))?;
            let mut seen = Seen::default();
            seen.note(events.into_iter().map(Event::from));
            Ok(seen)
        }
    }
}

/// Puts the name that the client asked for into the places where the upstream says its own.
pub(super) struct Names {
    pointers: Vec<String>,
    /// As JSON.
    name: Vec<u8>,
    /// The upstream's name is the client's, or the only place has been seen to.
    over: bool,
    /// One place in the whole stream, not one in each event.
    once: bool,
}

impl Names {
    /// Anthropic's stream says it once, in `message_start`.
    pub(super) fn inner(model: &str) -> Self {
        Self { pointers: vec!["/message/model".into()], name: quoted(model), over: false, once: true }
    }

    /// A whole message has it in one place.
    pub(super) fn inner_whole(model: &str) -> Self {
        Self { pointers: vec!["/model".into()], ..Self::inner(model) }
    }

    /// Other formats say it in every event.
    pub(super) fn foreign(pointers: &[String], model: &str) -> Self {
        Self { pointers: pointers.to_vec(), name: quoted(model), over: pointers.is_empty(), once: false }
    }

    /// Whether there is nothing more to do.
    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    /// Nothing more is to be done, wherever the name may stand.
    pub(super) fn end(&mut self) {
        self.over = true;
    }

    /// Edits whole events of a stream.
    pub(super) fn events(&mut self, text: &mut BytesMut) {
        let mut edits: Vec<Range<usize>> = Vec::new();
        let mut line = 0;
        while line < text.len() && !self.over {
            let end = memchr::memchr2(b'\n', b'\r', &text[line..]).map_or(text.len(), |at| line + at);
            if text[line..end].starts_with(b"data:")
                && let Some(brace) = memchr::memchr(b'{', &text[line..end])
            {
                self.places(&text[line + brace..end], line + brace, &mut edits);
            }
            line = end + 1;
        }
        if !edits.is_empty() {
            *text = BytesMut::from(&*self.spliced(text, &edits));
        }
    }

    /// Edits a whole answer.
    pub(super) fn whole(&mut self, text: Vec<u8>) -> Vec<u8> {
        let mut edits = Vec::new();
        if !self.over {
            self.places(&text, 0, &mut edits);
        }
        if edits.is_empty() { text } else { self.spliced(&text, &edits) }
    }

    /// Where in a JSON text that begins at `offset` another name stands.
    fn places(&mut self, json: &[u8], offset: usize, edits: &mut Vec<Range<usize>>) {
        let Ok(document) = Document::parse(json) else { return };
        let places = self.pointers.iter().filter_map(|pointer| document.root().pointer(pointer));
        let names = places.filter(|place| place.as_str().is_some());
        let before = edits.len();
        let mut same = false;
        for place in names {
            if place.raw().as_bytes() == self.name {
                same = true;
            } else {
                let span = place.span();
                edits.push(offset + span.start..offset + span.end);
            }
        }
        edits[before..].sort_unstable_by_key(|span| span.start);
        self.over = same || (self.once && edits.len() > before);
    }

    fn spliced(&self, text: &[u8], edits: &[Range<usize>]) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len() + edits.len() * self.name.len());
        let mut done = 0;
        for span in edits {
            out.extend_from_slice(&text[done..span.start]);
            out.extend_from_slice(&self.name);
            done = span.end;
        }
        out.extend_from_slice(&text[done..]);
        out
    }
}

fn quoted(model: &str) -> Vec<u8> {
    let mut name = Writer::with_capacity(model.len() + 2);
    name.string(model);
    name.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_replaced_in_message_start_only() {
        let text = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"model\" : \"up\", \"x\":1}}\n\ndata: {\"model\":\"up\"}\n\n";
        let mut bytes = BytesMut::from(text);
        let mut names = Names::inner("a\"b");
        names.events(&mut bytes);
        assert_eq!(String::from_utf8_lossy(&bytes), text.replacen("\"up\"", "\"a\\\"b\"", 1));
        assert!(names.is_over());
    }

    #[test]
    fn other_formats_say_the_name_in_every_event() {
        let text = ": hi\n\ndata: {\"model\":\"up\",\"a\":{\"model\":\"up\"}}\r\n\r\ndata:{\"model\" :\"up\"}\n\ndata: [DONE]\n\n";
        let mut bytes = BytesMut::from(text);
        let mut names = Names::foreign(&["/model".into(), "/response/model".into()], "mine");
        names.events(&mut bytes);
        let expected = text.replacen("{\"model\":\"up\",", "{\"model\":\"mine\",", 1).replace(" :\"up\"", " :\"mine\"");
        assert_eq!(String::from_utf8_lossy(&bytes), expected);
        assert!(!names.is_over());
    }

    #[test]
    fn the_clients_own_name_is_looked_for_no_more() {
        let mut names = Names::foreign(&["/model".into()], "same");
        let mut bytes = BytesMut::from("data: {\"model\":\"same\"}\n\ndata: {\"model\":\"same\"}\n\n");
        let before = bytes.clone();
        names.events(&mut bytes);
        assert_eq!(bytes, before);
        assert!(names.is_over());
    }
}
