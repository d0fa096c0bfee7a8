//! A provider's `transformer`: the lists for all its models and for single ones.

use serde_json::{Map, Value};

use crate::config::{
    Options, Provider, TransformerUse,
    reader::{Node, Table},
    spelling::{nearest, same_name},
};

/// `{use: [...], "<model>": {use: [...]}}`, or the list alone.
pub(super) fn transformers(table: &Table<'_>, provider: &mut Provider) {
    let Some(node) = table.get(&["transformer", "transformers"]) else {
        return;
    };
    let Value::Object(_) = node.value else {
        provider.transformers = uses(&node);
        provider.uses_given = true;
        return;
    };
    for (key, entry) in node.table().map(|table| table.entries()).unwrap_or_default() {
        if entry.value.is_null() {
            continue;
        }
        if key == "use" {
            provider.transformers = uses(&entry);
            provider.uses_given = true;
            continue;
        }
        let known = provider.models.iter().any(|model| same_name(model, key));
        if !known && !provider.models.is_empty() {
            let near = nearest(key, provider.models.iter().map(|model| &**model).chain(["use"]))
                .map_or("use", |(name, _)| name);
            entry.warning(
                format!("provider `{}` lists no model `{key}`", provider.name),
                format!("the nearest name is `{near}`"),
            );
        }
        provider.per_model.push((key.into(), model_uses(&entry)));
    }
}

fn model_uses(node: &Node<'_>) -> Vec<TransformerUse> {
    let Value::Object(_) = node.value else {
        return uses(node);
    };
    let Some(table) = node.table() else {
        return Vec::new();
    };
    let list = table.get(&["use"]).map(|node| uses(&node)).unwrap_or_default();
    table.finish();
    list
}

pub(super) fn uses(node: &Node<'_>) -> Vec<TransformerUse> {
    node.one_or_many().iter().filter_map(transformer_use).collect()
}

/// `"name"`, `["name", {options}]` or `{name, options}`.
fn transformer_use(node: &Node<'_>) -> Option<TransformerUse> {
    let (name, options) = match node.value {
        Value::Array(_) => {
            let mut parts = node.items()?.into_iter();
            let (name, options, more) = (parts.next(), parts.next(), parts.next());
            if let Some(more) = more {
                more.error("does not belong here", "an entry is a name, or `[\"name\", {options}]`");
            }
            (name, options)
        }
        Value::Object(_) => {
            let table = node.table()?;
            let parts = (table.get(&["name"]), table.get(&["options"]));
            table.finish();
            parts
        }
        _ => (Some(node.clone()), None),
    };
    let Some(name) = name else {
        node.error("names no transformer", "write `\"name\"` or `[\"name\", {options}]`");
        return None;
    };
    let options = match options.filter(|node| !node.value.is_null()) {
        Some(node) => node.table().map(|_| node.options())?,
        None => Options::new(Value::Object(Map::new())),
    };
    let text = name.text()?;
    if text.is_empty() {
        name.error("names no transformer", "write its name, or remove the entry");
        return None;
    }
    Some(TransformerUse { name: text.to_owned(), options, path: node.path.clone() })
}
