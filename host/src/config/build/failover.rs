//! `Router.fallback`, `Router.aliases`, and the `limits` of keys.

use std::time::Duration;

use super::preset;
use super::router::reference;
use crate::config::{
    Alias, Counted, Failover, KeyLimit, Member, ModelRef, Strategy,
    provider::Provider,
    reader::{Node, Table},
    spelling::same_name,
};

/// `Router.fallback`, with claude-code-router 3's keys and ours, key by key over `base`.
pub(super) fn failover(node: &Node<'_>, providers: &[Provider], base: &Failover) -> Failover {
    let mut failover = base.clone();
    let Some(table) = node.table() else {
        return failover;
    };
    retries_and_models(&table, providers, &mut failover);
    let time = |name: &'static str, value: &mut Duration| {
        if let Some(given) = table.get(&[name]).and_then(|node| node.milliseconds()) {
            *value = given;
        }
    };
    time("backoffMs", &mut failover.backoff);
    time("maxBackoffMs", &mut failover.longest_backoff);
    time("maxRetryAfterMs", &mut failover.longest_wait);
    time("cooldownMs", &mut failover.cooldown);
    time("breakerRestMs", &mut failover.breaker_rest);
    if let Some(silence) = table.get(&["hedgeMs"]).and_then(|node| node.milliseconds()) {
        failover.hedge = Some(silence);
    }
    number(&table, "maxAttempts", 1..=1000, &mut failover.attempts);
    number(&table, "breakerFailures", 0..=1_000_000, &mut failover.breaker_failures);
    percent(&table, "retryPercent", 0, &mut failover.retry_share);
    percent(&table, "spillOverPercent", 1, &mut failover.spill_over);
    if let Some(statuses) = table.get(&["statuses"]) {
        let status = |node: &Node<'_>| node.number(400..=599).and_then(|number| u16::try_from(number).ok());
        failover.statuses = statuses.one_or_many().iter().filter_map(status).collect();
    }
    table.finish();
    failover
}

/// `retryCount`, of the router's fallback or of a rule's.
pub(super) fn retry_count(table: &Table<'_>) -> Option<u32> {
    /// Enough to sit out an outage; each pause is half a minute by then.
    const MOST_RETRIES: u64 = 9999;
    let count = table.get(&["retryCount"]).and_then(|node| node.number(0..=MOST_RETRIES))?;
    u32::try_from(count).ok()
}

/// `mode` says which of the two others count. Without it, whatever is written counts.
fn retries_and_models(table: &Table<'_>, providers: &[Provider], failover: &mut Failover) {
    let mode = table.get(&["mode"]);
    let (retries, chain) = match mode.as_ref().map(|node| (node, node.filled_text().unwrap_or_default())) {
        None => (true, true),
        Some((_, "off")) => (false, false),
        Some((_, "retry")) => (true, false),
        Some((_, "model-chain")) => (false, true),
        Some((node, _)) => {
            node.error("is not a mode", "write `off`, `retry` or `model-chain`");
            (false, false)
        }
    };
    if let Some(models) = table.get(&["models"]) {
        failover.models = models.one_or_many().iter().filter_map(|node| reference(node, providers)).collect();
    }
    if !chain {
        failover.models.clear();
    }
    let count = retry_count(table);
    failover.retries = match (retries, mode) {
        (false, _) => 0,
        // claude-code-router 3 retries once where only the mode is written.
        (true, Some(_)) => count.unwrap_or(failover.retries.max(1)),
        (true, None) => count.unwrap_or(failover.retries),
    };
}

/// A percentage, kept in thousandths.
fn percent(table: &Table<'_>, name: &'static str, least: u64, value: &mut u32) {
    if let Some(percent) = table.get(&[name]).and_then(|node| node.number(least..=100)) {
        *value = u32::try_from(percent * 10).unwrap_or(*value);
    }
}

fn number(table: &Table<'_>, name: &'static str, range: std::ops::RangeInclusive<u64>, value: &mut u32) {
    let given = table.get(&[name]).and_then(|node| node.number(range)).and_then(|number| u32::try_from(number).ok());
    if let Some(given) = given {
        *value = given;
    }
}

/// Puts each alias of `Router.aliases` behind the providers, as one that has no address but members: so it can be named wherever a
/// target can.
pub(super) fn add_aliases(router: &Node<'_>, providers: &mut Vec<Provider>) {
    let node = router.table().and_then(|table| table.get(&["aliases"]));
    let entries = node.as_ref().and_then(Node::table).map(|table| table.entries()).unwrap_or_default();
    let real = providers.len();
    for (name, node) in entries {
        let known = &providers[..real];
        if name.trim().is_empty() || name.contains(',') {
            node.error("an alias's name must not be empty nor contain a comma", "choose another name");
        } else if known.iter().any(|provider| same_name(&provider.name, name.trim())) {
            node.error("a provider has this name", "choose another name for the alias");
        } else if let Some(alias) = alias(&node, known) {
            let named = Provider::named(name.trim());
            let unavailable = Some("it is an alias, which is replaced by its members".to_owned());
            providers.push(Provider { path: node.path.clone(), alias: Some(alias), unavailable, ..named });
        }
    }
}

/// A list of members, or an object of `targets` and `strategy`.
fn alias(node: &Node<'_>, providers: &[Provider]) -> Option<Alias> {
    let table = if node.value.is_object() { node.table() } else { None };
    let strategy = table.as_ref().and_then(|table| table.get(&["strategy"]));
    let strategy = strategy.map_or(Some(Strategy::default()), |node| strategy_of(&node))?;
    let list = match &table {
        Some(table) => table.get(&["targets", "members", "models"]).map(|node| node.one_or_many()).unwrap_or_default(),
        None => node.one_or_many(),
    };
    table.into_iter().for_each(Table::finish);
    let members: Vec<Member> = list.iter().filter_map(|node| member(node, providers)).collect();
    if members.is_empty() {
        // What is wrong with single members has been said.
        if list.is_empty() {
            node.error("the alias has no targets", "list them in `targets`, as in `[\"provider,model\"]`");
        }
        return None;
    }
    Some(Alias { strategy, members })
}

fn strategy_of(node: &Node<'_>) -> Option<Strategy> {
    let text = node.filled_text()?;
    let found = Strategy::ALL.into_iter().find(|strategy| same_name(strategy.as_str(), text));
    if found.is_none() {
        let names = Strategy::ALL.map(|strategy| format!("`{}`", strategy.as_str())).join(", ");
        node.error(format!("`{text}` is not a strategy"), format!("the strategies are {names}"));
    }
    found
}

fn member(node: &Node<'_>, providers: &[Provider]) -> Option<Member> {
    let known = |target: &ModelRef| providers.get(target.provider)?.model_price(&target.model);
    if !node.value.is_object() {
        let target = reference(node, providers)?;
        return Some(Member { price: known(&target), target, weight: 1, priority: 0 });
    }
    let table = node.table()?;
    let target = table.get(&["target", "model"]);
    let (mut weight, mut priority) = (1, 0);
    number(&table, "weight", 1..=u64::from(u32::MAX), &mut weight);
    number(&table, "priority", 0..=u64::from(u32::MAX), &mut priority);
    let price = table.get(&["price"]).and_then(|node| preset::number(&node));
    table.finish();
    let Some(target) = target else {
        node.error("has no `target`", "add `target`, as in `provider,model`");
        return None;
    };
    let target = reference(&target, providers)?;
    Some(Member { price: price.or_else(|| known(&target)), target, weight, priority })
}

/// The `limits` of a key.
pub(super) fn limits(node: &Node<'_>) -> Vec<KeyLimit> {
    const MINUTE: Duration = Duration::from_secs(60);
    const HOUR: Duration = Duration::from_secs(60 * 60);
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    const WINDOWS: [(&str, Counted, Duration); 9] = [
        ("rpm", Counted::Requests, MINUTE),
        ("rph", Counted::Requests, HOUR),
        ("rpd", Counted::Requests, DAY),
        ("tpm", Counted::Tokens, MINUTE),
        ("tph", Counted::Tokens, HOUR),
        ("tpd", Counted::Tokens, DAY),
        ("ipm", Counted::Images, MINUTE),
        ("iph", Counted::Images, HOUR),
        ("ipd", Counted::Images, DAY),
    ];
    let Some(table) = node.table() else { return Vec::new() };
    let most = |name| table.get(&[name]).and_then(|node| node.number(1..=u64::MAX));
    let fixed =
        WINDOWS.iter().filter_map(|&(name, counts, window)| Some(KeyLimit { counts, most: most(name)?, window }));
    let mut limits: Vec<KeyLimit> = fixed.collect();
    for (name, window_name, counts) in
        [("maxRequests", "windowMs", Counted::Requests), ("maxTokens", "quotaWindowMs", Counted::Tokens)]
    {
        let window = table.get(&[window_name]).and_then(|node| long_window(&node));
        if let Some(most) = most(name) {
            limits.push(KeyLimit { counts, most, window: window.unwrap_or(MINUTE) });
        }
    }
    table.finish();
    limits
}

/// Quotas may be counted by the month.
fn long_window(node: &Node<'_>) -> Option<Duration> {
    const LONGEST: u64 = 366 * 24 * 60 * 60 * 1000;
    node.number(1..=LONGEST).map(Duration::from_millis)
}
