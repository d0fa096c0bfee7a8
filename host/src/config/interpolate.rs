//! Puts the environment's values into the strings of a configuration: `$VAR` and `${VAR}`; `$$` is one dollar sign.
//!
//! Here it is only found out what is missing, and where; what that means (an error, or a provider that cannot be used) is decided
//! by the reader and by `build`.

use std::cell::RefCell;

use serde_json::Value;

use super::{Env, spelling::same_key};

/// A variable that is needed and not set, or empty.
pub(super) struct Unset {
    /// Of the string that names it: `Providers[0].api_key`.
    pub(super) path: String,
    pub(super) variable: String,
    /// The provider within which it stands, by its place in the list.
    pub(super) provider: Option<usize>,
}

/// What came of replacing.
#[derive(Default)]
pub(super) struct Interpolated {
    pub(super) unset: Vec<Unset>,
    /// Values that were put in and must not be printed, judging by the variable's name.
    pub(super) secrets: Vec<String>,
}

/// Replaces in place. A string with a missing variable stays as it is.
pub(super) fn interpolate(root: &mut Value, env: Env<'_>) -> Interpolated {
    let mut walk = Walk { env, provider: None, found: Interpolated::default() };
    let Value::Object(map) = root else {
        return walk.found;
    };
    for (key, value) in map {
        match value {
            Value::Array(items) if same_key(key, "Providers") => {
                for (index, item) in items.iter_mut().enumerate() {
                    walk.provider = Some(index);
                    walk.value(item, &format!("{key}[{index}]"));
                }
                walk.provider = None;
            }
            _ => walk.value(value, &join("", key)),
        }
    }
    walk.found
}

struct Walk<'a> {
    env: Env<'a>,
    provider: Option<usize>,
    found: Interpolated,
}

impl Walk<'_> {
    fn value(&mut self, value: &mut Value, path: &str) {
        match value {
            Value::String(text) => self.text(text, path),
            Value::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.value(item, &format!("{path}[{index}]"));
                }
            }
            Value::Object(map) => {
                for (key, item) in map {
                    self.value(item, &join(path, key));
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn text(&mut self, text: &mut String, path: &str) {
        if !text.contains('$') {
            return;
        }
        let secrets = RefCell::new(Vec::new());
        let env = |name: &str| {
            let value = (self.env)(name)?;
            if names_secret(name) {
                secrets.borrow_mut().push(value.clone());
            }
            Some(value)
        };
        match expand(text, &env) {
            Ok(expanded) => *text = expanded,
            Err(variables) => {
                let provider = self.provider;
                self.found.unset.extend(variables.into_iter().map(|variable| Unset {
                    path: path.to_owned(),
                    variable,
                    provider,
                }));
            }
        }
        self.found.secrets.append(&mut secrets.into_inner());
    }
}

/// Whether a variable holds a secret, as far as its name tells.
fn names_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    ["KEY", "TOKEN", "SECRET", "PASS", "AUTH", "CREDENTIAL"].iter().any(|word| name.contains(word))
}

/// The text with all variables replaced, or the names of those that are missing.
fn expand(text: &str, env: Env<'_>) -> Result<String, Vec<String>> {
    let mut expanded = String::with_capacity(text.len());
    let mut missing = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        expanded.push_str(before);
        rest = match reference(after) {
            Some((name, length)) => {
                match env(name).filter(|value| !value.is_empty()) {
                    Some(value) => expanded.push_str(&value),
                    None => missing.push(name.to_owned()),
                }
                after.split_at(length).1
            }
            None => {
                expanded.push('$');
                after.strip_prefix('$').unwrap_or(after)
            }
        };
    }
    expanded.push_str(rest);
    if missing.is_empty() { Ok(expanded) } else { Err(missing) }
}

/// The variable's name at the start of what follows a dollar sign, and how many bytes the reference takes.
/// In braces any name will do, as in claude-code-router; without them only upper case, since prices and patterns have dollar signs too.
fn reference(after: &str) -> Option<(&str, usize)> {
    if let Some(inner) = after.strip_prefix('{') {
        let name = inner.split_once('}')?.0;
        return (!name.is_empty()).then_some((name, name.len() + 2));
    }
    let length = after.bytes().take_while(|byte| matches!(byte, b'A'..=b'Z' | b'_' | b'0'..=b'9')).count();
    let begins_well = after.bytes().next().is_some_and(|byte| !byte.is_ascii_digit());
    (length > 0 && begins_well).then(|| (after.split_at(length).0, length))
}

/// The path of an entry of an object: `a.b`, or `a["b c"]` where the key is not a plain word.
pub(super) fn join(path: &str, key: &str) -> String {
    let plain = !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    match (plain, path.is_empty()) {
        (true, true) => key.to_owned(),
        (true, false) => format!("{path}.{key}"),
        (false, _) => format!("{path}[{}]", Value::from(key)),
    }
}

#[cfg(test)]
mod tests {

    use serde_json::json;

    use super::*;

    fn env(name: &str) -> Option<String> {
        match name {
            "KEY" => Some("value".into()),
            "KEY_2" => Some("$KEY".into()),
            "lower" => Some("low".into()),
            "EMPTY" => Some(String::new()),
            _ => None,
        }
    }

    #[test]
    fn variables_are_replaced_once_and_everywhere() {
        for (text, expected) in [
            ("$KEY", "value"),
            ("a $KEY-${KEY}b", "a value-valueb"),
            ("$KEY_2", "$KEY"),
            ("${lower} $lower", "low $lower"),
            ("$$KEY $$ $", "$KEY $ $"),
            ("$$$KEY", "$value"),
            ("costs $5, ${} ${KEY", "costs $5, ${} ${KEY"),
            ("é$KEYé", "évalueé"),
            ("no dollar", "no dollar"),
        ] {
            assert_eq!(expand(text, &env).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn missing_and_empty_variables_are_named_with_their_path() {
        let mut value = json!({
            "Providers": [{"api_key": "$KEY"}, {"transformer": {"use": [["a", {"b c": "$NONE ${EMPTY}"}]]}}],
            "Router": {"default": "$GONE"},
        });
        let unset = interpolate(&mut value, &env).unset;
        let found: Vec<_> =
            unset.iter().map(|unset| (unset.path.as_str(), unset.variable.as_str(), unset.provider)).collect();
        let within = r#"Providers[1].transformer.use[0][1]["b c"]"#;
        assert_eq!(found, [(within, "NONE", Some(1)), (within, "EMPTY", Some(1)), ("Router.default", "GONE", None)]);
        assert_eq!(value["Providers"][0]["api_key"], "value");
        assert_eq!(value["Router"]["default"], "$GONE");
    }
}
