//! Texts of unknown length and kind, made fit to be read in an error message.

/// Enough for the longest error messages of providers, which list allowed values; short enough for a terminal.
const MOST_CHARACTERS: usize = 1000;

/// Of a web page only the title and perhaps a headline say something.
const MOST_OF_A_PAGE: usize = 120;

/// The words of a text; of a web page the first ones that a reader would see.
pub(crate) fn of(text: &[u8]) -> String {
    // No more than can be shown is looked at: a body may have megabytes. A character has at most four bytes, and a page's
    // markup is longer than its words.
    let start = text.get(..MOST_CHARACTERS * 16).unwrap_or(text);
    let text = String::from_utf8_lossy(start);
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.starts_with('<') && text.contains('>') {
        let words = cut(&without_markup(text), MOST_OF_A_PAGE);
        return format!("a web page, {}", if words.is_empty() { "without words" } else { &words });
    }
    bounded(text)
}

pub(crate) fn bounded(text: &str) -> String {
    cut(text.trim(), MOST_CHARACTERS)
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Text outside of tags, with single spaces; scripts and styles are no words.
fn without_markup(page: &str) -> String {
    let mut words: Vec<&str> = Vec::new();
    for piece in page.split('<') {
        let (tag, text) = piece.split_once('>').unwrap_or((piece, ""));
        let tag = tag.split_ascii_whitespace().next().unwrap_or_default();
        let hidden = ["script", "style"].iter().any(|name| tag.eq_ignore_ascii_case(name));
        if !hidden {
            words.extend(text.split_whitespace());
        }
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::{MOST_CHARACTERS, of};

    #[test]
    fn a_page_is_its_first_words() {
        let page = b"<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title><style>b { color: red }</style></head>
            <body><h1>502 Bad\n Gateway</h1><script>x()</script></body></html>";
        assert_eq!(of(page), "a web page, 502 Bad Gateway 502 Bad Gateway");
        assert_eq!(of(b"<html></html>"), "a web page, without words");
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let long = "\u{e9}".repeat(2 * MOST_CHARACTERS);
        assert_eq!(of(long.as_bytes()).chars().count(), MOST_CHARACTERS + 1);
        assert_eq!(of(b" plain text \n"), "plain text");
        assert_eq!(of(b"a < b"), "a < b");
        assert_eq!(of(b"\xff\xfe"), "\u{fffd}\u{fffd}");
    }
}
