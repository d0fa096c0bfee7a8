//! Which model sees, and which targets need no help. What the config says of it, and the agent's own options.

use ccr_plugin::messages::json::{Document, Value};
use ccr_plugin::{Fault, Settings, Target, host};

/// Tokens for an answer about images: a page of text that is read out, and the thoughts of a model that thinks before.
const MAX_TOKENS: u64 = 8192;

/// The model that sees.
#[derive(Debug)]
pub(crate) struct VisionModel {
    /// As the config names it.
    pub(crate) model: String,
    /// Where it can be: one `provider,model`, or all those that an alias stands for.
    targets: Vec<String>,
}

impl VisionModel {
    /// The model of `Router.image`; `None` if it is not set.
    pub(crate) fn read() -> Option<Self> {
        let config = host::config();
        let document = Document::parse_str(&config).ok()?;
        let model = text(document.root().get("Router")?.get("image")?)?;
        let members = |aliases: Value<'_>| {
            let mut named = aliases.members().filter(|(name, _)| name.decode().eq_ignore_ascii_case(&model));
            named.next().map(|(_, members)| members.items().filter_map(text).collect::<Vec<_>>())
        };
        let targets = document.root().get("aliases").and_then(members).unwrap_or_else(|| vec![model.clone()]);
        Some(Self { model, targets })
    }

    /// Whether a request goes there already.
    pub(crate) fn is(&self, target: &Target) -> bool {
        self.targets.iter().any(|name| is_named(name, target))
    }
}

/// Whether the option `vision` says that a target sees by itself.
pub(crate) fn sees(settings: &Settings, target: &Target) -> Result<bool, Fault> {
    let wrong =
        || Fault::own("options: `vision` must be a list of targets, each `provider,model` or a provider's name");
    let document = Document::parse_str(settings.json()).map_err(|_| Fault::own("options: this is not JSON"))?;
    let Some(list) = document.root().get("vision").filter(|list| !list.is_null()) else {
        return Ok(false);
    };
    if list.raw().as_bytes().first() != Some(&b'[') {
        return Err(wrong());
    }
    let mut found = false;
    for name in list.items() {
        found |= is_named(&text(name).ok_or_else(wrong)?, target);
    }
    Ok(found)
}

/// The limit of output tokens of the model that sees: the option `max_tokens`.
pub(crate) fn max_tokens(settings: &Settings) -> Result<u64, Fault> {
    Ok(settings.number("max_tokens")?.unwrap_or(MAX_TOKENS))
}

/// Whether `provider,model`, or the name of a provider alone, means a target. Without regard to case, as the config reads names.
fn is_named(name: &str, target: &Target) -> bool {
    let same = |name: &str, known: &str| name.trim().eq_ignore_ascii_case(known.trim());
    match name.split_once(',') {
        Some((provider, model)) => same(provider, &target.provider) && same(model, &target.model),
        None => same(name, &target.provider),
    }
}

fn text(value: Value<'_>) -> Option<String> {
    Some(value.as_str()?.decode().into_owned()).filter(|text| !text.trim().is_empty())
}
