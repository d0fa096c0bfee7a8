//! Google's search within an answer (`groundingMetadata`) as the blocks that Anthropic's web search leaves: the search, and
//! what it found. Claude Code counts and shows these. Where in the text each source was used has no counterpart.

use ccr_plugin::messages::event::{Event, Usage};
use ccr_plugin::messages::json::{Str, Value, Writer};

/// Sources that one answer names; Google's have up to twenty, the rest would only be noise.
const MOST_SOURCES: usize = 50;

#[derive(Debug, Default)]
pub(super) struct Searches {
    answer: String,
    queries: Vec<String>,
    /// Address and title of each page that was found.
    sources: Vec<(String, String)>,
}

impl Searches {
    /// The provider's id of the answer, which makes the ids of the searches differ from turn to turn.
    pub(super) fn answer_is(&mut self, id: Option<&str>) {
        let legal = id.unwrap_or_default().chars().filter(|character| character.is_ascii_alphanumeric());
        self.answer = legal.collect();
    }

    /// In streams the metadata come once, or grow from chunk to chunk.
    pub(super) fn add(&mut self, metadata: Value<'_>) {
        for query in metadata.get("webSearchQueries").into_iter().flat_map(Value::items).filter_map(Value::as_str) {
            let query = query.decode().into_owned();
            if !self.queries.contains(&query) {
                self.queries.push(query);
            }
        }
        for chunk in metadata.get("groundingChunks").into_iter().flat_map(Value::items) {
            let member =
                |name: &str| chunk.get("web")?.get(name)?.as_str().map(|text: Str<'_>| text.decode().into_owned());
            let Some(uri) = member("uri") else { continue };
            if self.sources.len() < MOST_SOURCES && !self.sources.iter().any(|(known, _)| *known == uri) {
                let title = member("title").unwrap_or_default();
                self.sources.push((uri, title));
            }
        }
    }

    /// One pair of blocks for all searches, as Google does not say which one found what.
    pub(super) fn tell(&mut self, events: &mut Vec<Event>) {
        if self.queries.is_empty() && self.sources.is_empty() {
            return;
        }
        let id = format!("srvtoolu_google{}", self.answer);
        let mut search = Writer::new();
        search.begin_object().key("type").string("server_tool_use").key("id").string(&id);
        search.key("name").string("web_search").key("input").begin_object();
        search.key("query").string(&self.queries.join("; ")).end_object().end_object();
        events.push(Event::Block(search.into_string()));
        events.push(Event::Block(self.found(&id)));
        let web_search_requests = Some(self.queries.len().max(1) as u64);
        events.push(Event::Usage(Usage { web_search_requests, ..Usage::default() }));
        *self = Self::default();
    }

    fn found(&self, id: &str) -> String {
        let mut out = Writer::new();
        out.begin_object().key("type").string("web_search_tool_result").key("tool_use_id").string(id);
        out.key("content").begin_array();
        for (uri, title) in &self.sources {
            out.begin_object().key("type").string("web_search_result").key("url").string(uri);
            out.key("title").string(title).key("encrypted_content").string("").key("page_age").null().end_object();
        }
        out.end_array().end_object();
        out.into_string()
    }
}
