//! Well-known providers: what they need to be told, so that a name and a key are enough.
//!
//! The table is data, `table.json` beside this file; each entry says in `note` why it has what it has. Base URLs, key variables
//! and models' limits are those of the providers' own documentation, as gathered by models.dev (July 2026). What is taken from an
//! entry, and when, is decided in `build/preset.rs`.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;

use super::spelling::{nearest, same_key};

/// One well-known provider.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    /// What the config calls it.
    pub name: String,
    /// Other names for it.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Its base URL; none where every customer has an own one.
    pub url: Option<String>,
    /// How the base URL looks where there is none.
    pub url_hint: Option<String>,
    /// The protocol's name.
    pub protocol: String,
    /// Environment variables that may hold its key; the first that is set counts.
    #[serde(default)]
    pub key: Vec<String>,
    /// It can be used without a key.
    #[serde(default)]
    pub key_optional: bool,
    /// Entries of a `use` list: `"name"` or `["name", {options}]`.
    #[serde(default)]
    pub transformers: Vec<Value>,
    /// Options of the protocol: only such as keep requests from being refused, never such as change what they mean, since
    /// they also hold for a provider that is known by its address alone.
    #[serde(default)]
    pub options: Map<String, Value>,
    /// Options of the protocol that hold only where the preset is meant.
    #[serde(default)]
    pub named_options: Map<String, Value>,
    /// The models that are offered unless the config lists some.
    #[serde(default)]
    pub models: Vec<PresetModel>,
    /// Why it has what it has, or what a user should know.
    pub note: Option<String>,
}

/// A model and its documented limits, in tokens.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PresetModel {
    /// As the provider calls it.
    pub name: String,
    /// Input and output together.
    pub context: Option<u64>,
    /// Output alone.
    pub output: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    /// claude-code-router's names of formats, and the protocols that speak them.
    types: Map<String, Value>,
    presets: Vec<Preset>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    serde_json::from_str(include_str!("table.json")).expect("a file of this crate, read in its tests")
});

/// All presets, in the table's order.
pub fn all() -> &'static [Preset] {
    &TABLE.presets
}

/// The preset of this name, in any spelling.
pub(super) fn named(name: &str) -> Option<&'static Preset> {
    all().iter().find(|preset| preset.names().any(|known| same_key(known, name)))
}

/// The name that was probably meant.
pub(super) fn nearest_name(name: &str) -> Option<&'static str> {
    nearest(name, all().iter().flat_map(Preset::names)).filter(|(_, near)| *near).map(|(name, _)| name)
}

/// The preset that an address belongs to. Several may share a host: the one whose path has the most segments in common counts.
pub(super) fn at(url: &Url) -> Option<&'static Preset> {
    let same_host = all().iter().filter(|preset| preset.has_host_of(url));
    // Backwards, since the last of equals counts and the table has a provider's main endpoint first.
    same_host.rev().max_by_key(|preset| preset.base_url().map_or(0, |own| common_segments(&own, url)))
}

fn common_segments(a: &Url, b: &Url) -> usize {
    let segments =
        |url: &Url| url.path().split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    segments(a).iter().zip(&segments(b)).take_while(|(a, b)| a == b).count()
}

/// The protocol that a `type` means: claude-code-router's names of formats have others here, all else is the name itself.
pub(super) fn protocol_of_type(written: &str) -> &str {
    let known = TABLE.types.iter().find(|(name, _)| same_key(name, written));
    known.and_then(|(_, protocol)| protocol.as_str()).unwrap_or(written)
}

/// Whether a format of claude-code-router's `capabilities` is served.
pub(super) fn serves_type(written: &str) -> bool {
    protocol_of_type(written) != written || protocols().any(|protocol| same_key(protocol, written))
}

/// The protocols that presets and types name, each once.
pub fn protocols() -> impl Iterator<Item = &'static str> {
    let mut seen = Vec::new();
    let of_types = TABLE.types.values().filter_map(Value::as_str);
    of_types.chain(all().iter().map(|preset| &*preset.protocol)).filter(move |&protocol| {
        let new = !seen.contains(&protocol);
        seen.push(protocol);
        new
    })
}

/// The names that a `type` may have, besides those of components.
pub fn types() -> impl Iterator<Item = &'static str> {
    TABLE.types.keys().map(String::as_str)
}

impl Preset {
    fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&*self.name).chain(self.aliases.iter().map(String::as_str))
    }

    /// Its base URL, parsed.
    pub(super) fn base_url(&self) -> Option<Url> {
        Url::parse(self.url.as_deref()?).ok()
    }

    /// Whether an address is on this provider's host. Only there may a key from the environment be sent.
    pub(super) fn has_host_of(&self, url: &Url) -> bool {
        let place = |url: &Url| (url.host_str().map(loopback_by_number), url.port_or_known_default());
        self.base_url().is_some_and(|own| own.scheme() == url.scheme() && place(&own) == place(url))
    }
}

/// The two usual ways to write this machine are one.
fn loopback_by_number(host: &str) -> String {
    if host.eq_ignore_ascii_case("localhost") { "127.0.0.1".to_owned() } else { host.to_owned() }
}

#[cfg(test)]
mod tests;
