//! The state of one answer: which item is open, and what is done.

use super::blocks::Block;
use super::call::Call;
use super::frames::Frames;
use super::message::Message;
use super::outcome::{Outcome, Response};
use super::search::Search;
use super::thought::Thought;
use crate::responses::client::context::Context;
use crate::responses::client::{errors, reasoning};
use ccr_plugin::messages::event::{Event, Failure, FinishReason, ToolStart, Usage};
use ccr_plugin::messages::json::{Document, Str, Writer};

#[derive(Debug)]
pub(super) struct Answer {
    /// What all ids of the answer end with.
    id: String,
    model: String,
    context: Context,
    frames: Frames,
    begun: bool,
    open: Open,
    /// Items that are done, as members of an array.
    items: String,
    /// How many they are: the position of the open one.
    count: u64,
    usage: Usage,
    reason: Option<FinishReason>,
    /// Some text was said.
    said: bool,
}

/// The item that is being written.
#[derive(Debug)]
enum Open {
    Nothing,
    Message(Message),
    Thought(Thought),
    Call(Call),
    Search(Search),
}

impl Answer {
    /// `id` is `msg_…`. An answer in one piece wants no events.
    pub(super) fn new(id: &str, model: &str, context: Context, streams: bool) -> Self {
        Self {
            id: id.strip_prefix("msg_").unwrap_or(id).to_owned(),
            model: model.to_owned(),
            context,
            frames: Frames::new(streams),
            begun: false,
            open: Open::Nothing,
            items: String::new(),
            count: 0,
            usage: Usage::default(),
            reason: None,
            said: false,
        }
    }

    /// What the response object says of the answer so far.
    pub(super) fn response(&self) -> Response<'_> {
        Response {
            id: format!("resp_{}", self.id),
            model: &self.model,
            created_at: self.context.created_at,
            items: &self.items,
            usage: self.usage,
            repeated: &self.context.repeated,
        }
    }

    /// An id for the item that comes next; `kind` is how ids of its kind begin.
    fn item_id(&self, kind: &str) -> String {
        format!("{kind}_{}_{}", self.id, self.count)
    }

    pub(super) fn push(&mut self, event: Event, out: &mut Vec<u8>) {
        self.begin(out);
        match event {
            Event::Text(text) => self.text(&text, out),
            Event::Citation(citation) => {
                self.begin_message(out);
                if let Open::Message(message) = &mut self.open {
                    message.cite(&citation);
                }
            }
            Event::NewBlock => self.new_block(out),
            Event::Thinking(text) => self.think(&text, out),
            Event::Signature(signature) => {
                let sealed = reasoning::of_signature(&signature).into_owned();
                self.sign(sealed, out);
            }
            Event::RedactedThinking(data) => {
                self.close(true, out);
                let sealed = reasoning::of_redacted(&data).into_owned();
                self.sign(sealed, out);
            }
            Event::ToolStart(start) => self.call(start, out),
            Event::ToolArguments(piece) => {
                if let Open::Call(call) = &mut self.open {
                    call.piece(piece.json, self.count, &mut self.frames, out);
                }
            }
            Event::ToolEnd(_) => {
                if let Open::Call(call) = &mut self.open {
                    call.has_ended = true;
                }
                self.close(true, out);
            }
            Event::Block(block) => {
                if let Ok(document) = Document::parse_str(&block) {
                    self.block(Block::read(document.root()), out);
                }
            }
            Event::Usage(usage) => self.usage.update(&usage),
            Event::Finish(reason) => self.reason = Some(reason),
            // What comes of the start is known already; the others never come here.
            Event::Start(_) | Event::ToolDelta(_) | Event::Error(_) | Event::Dropped(_) => {}
        }
    }

    /// The two events that every stream begins with.
    fn begin(&mut self, out: &mut Vec<u8>) {
        if self.begun {
            return;
        }
        self.begun = true;
        for kind in ["response.created", "response.in_progress"] {
            self.tell(kind, &Outcome::InProgress, out);
        }
    }

    fn tell(&mut self, kind: &str, outcome: &Outcome<'_>, out: &mut Vec<u8>) {
        let mut response = Writer::with_capacity(self.items.len() + self.context.repeated.len());
        outcome.write(&self.response(), &mut response);
        self.frames.write(out, kind, response.as_str().len(), |event| {
            event.key("response").raw(response.as_str());
        });
    }

    fn text(&mut self, text: &str, out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        self.said = true;
        self.begin_message(out);
        if let Open::Message(message) = &mut self.open {
            message.text(text, self.count, &mut self.frames, out);
        }
    }

    fn begin_message(&mut self, out: &mut Vec<u8>) {
        if !matches!(self.open, Open::Message(_)) {
            self.close(true, out);
            let message = Message::begin(self.item_id("msg"), self.count, &mut self.frames, out);
            self.open = Open::Message(message);
        }
    }

    /// Texts of several blocks are parts of one message; thoughts are items of their own.
    fn new_block(&mut self, out: &mut Vec<u8>) {
        match &mut self.open {
            Open::Message(message) => message.end_part(self.count, &mut self.frames, out),
            Open::Thought(_) => self.close(true, out),
            _ => {}
        }
    }

    fn think(&mut self, text: &str, out: &mut Vec<u8>) {
        if !matches!(self.open, Open::Thought(_)) {
            self.close(true, out);
            self.open = Open::Thought(Thought::begin(self.item_id("rs"), self.count, &mut self.frames, out));
        }
        if let Open::Thought(thought) = &mut self.open {
            thought.text(text, self.count, &mut self.frames, out);
        }
    }

    fn sign(&mut self, sealed: String, out: &mut Vec<u8>) {
        self.think("", out);
        if let Open::Thought(thought) = &mut self.open {
            thought.sealed = Some(sealed);
        }
        self.close(true, out);
    }

    fn call(&mut self, start: ToolStart, out: &mut Vec<u8>) {
        self.close(true, out);
        let known = self.context.known(start.name);
        let id = Call::id_prefix(&known).map_or_else(|| start.id.clone(), |prefix| self.item_id(prefix));
        self.open = Open::Call(Call::begin(known, id, start.id, self.count, &mut self.frames, out));
    }

    /// What the provider did itself.
    fn block(&mut self, block: Block<'_>, out: &mut Vec<u8>) {
        match block {
            Block::Search { query } => {
                self.close(true, out);
                let search = Search { id: self.item_id("ws"), query };
                search.begin(self.count, &mut self.frames, out);
                self.open = Open::Search(search);
            }
            Block::Found(addresses) => match std::mem::replace(&mut self.open, Open::Nothing) {
                Open::Search(search) => {
                    let item = search.end(&addresses, self.count, &mut self.frames, out);
                    self.done(&item, out);
                }
                other => self.open = other,
            },
            Block::Picture(data) => self.picture(data, out),
            Block::Other => self.close(true, out),
        }
    }

    fn picture(&mut self, data: Str<'_>, out: &mut Vec<u8>) {
        self.close(true, out);
        let mut item = Writer::with_capacity(data.raw().len() + 128);
        item.begin_object().key("id").string(&self.item_id("ig")).key("type").string("image_generation_call");
        item.key("status").string("completed").key("result").escaped(data.raw()).end_object();
        let index = self.count;
        self.frames.write(out, "response.output_item.added", item.as_str().len(), |event| {
            event.key("output_index").number(index).key("item").raw(item.as_str());
        });
        self.done(item.as_str(), out);
    }

    /// Ends the open item; `whole` is whether all of it came.
    fn close(&mut self, whole: bool, out: &mut Vec<u8>) {
        let item = match std::mem::replace(&mut self.open, Open::Nothing) {
            Open::Nothing => return,
            Open::Message(message) => Some(message.end(whole, self.count, &mut self.frames, out)),
            Open::Thought(thought) => Some(thought.end(self.count, &mut self.frames, out)),
            Open::Call(call) => call.end(self.count, &mut self.frames, out),
            Open::Search(search) => Some(search.end(&[], self.count, &mut self.frames, out)),
        };
        if let Some(item) = item {
            self.done(&item, out);
        }
    }

    /// Adds an item that is done.
    fn done(&mut self, item: &str, out: &mut Vec<u8>) {
        let index = self.count;
        self.frames.write(out, "response.output_item.done", item.len(), |event| {
            event.key("output_index").number(index).key("item").raw(item);
        });
        if !self.items.is_empty() {
            self.items.push(',');
        }
        self.items.push_str(item);
        self.count += 1;
    }

    /// Ends whatever is open, and says how the answer ended.
    pub(super) fn end(&mut self, out: &mut Vec<u8>) -> Outcome<'static> {
        let outcome = Outcome::of(self.reason.as_ref());
        self.close(matches!(outcome, Outcome::Completed), out);
        // A refusal without a word would be an empty answer to clients that do not look at how it ended.
        if matches!(self.reason, Some(FinishReason::Refusal)) && !self.said {
            let id = self.item_id("msg");
            let mut message = Message::begin(id, self.count, &mut self.frames, out);
            message.refuse(self.count, &mut self.frames, out);
            let item = message.end(true, self.count, &mut self.frames, out);
            self.done(&item, out);
        }
        outcome
    }

    pub(super) fn finish(&mut self, out: &mut Vec<u8>) {
        self.begin(out);
        let outcome = self.end(out);
        let kind = if matches!(outcome, Outcome::Completed) { "response.completed" } else { "response.incomplete" };
        self.tell(kind, &outcome, out);
    }

    /// What is open stays so: it never came to its end. The last event is the one at which OpenAI's own clients raise an error.
    pub(super) fn abort(&mut self, failure: &Failure, out: &mut Vec<u8>) {
        self.begin(out);
        self.tell("response.failed", &Outcome::Failed(failure), out);
        self.frames.write(out, "error", failure.message.len(), |event| errors::streamed(failure, event));
    }
}
