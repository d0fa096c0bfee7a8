//! Names in the config that nothing answers to, or several plugins.

use super::resolver::Resolver;
use crate::config::{Provider, TransformerUse, presets};
use crate::plugins::registry::{self, Clash};

/// A name in the config that nothing answers to.
#[derive(Debug, Clone)]
pub struct Unresolved {
    /// Where it stands in the config, as `Providers[2].transformer`.
    pub path: String,
    /// What is wrong with it, for the user.
    pub message: String,
    /// What may have been meant.
    pub hint: Option<String>,
}

impl Resolver<'_> {
    /// All of them, for the whole config.
    pub(super) fn unresolved(&self) -> Vec<Unresolved> {
        let mut found = Vec::new();
        for provider in &self.config.providers {
            let per_model = provider.per_model.iter().flat_map(|(_, transformers)| transformers);
            for entry in provider.transformers.iter().chain(per_model) {
                match self.clash(&entry.name) {
                    Some(clash) => found.push(unclear(clash, &entry.path)),
                    None if self.is_known(&entry.name) => {}
                    None => found.push(self.unknown(entry)),
                }
            }
            found.extend(provider.protocol.as_deref().and_then(|name| self.wrong_protocol(provider, name)));
        }
        for agent in &self.config.agents {
            match self.clash(&agent.name) {
                Some(clash) => found.push(unclear(clash, &agent.path)),
                None if self.is_known(&agent.name) => found.extend(self.not_an_agent(agent)),
                None => found.push(self.unknown_agent(agent)),
            }
        }
        let named_twice = self.registry.clashes().iter().filter_map(|clash| Some(unclear(clash, clash.at.as_ref()?)));
        found.extend(named_twice);
        found
    }

    fn clash(&self, name: &str) -> Option<&Clash> {
        self.registry.clashes().iter().find(|clash| clash.name.eq_ignore_ascii_case(name))
    }

    /// A `type` that no protocol has. What it would be without one is a guess that shows only when requests fail.
    fn wrong_protocol(&self, provider: &Provider, name: &str) -> Option<Unresolved> {
        let path = format!("{}.type", provider.path);
        if let Some(clash) = self.clash(name) {
            return Some(unclear(clash, &path));
        }
        let serves = match self.registry.get(name) {
            Some(plugin) => plugin.is_protocol(),
            None => self.is_known(name),
        };
        if serves {
            return None;
        }
        let built_in = presets::protocols().filter(|name| self.is_known(name) || registry::is_built_in(name));
        let mut known: Vec<&str> = built_in.chain(presets::types()).collect();
        known.extend(self.registry.iter().filter(|plugin| plugin.is_protocol()).map(|plugin| &*plugin.name));
        known.sort_unstable();
        known.dedup();
        Some(Unresolved {
            path,
            message: format!("there is no protocol called `{name}`"),
            hint: Some(format!("`type` may be: {}", known.join(", "))),
        })
    }

    /// A plugin that is there and has another role.
    fn not_an_agent(&self, agent: &TransformerUse) -> Option<Unresolved> {
        let plugin = self.registry.get(&agent.name).filter(|plugin| !plugin.is_agent())?;
        Some(Unresolved {
            path: agent.path.clone(),
            message: format!("`{}` is not an agent: its roles are {}", agent.name, plugin.role_names().join(", ")),
            hint: Some("name it where its role is used, or take it out of `agents`".into()),
        })
    }

    fn unknown_agent(&self, agent: &TransformerUse) -> Unresolved {
        let files = self.registry.iter().filter(|plugin| plugin.is_agent()).map(|plugin| &*plugin.name);
        let mut known: Vec<&str> = files.chain(["image", "websearch"]).collect();
        known.sort_unstable();
        known.dedup();
        Unresolved {
            path: agent.path.clone(),
            message: format!("there is no agent called `{}`", agent.name),
            hint: Some(format!(
                "there are: {}; a component of your own goes into the plugins folder",
                known.join(", ")
            )),
        }
    }

    fn unknown(&self, transformer: &TransformerUse) -> Unresolved {
        let known = self.registry.names().chain(std::iter::once("Anthropic"));
        let lower = transformer.name.to_ascii_lowercase();
        let nearest = known.max_by(|a, b| {
            let score = |name: &str| strsim::jaro_winkler(&lower, &name.to_ascii_lowercase());
            score(a).total_cmp(&score(b))
        });
        Unresolved {
            path: transformer.path.clone(),
            message: format!("there is no transformer called `{}`", transformer.name),
            hint: nearest
                .map(|name| format!("did you mean `{name}`? A component of your own goes into the plugins folder")),
        }
    }
}

/// Several plugins have a name that is used, or that the config gives to each of them.
fn unclear(clash: &Clash, path: &str) -> Unresolved {
    let files: Vec<String> = clash.files.iter().map(|file| file.display().to_string()).collect();
    Unresolved {
        path: path.to_owned(),
        message: format!("several plugins are called `{}`: {}", clash.name, files.join(" and ")),
        hint: clash.files.first().map(|file| registry::choose(&clash.name, file)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_a_preset_names_is_built_in() {
        for protocol in presets::protocols() {
            assert!(registry::is_built_in(protocol), "{protocol}");
        }
        for preset in presets::all() {
            for entry in &preset.transformers {
                let name = entry.as_str().or_else(|| entry.get(0)?.as_str()).expect("a name, perhaps with options");
                assert!(registry::is_built_in(name), "{}: {name}", preset.name);
            }
        }
    }
}
