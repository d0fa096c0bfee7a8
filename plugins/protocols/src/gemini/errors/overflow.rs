//! A prompt that is longer than the model's context: recognised in Google's words and said in Anthropic's, at which Claude
//! Code compacts the conversation instead of giving up (claude-code-router#895).

/// How Anthropic begins; clients look for exactly this.
const ANTHROPIC: &str = "prompt is too long";

/// Pieces of messages, in lower case: the Gemini API and Vertex; proxies in front of them.
const PHRASES: &[&str] =
    &["input token count", ANTHROPIC, "maximum context length", "exceeds the maximum number of tokens"];

/// Statuses that are about something else whatever the words: keys, money, permission, unknown models, limits per minute.
const OTHER_STATUSES: &[u16] = &[401, 402, 403, 404, 429];

/// No context is shorter; smaller numbers in a message are something else.
const SHORTEST_CONTEXT: u64 = 256;

/// What the client shall read, if the prompt was too long.
pub(super) fn message(told: &str, status: Option<u16>) -> Option<String> {
    if status.is_some_and(|status| OTHER_STATUSES.contains(&status)) {
        return None;
    }
    let lower = told.to_ascii_lowercase();
    if status != Some(413) && !PHRASES.iter().any(|phrase| lower.contains(phrase)) {
        return None;
    }
    Some(match numbers(told) {
        Some((tokens, maximum)) => format!("{ANTHROPIC}: {tokens} tokens > {maximum} maximum"),
        None if lower.starts_with(ANTHROPIC) => told.to_owned(),
        None => format!("{ANTHROPIC}: {told}"),
    })
}

/// The first two different numbers of a message: what was asked for is the larger one.
fn numbers(message: &str) -> Option<(u64, u64)> {
    let words = message.split(|character: char| !(character.is_alphanumeric() || "-_.,".contains(character)));
    let mut numbers = words.filter_map(number);
    let first = numbers.next()?;
    let second = numbers.find(|second| *second != first)?;
    Some((first.max(second), first.min(second)))
}

/// A word that is a whole number, perhaps with commas between thousands; a part of a name is none.
fn number(word: &str) -> Option<u64> {
    let word = word.trim_end_matches(['.', ',']).replace(',', "");
    word.parse().ok().filter(|number| *number >= SHORTEST_CONTEXT)
}

#[cfg(test)]
mod tests {
    use super::message;

    #[test]
    fn googles_words_become_anthropics() {
        for text in [
            "The input token count (1196265) exceeds the maximum number of tokens allowed (1048576).",
            "The input token count exceeds the maximum number of tokens allowed 1048576, got 1196265",
            "Unable to submit request because the input token count is 1196265 but model only supports up to 1048576. Reduce the input token count and try again.",
            "prompt is too long: 1,196,265 tokens > 1,048,576 maximum",
        ] {
            let expected = "prompt is too long: 1196265 tokens > 1048576 maximum";
            assert_eq!(message(text, Some(400)).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn without_two_numbers_googles_words_stay() {
        let text = "The input token count exceeds the maximum number of tokens allowed (1048576).";
        assert_eq!(message(text, None), Some(format!("prompt is too long: {text}")));
        assert_eq!(message("Prompt is too long", None).as_deref(), Some("Prompt is too long"));
    }

    #[test]
    fn other_errors_are_not_about_length() {
        assert_eq!(message("maxOutputTokens: 130000 is above 65536", Some(400)), None);
        assert_eq!(message("Quota exceeded: input token count per minute", Some(429)), None);
        assert!(message("Request too large", Some(413)).is_some());
    }
}
