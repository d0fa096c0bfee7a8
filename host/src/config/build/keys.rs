//! A provider's keys: one, several, or a pool.

use super::failover::limits;
use crate::config::{
    Provider, ProviderKey, Secret,
    model::is_loopback,
    reader::{Node, Table},
};

pub(super) fn keys(table: &Table<'_>) -> Vec<ProviderKey> {
    let mut keys = Vec::new();
    for name in ["api_key", "credentials"] {
        let entries =
            table.get(&[name]).map(|node| if node.value.is_object() { vec![node] } else { node.one_or_many() });
        for entry in entries.iter().flatten() {
            let id = (keys.len() + 1).to_string();
            keys.extend(key(entry, id));
        }
    }
    keys
}

/// A key alone, or an object of a key pool. An empty key is how one says that none is needed.
fn key(node: &Node<'_>, id: String) -> Option<ProviderKey> {
    let simple = |secret| ProviderKey::alone(id, secret);
    if !node.value.is_object() || is_credentials(node) {
        return secret(node).map(simple);
    }
    let table = node.table()?;
    let secret = table.get(&["api_key", "key"]).and_then(|node| secret(&node));
    let names = [table.get(&["id"]), table.get(&["name"])];
    let number = |name| {
        table
            .get(&[name])
            .and_then(|node| node.number(0..=u64::from(u32::MAX)))
            .and_then(|number| u32::try_from(number).ok())
    };
    let priority = number("priority").unwrap_or(0);
    let weight = number("weight").unwrap_or(1);
    let enabled = table.get(&["enabled"]).and_then(|node| node.boolean()).unwrap_or(true);
    let limits = table.get(&["limits"]).map(|node| limits(&node)).unwrap_or_default();
    table.finish();
    let key = simple(secret?);
    let id = names.iter().flatten().find_map(Node::filled_text).map_or(key.id, str::to_owned);
    Some(ProviderKey { id, enabled, priority, weight, limits, ..key })
}

/// A file of credentials, such as Google's for a service account, may stand in the config as the object that it is.
fn is_credentials(node: &Node<'_>) -> bool {
    ["private_key", "refresh_token"].iter().any(|name| node.value.get(name).is_some())
}

/// A key, or credentials as their text.
fn secret(node: &Node<'_>) -> Option<Secret> {
    if !is_credentials(node) {
        return node.secret();
    }
    for name in ["private_key", "refresh_token", "client_secret"] {
        if let Some(part) = node.value.get(name).and_then(|value| value.as_str()) {
            node.reader.secret(part);
        }
    }
    Some(node.reader.secret(&node.value.to_string()))
}

/// Local servers need no key; one on the internet without `api_key` at all is most likely forgotten.
pub(super) fn warn_of_missing_key(table: &Table<'_>, provider: &Provider) {
    let remote = provider.base_url.scheme() == "https" && !provider.base_url.host_str().is_some_and(is_loopback);
    let silent =
        ["api_key", "credentials", "headers"].iter().all(|name| !table.has(name)) && !table.has("extraHeaders");
    if provider.unavailable.is_none() && remote && silent && provider.keys.is_empty() {
        table.node.warning("the provider has no `api_key`", "add `api_key`, or `api_key: \"\"` if it needs none");
    }
}
