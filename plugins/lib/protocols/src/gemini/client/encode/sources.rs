//! Searches of the provider's and citations → `groundingMetadata`.

use ccr_plugin::messages::json::{Document, Str, Value, Writer};

#[derive(Debug, Default)]
pub(super) struct Sources {
    queries: Vec<String>,
    /// Address and title of each page that was cited.
    chunks: Vec<(String, String)>,
    supports: Vec<Support>,
    /// Length in bytes of the text so far: Gemini counts places so.
    said: usize,
    /// Where the open text began.
    start: usize,
    /// What the open text rests on: places in `chunks`.
    cited: Vec<usize>,
    text: String,
}

/// A stretch of the answer, and what it rests on.
#[derive(Debug)]
struct Support {
    start: usize,
    end: usize,
    text: String,
    chunks: Vec<usize>,
}

impl Sources {
    pub(super) fn say(&mut self, text: &str) {
        self.said += text.len();
        self.text.push_str(text);
    }

    /// The open text has ended.
    pub(super) fn end_text(&mut self) {
        let text = std::mem::take(&mut self.text);
        if !self.cited.is_empty() && !text.is_empty() {
            let chunks = std::mem::take(&mut self.cited);
            self.supports.push(Support { start: self.start, end: self.said, text, chunks });
        }
        self.cited.clear();
        self.start = self.said;
    }

    /// A citation of the open text, as Anthropic writes it; those of documents have no address.
    pub(super) fn cite(&mut self, citation: &str) {
        let Ok(document) = Document::parse(citation.as_bytes()) else { return };
        let root = document.root();
        let citation = root.get("citation").unwrap_or(root);
        let Some(uri) = text(citation, "url") else { return };
        let chunk = self.chunk(uri, text(citation, "title").unwrap_or_default());
        if !self.cited.contains(&chunk) {
            self.cited.push(chunk);
        }
    }

    fn chunk(&mut self, uri: String, title: String) -> usize {
        let known = self.chunks.iter().position(|(known, _)| *known == uri);
        known.unwrap_or_else(|| {
            self.chunks.push((uri, title));
            self.chunks.len() - 1
        })
    }

    /// A whole block of another kind: a search, or what it found.
    pub(super) fn block(&mut self, block: &str) {
        let Ok(document) = Document::parse(block.as_bytes()) else { return };
        let root = document.root();
        if let Some(query) = root.get("input").and_then(|input| text(input, "query")) {
            self.queries.push(query);
        }
        for result in root.get("content").into_iter().flat_map(Value::items) {
            if let Some(uri) = text(result, "url") {
                self.chunk(uri, text(result, "title").unwrap_or_default());
            }
        }
    }

    /// The member of the candidate, if there is anything to tell.
    pub(super) fn write(&self, out: &mut Writer) {
        if self.queries.is_empty() && self.chunks.is_empty() {
            return;
        }
        out.key("groundingMetadata").begin_object();
        if !self.queries.is_empty() {
            out.key("webSearchQueries").begin_array();
            self.queries.iter().for_each(|query| _ = out.string(query));
            out.end_array();
        }
        out.key("groundingChunks").begin_array();
        for (uri, title) in &self.chunks {
            out.begin_object().key("web").begin_object().key("uri").string(uri);
            out.key("title").string(title).end_object().end_object();
        }
        out.end_array();
        if !self.supports.is_empty() {
            out.key("groundingSupports").begin_array();
            self.supports.iter().for_each(|support| support.write(out));
            out.end_array();
        }
        out.end_object();
    }
}

impl Support {
    fn write(&self, out: &mut Writer) {
        out.begin_object().key("segment").begin_object();
        out.key("startIndex").number(self.start as u64).key("endIndex").number(self.end as u64);
        out.key("text").string(&self.text).end_object().key("groundingChunkIndices").begin_array();
        self.chunks.iter().for_each(|chunk| _ = out.number(*chunk as u64));
        out.end_array().end_object();
    }
}

fn text(object: Value<'_>, name: &str) -> Option<String> {
    let text = object.get(name)?.as_str().map(Str::decode)?;
    (!text.is_empty()).then(|| text.into_owned())
}
