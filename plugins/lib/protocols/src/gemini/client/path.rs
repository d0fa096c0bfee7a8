//! What Gemini has in the path: the model, and what is to be done with it.

use ccr_plugin::Fault;

/// The Gemini API in both versions, and Vertex with a project and without (express mode).
pub(super) const SERVED: &[&str] = &[
    "/v1beta/models/*",
    "/v1/models/*",
    "/v1beta1/projects/*",
    "/v1/projects/*",
    "/v1beta1/publishers/*",
    "/v1/publishers/*",
];

/// A call of the API.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Call {
    /// As the client named it, without `models/`.
    pub(super) model: String,
    pub(super) streaming: bool,
    /// The stream shall be server-sent events instead of one JSON array.
    pub(super) sse: bool,
}

impl Call {
    pub(super) fn read(path: &str) -> Result<Self, Fault> {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let name = path.split_once("/models/").map(|(_, name)| decoded(name)).unwrap_or_default();
        let Some((model, method)) = name.rsplit_once(':') else {
            return Err(Fault::invalid(
                "The path names no model and method; call `/v1beta/models/MODEL:generateContent` or \
                 `/v1beta/models/MODEL:streamGenerateContent`.",
            ));
        };
        let model = model.strip_prefix("models/").unwrap_or(model);
        if model.is_empty() {
            return Err(Fault::invalid(format!("The path names no model; call `/v1beta/models/MODEL:{method}`.")));
        }
        let streaming = match method {
            "generateContent" => false,
            "streamGenerateContent" => true,
            other => {
                return Err(Fault::invalid(format!(
                    "`{other}` is not served by this gateway, only `generateContent` and `streamGenerateContent`; \
                     call Google's API itself for it."
                )));
            }
        };
        Ok(Self { model: model.to_owned(), streaming, sse: streaming && wants_sse(query) })
    }
}

/// Whether errors of this path come in a list, as Google's do in a stream that is an array.
pub(super) fn streams_an_array(path: &str) -> bool {
    Call::read(path).is_ok_and(|call| call.streaming && !call.sse)
}

fn wants_sse(query: &str) -> bool {
    let value = |pair: &str| {
        let (name, value) = pair.split_once('=')?;
        ["alt", "$alt", "%24alt"].contains(&name).then_some(value == "sse")
    };
    query.split('&').filter_map(value).next_back() == Some(true)
}

/// The text with its escapes (`%2C`) undone; what is no escape, or would not be UTF-8, stays.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escape = if *first == b'%' { after.split_at_checked(2).and_then(escaped) } else { None };
        let (byte, next) = escape.unwrap_or((*first, after));
        bytes.push(byte);
        rest = next;
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

fn escaped<'t>((digits, after): (&'t [u8], &'t [u8])) -> Option<(u8, &'t [u8])> {
    let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
    Some((u8::from_str_radix(digits, 16).ok()?, after))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::{Call, streams_an_array};
    use ccr_plugin::Fault;

    fn call(path: &str) -> Call {
        Call::read(path).unwrap()
    }

    #[test]
    fn model_and_method_are_read() {
        for (path, model) in [
            ("/v1beta/models/gemini-2.5-pro:generateContent", "gemini-2.5-pro"),
            ("/v1/models/gemini-2.5-pro:generateContent?key=k", "gemini-2.5-pro"),
            ("/v1beta/models/models/m:generateContent", "m"),
            ("/v1beta/models/models%2Fm%3AgenerateContent", "m"),
            ("/v1beta/models/openrouter,anthropic/claude:generateContent", "openrouter,anthropic/claude"),
            ("/v1beta/models/p%2Ca%2Fb%20c:generateContent", "p,a/b c"),
            ("/v1beta/models/ollama,qwen3:8b:generateContent", "ollama,qwen3:8b"),
            ("/v1beta1/projects/p/locations/l/publishers/google/models/m:generateContent", "m"),
            ("/v1/publishers/google/models/100%25:generateContent", "100%"),
            ("/v1beta/models/50%zz:generateContent", "50%zz"),
        ] {
            assert_eq!(call(path), Call { model: model.into(), streaming: false, sse: false }, "{path}");
        }
    }

    #[test]
    fn streams_are_an_array_unless_asked_for_as_events() {
        let path = "/v1beta/models/m:streamGenerateContent";
        assert!(streams_an_array(path));
        for query in ["?alt=sse", "?key=k&alt=sse", "?$alt=sse", "?%24alt=sse&x"] {
            assert_eq!(call(&format!("{path}{query}")), Call { model: "m".into(), streaming: true, sse: true });
            assert!(!streams_an_array(&format!("{path}{query}")));
        }
        assert!(!call(&format!("{path}?alt=json")).sse);
        assert!(!streams_an_array("/v1beta/models/m:generateContent?alt=sse"));
    }

    #[test]
    fn other_calls_are_refused_by_name() {
        for (path, word) in [
            ("/v1beta/models/m:countTokens", "`countTokens` is not served"),
            ("/v1beta/models/m", "names no model and method"),
            ("/v1/projects/p/locations/l/endpoints/1:generateContent", "names no model and method"),
            ("/v1beta/models/:generateContent", "names no model;"),
        ] {
            assert!(matches!(Call::read(path), Err(Fault::InvalidRequest(text)) if text.contains(word)), "{path}");
        }
    }
}
