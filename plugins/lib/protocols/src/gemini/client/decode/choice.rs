//! `toolConfig`: which functions the model may, must or must not call.

use super::fields::members;
use crate::shared::notes::Notes;
use ccr_plugin::Fault;
use ccr_plugin::messages::json::{Str, Value, Writer};

#[derive(Debug, Default)]
pub(super) struct Choice<'d> {
    mode: Option<Mode>,
    allowed: Vec<Str<'d>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Auto,
    Any,
    None,
}

impl<'d> Choice<'d> {
    pub(super) fn read(config: Option<Value<'d>>, notes: &mut Notes) -> Result<Self, Fault> {
        let mut choice = Self::default();
        for (name, value) in config.into_iter().flat_map(members) {
            match &*name {
                "functionCallingConfig" => choice.functions(value, notes)?,
                other => notes.dropped(format!("toolConfig.{other}")),
            }
        }
        Ok(choice)
    }

    fn functions(&mut self, config: Value<'d>, notes: &mut Notes) -> Result<(), Fault> {
        for (name, value) in members(config) {
            match &*name {
                "mode" => self.mode = mode(value)?,
                "allowedFunctionNames" => self.allowed = value.items().filter_map(Value::as_str).collect(),
                // Calls come to the client whole, which every client understands.
                "streamFunctionCallArguments" => {}
                other => notes.dropped(format!("toolConfig.functionCallingConfig.{other}")),
            }
        }
        Ok(())
    }

    /// Whether the model may call this function at all. The inner form can name one function or all that there are: of several
    /// allowed ones, the others are not even offered.
    pub(super) fn offers(&self, name: Str<'_>) -> bool {
        let names_one = self.mode == Some(Mode::Any) && self.allowed.len() == 1;
        self.mode == Some(Mode::None) || names_one || self.allows(name)
    }

    /// Whether the name is among those that are allowed.
    pub(super) fn allows(&self, name: Str<'_>) -> bool {
        self.allowed.is_empty() || self.allowed.contains(&name)
    }

    pub(super) fn write(&self, out: &mut Writer) {
        let Some(mode) = self.mode else { return };
        out.key("tool_choice").begin_object().key("type");
        match (mode, self.allowed.as_slice()) {
            (Mode::Any, [only]) => _ = out.string("tool").key("name").escaped(only.raw()),
            (Mode::Any, _) => _ = out.string("any"),
            (Mode::Auto, _) => _ = out.string("auto"),
            (Mode::None, _) => _ = out.string("none"),
        }
        out.end_object();
    }
}

fn mode(value: Value<'_>) -> Result<Option<Mode>, Fault> {
    let name = value.as_str().map(|name| name.decode().to_ascii_uppercase()).unwrap_or_default();
    Ok(match name.as_str() {
        "MODE_UNSPECIFIED" => None,
        // VALIDATED: free to call, but only with arguments that fit, which providers see to anyway.
        "AUTO" | "VALIDATED" => Some(Mode::Auto),
        "ANY" => Some(Mode::Any),
        "NONE" => Some(Mode::None),
        _ => {
            return Err(Fault::invalid(
                "toolConfig.functionCallingConfig.mode must be `AUTO`, `ANY`, `NONE` or `VALIDATED`.",
            ));
        }
    })
}
