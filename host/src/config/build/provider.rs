//! `Providers`: names, addresses, models and headers in all their spellings; `keys` and `transformers` have files of their own.

use std::sync::Arc;

use http::{HeaderName, HeaderValue, header};
use serde_json::Value;
use url::Url;

use super::{Places, keys, preset, tokenizer, transformers};
use crate::config::{
    Options, Provider, SafeUrl,
    presets::{self, Preset},
    reader::{Node, Table},
};

pub(super) fn providers(node: &Node<'_>, places: &Places<'_>) -> Vec<Provider> {
    let items = node.items().unwrap_or_default();
    items.iter().enumerate().filter_map(|(index, item)| provider(item, index, places)).collect()
}

/// A provider with mistakes stays in the list, so that references to it are not reported as well.
fn provider(node: &Node<'_>, index: usize, places: &Places<'_>) -> Option<Provider> {
    let table = node.table()?;
    let name = name(&table);
    let mut provider = Provider { path: node.path.clone(), ..Provider::named(name.unwrap_or_default()) };
    let preset = preset::meant(&table, &provider.name);
    provider.unavailable = unavailable(&table, node, index, &provider.name);
    address(&table, preset, &mut provider);
    provider.keys = keys::keys(&table);
    if preset.is_none() || table.gives("models") {
        provider.models = models(&table);
    }
    transformers::transformers(&table, &mut provider);
    provider.headers = table.get(&["headers", "extraHeaders"]).map(|node| headers(&node)).unwrap_or_default();
    if let Some(node) = table.get(&["modelMetadata"]) {
        preset::metadata(&node, &mut provider);
    }
    match preset {
        Some(preset) => preset::fill(preset, &table, &mut provider, places.env),
        None => {
            if let Some(known) = presets::at(provider.base_url.expose()) {
                preset::by_address(known, &mut provider);
            }
        }
    }
    if preset.is_none_or(|preset| !preset.key_optional && !preset.key.is_empty()) {
        keys::warn_of_missing_key(&table, &provider);
    }
    provider.tokenizers =
        table.get(&["tokenizer"]).map(|node| tokenizer::tokenizers(&node, places)).unwrap_or_default();
    provider.extra_body = extra_body(&table);
    // Of claude-code-router 3, without an effect here.
    table.get(&["id"]);
    table.get(&["autoFetchModels"]);
    table.finish();
    Some(provider)
}

/// Where requests go and in which format: what is written, else the first of `capabilities` that is served, else the preset's.
fn address(table: &Table<'_>, preset: Option<&'static Preset>, provider: &mut Provider) {
    let written_type = table.get(&["type"]).and_then(|node| node.filled_text()).map(presets::protocol_of_type);
    let capability = table.get(&["capabilities"]).and_then(|node| capability(&node, written_type));
    let written_url = table.get(&preset::ADDRESS);
    let has_url = written_url.is_some();
    let url = match (written_url, &capability) {
        (Some(node), _) => base_url(&node),
        (None, Some(capability)) => base_url(&capability.url),
        (None, None) => preset.and_then(Preset::base_url).map(SafeUrl::new),
    };
    let said = provider.unavailable.is_some() || (preset.is_none() && table.gives("preset"));
    if url.is_none() && !has_url && capability.is_none() && !said {
        no_address(table, preset, &provider.name);
    }
    if let Some(url) = url {
        provider.base_url = url;
    }
    let of_capability = capability.filter(|_| !has_url).map(|capability| capability.protocol);
    let protocol = written_type.or(of_capability.as_deref()).or(preset.map(|preset| &*preset.protocol));
    provider.protocol = protocol.map(str::to_owned);
}

fn no_address(table: &Table<'_>, preset: Option<&Preset>, name: &str) {
    let example = preset.and_then(|preset| preset.url_hint.as_deref()).unwrap_or("https://api.example.com/v1");
    let hint = match presets::nearest_name(name).filter(|_| preset.is_none() && !name.is_empty()) {
        Some(near) => format!("did you mean the preset `{near}`? Otherwise add `api_base_url`, as in `{example}`"),
        None => format!("add `api_base_url`, as in `{example}`"),
    };
    let message = match table.gives("capabilities") {
        true => "the provider has no `api_base_url`, and none of its `capabilities` is in a format that is served",
        false => "the provider has no `api_base_url`",
    };
    table.node.error(message, hint);
}

/// An endpoint of `capabilities`.
struct Capability<'a> {
    url: Node<'a>,
    protocol: String,
}

/// The first endpoint whose format is served, and is the one that `type` names, if it names one. Formats of pictures and the like
/// are passed over.
fn capability<'a>(node: &Node<'a>, wanted: Option<&str>) -> Option<Capability<'a>> {
    let mut first = None;
    for item in node.items()? {
        let Some(table) = item.table() else { continue };
        let url = table.get(&["baseUrl"]);
        let written = table.get(&["type"]).and_then(|node| node.filled_text());
        let (Some(url), Some(written)) = (url, written) else {
            item.warning("is left out: it has no `type` or no `baseUrl`", "add what is missing, or remove the entry");
            continue;
        };
        let protocol = presets::protocol_of_type(written);
        if first.is_none() && presets::serves_type(written) && wanted.is_none_or(|wanted| wanted == protocol) {
            first = Some(Capability { url, protocol: protocol.to_owned() });
        }
    }
    first
}

/// `extraBody`: members of every request's body.
fn extra_body(table: &Table<'_>) -> Options {
    let Some(node) = table.get(&["extraBody"]).filter(|node| node.table().is_some()) else {
        return Options::default();
    };
    if node.value.get("stream").is_some() {
        node.error("`stream` is for the client to say", "remove it");
    }
    node.options()
}

fn name<'a>(table: &Table<'a>) -> Option<&'a str> {
    let node = table.get(&["name"]);
    let name = match &node {
        // A name with a missing variable is still a name to speak of.
        Some(node) if node.is_unset() => node.value.as_str(),
        Some(node) => node.text(),
        None => Some(""),
    }?;
    let node = node.as_ref().unwrap_or(&table.node);
    if name.is_empty() {
        node.error("the provider has no name", "add `name`; the router refers to it as `name,model`");
    }
    if name.contains(',') {
        node.error(
            "a provider's name must not contain a comma",
            "the comma ends the name in `provider,model`; choose another name",
        );
    }
    if name.chars().any(char::is_control) {
        node.error("a provider's name must not contain control characters", "choose another name");
    }
    Some(name)
}

/// Why the provider cannot be used although the file is in order.
fn unavailable(table: &Table<'_>, node: &Node<'_>, index: usize, name: &str) -> Option<String> {
    let reader = node.reader;
    let mut reason = None;
    for unset in reader.unset.iter().filter(|unset| unset.provider == Some(index)) {
        let message =
            format!("the environment variable {} is not set, so provider `{name}` is unavailable", unset.variable);
        reader.warning(
            &unset.path,
            message,
            format!("set {} before the start, or remove the provider", unset.variable),
        );
        reason
            .get_or_insert_with(|| format!("the environment variable {} is not set ({})", unset.variable, unset.path));
    }
    let enabled = table.get(&["enabled"]).and_then(|node| node.boolean()).unwrap_or(true);
    if !enabled {
        reason = Some(format!("it is switched off by `enabled: false` ({})", node.path));
    }
    reason
}

pub(super) fn base_url(node: &Node<'_>) -> Option<SafeUrl> {
    let text = node.text()?;
    let hint = "write the whole address, as in `https://api.example.com/v1`";
    let has_scheme = text.contains("://");
    let message = match Url::parse(text) {
        Ok(mut url) if matches!(url.scheme(), "http" | "https") => {
            if url.fragment().is_some() {
                node.warning("what stands behind `#` is never sent", "remove it");
                url.set_fragment(None);
            }
            return Some(SafeUrl::new(url));
        }
        Ok(url) if has_scheme => format!("`{}://` is not supported", url.scheme()),
        Err(error) if has_scheme => format!("is not a URL: {error}"),
        // `localhost:11434/v1` even parses, with the scheme `localhost`.
        _ => "the URL has no `http://` or `https://`".to_owned(),
    };
    node.error(message, hint);
    None
}

fn models(table: &Table<'_>) -> Vec<Arc<str>> {
    let Some(node) = table.get(&["models"]) else {
        table.node.warning(
            "the provider lists no models",
            "add `models`, so that clients are offered them and slips are noticed",
        );
        return Vec::new();
    };
    let mut models: Vec<Arc<str>> = Vec::new();
    for item in node.one_or_many() {
        match item.filled_text() {
            Some(model) if models.iter().any(|known| **known == *model) => {
                item.warning(format!("`{model}` is listed twice"), "remove one")
            }
            Some(model) => models.push(model.into()),
            None => {}
        }
    }
    if models.is_empty() && matches!(node.value, Value::Array(_)) {
        node.warning(
            "the provider lists no models",
            "add their names, so that clients are offered them and slips are noticed",
        );
    }
    models
}

pub(super) fn headers(node: &Node<'_>) -> Vec<(HeaderName, HeaderValue)> {
    let entries = node.table().map(|table| table.entries()).unwrap_or_default();
    entries.iter().filter_map(|(name, value)| header(name, value)).collect()
}

fn header(name: &str, node: &Node<'_>) -> Option<(HeaderName, HeaderValue)> {
    let text = node.text()?;
    let Ok(name) = HeaderName::try_from(name) else {
        node.error("is not the name of a header", "use letters, digits and `-`");
        return None;
    };
    if [header::HOST, header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION].contains(&name) {
        node.error("this header is made by the gateway itself", "remove it");
        return None;
    }
    let Ok(mut value) = HeaderValue::from_str(text) else {
        node.error("has characters that a header cannot carry", "keep to visible ASCII characters");
        return None;
    };
    // Headers carry keys as often as not.
    node.reader.secret(text);
    value.set_sensitive(true);
    Some((name, value))
}
