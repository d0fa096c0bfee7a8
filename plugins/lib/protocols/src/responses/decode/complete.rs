//! Items that are told as a whole: where they begin, where they are done, and in the list at the end of the answer.

use super::answer::{Answer, text_of};
use super::channel::Channel;
use super::items::{Kind, Source};
use super::search;
use super::wire::{Position, Wire, id};
use ccr_plugin::messages::event::{Event, ToolDelta};
use ccr_plugin::messages::json::{Kind as JsonKind, Value};

impl Answer {
    pub(super) fn item_begins(&mut self, wire: &Wire<'_>, events: &mut Vec<Event>) {
        let Some(item) = wire.item else { return };
        let kind = kind(item);
        let slot = self.items.begin(wire.position, kind);
        if kind == Kind::Call {
            // The arguments come later, also where the beginning has some already.
            self.name_call(slot, item, events);
        }
    }

    pub(super) fn item_is_done(&mut self, wire: &Wire<'_>, events: &mut Vec<Event>) {
        let Some(item) = wire.item else { return };
        let slot = self.items.piece(wire.position, kind(item));
        self.complete(slot, item, events);
    }

    /// The list at the end of the answer.
    pub(super) fn items_in_the_end(&mut self, output: Option<Value<'_>>, events: &mut Vec<Event>) {
        let items = || output.into_iter().flat_map(Value::items);
        let ids: Vec<&str> = items().filter_map(id).collect();
        for (item, index) in items().zip(0..) {
            let position = Position { index: Some(index), id: id(item).unwrap_or_default(), part: 0 };
            let slot = self.items.in_the_end(position, kind(item), &ids);
            self.complete(slot, item, events);
        }
    }

    /// Says what of the item was not said yet.
    fn complete(&mut self, slot: usize, item: Value<'_>, events: &mut Vec<Event>) {
        if self.items.get(slot).is_none_or(|item| item.done) {
            return;
        }
        match kind(item) {
            Kind::Message => self.message(slot, item, events),
            Kind::Reasoning => self.reasoning(slot, item, events),
            Kind::Call => {
                self.name_call(slot, item, events);
                self.once_in(Channel::Arguments, slot, 0, item.get("arguments"), events);
            }
            Kind::Other => search::tell(self, item, events),
        }
        if let Some(item) = self.items.get(slot) {
            item.done = true;
        }
    }

    fn message(&mut self, slot: usize, item: Value<'_>, events: &mut Vec<Event>) {
        let content = item.get("content");
        // Some servers send plain text.
        self.once_in(Channel::Text, slot, 0, content.filter(|content| content.kind() == JsonKind::String), events);
        let cited = self.items.get(slot).is_some_and(|item| item.cited);
        for (part, index) in content.into_iter().flat_map(Value::items).zip(0..) {
            self.message_part(slot, index, part, events);
            if !cited {
                for annotation in part.get("annotations").into_iter().flat_map(Value::items) {
                    search::cite(self, annotation, events);
                }
            }
        }
    }

    fn message_part(&mut self, slot: usize, index: u64, part: Value<'_>, events: &mut Vec<Event>) {
        match &*text_of(part.get("type")) {
            "output_text" | "text" => self.once_in(Channel::Text, slot, index, part.get("text"), events),
            "refusal" => self.once_in(Channel::Refusal, slot, index, part.get("refusal"), events),
            other => events.push(Event::Dropped(format!("output.content.{other}"))),
        }
    }

    fn reasoning(&mut self, slot: usize, item: Value<'_>, events: &mut Vec<Event>) {
        for (key, source) in [("summary", Source::Summary), ("content", Source::Text)] {
            for (part, index) in item.get(key).into_iter().flat_map(Value::items).zip(0..) {
                self.once_in(Channel::Thought(source), slot, index, part.get("text"), events);
            }
        }
        let encrypted = text_of(item.get("encrypted_content"));
        self.sign(slot, Some(&*encrypted).filter(|content| !content.is_empty()), events);
    }

    /// A call is known to the client by its `call_id`; the item's own id means nothing to it.
    fn name_call(&mut self, slot: usize, item: Value<'_>, events: &mut Vec<Event>) {
        let name = text_of(item.get("name"));
        let Some(known) = self.items.get(slot).filter(|known| !known.named && !name.is_empty()) else { return };
        known.named = true;
        let arguments = std::mem::take(&mut known.held);
        let call_id = text_of(item.get("call_id"));
        let id = if call_id.is_empty() { text_of(item.get("id")) } else { call_id };
        let name = self.context.tool_name(name.into_owned());
        let delta = ToolDelta { index: None, id: Some(id.into_owned()), name: Some(name), arguments };
        self.call(slot, delta, events);
    }

    /// The end of a part.
    pub(super) fn part(&mut self, wire: &Wire<'_>, events: &mut Vec<Event>) {
        let Some(part) = wire.part else { return };
        let channel = match &*text_of(part.get("type")) {
            "output_text" => Channel::Text,
            "refusal" => Channel::Refusal,
            "summary_text" => Channel::Thought(Source::Summary),
            "reasoning_text" => Channel::Thought(Source::Text),
            // The item will be noted when it is done.
            _ => return,
        };
        let said = part.get(if channel == Channel::Refusal { "refusal" } else { "text" });
        self.once(channel, wire.position, said, events);
    }

    pub(super) fn annotation(&mut self, wire: &Wire<'_>, events: &mut Vec<Event>) {
        let Some(annotation) = wire.annotation else { return };
        let slot = self.items.piece(wire.position, Kind::Message);
        if let Some(item) = self.items.get(slot) {
            item.cited = true;
        }
        search::cite(self, annotation, events);
    }
}

fn kind(item: Value<'_>) -> Kind {
    match &*text_of(item.get("type")) {
        "message" => Kind::Message,
        "reasoning" => Kind::Reasoning,
        "function_call" => Kind::Call,
        _ => Kind::Other,
    }
}
