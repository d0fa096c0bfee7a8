//! The transformer `sampling`: caps the limit of output tokens and forces sampling parameters, with the name and the options
//! that claude-code-router gave it.
//!
//! It edits the request over the wire, so that what it forces is what is sent. [`shape`] knows the places and names that other
//! formats have for the same things.

mod shape;

use ccr_plugin::messages::json::{Document, Kind, Value};
use ccr_plugin::prelude::*;
use dialect::{Top, options};
use shape::Shape;
use std::borrow::Cow;

const SETTINGS: &str = r#"{
    "type": "object",
    "properties": {
        "max_tokens": {"type": "integer", "minimum": 1, "description": "The most output tokens that a request may ask for."},
        "temperature": {"type": "number", "description": "Sent whatever the client asks for."},
        "top_p": {"type": "number", "description": "Sent whatever the client asks for."},
        "top_k": {"type": "integer", "description": "Sent whatever the client asks for."},
        "repetition_penalty": {"type": "number", "description": "Sent whatever the client asks for."}
    },
    "additionalProperties": false
}"#;

/// The ways in which formats spell the limit.
const LIMITS: [&str; 5] = ["max_tokens", "max_completion_tokens", "max_output_tokens", "maxOutputTokens", "maxTokens"];

/// What is sent whatever the client asks for.
const FORCED: [&str; 4] = ["temperature", "top_p", "top_k", "repetition_penalty"];

/// The plugin.
#[derive(Debug)]
pub struct Sampling;

impl Plugin for Sampling {
    fn describe() -> Description {
        Description::new("sampling", env!("CARGO_PKG_VERSION"), "Caps max_tokens and forces sampling parameters.")
            .settings_schema(SETTINGS)
    }
}

impl WireTransformer for Sampling {
    fn transform_wire_request(request: &mut dyn WireRequest, settings: &Settings) -> Result<(), Fault> {
        let options = options(settings)?;
        if options.root().is_empty() {
            return Ok(());
        }
        let no_object = || Fault::own("the body is not a JSON object");
        let body = String::from_utf8(request.body()).map_err(|_| no_object())?;
        let top = Top::scan(&body).ok_or_else(no_object)?;
        let shape = Shape::of(&top, &request.path());
        let edited = match shape.place() {
            None => edit(&top, options.root(), shape, request)?,
            Some(place) => {
                let inner = top.get(place).filter(|inner| inner.starts_with('{')).unwrap_or("{}");
                let inner = Top::scan(inner).ok_or_else(no_object)?;
                let edited = edit(&inner, options.root(), shape, request)?;
                edited.map(|inner| top.with(&[(place.into(), inner)]))
            }
        };
        match edited {
            Some(body) => request.set_body(body.as_bytes()),
            None => Ok(()),
        }
    }
}

/// The object that holds the parameters, edited; `None` if nothing changes.
fn edit(
    parameters: &Top<'_>,
    options: Value<'_>,
    shape: Shape,
    request: &dyn WireRequest,
) -> Result<Option<String>, Fault> {
    let mut set: Vec<(Cow<'_, str>, String)> = Vec::new();
    if let Some(cap) = options.get("max_tokens") {
        let cap = cap.as_u64().ok_or_else(|| Fault::own("options: `max_tokens` must be a number of tokens"))?;
        for name in LIMITS {
            if parameters.number(name).is_some_and(|asked| asked > cap) {
                set.push((name.into(), cap.to_string()));
            }
        }
    }
    for name in FORCED {
        let Some(value) = options.get(name) else { continue };
        if value.kind() != Kind::Number {
            return Err(Fault::own(format!("options: `{name}` must be a number")));
        }
        match shape.name(name) {
            Some(name) => set.push((name.into(), value.raw().to_owned())),
            None => request.dropped(&["sampling.", name].concat()),
        }
    }
    Ok((!set.is_empty()).then(|| parameters.with(&set)))
}

register!(Sampling: wire_transformer);

/// Whether a member says that the model thinks.
fn thinks(top: &Top<'_>) -> bool {
    let document = top.get("thinking").and_then(|thinking| Document::parse_str(thinking).ok());
    let kind = document.as_ref().and_then(|document| document.root().get("type")?.as_str());
    kind.is_some_and(|kind| kind != "disabled")
}

#[cfg(test)]
mod tests;
