//! What a provider did itself: searches and pictures. Other blocks have no item in this API and are left out.

use ccr_plugin::messages::json::{Str, Value};

pub(super) enum Block<'d> {
    /// The provider begins a search.
    Search {
        query: String,
    },
    /// The addresses that the last search found.
    Found(Vec<Str<'d>>),
    /// A picture that the model made, at once: base64.
    Picture(Str<'d>),
    Other,
}

impl<'d> Block<'d> {
    pub(super) fn read(block: Value<'d>) -> Self {
        let text = |key: &str| block.get(key).and_then(Value::as_str).map(Str::raw).unwrap_or_default();
        match (text("type"), text("name")) {
            ("server_tool_use", "web_search") => {
                let query = block.get("input").and_then(|input| input.get("query")?.as_str());
                Self::Search { query: query.map(Str::decode).unwrap_or_default().into_owned() }
            }
            ("web_search_tool_result", _) => {
                let found = block.get("content").into_iter().flat_map(Value::items);
                Self::Found(found.filter_map(|result| result.get("url")?.as_str()).collect())
            }
            ("image", _) => {
                let data = block.get("source").and_then(|source| source.get("data")?.as_str());
                data.map_or(Self::Other, Self::Picture)
            }
            _ => Self::Other,
        }
    }
}
