//! Files that clients send as data although they are text: Anthropic's form has text as such, which every model reads.

use crate::shared::base64;

/// Media types beside `text/…` that are text.
const TEXTS: [&str; 5] =
    ["application/json", "application/xml", "application/javascript", "application/x-yaml", "application/yaml"];

/// The text of a file that is one; `data` is base64.
pub(crate) fn text_of(mime_type: &str, data: &str) -> Option<String> {
    let kind = mime_type.split(';').next().unwrap_or_default().trim();
    let is_text = kind.starts_with("text/") || TEXTS.contains(&kind);
    is_text.then(|| base64::decode(data).and_then(|bytes| String::from_utf8(bytes).ok())).flatten()
}

#[cfg(test)]
mod tests {
    use super::text_of;

    #[test]
    fn only_text_is_text() {
        assert_eq!(text_of("text/markdown; charset=utf-8", "SGk=").as_deref(), Some("Hi"));
        assert_eq!(text_of("application/json", "e30=").as_deref(), Some("{}"));
        assert_eq!(text_of("application/pdf", "SGk="), None);
        for broken in ["_w==", "a b"] {
            assert_eq!(text_of("text/plain", broken), None);
        }
    }
}
