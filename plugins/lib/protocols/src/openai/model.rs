//! What is known of a model from its name: whether it belongs to OpenAI's reasoning models, which take other parameters.

/// Model families by the beginning of the name, the first that fits counts. From OpenAI's guide "Reasoning models": these
/// refuse `max_tokens`, `temperature`, `top_p` and `stop`, and understand `reasoning_effort`; the chat variants of GPT-5 do not reason.
const FAMILIES: &[(&str, Class)] = &[
    ("gpt-5-chat", Class::Chat),
    ("gpt-5", Class::Reasoning),
    ("o1", Class::Reasoning),
    ("o3", Class::Reasoning),
    ("o4", Class::Reasoning),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Chat,
    Reasoning,
}

/// The class of a model; aggregators put the maker before the name (`openai/o3-mini`).
pub(crate) fn class(model: &str) -> Class {
    let name = model.rsplit('/').next().unwrap_or(model);
    let family = FAMILIES.iter().find(|(family, _)| {
        name.get(..family.len()).is_some_and(|start| start.eq_ignore_ascii_case(family))
            // `gpt-5.1` and `o3-mini` are of the family, `o100` is not.
            && !name[family.len()..].starts_with(|next: char| next.is_alphanumeric())
    });
    family.map_or(Class::Chat, |(_, class)| *class)
}

/// Whether a model is one of Anthropic's, whoever serves it: these take back only reasoning that they signed.
pub(crate) fn is_claude(model: &str) -> bool {
    let model = model.to_ascii_lowercase();
    model.starts_with("anthropic/") || model.contains("claude")
}

#[cfg(test)]
mod tests {
    use super::{Class, class};

    #[test]
    fn reasoning_models_are_known_by_name() {
        for model in ["o1", "o3-mini", "o4-mini-2025-04-16", "gpt-5", "gpt-5.1-codex", "openai/gpt-5-mini", "GPT-5"] {
            assert_eq!(class(model), Class::Reasoning, "{model}");
        }
    }

    #[test]
    fn others_are_chat_models() {
        for model in
            ["gpt-4o", "gpt-5-chat-latest", "gpt-50", "o100", "deepseek-chat", "moonshot/kimi-k2", "", "gpt-oss-120b"]
        {
            assert_eq!(class(model), Class::Chat, "{model}");
        }
    }
}
