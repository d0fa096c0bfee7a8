//! `tools`: functions, and Google's search, which others have as well. The rest of Google's own tools goes on for upstreams of
//! the same format.

use super::choice::Choice;
use super::fields::{Fields, list, members};
use super::schema;
use crate::shared::notes::Notes;
use ccr_plugin::Fault;
use ccr_plugin::messages::json::{Kind, Str, Value, Writer};
use std::borrow::Cow;

/// Anthropic's name of the search that a provider runs itself; every upstream protocol knows it.
const WEB_SEARCH: &str = "web_search_20250305";

/// A tool that only Google has: its name and its settings.
pub(super) type Google<'d> = (Cow<'d, str>, Value<'d>);

/// Returns the tools that the inner form has no place for.
pub(super) fn write<'d>(
    fields: &Fields<'d>,
    choice: &Choice<'_>,
    notes: &mut Notes,
    out: &mut Writer,
) -> Result<Vec<Google<'d>>, Fault> {
    let (mut functions, mut google) = (Vec::new(), Vec::new());
    let mut search = None;
    for (index, tool) in list(fields.tools).enumerate() {
        for (name, value) in members(tool) {
            match &*name {
                "functionDeclarations" => {
                    for (number, declaration) in list(Some(value)).enumerate() {
                        functions.push(Function::read(declaration, index, number, notes)?);
                    }
                }
                "googleSearch" | "googleSearchRetrieval" | "enterpriseWebSearch" => search = Some(value),
                _ => google.push((name, value)),
            }
        }
    }
    if !functions.is_empty() && !functions.iter().any(|function| choice.allows(function.name)) {
        return Err(Fault::invalid(
            "toolConfig.functionCallingConfig.allowedFunctionNames names none of the functions in `tools`.",
        ));
    }
    functions.retain(|function| choice.offers(function.name));
    if functions.is_empty() && search.is_none() {
        return Ok(google);
    }
    out.key("tools").begin_array();
    functions.iter().for_each(|function| function.write(out));
    if let Some(search) = search {
        web_search(search, notes, out);
    }
    out.end_array();
    if !functions.is_empty() {
        choice.write(out);
    }
    Ok(google)
}

/// A function that the client runs.
struct Function<'d> {
    name: Str<'d>,
    description: Option<Str<'d>>,
    parameters: Option<Value<'d>>,
    json_schema: Option<Value<'d>>,
}

impl<'d> Function<'d> {
    fn read(value: Value<'d>, tool: usize, number: usize, notes: &mut Notes) -> Result<Self, Fault> {
        let (mut name, mut description, mut parameters, mut json_schema) = (None, None, None, None);
        for (key, value) in members(value) {
            match &*key {
                "name" => name = value.as_str().filter(|name| !name.is_empty()),
                "description" => description = value.as_str(),
                "parameters" => parameters = Some(value),
                "parametersJsonSchema" => json_schema = Some(value).filter(|schema| schema.kind() == Kind::Object),
                other => notes.dropped(format!("tools.functionDeclarations.{other}")),
            }
        }
        let name = name.ok_or_else(|| {
            Fault::invalid(format!(
                "tools[{tool}].functionDeclarations[{number}].name: a function needs a name that is not empty."
            ))
        })?;
        Ok(Self { name, description, parameters, json_schema })
    }

    fn write(&self, out: &mut Writer) {
        out.begin_object().key("name").escaped(self.name.raw());
        if let Some(description) = self.description.filter(|description| !description.is_empty()) {
            out.key("description").escaped(description.raw());
        }
        out.key("input_schema");
        match (self.json_schema, self.parameters.filter(|schema| schema.kind() == Kind::Object && !schema.is_empty())) {
            (Some(schema), _) => _ = out.value(schema),
            (None, Some(schema)) => schema::write(schema, out),
            (None, None) => _ = out.raw(r#"{"type":"object","properties":{}}"#),
        }
        out.end_object();
    }
}

fn web_search(search: Value<'_>, notes: &mut Notes, out: &mut Writer) {
    out.begin_object().key("type").string(WEB_SEARCH).key("name").string("web_search");
    for (name, value) in members(search) {
        match &*name {
            "excludeDomains" if value.kind() == Kind::Array => {
                if !value.is_empty() {
                    out.key("blocked_domains").value(value);
                }
            }
            other => notes.dropped(format!("tools.googleSearch.{other}")),
        }
    }
    out.end_object();
}
