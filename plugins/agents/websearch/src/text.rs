//! Small work on texts that several modules share.

use ccr_plugin::messages::json::{Str, Value, Writer};

/// The strings of a list; what is none is left out.
pub(crate) fn strings(list: Option<Value<'_>>) -> Vec<String> {
    let strings = list.into_iter().flat_map(Value::items).filter_map(Value::as_str);
    strings.map(|text| text.decode().into_owned()).collect()
}

/// The string of this member; empty where there is none.
pub(crate) fn member(object: Value<'_>, name: &str) -> String {
    object.get(name).and_then(Value::as_str).map(|text| text.decode().into_owned()).unwrap_or_default()
}

/// Whether a block is of this type.
pub(crate) fn is(block: Value<'_>, kind: &str) -> bool {
    block.get("type").and_then(Value::as_str).is_some_and(|said: Str<'_>| said == *kind)
}

/// The text's beginning, at most this many characters.
pub(crate) fn first(text: &str, characters: usize) -> &str {
    let end = text.char_indices().nth(characters).map_or(text.len(), |(end, _)| end);
    text.get(..end).unwrap_or(text)
}

/// One line: white space of any kind becomes single spaces, and none is left at the ends.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

/// A list of content blocks with this text alone.
pub(crate) fn text_blocks(text: &str) -> String {
    let mut out = Writer::with_capacity(text.len() + 32);
    out.begin_array().begin_object().key("type").string("text").key("text").string(text).end_object().end_array();
    out.into_string()
}
