//! Where a piece of text stands in the one string that OpenAI's format has for all of them, and what is cited there.

use ccr_plugin::messages::json::{Document, Str, Value, Writer};

/// What keeps texts apart that had something else between them.
pub(super) const GAP: &str = "\n\n";

/// The text so far, as far as its length and its citations go.
#[derive(Debug, Default)]
pub(super) struct TextPosition {
    /// Characters so far, of which Python counts one where JavaScript may count two; OpenAI's are Python's.
    length: usize,
    /// Where the open block of text began.
    block: usize,
    /// Something else than text came after some text.
    apart: bool,
    /// Citations of the open block.
    open: Vec<String>,
}

impl TextPosition {
    /// A piece of text is written. True if the gap goes before it.
    pub(super) fn text(&mut self, text: &str) -> bool {
        let gap = std::mem::take(&mut self.apart);
        if gap {
            self.length += GAP.len();
            self.block = self.length;
        }
        self.length += text.chars().count();
        gap
    }

    /// Something else than text comes next.
    pub(super) fn other(&mut self) {
        self.apart = self.length > 0;
    }

    pub(super) fn cite(&mut self, citation: String) {
        self.open.push(citation);
    }

    /// The open block of text ends: its annotations, as items of a JSON array without the brackets, where there are some.
    pub(super) fn end_block(&mut self) -> Option<String> {
        let start = std::mem::replace(&mut self.block, self.length);
        if self.open.is_empty() {
            return None;
        }
        let mut written = String::new();
        for citation in self.open.drain(..) {
            let Some(item) = annotation(&citation, start, self.length) else { continue };
            if !written.is_empty() {
                written.push(',');
            }
            written.push_str(&item);
        }
        (!written.is_empty()).then_some(written)
    }
}

/// A citation of a web page; OpenAI has no annotation for places in the request's own documents.
fn annotation(citation: &str, start: usize, end: usize) -> Option<String> {
    let document = Document::parse_str(citation).ok()?;
    let member = |name: &str| document.root().get(name).and_then(Value::as_str).map(Str::raw);
    let url = member("url")?;
    let mut out = Writer::new();
    out.begin_object().key("type").string("url_citation").key("url_citation").begin_object();
    // Texts fit into memory, so their lengths fit into 64 bits.
    out.key("start_index").number(start as u64).key("end_index").number(end as u64);
    out.key("title").escaped(member("title").unwrap_or_default()).key("url").escaped(url);
    out.end_object().end_object();
    Some(out.into_string())
}
