//! Names of tools. This API groups tools under namespaces; the inner form has names alone, so a namespace becomes their beginning.

use ccr_plugin::messages::json::{Str, Value};
use std::borrow::Cow;

/// What stands between a namespace and a name; MCP clients write their names so. Namespaces that end so already need no more.
const BETWEEN: &str = "__";

#[derive(Debug, Clone, Copy)]
pub(super) struct ToolName<'d> {
    pub(super) namespace: Option<Str<'d>>,
    pub(super) own: Str<'d>,
}

impl<'d> ToolName<'d> {
    /// `named` has the name, and (as calls do) may have the namespace. `None` if it has no name.
    pub(super) fn of(named: Value<'d>) -> Option<Self> {
        let filled = |key: &str| named.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        Some(Self { namespace: filled("namespace"), own: filled("name")? })
    }

    /// The name in the inner form, as it stands in a JSON string.
    pub(super) fn inner(self) -> Cow<'d, str> {
        match self.namespace.map(Str::raw) {
            None => Cow::Borrowed(self.own.raw()),
            Some(namespace) if namespace.ends_with(BETWEEN) => Cow::Owned(format!("{namespace}{}", self.own.raw())),
            Some(namespace) => Cow::Owned(format!("{namespace}{BETWEEN}{}", self.own.raw())),
        }
    }
}
