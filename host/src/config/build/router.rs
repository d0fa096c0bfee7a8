//! `Router` and `fallback`: scenarios, and references to models resolved to providers.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{failover, rules};
use crate::config::{
    Effort, RouterConfig, Scenario,
    names::{Found, look_up, nearest_provider},
    provider::{ModelRef, Provider},
    reader::{Node, Table},
    spelling::{nearest, same_name},
};

/// A router as it is written, key by key over `base`.
pub(crate) fn router(node: &Node<'_>, providers: &[Provider], base: &RouterConfig) -> RouterConfig {
    let mut router = base.clone();
    let Some(table) = node.table() else {
        return router;
    };
    let mut targets = BTreeMap::new();
    // Some of claude-code-router's documents put the scenarios one level deeper.
    let nested = table.get(&["routes"]).and_then(|node| node.table());
    for part in [Some(&table), nested.as_ref()].into_iter().flatten() {
        for scenario in Scenario::ALL {
            if let Some(target) = part.get(&[scenario.as_str()]).and_then(|node| reference(&node, providers)) {
                targets.entry(scenario).or_insert(target);
            }
        }
        if let Some(threshold) = part.get(&["longContextThreshold"]).and_then(|node| node.number(0..=u64::MAX)) {
            router.long_context_threshold = threshold;
        }
        if let Some(effort) = part.get(&["thinkEffort"]).and_then(|node| effort(&node)) {
            router.think_effort = effort;
        }
    }
    router.targets.extend(targets);
    if let Some(node) = table.get(&["rules"]) {
        router.rules = rules::rules(&node, providers);
    }
    if let Some(node) = table.get(&["fallback"]) {
        router.failover = Arc::new(failover::failover(&node, providers, &base.failover));
    }
    if let Some(on) = table.get(&["builtInRules"]).and_then(|node| built_in_rules(&node)) {
        router.subagent_tags = on;
    }
    // Read where the rest of what it is about is read.
    table.get(&["aliases"]);
    table.finish();
    nested.into_iter().for_each(Table::finish);
    router
}

fn effort(node: &Node<'_>) -> Option<Effort> {
    let text = node.filled_text()?;
    let effort = Effort::by_name(text);
    if effort.is_none() {
        let names = Effort::ALL.map(|effort| format!("`{}`", effort.as_str())).join(", ");
        node.error(format!("`{text}` is not an effort"), format!("the efforts are {names}"));
    }
    effort
}

/// claude-code-router 3's switches for what it does by itself for an agent: `claude-code` obeys the tags of subagents; `codex`
/// is about its profiles, of which there are none here, so that switching it on or off comes to the same.
fn built_in_rules(node: &Node<'_>) -> Option<bool> {
    let table = node.table()?;
    let switch = |node: Node<'_>| {
        if !node.value.is_object() {
            return node.boolean();
        }
        let table = node.table()?;
        let enabled = table.get(&["enabled"]).and_then(|node| node.boolean());
        table.finish();
        enabled
    };
    let claude_code = table.get(&["claude-code"]).and_then(switch);
    table.get(&["codex"]).and_then(switch);
    table.finish();
    claude_code
}

pub(super) fn fallback(node: &Node<'_>, providers: &[Provider]) -> BTreeMap<Scenario, Vec<ModelRef>> {
    let mut lists = BTreeMap::new();
    let Some(table) = node.table() else {
        return lists;
    };
    for scenario in Scenario::ALL {
        let Some(list) = table.get(&[scenario.as_str()]) else {
            continue;
        };
        let mut targets: Vec<ModelRef> = Vec::new();
        for item in list.one_or_many() {
            match reference(&item, providers) {
                Some(target) if targets.contains(&target) => {
                    item.warning("is in the list already", "remove it: a target is tried once")
                }
                Some(target) => targets.push(target),
                None => {}
            }
        }
        if !targets.is_empty() {
            lists.insert(scenario, targets);
        }
    }
    table.finish();
    lists
}

/// Resolves `provider,model`. What cannot be resolved is an error; an unlisted model is not, since lists age.
pub(super) fn reference(node: &Node<'_>, providers: &[Provider]) -> Option<ModelRef> {
    let text = node.filled_text()?;
    match look_up(providers, text) {
        Found::Model { target, listed } => {
            if !listed {
                warn_of_unlisted(node, &target, providers);
            }
            Some(target)
        }
        Found::NoModel => {
            node.error(format!("`{text}` names a provider but no model"), "write `provider,model`");
            None
        }
        Found::UnknownProvider(name) => {
            let hint = match nearest_provider(providers, name) {
                Some(near) => format!("did you mean `{near}`?"),
                None => known(providers),
            };
            node.error(format!("there is no provider `{name}`"), hint);
            None
        }
        Found::Bare => {
            node.error(format!("`{text}` does not say which provider"), complete(text, providers));
            None
        }
    }
}

fn warn_of_unlisted(node: &Node<'_>, target: &ModelRef, providers: &[Provider]) {
    let Some(provider) = providers.get(target.provider).filter(|provider| !provider.models.is_empty()) else {
        return;
    };
    let hint = match nearest(&target.model, provider.models.iter().map(|model| &**model)) {
        Some((name, true)) => format!("did you mean `{name}`? Otherwise add it to {}.models", provider.path),
        _ => format!("add it to {}.models", provider.path),
    };
    node.warning(format!("provider `{}` does not list the model `{}`", provider.name, target.model), hint);
}

/// How a model without a provider should be written.
fn complete(model: &str, providers: &[Provider]) -> String {
    let lists = |provider: &&Provider| provider.models.iter().any(|known| same_name(known, model));
    match providers.iter().find(lists) {
        Some(provider) => format!("write `{},{model}`", provider.name),
        None => format!("write `provider,model`; {}", known(providers)),
    }
}

fn known(providers: &[Provider]) -> String {
    /// Enough to recognise what was meant, and still one line.
    const SHOWN: usize = 8;
    if providers.is_empty() {
        return "add the provider to `Providers` first".to_owned();
    }
    let names: Vec<_> = providers.iter().take(SHOWN).map(|provider| format!("`{}`", provider.name)).collect();
    let more = if providers.len() > SHOWN { ", …" } else { "" };
    format!("the providers are {}{more}", names.join(", "))
}
