//! A tool's parameters as Converse takes them: always an object.

use crate::bedrock::family::Family;
use crate::shared::notes::Notes;
use crate::shared::parameters;
use ccr_plugin::messages::json::{Value, Writer};
use ccr_plugin::messages::schema::{Lost, nova};

/// What Nova takes of the outermost schema (AWS's user guide for Nova, "Defining a tool").
const OF_NOVA: &[&str] = &["type", "properties", "required"];

/// What must be taken apart for Nova before the outermost schema can do without it.
const COMPOSED: &[&str] = &["$ref", "$defs", "definitions", "anyOf", "oneOf", "allOf"];

/// What says nothing that a model would miss.
const UNIMPORTANT: &[&str] = &["$schema", "$id", "title", "additionalProperties"];

/// The schema as it stands, made whole where Converse's rules for the outermost object need it.
pub(super) fn write(schema: Option<Value<'_>>, family: Family, notes: &mut Notes, out: &mut Writer) {
    if family != Family::Nova {
        return match schema.filter(|schema| parameters::is_whole(Some(*schema))) {
            Some(schema) => _ = out.value(schema),
            None => parameters::write(schema, |_| true, out),
        };
    }
    let is_composed = |schema: &Value<'_>| schema.members().any(|(key, _)| COMPOSED.contains(&&*key.decode()));
    if let Some(composed) = schema.filter(is_composed) {
        let mut lost = Lost::default();
        nova::write_parameters(composed, &mut lost, out);
        lost.keywords().for_each(|keyword| notes.dropped(format!("tools.input_schema.{keyword}")));
        return;
    }
    let takes = |name: &str| {
        if !OF_NOVA.contains(&name) && !UNIMPORTANT.contains(&name) {
            notes.dropped(format!("tools.input_schema.{name}"));
        }
        OF_NOVA.contains(&name)
    };
    parameters::write(schema, takes, out);
}
