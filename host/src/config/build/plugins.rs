//! `plugins`: what the operator says about each plugin: options, limits, grants.

use std::collections::BTreeMap;

use super::{Places, options};
use crate::config::{
    FailMode, Grants, HostPort, PluginSettings, PluginTimeouts, Secret,
    reader::{Node, Table},
};

pub(super) fn plugins(node: &Node<'_>, places: &Places<'_>) -> Vec<PluginSettings> {
    let mut plugins: Vec<PluginSettings> = Vec::new();
    for item in node.items().unwrap_or_default() {
        let Some(plugin) = plugin(&item, places) else {
            continue;
        };
        if plugins.iter().any(|known| known.name.eq_ignore_ascii_case(&plugin.name)) {
            item.error(format!("plugin `{}` has two entries", plugin.name), "merge them into one");
        }
        plugins.push(plugin);
    }
    plugins
}

fn plugin(node: &Node<'_>, places: &Places<'_>) -> Option<PluginSettings> {
    let table = node.table()?;
    let name = table.get(&["name", "id"]).and_then(|node| node.filled_text());
    if name.is_none() {
        node.error("the entry has no `name`", "add `name`, the plugin's own name as `/api/plugins` shows it");
    }
    let settings = PluginSettings {
        name: name.unwrap_or_default().to_owned(),
        path: table.get(&["path"]).and_then(|node| node.filled_text()).map(|text| places.resolve(text)),
        at: node.path.clone(),
        enabled: table.get(&["enabled"]).and_then(|node| node.boolean()).unwrap_or(true),
        options: options(&table),
        memory: table.get(&["memory_mb"]).and_then(|node| memory(&node)),
        timeouts: table.get(&["timeouts"]).and_then(|node| timeouts(&node)).unwrap_or_default(),
        grants: table.get(&["grants"]).and_then(|node| grants(&node)).unwrap_or_default(),
        fail: table.get(&["fail"]).and_then(|node| fail(&node)),
    };
    table.finish();
    name.map(|_| settings)
}

fn memory(node: &Node<'_>) -> Option<u64> {
    /// What the host's pool reserves for an instance (`plugins::engine::MAX_MEMORY`).
    const MOST: u64 = 512;
    node.number(1..=MOST).map(|megabytes| megabytes << 20)
}

fn timeouts(node: &Node<'_>) -> Option<PluginTimeouts> {
    let table = node.table()?;
    let read = |name| table.get(&[name]).and_then(|node| node.milliseconds());
    let timeouts = PluginTimeouts {
        request: read("request_ms"),
        events: read("events_ms"),
        init: read("init_ms"),
        tool: read("tool_ms"),
    };
    table.finish();
    Some(timeouts)
}

fn grants(node: &Node<'_>) -> Option<Grants> {
    let table = node.table()?;
    let flag = |name| table.get(&[name]).and_then(|node| node.boolean()).unwrap_or_default();
    let hosts = table.get(&["http"]).map(|node| node.one_or_many()).unwrap_or_default();
    let grants = Grants {
        http: hosts.iter().filter_map(host).collect(),
        private_network: flag("private_network"),
        kv: flag("kv"),
        model: flag("model"),
        secrets: table.get(&["secrets"]).and_then(|node| node.table()).map(|table| secrets(&table)).unwrap_or_default(),
    };
    table.finish();
    Some(grants)
}

fn secrets(table: &Table<'_>) -> BTreeMap<String, Secret> {
    let mut secrets = BTreeMap::new();
    for (name, node) in table.entries() {
        // Plugins write the name into URLs, where other characters would not stay as they are.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if !name.bytes().all(plain) {
            node.error("has a name that no plugin can use", "name secrets with letters, digits, `_` and `-`");
        } else if let Some(secret) = node.secret() {
            secrets.insert(name.to_owned(), secret);
        }
    }
    secrets
}

fn host(node: &Node<'_>) -> Option<HostPort> {
    let host = HostPort::parse(node.filled_text()?);
    if host.is_none() {
        node.error(
            "is not a host",
            "write one exact name, as in `api.example.com` or `api.example.com:8443`, or for one without TLS \
             `http://localhost:8888`; there are no wildcards",
        );
    }
    host
}

fn fail(node: &Node<'_>) -> Option<FailMode> {
    match node.filled_text()? {
        "open" => Some(FailMode::Open),
        "closed" => Some(FailMode::Closed),
        _ => {
            node.error("must be `open` or `closed`", "`open` goes on without the plugin, `closed` refuses the request");
            None
        }
    }
}
