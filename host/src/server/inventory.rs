//! What plugins there are, as the gateway tells it: to everybody in `/health`, and with what they may use in `/api/plugins`.

use std::sync::Arc;

use http::{Request, Response};
use hyper::body::Incoming;
use serde_json::{Value, json};

use crate::auth;
use crate::base::body::{Body, json_response};
use crate::base::error::GatewayError;
use crate::config::Config;
use crate::gateway::Gateway;
use crate::plugins::capabilities::config_line;
use crate::plugins::{Origin, Plugin};
use crate::snapshot::Snapshot;

/// `GET /api/plugins`.
pub(super) fn answer(gateway: &Gateway, request: &Request<Incoming>) -> Result<Response<Body>, GatewayError> {
    let snapshot = gateway.snapshot();
    auth::authenticate(&snapshot.config, request.headers(), request.uri())?;
    let described = |plugin: &Arc<Plugin>| {
        let mut entry = about(plugin);
        entry["summary"] = json!(plugin.summary);
        entry["capabilities"] = capabilities(plugin, &snapshot.config);
        entry
    };
    let plugins: Vec<Value> = loaded(&snapshot).map(described).chain(unusable(&snapshot)).collect();
    Ok(json_response(&json!({ "plugins": plugins })))
}

/// For `/health`.
pub(super) fn all(snapshot: &Snapshot) -> Vec<Value> {
    loaded(snapshot).map(|plugin| about(plugin)).chain(unusable(snapshot)).collect()
}

fn loaded(snapshot: &Snapshot) -> impl Iterator<Item = &Arc<Plugin>> {
    let lazily = snapshot.loaded_formats().filter(|plugin| snapshot.registry.get(&plugin.name).is_none());
    snapshot.registry.iter().chain(lazily)
}

fn about(plugin: &Plugin) -> Value {
    let origin = if plugin.origin == Origin::BuiltIn { "built-in" } else { "file" };
    json!({
        "name": &*plugin.name,
        "version": plugin.version,
        "roles": plugin.role_names(),
        "origin": origin,
        "state": "ready",
        "calls": plugin.meter.calls(),
        "failures": plugin.meter.failures(),
        "ms": plugin.meter.time().as_secs_f64() * 1000.0,
        "peak_memory_bytes": plugin.meter.peak_memory(),
    })
}

/// Of a file only its name is told: where it lies on the machine is nobody's business.
fn unusable(snapshot: &Snapshot) -> impl Iterator<Item = Value> {
    let file = |path: &std::path::Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let broken = snapshot.registry.broken().iter().map(move |broken| {
        let state = if broken.earlier_serves { "failed, an earlier version serves" } else { "failed" };
        json!({ "name": broken.name, "file": file(&broken.path), "state": state, "reason": broken.reason })
    });
    let aside = snapshot.registry.set_aside().iter().map(move |aside| {
        json!({ "name": aside.name, "file": file(&aside.path), "state": "not used", "reason": aside.reason })
    });
    broken.chain(aside)
}

/// What a plugin asks for, what of it it has, and what the config would say to give it the rest. Secrets are only named.
fn capabilities(plugin: &Plugin, config: &Config) -> Value {
    let grants = config.plugin(&plugin.name).map(|settings| &settings.grants);
    let (asks, granted) = (&plugin.asks, plugin.asks.granted(&plugin.origin, grants));
    let mut told = json!({});
    if asks.kv {
        told["kv"] = json!({ "granted": granted.kv });
    }
    if asks.model {
        told["model"] = json!({ "granted": granted.model });
    }
    if asks.http() {
        let asked = asks.hosts.iter().map(ToString::to_string).chain(asks.any_host.then(|| "*".to_owned()));
        told["http"] = json!({
            "asked": asked.collect::<Vec<_>>(),
            "granted": granted.hosts.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "private_network": granted.private_network,
            "secrets": grants.map(|grants| grants.secrets.keys().collect::<Vec<_>>()).unwrap_or_default(),
        });
    }
    let missing = asks.missing(&granted);
    if !missing.is_empty() {
        told["missing"] = json!(config_line(&plugin.name, &missing.join(", ")));
    }
    told
}
