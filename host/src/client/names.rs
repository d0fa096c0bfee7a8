//! Where the model's name stands in an answer that goes through byte for byte, so that the client reads the one it asked for.

use std::ops::Range;

use bytes::BytesMut;
use ccr_messages::json::{Document, Writer};

/// Puts the name that the client asked for into the places where the upstream says its own.
pub struct ModelNames {
    pointers: Vec<String>,
    /// As JSON.
    name: Vec<u8>,
    /// The upstream's name is the client's, or the only place has been seen to.
    over: bool,
    /// One place in the whole stream, not one in each event.
    once: bool,
}

impl ModelNames {
    /// Anthropic's stream says it once, in `message_start`.
    pub fn anthropic(model: &str) -> Self {
        Self { pointers: vec!["/message/model".into()], name: quoted(model), over: false, once: true }
    }

    /// A whole message has it in one place.
    pub fn anthropic_whole(model: &str) -> Self {
        Self { pointers: vec!["/model".into()], ..Self::anthropic(model) }
    }

    /// Other formats say it in every event.
    pub fn everywhere(pointers: &[String], model: &str) -> Self {
        Self { pointers: pointers.to_vec(), name: quoted(model), over: pointers.is_empty(), once: false }
    }

    /// Whether there is nothing more to do.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Content has come: a name that stands in one place of a stream stands before it.
    pub fn content_has_come(&mut self) {
        self.over |= self.once;
    }

    /// Edits whole events of a stream.
    pub fn events(&mut self, text: &mut BytesMut) {
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
    pub fn whole(&mut self, text: Vec<u8>) -> Vec<u8> {
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
        let mut names = ModelNames::anthropic("a\"b");
        names.events(&mut bytes);
        assert_eq!(String::from_utf8_lossy(&bytes), text.replacen("\"up\"", "\"a\\\"b\"", 1));
        assert!(names.is_over());
    }

    #[test]
    fn other_formats_say_the_name_in_every_event() {
        let text = ": hi\n\ndata: {\"model\":\"up\",\"a\":{\"model\":\"up\"}}\r\n\r\ndata:{\"model\" :\"up\"}\n\ndata: [DONE]\n\n";
        let mut bytes = BytesMut::from(text);
        let mut names = ModelNames::everywhere(&["/model".into(), "/response/model".into()], "mine");
        names.events(&mut bytes);
        let expected = text.replacen("{\"model\":\"up\",", "{\"model\":\"mine\",", 1).replace(" :\"up\"", " :\"mine\"");
        assert_eq!(String::from_utf8_lossy(&bytes), expected);
        assert!(!names.is_over());
    }

    #[test]
    fn the_clients_own_name_is_looked_for_no_more() {
        let mut names = ModelNames::everywhere(&["/model".into()], "same");
        let mut bytes = BytesMut::from("data: {\"model\":\"same\"}\n\ndata: {\"model\":\"same\"}\n\n");
        let before = bytes.clone();
        names.events(&mut bytes);
        assert_eq!(bytes, before);
        assert!(names.is_over());
    }
}
