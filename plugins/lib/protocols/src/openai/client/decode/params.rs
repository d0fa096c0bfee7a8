//! Limits and sampling, and the parameters that the inner form has no place for (`ccr.params`).

use super::fields::Fields;
use super::output;
use super::wrong::{Checked, Wrong};
use crate::shared::body::DEFAULT_MAX_TOKENS;
use ccr_plugin::messages::json::{Kind, Value, Writer};

pub(super) fn write(fields: &Fields<'_>, out: &mut Writer) -> Checked {
    out.key("max_tokens");
    match limit(fields)? {
        Some(limit) => out.value(limit),
        // The inner form must have a limit where OpenAI's needs none.
        None => out.number(DEFAULT_MAX_TOKENS),
    };
    for (name, value) in [("temperature", fields.temperature), ("top_p", fields.top_p), ("top_k", fields.top_k)] {
        let Some(value) = value else { continue };
        if value.kind() != Kind::Number {
            return Err(Wrong::new(name, "must be a number"));
        }
        out.key(name).value(value);
    }
    stop(fields.stop, out)?;
    if fields.streams() {
        out.key("stream").bool(true);
    }
    Ok(())
}

/// The newer name counts where both are given.
fn limit<'d>(fields: &Fields<'d>) -> Checked<Option<Value<'d>>> {
    for (name, value) in [("max_completion_tokens", fields.max_completion_tokens), ("max_tokens", fields.max_tokens)] {
        let Some(value) = value else { continue };
        // Clients whose numbers are all floats write 4096.0.
        let fits = value.as_f64().is_some_and(|number| number >= 1.0 && number.fract() == 0.0);
        return if fits { Ok(Some(value)) } else { Err(Wrong::new(name, "must be a whole number of at least 1")) };
    }
    Ok(None)
}

/// One string or several. An empty one stops nothing.
fn stop(stop: Option<Value<'_>>, out: &mut Writer) -> Checked {
    let Some(stop) = stop else { return Ok(()) };
    let single = (stop.kind() == Kind::String).then_some(stop);
    if single.is_none() && stop.kind() != Kind::Array {
        return Err(Wrong::new("stop", "must be a string or an array of strings"));
    }
    if let Some(index) = stop.items().position(|sequence| sequence.kind() != Kind::String) {
        return Err(Wrong::new("", "must be a string").item("stop", index));
    }
    let sequences =
        || single.into_iter().chain(stop.items()).filter(|text| text.as_str().is_some_and(|s| !s.is_empty()));
    if sequences().next().is_none() {
        return Ok(());
    }
    out.key("stop_sequences").begin_array();
    sequences().for_each(|sequence| _ = out.value(sequence));
    out.end_array();
    Ok(())
}

/// The member `ccr`, which no provider is sent.
pub(super) fn private(fields: &Fields<'_>, out: &mut Writer) {
    let unlimited = fields.max_tokens.is_none() && fields.max_completion_tokens.is_none();
    let special = output::params(fields);
    let special = || special.iter().filter_map(|(name, value)| Some((*name, (*value)?)));
    let any = !fields.params.is_empty() || special().next().is_some();
    if !unlimited && !any {
        return;
    }
    out.key("ccr").begin_object();
    if unlimited {
        out.key("default_max_tokens").bool(true);
    }
    if any {
        out.key("params").begin_object();
        for (name, value) in special() {
            out.key(name).value(value);
        }
        for (name, value) in &fields.params {
            out.key_str(*name).value(*value);
        }
        out.end_object();
    }
    out.end_object();
}
