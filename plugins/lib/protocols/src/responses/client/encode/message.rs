//! A message that is being written: parts of text, one after the other, with their citations.

use super::frames::Frames;
use ccr_plugin::messages::json::{Document, Str, Value, Writer};

/// What a refusal says that came without a word.
const REFUSAL: &str = "The model refused to answer.";

#[derive(Debug)]
pub(super) struct Message {
    id: String,
    /// Parts that are done, as members of an array.
    parts: String,
    count: u64,
    part: Option<Part>,
    /// Citations of a part that has no text yet.
    citations: Vec<Citation>,
}

#[derive(Debug, Default)]
struct Part {
    /// As it stands in a JSON string.
    text: Writer,
    characters: u64,
}

#[derive(Debug)]
struct Citation {
    url: String,
    title: String,
}

/// Where a part is: both of the message and in it.
#[derive(Debug, Clone, Copy)]
struct PartIds<'m> {
    id: &'m str,
    output_index: u64,
    content_index: u64,
}

impl PartIds<'_> {
    fn write(self, event: &mut Writer) {
        event.key("item_id").string(self.id).key("output_index").number(self.output_index);
        event.key("content_index").number(self.content_index);
    }
}

impl Message {
    pub(super) fn begin(id: String, index: u64, frames: &mut Frames, out: &mut Vec<u8>) -> Self {
        let message = Self { id, parts: String::new(), count: 0, part: None, citations: Vec::new() };
        frames.write(out, "response.output_item.added", 0, |event| {
            event.key("output_index").number(index).key("item");
            message.write("in_progress", event);
        });
        message
    }

    fn write(&self, status: &str, out: &mut Writer) {
        out.begin_object().key("id").string(&self.id).key("type").string("message").key("status").string(status);
        out.key("role").string("assistant").key("content").begin_array();
        if !self.parts.is_empty() {
            out.raw(&self.parts);
        }
        out.end_array().end_object();
    }

    pub(super) fn text(&mut self, text: &str, index: u64, frames: &mut Frames, out: &mut Vec<u8>) {
        let ids = PartIds { id: &self.id, output_index: index, content_index: self.count };
        let part = self.part.get_or_insert_with(|| {
            frames.write(out, "response.content_part.added", 0, |event| {
                ids.write(event);
                event.key("part").raw(r#"{"type":"output_text","text":"","annotations":[],"logprobs":[]}"#);
            });
            Part::default()
        });
        part.text.string_part(text);
        part.characters += text.chars().count() as u64;
        frames.write(out, "response.output_text.delta", text.len(), |event| {
            ids.write(event);
            event.key("delta").string(text).key("logprobs").begin_array().end_array();
        });
    }

    /// Only addresses can be cited in this API.
    pub(super) fn cite(&mut self, citation: &str) {
        let Ok(document) = Document::parse_str(citation) else { return };
        let text = |key: &str| document.root().get(key).and_then(Value::as_str).map(Str::decode).unwrap_or_default();
        let url = text("url").into_owned();
        if !url.is_empty() {
            self.citations.push(Citation { url, title: text("title").into_owned() });
        }
    }

    pub(super) fn end_part(&mut self, index: u64, frames: &mut Frames, out: &mut Vec<u8>) {
        let Some(part) = self.part.take() else { return };
        let ids = PartIds { id: &self.id, output_index: index, content_index: self.count };
        let text = part.text.as_str();
        let mut annotations = Writer::new();
        annotations.begin_array();
        for (citation, number) in self.citations.drain(..).zip(0..) {
            let mut annotation = Writer::new();
            citation.write(part.characters, &mut annotation);
            frames.write(out, "response.output_text.annotation.added", annotation.as_str().len(), |event| {
                ids.write(event);
                event.key("annotation_index").number(number).key("annotation").raw(annotation.as_str());
            });
            annotations.raw(annotation.as_str());
        }
        annotations.end_array();
        frames.write(out, "response.output_text.done", text.len(), |event| {
            ids.write(event);
            event.key("text").escaped(text).key("logprobs").begin_array().end_array();
        });
        let mut done = Writer::with_capacity(text.len() + annotations.as_str().len() + 64);
        done.begin_object().key("type").string("output_text").key("text").escaped(text);
        done.key("annotations").raw(annotations.as_str()).key("logprobs").begin_array().end_array().end_object();
        self.part_is_done(done.as_str(), index, frames, out);
    }

    /// A part that says that the model does not answer.
    pub(super) fn refuse(&mut self, index: u64, frames: &mut Frames, out: &mut Vec<u8>) {
        let ids = PartIds { id: &self.id, output_index: index, content_index: self.count };
        frames.write(out, "response.content_part.added", 0, |event| {
            ids.write(event);
            event.key("part").raw(r#"{"type":"refusal","refusal":""}"#);
        });
        for (kind, member) in [("response.refusal.delta", "delta"), ("response.refusal.done", "refusal")] {
            frames.write(out, kind, 0, |event| {
                ids.write(event);
                event.key(member).string(REFUSAL);
            });
        }
        let mut done = Writer::new();
        done.begin_object().key("type").string("refusal").key("refusal").string(REFUSAL).end_object();
        self.part_is_done(done.as_str(), index, frames, out);
    }

    fn part_is_done(&mut self, part: &str, index: u64, frames: &mut Frames, out: &mut Vec<u8>) {
        let ids = PartIds { id: &self.id, output_index: index, content_index: self.count };
        frames.write(out, "response.content_part.done", part.len(), |event| {
            ids.write(event);
            event.key("part").raw(part);
        });
        if !self.parts.is_empty() {
            self.parts.push(',');
        }
        self.parts.push_str(part);
        self.count += 1;
    }

    /// Ends the item; gives all of it as JSON.
    pub(super) fn end(mut self, whole: bool, index: u64, frames: &mut Frames, out: &mut Vec<u8>) -> String {
        self.end_part(index, frames, out);
        let mut item = Writer::with_capacity(self.parts.len() + 128);
        self.write(if whole { "completed" } else { "incomplete" }, &mut item);
        item.into_string()
    }
}

impl Citation {
    /// Nobody tells which part of the text the citation is of.
    fn write(&self, characters: u64, out: &mut Writer) {
        out.begin_object().key("type").string("url_citation").key("start_index").number(0);
        out.key("end_index").number(characters).key("url").string(&self.url).key("title").string(&self.title);
        out.end_object();
    }
}
