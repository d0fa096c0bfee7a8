//! The parameters of a function where a provider wants them to be an object's schema with `properties`.

use ccr_plugin::messages::json::{Kind, Value, Writer};

/// The parameters of a tool that takes none; OpenAI and others refuse an object schema without `properties`.
pub(crate) const NONE: &str = r#"{"type":"object","properties":{}}"#;

/// Writes the schema as it stands, made whole where it is not an object's; of its members those that the provider `takes`.
pub(crate) fn write(schema: Option<Value<'_>>, mut takes: impl FnMut(&str) -> bool, out: &mut Writer) {
    let Some(schema) = schema.filter(|schema| schema.kind() == Kind::Object && !schema.is_empty()) else {
        out.raw(NONE);
        return;
    };
    out.begin_object().key("type").string("object");
    let has_properties = schema.get("properties").is_some_and(|properties| properties.kind() == Kind::Object);
    if !has_properties {
        out.key("properties").begin_object().end_object();
    }
    for (key, value) in schema.members() {
        let name = key.decode();
        let is_written = &*name == "type" || (&*name == "properties" && !has_properties);
        if !is_written && takes(&name) {
            out.key_str(key).value(value);
        }
    }
    out.end_object();
}

/// Whether a schema is an object's with `properties`, so that it can go byte for byte.
pub(crate) fn is_whole(schema: Option<Value<'_>>) -> bool {
    let member = |name: &str| schema.and_then(|schema| schema.get(name));
    member("type").and_then(Value::as_str).is_some_and(|kind| kind == "object")
        && member("properties").is_some_and(|properties| properties.kind() == Kind::Object)
}
