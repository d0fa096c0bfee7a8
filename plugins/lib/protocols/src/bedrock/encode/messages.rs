//! The list `messages`: `user` and `assistant` must alternate, begin with `user`, and have at least one block each.

use super::to::To;
use crate::shared::notes::Notes;
use ccr_plugin::messages::json::{Str, Value, Writer};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    User,
    Assistant,
}

/// What the user says where a conversation begins with the assistant: compacted histories do so.
const BEGINNING: &str = "(The beginning of the conversation is not shown.)";

/// What the user says beside a document that comes without a word, which Bedrock refuses.
const ATTACHED: &str = "(A document is attached.)";

/// Writes blocks, opening and closing messages around them as their roles change. Nothing is written for a message without
/// blocks.
#[derive(Debug)]
pub(super) struct Messages<'w, 'o> {
    out: &'w mut Writer,
    to: To<'o>,
    open: Option<Side>,
    /// Of the open message.
    has_text: bool,
    has_document: bool,
    /// Whether the last thing written is a block that a cache point may follow.
    may_mark: bool,
    /// Documents so far: each needs a name of its own.
    documents: u32,
}

impl<'w, 'o> Messages<'w, 'o> {
    pub(super) fn begin(to: To<'o>, out: &'w mut Writer) -> Self {
        out.key("messages").begin_array();
        Self { out, to, open: None, has_text: false, has_document: false, may_mark: false, documents: 0 }
    }

    /// Makes ready for one block of this side, an object.
    pub(super) fn block(&mut self, side: Side) -> &mut Writer {
        if self.open.is_none() && side == Side::Assistant {
            self.turn(Side::User);
            self.out.begin_object().key("text").string(BEGINNING).end_object();
        }
        if self.open != Some(side) {
            self.turn(side);
        }
        self.may_mark = true;
        self.out
    }

    /// Begins a text block; what follows goes into its string, until [`end_text`].
    pub(super) fn text(&mut self, side: Side) -> &mut Writer {
        self.block(side);
        self.has_text = true;
        self.out.begin_object().key("text").begin_string()
    }

    /// The neutral name of the next document (titles are the user's words, and names must be unique and plain).
    pub(super) fn next_document(&mut self) -> u32 {
        self.documents += 1;
        self.documents
    }

    /// A document was written into the open message.
    pub(super) fn has_document(&mut self) {
        self.has_document = true;
    }

    /// What is said in the open message, for what writes whole blocks within it.
    pub(super) fn writer(&mut self) -> &mut Writer {
        self.out
    }

    /// A `cache_control` on what was written last.
    pub(super) fn mark(&mut self, mark: Option<Value<'_>>, notes: &mut Notes) {
        let Some(mark) = mark else { return };
        if !self.to.caches {
            notes.dropped("cache_control");
        } else if std::mem::take(&mut self.may_mark) {
            cache_point(mark, self.to, notes, self.out);
        }
    }

    fn turn(&mut self, side: Side) {
        self.close();
        self.open = Some(side);
        let name = if side == Side::User { "user" } else { "assistant" };
        self.out.begin_object().key("role").string(name).key("content").begin_array();
    }

    fn close(&mut self) {
        if self.open.is_none() {
            return;
        }
        if self.has_document && !self.has_text {
            self.out.begin_object().key("text").string(ATTACHED).end_object();
        }
        self.out.end_array().end_object();
        (self.has_text, self.has_document, self.may_mark) = (false, false, false);
    }

    /// Ends the list; says whether there is anything in it.
    pub(super) fn end(mut self) -> bool {
        self.close();
        self.out.end_array();
        self.open.is_some()
    }
}

/// Ends what [`Messages::text`] began.
pub(super) fn end_text(out: &mut Writer) {
    out.end_string().end_object();
}

/// Anthropic's mark as a block of its own.
pub(super) fn cache_point(mark: Value<'_>, to: To<'_>, notes: &mut Notes, out: &mut Writer) {
    out.begin_object().key("cachePoint").begin_object().key("type").string("default");
    // Five minutes are what it is without one.
    if mark.get("ttl").and_then(Value::as_str).map(Str::raw) == Some("1h") {
        if to.model.caches_for_an_hour() {
            out.key("ttl").string("1h");
        } else {
            notes.dropped("cache_control.ttl");
        }
    }
    out.end_object().end_object();
}
