//! The top level of the request, and how names are read anywhere in it.

use ccr_plugin::Fault;
use ccr_plugin::messages::json::{Kind, Str, Value};
use std::borrow::Cow;

/// What the top level has. `null` is read as absent, of a repeated field the last one counts.
#[derive(Debug, Default)]
pub(super) struct Fields<'d> {
    pub(super) contents: Option<Value<'d>>,
    pub(super) system: Option<Value<'d>>,
    pub(super) tools: Option<Value<'d>>,
    pub(super) tool_config: Option<Value<'d>>,
    pub(super) generation: Option<Value<'d>>,
    /// Everything else, under the name that Google's reference gives it.
    pub(super) others: Vec<(Cow<'d, str>, Value<'d>)>,
}

impl<'d> Fields<'d> {
    pub(super) fn read(root: Value<'d>) -> Result<Self, Fault> {
        if root.kind() != Kind::Object {
            return Err(Fault::invalid("The body of the request must be a JSON object with `contents`."));
        }
        let mut fields = Self::default();
        for (name, value) in members(root) {
            match &*name {
                "contents" => fields.contents = Some(value),
                "systemInstruction" => fields.system = Some(value),
                "tools" => fields.tools = Some(value),
                "toolConfig" => fields.tool_config = Some(value),
                "generationConfig" => fields.generation = Some(value),
                // The path names it.
                "model" => {}
                _ => fields.others.push((name, value)),
            }
        }
        Ok(fields)
    }
}

/// The members of an object that are not `null`, with their names in the spelling of Google's reference.
pub(super) fn members<'d>(object: Value<'d>) -> impl Iterator<Item = (Cow<'d, str>, Value<'d>)> {
    object.members().filter(|(_, value)| !value.is_null()).map(|(key, value)| (camel(key), value))
}

/// The last member of this name, in either spelling.
pub(super) fn member<'d>(object: Value<'d>, name: &str) -> Option<Value<'d>> {
    members(object).filter(|(key, _)| key == name).last().map(|(_, value)| value)
}

/// A list, or the one item that some clients send in its place.
pub(super) fn list(value: Option<Value<'_>>) -> impl Iterator<Item = Value<'_>> {
    let single = value.filter(|value| value.kind() == Kind::Object);
    value.into_iter().flat_map(Value::items).chain(single)
}

/// `max_output_tokens` as `maxOutputTokens`.
fn camel(key: Str<'_>) -> Cow<'_, str> {
    let name = key.decode();
    if !name.contains('_') {
        return name;
    }
    let mut camel = String::with_capacity(name.len());
    let mut capital = false;
    for character in name.chars() {
        if character == '_' {
            capital = !camel.is_empty();
        } else if std::mem::take(&mut capital) {
            camel.push(character.to_ascii_uppercase());
        } else {
            camel.push(character);
        }
    }
    Cow::Owned(camel)
}

/// A whole number, which protobuf may write as a string where it has 64 bits.
pub(super) fn whole(value: Value<'_>) -> Option<i64> {
    match value.as_str() {
        Some(text) => text.decode().parse().ok(),
        None => value.as_i64().or_else(|| {
            // `5.0` is five.
            value.as_f64().filter(|number| number.fract() == 0.0 && number.abs() < 9e15).map(|number| number as i64)
        }),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::{member, members, whole};
    use ccr_plugin::messages::json::Document;

    #[test]
    fn both_spellings_are_one_name() {
        let document =
            Document::parse(br#"{"max_output_tokens":1,"topP":2,"_responseJsonSchema":3,"a_":4,"n":null}"#).unwrap();
        let names: Vec<_> = members(document.root()).map(|(name, _)| name.into_owned()).collect();
        assert_eq!(names, ["maxOutputTokens", "topP", "responseJsonSchema", "a"]);
        assert!(member(document.root(), "topP").is_some());
        assert!(member(document.root(), "n").is_none());
    }

    #[test]
    fn whole_numbers_in_every_writing() {
        let document = Document::parse(br#"[7,"7",7.0,-1,7.5,"x",true]"#).unwrap();
        let numbers: Vec<_> = document.root().items().map(whole).collect();
        assert_eq!(numbers, [Some(7), Some(7), Some(7), Some(-1), None, None, None]);
    }
}
