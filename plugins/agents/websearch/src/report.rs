//! How a search is told: to the model as text, to the client as the blocks that Anthropic's own search leaves.

use crate::envelope;
use crate::source::Source;
use ccr_plugin::messages::json::Writer;

/// Why a search gave nothing: one of Anthropic's error codes, and words for the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failed {
    pub(crate) code: &'static str,
    pub(crate) words: String,
}

impl Failed {
    pub(crate) fn new(code: &'static str, words: impl Into<String>) -> Self {
        Self { code, words: words.into() }
    }
}

/// How the last line of a list of results begins.
pub(crate) const CITE: &str = "Cite a result by its number in double square brackets behind the statement: ";

/// What the model reads of the results.
pub(crate) fn to_model(sources: &[Source]) -> String {
    let Some(first) = sources.first() else {
        return "Nothing was found. Try other words, or answer from what you know and say so.".into();
    };
    let mut text = String::new();
    for source in sources {
        let number = source.number.to_string();
        text.push_str(&["[", &*number, "] ", &*source.title, "\n", &*source.url, "\n"].concat());
        for line in [&source.age, &source.text] {
            if !line.is_empty() {
                text.push_str(line);
                text.push('\n');
            }
        }
        text.push('\n');
    }
    let number = first.number.to_string();
    text.push_str(&[CITE, "[[", &*number, "]]"].concat());
    text
}

/// Reads what [`to_model`] wrote; nothing of any other text.
pub(crate) fn from_model(text: &str) -> Vec<Source> {
    match text.rsplit_once("\n\n") {
        Some((list, last)) if last.starts_with(CITE) => list.split("\n\n").filter_map(entry).collect(),
        _ => Vec::new(),
    }
}

fn entry(text: &str) -> Option<Source> {
    let mut lines = text.lines();
    let (number, title) = lines.next()?.strip_prefix('[')?.split_once("] ")?;
    let url = lines.next()?;
    // Age and excerpt, or one of them; for a citation the last is what counts.
    let text = lines.next_back().unwrap_or_default();
    let number = number.parse().ok()?;
    Some(Source { number, title: title.into(), url: url.into(), age: String::new(), text: text.into() })
}

/// What the client sees: the search and what it gave. `input` is a JSON object.
pub(crate) fn to_client(id: &str, input: &str, outcome: Result<&[Source], &Failed>) -> String {
    let mut out = Writer::new();
    out.begin_array();
    out.begin_object().key("type").string("server_tool_use").key("id").string(id);
    out.key("name").string("web_search").key("input").raw(input).end_object();
    out.begin_object().key("type").string("web_search_tool_result").key("tool_use_id").string(id).key("content");
    match outcome {
        Ok(sources) => {
            out.begin_array();
            sources.iter().for_each(|source| result(source, &mut out));
            out.end_array();
        }
        Err(failed) => {
            out.begin_object().key("type").string("web_search_tool_result_error");
            out.key("error_code").string(failed.code).end_object();
        }
    }
    out.end_object().end_array();
    out.into_string()
}

fn result(source: &Source, out: &mut Writer) {
    out.begin_object().key("type").string("web_search_result").key("url").string(&source.url);
    out.key("title").string(&source.title);
    out.key("encrypted_content").string(&envelope::of_result(source.number, &source.text)).key("page_age");
    if source.age.is_empty() {
        out.null();
    } else {
        out.string(&source.age);
    }
    out.end_object();
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::{Failed, from_model, to_client, to_model};
    use crate::source::Source;
    use serde_json::{Value, json};

    fn sources() -> Vec<Source> {
        let source = |number, age: &str, text: &str| Source {
            number,
            title: format!("Title {number}"),
            url: format!("https://a.invalid/{number}"),
            age: age.into(),
            text: text.into(),
        };
        vec![source(101, "2025-04-12", "First."), source(102, "", "")]
    }

    #[test]
    fn the_model_reads_a_numbered_list() {
        let expected = "[101] Title 101\nhttps://a.invalid/101\n2025-04-12\nFirst.\n\n[102] Title 102\nhttps://a.invalid/102\n\n\
                        Cite a result by its number in double square brackets behind the statement: [[101]]";
        assert_eq!(to_model(&sources()), expected);
        assert!(to_model(&[]).starts_with("Nothing was found."));
    }

    #[test]
    fn the_list_is_read_back() {
        let mut expected = sources();
        expected[0].age.clear();
        assert_eq!(from_model(&to_model(&sources())), expected);
        for other in ["", "[101] a\nb\n\nSomething else", &*to_model(&[])] {
            assert_eq!(from_model(other), [], "{other}");
        }
    }

    #[test]
    fn the_client_sees_the_blocks_of_anthropics_search() {
        let shown: Value = serde_json::from_str(&to_client("srvtoolu_1", r#"{"query":"q"}"#, Ok(&sources()))).unwrap();
        let sealed = |index: usize| shown[1]["content"][index]["encrypted_content"].as_str().unwrap().to_owned();
        assert!(sealed(0).starts_with("ccr1:websearch:"));
        assert_eq!(
            shown,
            json!([
                {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "q"}},
                {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [
                    {"type": "web_search_result", "url": "https://a.invalid/101", "title": "Title 101",
                        "encrypted_content": sealed(0), "page_age": "2025-04-12"},
                    {"type": "web_search_result", "url": "https://a.invalid/102", "title": "Title 102",
                        "encrypted_content": sealed(1), "page_age": null},
                ]},
            ])
        );
    }

    #[test]
    fn the_client_sees_errors_as_such() {
        let failed = Failed::new("unavailable", "not told to the client");
        let shown: Value = serde_json::from_str(&to_client("srvtoolu_1", "{}", Err(&failed))).unwrap();
        let error = json!({"type": "web_search_tool_result_error", "error_code": "unavailable"});
        assert_eq!(shown[1], json!({"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": error}));
    }
}
