//! A prompt that is longer than the model's context: recognised in every provider's words and said in Anthropic's, at which
//! Claude Code compacts the conversation instead of giving up (claude-code-router#895).

use super::provider_error::ProviderError;

/// How Anthropic begins; clients look for exactly this.
const ANTHROPIC: &str = "prompt is too long";

/// Codes and types: OpenAI and most others; llama.cpp.
const NAMES: &[&str] = &["context_length_exceeded", "exceed_context_size_error", "model_context_window_exceeded"];

/// Pieces of messages, in lower case: Anthropic; OpenAI, vLLM, DeepSeek, OpenRouter; xAI; Gemini; llama.cpp; Groq; Moonshot;
/// Mistral; others.
const PHRASES: &[&str] = &[
    ANTHROPIC,
    "maximum context length",
    "maximum prompt length",
    "input token count",
    "available context size",
    "reduce the length of the messages",
    "exceeded model token limit",
    "too large for model with",
    "exceeds the context window",
    "exceeds the model's context",
    "context length exceeded",
    "input is too long",
    // Nova.
    "number of input tokens exceeds",
    "input tokens exceeded",
    "too many input tokens",
];

/// Statuses that are about something else whatever the words: keys, money, permission, unknown models, limits per minute.
const OTHER_STATUSES: &[u16] = &[401, 402, 403, 404, 429];

/// No context is shorter; smaller numbers in a message are something else (a position, a part of a name).
const SHORTEST_CONTEXT: u64 = 256;

/// What the client shall read, if the prompt was too long. `own` are pieces of messages, in lower case, that would say something
/// else elsewhere.
pub(crate) fn message(reported: &ProviderError, own: &[&str], status: Option<u16>) -> Option<String> {
    if status.is_some_and(|status| OTHER_STATUSES.contains(&status)) {
        return None;
    }
    let named = reported.names.iter().any(|name| NAMES.contains(&name.as_str()));
    let lower = reported.message.to_ascii_lowercase();
    let said = PHRASES.iter().chain(own).any(|phrase| lower.contains(phrase));
    if !named && !said && status != Some(413) {
        return None;
    }
    Some(match reported.tokens.or_else(|| numbers(&reported.message)) {
        Some((tokens, maximum)) => format!("{ANTHROPIC}: {tokens} tokens > {maximum} maximum"),
        None if lower.starts_with(ANTHROPIC) => reported.message.clone(),
        None => format!("{ANTHROPIC}: {}", reported.message),
    })
}

/// The first two different numbers of a message: providers name the maximum and what was asked for, in either order, and
/// what was asked for is the larger one.
fn numbers(message: &str) -> Option<(u64, u64)> {
    let words = message.split(|character: char| !(character.is_alphanumeric() || "-_.,:/".contains(character)));
    let mut numbers = words.filter_map(number);
    let first = numbers.next()?;
    let second = numbers.find(|second| *second != first)?;
    Some((first.max(second), first.min(second)))
}

/// A word that is a whole number, perhaps with commas between thousands; a part of a name (`gpt-4-1106`) is none.
fn number(word: &str) -> Option<u64> {
    let word = word.trim_end_matches(['.', ',', ':']).replace(',', "");
    word.parse().ok().filter(|number| *number >= SHORTEST_CONTEXT)
}

#[cfg(test)]
mod tests {
    use super::{ProviderError, message};

    fn of(text: &str) -> Option<String> {
        message(&ProviderError { message: text.into(), ..ProviderError::default() }, &[], Some(400))
    }

    #[test]
    fn numbers_are_read_from_every_providers_words() {
        for text in [
            "This model's maximum context length is 128000 tokens. However, your messages resulted in 130000 tokens. Please reduce the length of the messages.",
            "This model's maximum context length is 128000 tokens. However, you requested 130000 tokens (126000 in the messages, 4000 in the completion).",
            "prompt is too long: 130000 tokens > 128000 maximum",
            "The input token count (130000) exceeds the maximum number of tokens allowed (128000).",
            "This model's maximum prompt length is 128,000 but the request contains 130,000 tokens.",
            "Prompt contains 130000 tokens and 0 draft tokens, too large for model with 128000 maximum context length",
            "Model gpt-4-1106-preview: maximum context length is 128000 tokens, requested about 130000",
        ] {
            assert_eq!(of(text).as_deref(), Some("prompt is too long: 130000 tokens > 128000 maximum"), "{text}");
        }
    }

    #[test]
    fn without_numbers_the_providers_words_stay() {
        let text = "Please reduce the length of the messages or completion.";
        assert_eq!(of(text), Some(format!("prompt is too long: {text}")));
        assert_eq!(of("prompt is too long").as_deref(), Some("prompt is too long"));
    }

    #[test]
    fn other_errors_are_not_about_length() {
        assert_eq!(of("Invalid value for max_tokens: 130000 is above 8192"), None);
        let limit =
            ProviderError { message: "Request too large: maximum context length".into(), ..ProviderError::default() };
        assert_eq!(message(&limit, &[], Some(429)), None);
        assert!(message(&limit, &[], Some(413)).is_some());
    }
}
