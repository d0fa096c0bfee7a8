//! A tool's parameters as Converse takes them: always an object.

mod plain;

use crate::bedrock::family::Family;
use crate::shared::notes::Notes;
use ccr_plugin::messages::json::{Kind, Value, Writer};
use ccr_plugin::messages::schema::Lost;

/// The parameters of a tool that takes none.
pub(super) const NO_PARAMETERS: &str = r#"{"type":"object","properties":{}}"#;

/// What Nova takes of the outermost schema (AWS's user guide for Nova, "Defining a tool").
const OF_NOVA: &[&str] = &["type", "properties", "required"];

/// What must be taken apart for Nova before the outermost schema can do without it.
const COMPOSED: &[&str] = &["$ref", "$defs", "definitions", "anyOf", "oneOf", "allOf"];

/// What says nothing that a model would miss.
const UNIMPORTANT: &[&str] = &["$schema", "$id", "title", "additionalProperties"];

/// The schema as it stands, made whole where Converse's rules for the outermost object need it.
pub(super) fn write(schema: Option<Value<'_>>, family: Family, notes: &mut Notes, out: &mut Writer) {
    let Some(schema) = schema.filter(|schema| schema.kind() == Kind::Object && !schema.is_empty()) else {
        out.raw(NO_PARAMETERS);
        return;
    };
    if family == Family::Nova && schema.members().any(|(key, _)| COMPOSED.contains(&&*key.decode())) {
        let mut lost = Lost::default();
        plain::write(schema, &mut lost, out);
        lost.keywords().for_each(|keyword| notes.dropped(format!("tools.input_schema.{keyword}")));
        return;
    }
    let is_object = schema.get("type").and_then(Value::as_str).is_some_and(|kind| kind == "object");
    let has_properties = schema.get("properties").is_some_and(|properties| properties.kind() == Kind::Object);
    if is_object && has_properties && family != Family::Nova {
        out.value(schema);
        return;
    }
    out.begin_object().key("type").string("object");
    if !has_properties {
        out.key("properties").begin_object().end_object();
    }
    for (key, value) in schema.members() {
        let name = key.decode();
        if &*name == "type" || (&*name == "properties" && !has_properties) {
            continue;
        }
        if family != Family::Nova || OF_NOVA.contains(&&*name) {
            out.key_str(key).value(value);
        } else if !UNIMPORTANT.contains(&&*name) {
            notes.dropped(format!("tools.input_schema.{name}"));
        }
    }
    out.end_object();
}
