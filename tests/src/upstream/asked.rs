//! What a provider is asked, read out of its own format: the other half of [`super::Story`].

use serde_json::Value;

/// A request as a provider understands it. What is not there is empty.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Asked {
    /// Whether the answer is to be streamed.
    pub streaming: bool,
    /// The instructions.
    pub system: String,
    /// The user's texts, in their order.
    pub texts: Vec<String>,
    /// The results of tools: the call's id without the format's prefix (the name where there is no id), and the text.
    pub results: Vec<(String, String)>,
    /// Pictures: the media type and the data in base64, or `url` and the address.
    pub images: Vec<(String, String)>,
    /// The proofs of reasoning that came back.
    pub proofs: Vec<String>,
    /// The names of the functions.
    pub tools: Vec<String>,
    /// The name of the function that must be called; `any` for one of them, `none` for none.
    pub forced: Option<String>,
    /// The schema that the answer has to follow.
    pub schema: Option<Value>,
    /// Stop sequences.
    pub stops: Vec<String>,
    /// Sampling.
    pub temperature: Option<f64>,
    /// The limit of output tokens.
    pub max_tokens: Option<u64>,
    /// How the provider is told to think, in its own words.
    pub thinking: Option<Value>,
}

impl Asked {
    /// The first words of the conversation: tests write into them what they want.
    pub fn prompt(&self) -> &str {
        self.texts.first().map_or("", |text| text.trim())
    }

    /// A result by its call's id.
    pub fn result(&self, id: &str) -> Option<&str> {
        let mut found = self.results.iter().filter(|(call, _)| call == id);
        found.next().map(|(_, text)| text.as_str())
    }
}

/// The elements of a list; none if it is no list.
pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// A string as an owned one; empty if it is none.
pub(super) fn string(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The strings of a list.
pub(super) fn strings(value: &Value) -> Vec<String> {
    list(value).iter().map(string).collect()
}

/// A data URL's media type and data; anything else is an address.
pub(super) fn image(url: &str) -> (String, String) {
    let data = url.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,"));
    let (kind, data) = data.unwrap_or(("url", url));
    (kind.to_owned(), data.to_owned())
}

/// The id of a call without the format's prefix; an id that is foreign to the format stays as it is.
pub(super) fn bare(prefix: &str, id: &Value) -> String {
    let id = id.as_str().unwrap_or_default();
    id.strip_prefix(prefix).unwrap_or(id).to_owned()
}

/// A value that is not null.
pub(super) fn given(value: &Value) -> Option<Value> {
    (!value.is_null()).then(|| value.clone())
}
