//! Strings in whatever quotes, and the guess which quote ends one.

use super::{LONGEST_KEY, Repairer};

/// What a string is, which decides what may follow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StringRole {
    /// The key of a member.
    Key,
    /// The value of a member.
    Member,
    /// An item of an array.
    Item,
}

/// The quote that ends a string begun with this one.
pub(super) fn closing(quote: char) -> Option<char> {
    match quote {
        '"' | '\'' | '`' => Some(quote),
        '“' => Some('”'),
        '‘' => Some('’'),
        _ => None,
    }
}

/// Whether a character may stand in a key without quotes.
pub(super) fn is_bare(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '$' | '-' | '.')
}

impl Repairer<'_> {
    /// The string that begins here, decoded. One that never ends reaches to the end of the text.
    pub(super) fn string(&mut self, role: StringRole) -> Option<String> {
        let quote = self.peek()?;
        let closing = closing(quote)?;
        self.skip(quote.len_utf8());
        let mut text = String::new();
        loop {
            let stop = self.rest.find([closing, '\\']).unwrap_or(self.rest.len());
            text.push_str(self.rest.get(..stop)?);
            self.skip(stop);
            let Some(found) = self.peek() else { return Some(text) };
            self.skip(found.len_utf8());
            if found == '\\' && closing != '\\' {
                self.escape(&mut text);
            } else if ends(self.rest, role) {
                return Some(text);
            } else {
                text.push(found);
            }
        }
    }

    /// What follows a backslash. One that begins no escape is meant as it stands: patterns and Windows paths are full of them.
    fn escape(&mut self, text: &mut String) {
        let Some(kind) = self.peek() else { return };
        let simple = match kind {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'b' => '\u{8}',
            'f' => '\u{c}',
            '"' | '\'' | '`' | '\\' | '/' => kind,
            '\n' => return self.skip(1),
            'u' => return self.unicode(text),
            _ => return text.push('\\'),
        };
        text.push(simple);
        self.skip(1);
    }

    /// `uXXXX`, and a second escape with it where the two are a surrogate pair.
    fn unicode(&mut self, text: &mut String) {
        let unit = |from: &str| u16::from_str_radix(from.get(1..5)?, 16).ok();
        let Some(first) = unit(self.rest) else { return text.push('\\') };
        let second = self.rest.get(5..).and_then(|rest| rest.strip_prefix('\\')).and_then(|rest| {
            let second = rest.starts_with('u').then(|| unit(rest)).flatten()?;
            char::decode_utf16([first, second]).next()?.ok()
        });
        match (char::from_u32(first.into()), second) {
            (Some(character), _) => {
                text.push(character);
                self.skip(5);
            }
            (None, Some(character)) => {
                text.push(character);
                self.skip(11);
            }
            (None, None) => {
                text.push(char::REPLACEMENT_CHARACTER);
                self.skip(5);
            }
        }
    }
}

/// Whether a quote before `rest` ends the string: only if what follows may follow a string there.
fn ends(rest: &str, role: StringRole) -> bool {
    let rest = rest.trim_start();
    let Some(next) = rest.chars().next() else { return true };
    match (role, next) {
        (StringRole::Key, _) => next == ':',
        (_, '}' | ']') => true,
        (StringRole::Item, ',') => true,
        (StringRole::Item, _) => closing(next).is_some(),
        (StringRole::Member, ',') => match rest.get(1..).unwrap_or_default().trim_start() {
            "" => true,
            after => after.starts_with(['}', ']', ',', '/']) || begins_member(after),
        },
        // The comma may be missing, or a comment may follow.
        (StringRole::Member, _) => rest.starts_with("//") || rest.starts_with("/*") || begins_member(rest),
    }
}

/// Whether a key and a colon stand here.
fn begins_member(text: &str) -> bool {
    let Some(first) = text.chars().next() else { return false };
    let (key, is_end): (&str, &dyn Fn(char) -> bool) = match closing(first) {
        Some(quote) => (text.get(first.len_utf8()..).unwrap_or_default(), &move |c| c == quote),
        None if is_bare(first) => (text, &|c| !is_bare(c)),
        None => return false,
    };
    let Some((end, found)) = key.char_indices().take(LONGEST_KEY).find(|(_, c)| is_end(*c)) else { return false };
    let after = if closing(first).is_some() { end + found.len_utf8() } else { end };
    key.get(after..).unwrap_or_default().trim_start().starts_with(':')
}
