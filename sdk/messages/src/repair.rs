//! Repairs JSON as models write it when they get it wrong: the arguments of a tool call that are almost an object.
//!
//! Understood are code fences and words around the object, comments, trailing, doubled and missing commas, single, typographic
//! and missing quotes, quotes and line breaks within strings that should have been escaped, Python's and JavaScript's literals
//! and numbers, and missing closers. What is repaired is a guess, so nothing is repaired that is JSON already, and not everything
//! can be: [`repair`] then says `None`. Whether a text may be repaired at all (one that `max_tokens` cut off must not become a
//! complete call) is the caller's part.

mod string;

#[cfg(test)]
mod tests;

use crate::json::{Document, Kind, MAX_DEPTH, Writer};

/// Longest key without quotes, in bytes, that is looked for when it must be told whether a quote ends a string. Keys of tools'
/// arguments are short, and a bound keeps the search linear.
const LONGEST_KEY: usize = 256;

/// The JSON object that `text` was meant to be; `text` itself if it is one.
#[must_use]
pub fn repair(text: &str) -> Option<String> {
    if let Ok(document) = Document::parse(text.as_bytes()) {
        return match document.root().kind() {
            Kind::Object => Some(text.to_owned()),
            // Encoded twice, and perhaps broken inside. A string within a string is shorter each time, so this ends.
            Kind::String => repair(&document.root().as_str()?.decode()),
            _ => None,
        };
    }
    let start = text.find('{')?;
    let mut repairer = Repairer { rest: text.get(start..)?, out: Writer::with_capacity(text.len()), depth: 0 };
    repairer.object()?;
    let repaired = repairer.out.into_string();
    Document::parse(repaired.as_bytes()).ok()?;
    Some(repaired)
}

/// Reads leniently, writes strictly.
struct Repairer<'t> {
    rest: &'t str,
    out: Writer,
    depth: u32,
}

impl<'t> Repairer<'t> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    fn eat(&mut self, expected: char) -> bool {
        match self.rest.strip_prefix(expected) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// White space and comments; an unfinished comment reaches to the end.
    fn space(&mut self) {
        loop {
            self.rest = self.rest.trim_start();
            if self.rest.starts_with("//") {
                self.skip(self.rest.find('\n').unwrap_or(self.rest.len()));
            } else if self.rest.starts_with("/*") {
                self.skip(self.rest.find("*/").map_or(self.rest.len(), |end| end + 2));
            } else {
                return;
            }
        }
    }

    fn commas(&mut self) {
        self.space();
        while self.eat(',') {
            self.space();
        }
    }

    fn enter(&mut self) -> Option<()> {
        self.depth += 1;
        (self.depth < MAX_DEPTH).then_some(())
    }

    /// An object, up to its closer or the end of the text.
    fn object(&mut self) -> Option<()> {
        self.enter()?;
        self.eat('{');
        self.out.begin_object();
        loop {
            self.commas();
            match self.peek() {
                None => break,
                Some('}') => {
                    self.skip(1);
                    break;
                }
                // Closes what is outside: this one's closer is missing.
                Some(']') => break,
                Some(_) => self.member()?,
            }
        }
        self.out.end_object();
        self.depth -= 1;
        Some(())
    }

    fn member(&mut self) -> Option<()> {
        let key = match self.peek().and_then(string::closing) {
            Some(_) => self.string(string::StringRole::Key)?,
            None => self.bare_key()?.to_owned(),
        };
        self.out.key(&key);
        self.space();
        let has_value = self.eat(':');
        self.space();
        match self.peek() {
            Some(',' | '}' | ']') | None => _ = self.out.null(),
            // Without a colon it was no key: rather nothing than a wrong guess.
            Some(_) if !has_value => return None,
            Some(_) => self.value(string::StringRole::Member)?,
        }
        Some(())
    }

    fn bare_key(&mut self) -> Option<&'t str> {
        let end = self.rest.find(|c: char| !string::is_bare(c)).unwrap_or(self.rest.len());
        let key = self.rest.get(..end).filter(|key| !key.is_empty())?;
        self.skip(end);
        Some(key)
    }

    fn array(&mut self) -> Option<()> {
        self.enter()?;
        self.skip(1);
        self.out.begin_array();
        loop {
            self.commas();
            match self.peek() {
                None => break,
                Some(']') => {
                    self.skip(1);
                    break;
                }
                Some('}') => break,
                Some(_) => self.value(string::StringRole::Item)?,
            }
        }
        self.out.end_array();
        self.depth -= 1;
        Some(())
    }

    fn value(&mut self, role: string::StringRole) -> Option<()> {
        match self.peek()? {
            '{' => self.object(),
            '[' => self.array(),
            quote if string::closing(quote).is_some() => {
                let text = self.string(role)?;
                self.out.string(&text);
                Some(())
            }
            _ => self.bare(),
        }
    }

    /// A number, a literal, or a text whose quotes are missing, up to what ends it.
    fn bare(&mut self) -> Option<()> {
        let end = self.rest.find([',', '}', ']', '\n']).unwrap_or(self.rest.len());
        let word = self.rest.get(..end)?.trim();
        let word =
            word.split("//").next().filter(|before| before.ends_with(char::is_whitespace)).map_or(word, str::trim);
        if word.is_empty() {
            return None;
        }
        self.skip(end);
        match word {
            "true" | "True" | "TRUE" => _ = self.out.bool(true),
            "false" | "False" | "FALSE" => _ = self.out.bool(false),
            "null" | "None" | "nil" | "undefined" | "NaN" | "Infinity" | "-Infinity" | "+Infinity" => {
                _ = self.out.null()
            }
            _ => match number(word) {
                Some(number) => _ = self.out.raw(&number),
                None => _ = self.out.string(word),
            },
        }
        Some(())
    }
}

/// A number in JSON's spelling: `+1`, `.5`, `5.`, `0x1F` and `1_000` are what other languages allow.
fn number(word: &str) -> Option<String> {
    let (sign, digits) = match word.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", word.strip_prefix('+').unwrap_or(word)),
    };
    if let Some(hex) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        return u64::from_str_radix(hex, 16).ok().map(|number| format!("{sign}{number}"));
    }
    let plain: String = digits.chars().filter(|c| *c != '_').collect();
    let zero = if plain.starts_with('.') { "0" } else { "" };
    let number = format!("{sign}{zero}{}", plain.strip_suffix('.').unwrap_or(&plain));
    let is_number = Document::parse(number.as_bytes()).is_ok_and(|document| document.root().kind() == Kind::Number);
    is_number.then_some(number)
}
