//! Where a request goes: Gemini has the model and the method in the path.

use crate::shared::percent::{self, PATH};

/// The version of the API that is meant where the base names none; the older `v1` lacks system instructions and tools.
const VERSION: &str = "/v1beta";

/// The path and query for a model under a configured base: `…/v1beta`, `…/models/`, the bare host, or a whole endpoint, whose
/// model and method are replaced. The query is kept.
pub(crate) fn of(base: &str, model: &str, streaming: bool) -> String {
    let (path, query) = base.split_once('?').unwrap_or((base, ""));
    let mut path = path.trim_end_matches('/');
    if let Some((parent, last)) = path.rsplit_once('/')
        && last.contains(':')
    {
        path = parent;
    }
    if path.is_empty() {
        path = VERSION;
    }
    let mut joined = path.to_owned();
    let model = model.trim_start_matches('/');
    // Tuned models are a collection of their own.
    let is_whole = model.starts_with("models/") || model.starts_with("tunedModels/");
    let parent = if is_whole { path.strip_suffix("/models").unwrap_or(path) } else { path };
    joined.truncate(parent.len());
    if !is_whole && !path.ends_with("/models") {
        joined.push_str("/models");
    }
    joined.push('/');
    percent::push(&mut joined, model, PATH);
    finish(&mut joined, query, streaming);
    joined
}

/// The method and the query behind a model; `query` is that of the base.
pub(super) fn finish(joined: &mut String, query: &str, streaming: bool) {
    joined.push_str(if streaming { ":streamGenerateContent" } else { ":generateContent" });
    let mut separator = '?';
    let kept = query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("alt="));
    // Without it the stream is one JSON array.
    for pair in kept.chain(streaming.then_some("alt=sse")) {
        joined.push(separator);
        joined.push_str(pair);
        separator = '&';
    }
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn every_way_to_write_the_base_is_taken() {
        let whole = "/v1beta/models/gemini-2.5-pro:generateContent";
        for base in [
            "",
            "/",
            "/v1beta",
            "/v1beta/",
            "/v1beta/models",
            "/v1beta/models/",
            "/v1beta/models/other:generateContent",
            "/v1beta/models/other:streamGenerateContent?alt=sse",
            "?alt=json",
        ] {
            assert_eq!(of(base, "gemini-2.5-pro", false), whole, "{base}");
            assert_eq!(of(base, "models/gemini-2.5-pro", false), whole, "{base}");
        }
        assert_eq!(of("/proxy/v1", "m", false), "/proxy/v1/models/m:generateContent");
    }

    #[test]
    fn streams_ask_for_server_sent_events() {
        assert_eq!(of("/v1beta", "m", true), "/v1beta/models/m:streamGenerateContent?alt=sse");
        assert_eq!(of("/v1beta?x=1&alt=json&y", "m", true), "/v1beta/models/m:streamGenerateContent?x=1&y&alt=sse");
        assert_eq!(of("/v1beta?x=1", "m", false), "/v1beta/models/m:generateContent?x=1");
    }

    #[test]
    fn other_collections_and_odd_names() {
        assert_eq!(of("/v1beta/models/", "tunedModels/a", false), "/v1beta/tunedModels/a:generateContent");
        assert_eq!(of("", "a b?c#d", false), "/v1beta/models/a%20b%3Fc%23d:generateContent");
    }
}
