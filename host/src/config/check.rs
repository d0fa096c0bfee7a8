//! What can only be judged with the whole configuration at hand. Syntax, types and single values are judged while reading.

use std::{collections::HashMap, path::Path};

use serde_json::Value;

use super::{Config, Scenario, model::is_loopback, reader::Reader, spelling::same_key};

/// Notes problems, and makes safe what must not stay as it is written.
pub(super) fn check(config: &mut Config, root: &Value, reader: &Reader) {
    unset_outside_providers(reader);
    duplicate_providers(config, reader);
    default_route(config, root, reader);
    files(config, reader);
    keep_to_loopback(config, reader);
}

/// Within a provider a missing variable makes only that one unavailable, which is said where it is read.
fn unset_outside_providers(reader: &Reader) {
    for unset in reader.unset.iter().filter(|unset| unset.provider.is_none()) {
        let hint = format!("set {} before the start; a dollar sign of its own is written `$$`", unset.variable);
        reader.error(&unset.path, format!("the environment variable {} is not set", unset.variable), hint);
    }
}

fn duplicate_providers(config: &Config, reader: &Reader) {
    let mut seen: HashMap<String, &str> = HashMap::new();
    for provider in config.providers.iter().filter(|provider| !provider.name.is_empty()) {
        if let Some(first) = seen.get(&provider.name.to_lowercase()) {
            let message = format!("the name `{}` is taken by {first}", provider.name);
            reader.error(&provider.path, message, "choose another name; upper and lower case are the same here");
            continue;
        }
        seen.insert(provider.name.to_lowercase(), &provider.path);
    }
}

fn default_route(config: &Config, root: &Value, reader: &Reader) {
    if config.providers.is_empty() {
        // A list that could not be read is reported as that.
        if entry(root, "Providers").is_some_and(|list| !list.as_array().is_some_and(Vec::is_empty)) {
            return;
        }
        let hint = "add a provider to `Providers`, or try `ccr start --demo`";
        reader.warning("Providers", "there are no providers, so every request for a model is refused", hint);
        return;
    }
    if config.router.target(Scenario::Default).is_some() || has_default(root) {
        return;
    }
    let example = config
        .providers
        .iter()
        .find_map(|provider| provider.models.first().map(|model| format!("{},{model}", provider.name)));
    let message = "is not set, so requests that do not name a provider are refused";
    reader.warning(
        "Router.default",
        message,
        format!("set it, as in `{}`", example.as_deref().unwrap_or("provider,model")),
    );
}

/// Whether the file says anything under `Router.default`, right or wrong.
fn has_default(root: &Value) -> bool {
    let router = entry(root, "Router");
    let nested = router.and_then(|router| entry(router, "routes"));
    [router, nested]
        .into_iter()
        .flatten()
        .any(|part| !part.is_object() || entry(part, "default").is_some_and(|value| value != ""))
}

/// The value under a key in any spelling.
fn entry<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    let found = value.as_object()?.iter().find(|(key, value)| same_key(key, name) && !value.is_null());
    found.map(|(_, value)| value)
}

/// A component that is missing takes only itself out of service, hence no error.
fn files(config: &Config, reader: &Reader) {
    let missing = |path: &str, file: &Path| {
        if !file.is_file() {
            reader.warning(
                path,
                format!("there is no file {}", file.display()),
                "correct the path; a relative one begins at this file's folder",
            );
        }
    };
    for file in &config.custom_routers {
        missing("CUSTOM_ROUTER_PATH", file);
    }
    for transformer in &config.transformers {
        missing(&transformer.at, &transformer.path);
    }
    for plugin in &config.plugins {
        if let Some(file) = &plugin.path {
            missing(&plugin.at, file);
        }
    }
    if let Some(file) = &config.rewrite_system_prompt {
        missing("REWRITE_SYSTEM_PROMPT", file);
    }
}

/// Without a key anyone who can connect could spend the providers' money, so only this machine may connect.
fn keep_to_loopback(config: &mut Config, reader: &Reader) {
    if config.api_key.is_some() || is_loopback(&config.host) {
        return;
    }
    let message = format!("there is no APIKEY, so the gateway listens on 127.0.0.1 only, not on `{}`", config.host);
    reader.warning("HOST", message, "set APIKEY in the file or in the environment to listen on other addresses");
    config.host = "127.0.0.1".to_owned();
}
