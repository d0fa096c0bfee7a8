//! A reasoning item that is being written. What the model thought is told as its summary, which every client knows; what the
//! provider wants to see again is its encrypted content.

use super::frames::Frames;
use ccr_plugin::messages::json::Writer;

#[derive(Debug)]
pub(super) struct Thought {
    id: String,
    /// As it stands in a JSON string.
    text: Writer,
    pub(super) sealed: Option<String>,
}

impl Thought {
    pub(super) fn begin(id: String, index: u64, frames: &mut Frames, out: &mut Vec<u8>) -> Self {
        let thought = Self { id, text: Writer::new(), sealed: None };
        frames.write(out, "response.output_item.added", 0, |event| {
            event.key("output_index").number(index).key("item");
            thought.write(event);
        });
        thought
    }

    fn is_silent(&self) -> bool {
        self.text.as_str().is_empty()
    }

    fn place(&self, index: u64, event: &mut Writer) {
        event.key("item_id").string(&self.id).key("output_index").number(index).key("summary_index").number(0);
    }

    /// The part begins with its first word: reasoning that may not be shown has none.
    pub(super) fn text(&mut self, text: &str, index: u64, frames: &mut Frames, out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        if self.is_silent() {
            frames.write(out, "response.reasoning_summary_part.added", 0, |event| {
                self.place(index, event);
                event.key("part").raw(r#"{"type":"summary_text","text":""}"#);
            });
        }
        self.text.string_part(text);
        frames.write(out, "response.reasoning_summary_text.delta", text.len(), |event| {
            self.place(index, event);
            event.key("delta").string(text);
        });
    }

    fn write(&self, out: &mut Writer) {
        out.begin_object().key("id").string(&self.id).key("type").string("reasoning").key("summary").begin_array();
        if !self.is_silent() {
            self.part(out);
        }
        out.end_array();
        if let Some(sealed) = &self.sealed {
            out.key("encrypted_content").string(sealed);
        }
        out.end_object();
    }

    fn part(&self, out: &mut Writer) {
        out.begin_object().key("type").string("summary_text").key("text").escaped(self.text.as_str()).end_object();
    }

    /// Ends the item; gives all of it as JSON.
    pub(super) fn end(self, index: u64, frames: &mut Frames, out: &mut Vec<u8>) -> String {
        let length = self.text.as_str().len();
        if !self.is_silent() {
            frames.write(out, "response.reasoning_summary_text.done", length, |event| {
                self.place(index, event);
                event.key("text").escaped(self.text.as_str());
            });
            frames.write(out, "response.reasoning_summary_part.done", length, |event| {
                self.place(index, event);
                event.key("part");
                self.part(event);
            });
        }
        let mut item = Writer::with_capacity(length + self.sealed.as_ref().map_or(0, String::len) + 128);
        self.write(&mut item);
        item.into_string()
    }
}
