//! The options of a plugin's use: put together from all places that give some, and held against what the plugin says of them.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::resolver::Resolver;
use super::unresolved::Unresolved;
use super::uses::PluginUse;
use crate::config::Grants;
use crate::plugins::http::HttpGrant;
use crate::plugins::{Origin, Plugin, Surroundings};

impl Resolver<'_> {
    /// Every use whose options do not fit what the plugin says of them.
    pub(super) fn wrong_options(&self) -> Vec<Unresolved> {
        let mut wrong = Vec::new();
        for provider in &self.config.providers {
            if let Some(plugin) = provider.protocol.as_deref().and_then(|name| self.registry.get(name)) {
                let used = self.with_options(plugin, &plugin.name, provider.preset_options(&plugin.name), &Value::Null);
                wrong.extend(options_problem(plugin, &used.surroundings.settings, &provider.path));
            }
            let per_model = provider.per_model.iter().flat_map(|(_, transformers)| transformers);
            for transformer in provider.transformers.iter().chain(per_model) {
                let Some(plugin) = self.registry.get(&transformer.name) else { continue };
                let used = self.with_options(
                    plugin,
                    &transformer.name,
                    provider.preset_options(&plugin.name),
                    &transformer.options,
                );
                wrong.extend(options_problem(plugin, &used.surroundings.settings, &transformer.path));
            }
        }
        for (name, entry) in self.config.active_agents() {
            let Some(plugin) = self.registry.get(name) else { continue };
            let options = entry.map_or(&Value::Null, |entry| &*entry.options);
            let used = self.with_options(plugin, name, &Value::Null, options);
            let general = self.config.plugin(name).map_or("", |settings| settings.at.as_str());
            let path = entry.map_or(general, |entry| entry.path.as_str());
            wrong.extend(options_problem(plugin, &used.surroundings.settings, path));
        }
        wrong
    }

    fn grants(&self, plugin: &Plugin) -> Option<&Grants> {
        self.config.plugin(&plugin.name).map(|settings| &settings.grants)
    }

    /// The options of a use lie over those of its `transformers` entry, those over what `plugins` says in general, and that
    /// over a preset's.
    pub(super) fn with_options(&self, plugin: &Arc<Plugin>, name: &str, preset: &Value, options: &Value) -> PluginUse {
        let mut settings = Map::new();
        let general = self.config.plugin(&plugin.name).map(|settings| &*settings.options);
        let custom = self.config.transformers.iter().find(|custom| {
            let called = custom.name.as_deref().unwrap_or(&plugin.name);
            called.eq_ignore_ascii_case(name)
                && self.registry.at(&custom.path).is_some_and(|at| Arc::ptr_eq(at, plugin))
        });
        let custom = custom.map(|custom| &*custom.options);
        for layer in [Some(preset), general, custom, Some(options)].into_iter().flatten() {
            if let Value::Object(members) = layer {
                settings.extend(members.clone());
            }
        }
        if plugin.origin == Origin::BuiltIn {
            from_environment(plugin, &mut settings, |name| std::env::var(name).ok());
        }
        let grants = self.grants(plugin);
        let granted = plugin.asks.granted(&plugin.origin, grants);
        let may_call_models = granted.model;
        let surroundings = Surroundings {
            name: plugin.label().into(),
            settings: Value::Object(settings).to_string().into(),
            config: Arc::clone(self.public_config),
            session: None,
            kv: granted.kv.then(|| self.engine.stores().of(&plugin.name)),
            http: HttpGrant::new(plugin, granted, grants, self.upstreams),
            models: None,
            tokenizers: Arc::default(),
        };
        PluginUse { plugin: Arc::clone(plugin), surroundings, may_call_models }
    }
}

/// Options that a built-in plugin takes from the environment where the config does not set them: claude-code-router's Vertex
/// transformers know their project only from there. The schema names the variable (`x-ccr-env`); another's plugin could name
/// any, so only our own are asked.
fn from_environment(plugin: &Plugin, settings: &mut Map<String, Value>, variable: impl Fn(&str) -> Option<String>) {
    let schema = plugin.settings_schema.as_deref().and_then(|schema| serde_json::from_str::<Value>(schema).ok());
    let Some(properties) = schema.as_ref().and_then(|schema| schema.get("properties")?.as_object()) else { return };
    for (option, about) in properties {
        let Some(name) = about.get("x-ccr-env").and_then(Value::as_str) else { continue };
        if settings.contains_key(option) || settings.contains_key(name) {
            continue;
        }
        if let Some(value) = variable(name).filter(|value| !value.is_empty()) {
            settings.insert(option.clone(), Value::String(value));
        }
    }
}

/// What does not fit in a plugin's options. A schema that is none itself is the plugin author's mistake, and no reason to refuse
/// the user's config.
fn options_problem(plugin: &Plugin, settings: &str, path: &str) -> Option<Unresolved> {
    let schema: Value = serde_json::from_str(plugin.settings_schema.as_deref()?).ok()?;
    let settings: Value = serde_json::from_str(settings).ok()?;
    let validator = match jsonschema::validator_for(&schema) {
        Ok(validator) => validator,
        Err(error) => {
            tracing::warn!(plugin = %plugin.label(), "failed to check the options of a plugin: its schema is not valid JSON Schema: {error}");
            return None;
        }
    };
    let errors: Vec<String> = validator
        .iter_errors(&settings)
        // Masked: an option may be a token, and the message goes to the log.
        .map(|error| match error.instance_path().to_string() {
            place if place.is_empty() => error.masked().to_string(),
            place => format!("{}: {}", place.trim_start_matches('/'), error.masked()),
        })
        .collect();
    if errors.is_empty() {
        return None;
    }
    let known: Vec<&str> =
        schema["properties"].as_object().into_iter().flat_map(Map::keys).map(String::as_str).collect();
    Some(Unresolved {
        path: path.to_owned(),
        message: format!("the options of `{}` do not fit: {}", plugin.name, errors.join("; ")),
        hint: (!known.is_empty()).then(|| format!("its options are: {}", known.join(", "))),
    })
}
