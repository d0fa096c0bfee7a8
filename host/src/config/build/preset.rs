//! What a provider does not say and a preset knows.
//!
//! A preset is meant by `preset`, or by `name` where no address is written: a file that names an address says all that
//! claude-code-router asked for, and keeps its meaning. Everything written goes before the preset, key by key. A provider that
//! is known by its address alone gets limits and the protocol's quirks, nothing else.

use serde_json::{Map, Value};

use super::transformers;
use crate::config::{
    Env, ModelLimits, Options, PresetUse, Provider, ProviderKey,
    presets::{self, Preset},
    reader::{Node, Reader, Table},
};

/// The names under which an address is written.
pub(super) const ADDRESS: [&str; 4] = ["api_base_url", "base_url", "HOST", "url"];

/// The preset that the file means, if it means one.
pub(super) fn meant(table: &Table<'_>, name: &str) -> Option<&'static Preset> {
    if let Some(node) = table.get(&["preset"]) {
        let text = node.filled_text()?;
        let preset = presets::named(text);
        if preset.is_none() {
            let hint = match presets::nearest_name(text) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`ccr providers` lists them".to_owned(),
            };
            node.error(format!("there is no preset `{text}`"), hint);
        }
        return preset;
    }
    let silent = ADDRESS.iter().all(|key| !table.gives(key)) && !table.gives("capabilities");
    presets::named(name).filter(|_| silent)
}

/// Lays the rest of a preset under what was read: everything but the address and the protocol, which are chosen before.
pub(super) fn fill(preset: &'static Preset, table: &Table<'_>, provider: &mut Provider, env: Env<'_>) {
    let mut filled = Vec::new();
    if ADDRESS.iter().all(|key| !table.gives(key)) && preset.url.is_some() {
        filled.push(provider.base_url.to_string());
    }
    if !table.gives("type") {
        filled.push(format!("protocol {}", preset.protocol));
    }
    if provider.transformers.is_empty() && !provider.uses_given && !preset.transformers.is_empty() {
        provider.transformers = uses(preset, &table.node);
        let names: Vec<&str> = provider.transformers.iter().map(|entry| entry.name.as_str()).collect();
        filled.push(format!("transformers {}", names.join(" ")));
    }
    if !table.gives("models") && !preset.models.is_empty() {
        provider.models = preset.models.iter().map(|model| model.name.as_str().into()).collect();
        filled.push(format!("{} models", provider.models.len()));
    }
    if !["api_key", "credentials"].iter().any(|key| table.gives(key)) {
        filled.extend(key(preset, table, provider, env));
    }
    quirks(preset, provider, filled, &preset.named_options);
}

/// What holds for a provider that is known by its address alone: limits, and options that do no harm.
pub(super) fn by_address(preset: &'static Preset, provider: &mut Provider) {
    quirks(preset, provider, Vec::new(), &Map::new());
}

/// A preset's limits and the options of its protocol; `filled` is what it gave besides.
fn quirks(preset: &'static Preset, provider: &mut Provider, mut filled: Vec<String>, more: &Map<String, Value>) {
    for model in &preset.models {
        let limits = provider.limits_mut(&model.name);
        limits.context_window = limits.context_window.or(model.context);
        limits.max_output_tokens = limits.max_output_tokens.or(model.output);
    }
    let options: Map<String, Value> =
        preset.options.iter().chain(more).map(|(name, value)| (name.clone(), value.clone())).collect();
    if !options.is_empty() {
        let names: Vec<&str> = options.keys().map(String::as_str).collect();
        filled.push(format!("options {}", names.join(" ")));
    }
    let options = Options::new(Value::Object(options));
    provider.preset = Some(PresetUse { name: &preset.name, protocol: &preset.protocol, options, filled });
}

fn uses(preset: &Preset, node: &Node<'_>) -> Vec<crate::config::TransformerUse> {
    let list = Value::Array(preset.transformers.clone());
    // The table is read as a file's list would be; what is wrong in it fails a test.
    let reader = Reader::new(String::new(), Vec::new());
    let mut uses = transformers::uses(&Node { reader: &reader, value: &list, path: node.path.clone() });
    for entry in &mut uses {
        entry.path.clone_from(&node.path);
    }
    uses
}

/// The key from the environment. It goes to the provider's own host only, wherever the file sends the requests.
fn key(preset: &Preset, table: &Table<'_>, provider: &mut Provider, env: Env<'_>) -> Option<String> {
    let own_host = preset.url.is_none() || preset.has_host_of(provider.base_url.expose());
    if !own_host || provider.unavailable.is_some() {
        return None;
    }
    let found = preset.key.iter().find_map(|name| Some((name, env(name).filter(|value| !value.trim().is_empty())?)));
    if let Some((name, value)) = found {
        provider.keys = vec![ProviderKey::alone("1".to_owned(), table.node.reader.secret(value.trim()))];
        return Some(format!("key of {name}"));
    }
    let wanted = preset.key.first().filter(|_| !preset.key_optional)?;
    // The key may stand in a header.
    if ["headers", "extraHeaders"].iter().any(|key| table.gives(key)) {
        return None;
    }
    let message = format!(
        "there is no `api_key`, and the environment variable {wanted} is not set, so provider `{}` is unavailable",
        provider.name
    );
    table.node.warning(message, format!("set {wanted} before the start, or add `api_key`"));
    provider.unavailable = Some(format!("it has no `api_key`, and the environment variable {wanted} is not set"));
    None
}

/// `modelMetadata`: per model, `contextWindow`, `maxOutputTokens` and `pricing`. What else is in it says nothing to the gateway.
pub(super) fn metadata(node: &Node<'_>, provider: &mut Provider) {
    for (model, entry) in node.table().map(|table| table.entries()).unwrap_or_default() {
        if entry.value.is_null() {
            continue;
        }
        let Some(table) = entry.table() else { continue };
        let tokens = |names: &[&'static str]| {
            table.get(names).and_then(|node| node.number(0..=u64::MAX)).filter(|number| *number > 0)
        };
        let context_window = tokens(&["contextWindow"]);
        let max_output_tokens = tokens(&["maxOutputTokens", "outputTokens"]);
        if let Some(price) = table.get(&["pricing"]).and_then(|node| price(&node)) {
            provider.prices.push((model.into(), price));
        }
        *provider.limits_mut(model) = ModelLimits { context_window, max_output_tokens };
    }
}

/// claude-code-router 3's `pricing`, as one figure. An agent's requests are read far more than they are answered; three parts of
/// input to one of output is how prices of models are usually compared.
fn price(node: &Node<'_>) -> Option<f64> {
    let table = node.table()?;
    let dollars = |names: &[&'static str]| table.get(names).and_then(|node| number(&node));
    let input = dollars(&["inputUsdPerMillionTokens"]);
    let output = dollars(&["outputUsdPerMillionTokens"]);
    match (input, output) {
        (Some(input), Some(output)) => Some((3.0 * input + output) / 4.0),
        (one, other) => one.or(other),
    }
}

/// A price.
pub(super) fn number(node: &Node<'_>) -> Option<f64> {
    let price = node.value.as_f64().or_else(|| node.value.as_str()?.trim().parse().ok());
    let price = price.filter(|price| price.is_finite() && *price >= 0.0);
    if price.is_none() && !node.is_unset() {
        node.error("is not a price", "write a number, as in `2.5`");
    }
    price
}
