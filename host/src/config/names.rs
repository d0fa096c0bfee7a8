//! What people mean by a model: `provider,model` references, aliases, and what was probably meant by a name that is not there.

use std::{fmt, sync::Arc};

use super::{
    model::Config,
    provider::{ModelRef, Provider},
    spelling::{nearest, same_name},
};

/// What Claude Code puts behind a model's name to ask for the long context window; upstreams do not know it.
const LONG_CONTEXT_SUFFIX: &str = "[1m]";

/// What a written model means.
pub(super) enum Found<'a> {
    /// No provider is named.
    Bare,
    /// A provider is named that does not exist.
    UnknownProvider(&'a str),
    /// A provider is named, and nothing after it.
    NoModel,
    Model {
        target: ModelRef,
        /// The provider's `models` have it.
        listed: bool,
    },
}

/// Reads `provider,model` (split at the first comma) or `provider/model` (only if there is such a provider, since
/// models have slashes too). The provider and a listed model are found in any case.
pub(super) fn look_up<'a>(providers: &[Provider], asked: &'a str) -> Found<'a> {
    if let Some(target) = alias(providers, asked) {
        return Found::Model { target, listed: true };
    }
    let find =
        |name: &str| providers.iter().position(|provider| provider.alias.is_none() && same_name(&provider.name, name));
    let (provider, model) = if let Some((name, model)) = asked.split_once(',') {
        match find(name.trim()) {
            Some(provider) => (provider, model.trim()),
            None => return Found::UnknownProvider(name.trim()),
        }
    } else {
        match asked.split_once('/').and_then(|(name, model)| Some((find(name.trim())?, model.trim()))) {
            Some(pair) => pair,
            None => return Found::Bare,
        }
    };
    let models = providers.get(provider).map_or(&[][..], |provider| &provider.models);
    let unsuffixed = model.strip_suffix(LONG_CONTEXT_SUFFIX).map_or(model, str::trim_end);
    if unsuffixed.is_empty() {
        return Found::NoModel;
    }
    match listed(models, model).or_else(|| listed(models, unsuffixed)) {
        Some(model) => Found::Model { target: ModelRef { provider, model: model.clone() }, listed: true },
        None => Found::Model { target: ModelRef { provider, model: unsuffixed.into() }, listed: false },
    }
}

/// An alias is named alone. Aliases stand behind the providers, so a config without any is not searched.
fn alias(providers: &[Provider], asked: &str) -> Option<ModelRef> {
    providers.last().filter(|last| last.alias.is_some())?;
    let unsuffixed = asked.trim().strip_suffix(LONG_CONTEXT_SUFFIX).map_or(asked.trim(), str::trim_end);
    let is_meant = |provider: &Provider| provider.alias.is_some() && same_name(&provider.name, unsuffixed);
    let provider = providers.iter().position(is_meant)?;
    Some(ModelRef { provider, model: Arc::clone(&providers[provider].name) })
}

fn listed<'a>(models: &'a [Arc<str>], name: &str) -> Option<&'a Arc<str>> {
    models.iter().find(|model| ***model == *name).or_else(|| models.iter().find(|model| same_name(model, name)))
}

/// A request names a provider that does not exist, or no model of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownModel {
    /// As it was asked for.
    pub asked: String,
    /// A provider that may have been meant.
    pub nearest: Option<String>,
    /// A target that may have been meant, where no provider's name is near: one that lists the model.
    pub instead: Option<String>,
    /// The provider exists; the model's name is missing.
    pub no_model: bool,
}

impl fmt::Display for UnknownModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// A name is never longer; more would only fill the log.
        const SHOWN: usize = 200;
        let shown: String = self.asked.chars().take(SHOWN).collect();
        if self.no_model {
            return write!(f, "`{shown}` names a provider but no model; write `provider,model`");
        }
        write!(f, "`{shown}` names a provider that is not in the configuration")?;
        match self.nearest.as_ref().or(self.instead.as_ref()) {
            Some(name) => write!(f, "; did you mean `{name}`? If not, add it to Providers"),
            None => f.write_str("; add it to Providers, or ask for a model of one that is there"),
        }
    }
}

impl std::error::Error for UnknownModel {}

impl Config {
    /// Finds the target that a request names itself. `None`: it names a model only, and the router decides.
    /// The suffix `[1m]` is dropped unless the provider lists the model with it.
    pub fn resolve_model(&self, asked: &str) -> Result<Option<ModelRef>, UnknownModel> {
        let unknown = |nearest, no_model| {
            let instead = asked.split_once(',').and_then(|(_, model)| self.nearest_target(model.trim()));
            Err(UnknownModel { asked: asked.to_owned(), nearest, instead, no_model })
        };
        match look_up(&self.providers, asked) {
            Found::Bare => Ok(None),
            Found::Model { target, .. } => Ok(Some(target)),
            Found::NoModel => unknown(None, true),
            Found::UnknownProvider(name) => unknown(nearest_provider(&self.providers, name).map(str::to_owned), false),
        }
    }
}

impl Config {
    /// The listed model that was probably meant by a name alone, as `provider,model`.
    pub fn nearest_target(&self, model: &str) -> Option<String> {
        let model = model.strip_suffix(LONG_CONTEXT_SUFFIX).unwrap_or(model);
        let all =
            || self.providers.iter().flat_map(|provider| provider.models.iter().map(move |name| (provider, name)));
        let (name, near) = nearest(model, all().map(|(_, name)| &**name))?;
        let (provider, name) = all().find(|(_, listed)| near && ***listed == *name)?;
        Some(format!("{},{name}", provider.name))
    }
}

/// The provider that was probably meant.
pub(super) fn nearest_provider<'a>(providers: &'a [Provider], name: &str) -> Option<&'a str> {
    let real = providers.iter().filter(|provider| provider.alias.is_none());
    nearest(name, real.map(|provider| &*provider.name)).filter(|(_, near)| *near).map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        let provider = |name: &str, models: &[&str]| Provider {
            models: models.iter().map(|&model| model.into()).collect(),
            ..Provider::named(name)
        };
        Config {
            providers: vec![
                provider("OpenRouter", &["anthropic/claude-x", "a,b", "long[1m]", "Case", "case"]),
                provider("智谱", &["GLM-4"]),
                provider("ÜBER", &[]),
            ],
            ..Config::default()
        }
    }

    #[test]
    fn explicit_models_are_found_in_every_spelling() {
        for (asked, provider, model) in [
            ("openrouter,anthropic/claude-x", 0, "anthropic/claude-x"),
            ("openrouter/anthropic/claude-x", 0, "anthropic/claude-x"),
            (" OpenRouter , anthropic/claude-x ", 0, "anthropic/claude-x"),
            ("OPENROUTER,ANTHROPIC/Claude-X", 0, "anthropic/claude-x"),
            ("openrouter,a,b", 0, "a,b"),
            ("openrouter,case", 0, "case"),
            ("openrouter,Case", 0, "Case"),
            ("openrouter,CASE", 0, "Case"),
            ("openrouter,long[1m]", 0, "long[1m]"),
            ("openrouter,long", 0, "long"),
            ("openrouter,case[1m]", 0, "case"),
            ("openrouter,Unlisted[1m]", 0, "Unlisted"),
            ("智谱,glm-4", 1, "GLM-4"),
            ("über/any", 2, "any"),
        ] {
            let found = config().resolve_model(asked).unwrap().unwrap();
            assert_eq!((found.provider, &*found.model), (provider, model), "{asked}");
        }
    }

    #[test]
    fn bare_names_are_left_to_the_router() {
        for asked in ["claude-sonnet-4-5", "claude-x[1m]", "meta-llama/llama-4", "", "/", "x/"] {
            assert_eq!(config().resolve_model(asked).unwrap(), None, "{asked}");
        }
    }

    #[test]
    fn what_cannot_be_found_is_refused_with_the_nearest_name() {
        let error = config().resolve_model("openruter,x").unwrap_err();
        assert_eq!(error.nearest.as_deref(), Some("OpenRouter"));
        assert!(error.to_string().contains("did you mean `OpenRouter`"), "{error}");
        assert_eq!(config().resolve_model("nothing like it,x").unwrap_err().nearest, None);
        assert!(config().resolve_model(",x").is_err());
        for asked in ["openrouter,", "openrouter/", "openrouter, [1m]"] {
            assert!(config().resolve_model(asked).unwrap_err().no_model, "{asked}");
        }
    }
}
