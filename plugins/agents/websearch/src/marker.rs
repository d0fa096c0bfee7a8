//! The marks by which the model cites: `[[101]]`, or several numbers in one as `[[101, 203]]`. OpenAI's models are used to `【101】` and
//! `【101†L3】`, and write it in spite of what they are told; it means the same.

/// The longest mark, in bytes between its brackets: eight numbers. What is longer is text.
const LONGEST: usize = 64;

/// The longest number, in digits. One search more than a conversation ever has still stays below it.
const DIGITS: usize = 6;

/// What stands at a place of a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// A mark of so many bytes.
    Marker(usize, Vec<u64>),
    /// What more text may make a mark of.
    Open,
    Not,
}

/// The first bytes of the two brackets: `[`, and that of `【` in UTF-8.
pub(crate) const FIRST_BYTES: [u8; 2] = [b'[', 0xe3];

/// Reads what `text` begins with.
pub(crate) fn read(text: &str) -> Reading {
    if text == "[" {
        return Reading::Open;
    }
    let brackets = [("[[", "]]"), ("【", "】")];
    let Some((opening, closing)) = brackets.into_iter().find(|(opening, _)| text.starts_with(opening)) else {
        return Reading::Not;
    };
    let inside = text.get(opening.len()..).unwrap_or_default();
    match numbers(inside, closing) {
        Inside::Closed(length, numbers) => Reading::Marker(opening.len() + length + closing.len(), numbers),
        Inside::Open => Reading::Open,
        Inside::Not => Reading::Not,
    }
}

enum Inside {
    /// So many bytes before the closing bracket.
    Closed(usize, Vec<u64>),
    Open,
    Not,
}

fn numbers(inside: &str, closing: &str) -> Inside {
    let mut numbers = Vec::new();
    let mut digits = 0;
    // Behind a dagger stands a place within the source, in words of the model's own.
    let mut place = false;
    for (at, character) in inside.char_indices() {
        let rest = inside.get(at..).unwrap_or_default();
        if at > LONGEST {
            return Inside::Not;
        }
        if rest.starts_with(closing) {
            return if numbers.is_empty() { Inside::Not } else { Inside::Closed(at, numbers) };
        }
        match character.to_digit(10) {
            _ if place => {}
            Some(_) if digits == DIGITS => return Inside::Not,
            Some(digit) => {
                let before = if digits == 0 { None } else { numbers.pop() };
                numbers.push(before.unwrap_or(0) * 10 + u64::from(digit));
                digits += 1;
            }
            None if matches!(character, ' ' | ',' | ';') => digits = 0,
            None if character == '†' && closing == "】" && !numbers.is_empty() => place = true,
            // Half of a closing bracket, the rest of which is still to come.
            None if closing.starts_with(rest) && !numbers.is_empty() => return Inside::Open,
            None => return Inside::Not,
        }
    }
    Inside::Open
}

#[cfg(test)]
mod tests {
    use super::{Reading, read};
    use proptest::prelude::*;

    #[test]
    fn marks_are_read() {
        let marks: [(&str, &[u64]); 6] = [
            ("[[101]]", &[101]),
            ("[[101, 203]]", &[101, 203]),
            ("[[ 101;203 ]]", &[101, 203]),
            ("【101】", &[101]),
            ("【101†L3-L4】", &[101]),
            ("[[007]]", &[7]),
        ];
        for (text, numbers) in marks {
            let with_more = [text, "]] and more"].concat();
            assert_eq!(read(&with_more), Reading::Marker(text.len(), numbers.to_vec()), "{text}");
        }
    }

    #[test]
    fn other_brackets_are_text() {
        let long = format!("[[{}]]", "1 ".repeat(40));
        let more = format!("【1†{}】", "x".repeat(80));
        for text in [
            "[x]",
            "[101]",
            "[[x]]",
            "[[]]",
            "[[101][",
            "[[1234567]]",
            "[[ , ]]",
            "【】",
            "【†1】",
            "「101」",
            &long,
            &more,
        ] {
            assert_eq!(read(text), Reading::Not, "{text}");
        }
    }

    #[test]
    fn beginnings_are_open() {
        for mark in ["[[101, 203]]", "【101†L3】"] {
            for (at, _) in mark.char_indices().skip(1) {
                assert_eq!(read(&mark[..at]), Reading::Open, "{}", &mark[..at]);
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_held_is_bounded(text in "[\\[【][\\[\\]【】0-9 ,;†x]{0,200}") {
            if read(&text) == Reading::Open {
                prop_assert!(text.len() < 80, "{}", text);
            }
        }
    }
}
