//! Secrets that stand in a plugin's requests by name, as `{{secret:NAME}}`. The host puts the value in when the plugin cannot see
//! the request any more, and takes it out of whatever comes back, since servers repeat what they are sent.
//!
//! That is no defence against a server that works with the plugin: it has the secret, and can write it in any other way. To
//! grant a host is to trust it with the secrets.

use std::borrow::Cow;
use std::collections::BTreeMap;

use ccr_messages::json::Writer;
use memchr::memmem;
use percent_encoding::utf8_percent_encode;
use url::form_urlencoded;

use crate::base::wire::UNRESERVED;
use crate::config::Secret;

/// A shorter value would take ordinary words out of answers, and can be guessed anyway.
const SHORTEST: usize = 4;

/// What stands where a secret was.
const REDACTED: &[u8] = b"[redacted]";

/// A plugin's secrets.
pub(super) struct Secrets {
    by_name: BTreeMap<String, Secret>,
    /// Their values as servers write them, the longest first: one may be a part of another.
    written: Vec<memmem::Finder<'static>>,
}

/// How a secret's name is marked.
const MARKS: (&str, &str) = ("{{secret:", "}}");

/// A URL with something in the places of its secrets that stays as it is while the URL is parsed. Only what the plugin itself
/// wrote with braces is a secret's name: text from elsewhere, which plugins encode, cannot name one.
pub(super) struct Marked<'t> {
    pub(super) text: String,
    /// What the places begin with, which nothing else in the text has. A number and an `e` follow.
    mark: String,
    names: Vec<&'t str>,
}

impl<'t> Marked<'t> {
    pub(super) fn of(url: &'t str) -> Self {
        let (open, close) = MARKS;
        let mut mark = "secret-".to_owned();
        while url.to_ascii_lowercase().contains(&mark) {
            mark.push('-');
        }
        let (mut text, mut names, mut rest) = (String::with_capacity(url.len()), Vec::new(), url);
        while let Some((before, after)) = rest.split_once(open)
            && let Some((name, after)) = after.split_once(close)
        {
            text.push_str(before);
            text.push_str(&format!("{mark}{}e", names.len()));
            names.push(name);
            rest = after;
        }
        text.push_str(rest);
        Self { text, mark, names }
    }

    /// Whether a secret stands in this part of the URL.
    pub(super) fn is_in(&self, part: &str) -> bool {
        part.contains(&self.mark)
    }
}

impl Secrets {
    pub(super) fn new(by_name: BTreeMap<String, Secret>) -> Self {
        let mut written: Vec<Vec<u8>> = by_name.values().flat_map(|secret| forms(secret.expose())).collect();
        written.retain(|form| form.len() >= SHORTEST);
        written.sort_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
        written.dedup();
        let written = written.iter().map(|form| memmem::Finder::new(form).into_owned()).collect();
        Self { by_name, written }
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// A part of a URL with the secrets in it, encoded. `Err` is the name of one that is not there.
    pub(super) fn put<'t>(&self, part: &str, marked: &Marked<'t>) -> Result<String, &'t str> {
        let mut pieces = part.split(&marked.mark);
        let mut filled = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let (number, rest) = piece.split_once('e').unwrap_or_default();
            let name = number.parse().ok().and_then(|number: usize| marked.names.get(number)).copied();
            let name = name.unwrap_or_default();
            filled.push_str(&percent_encoded(self.by_name.get(name).ok_or(name)?.expose()));
            filled.push_str(rest);
        }
        Ok(filled)
    }

    /// A header's value with the secrets in it. `Err` is the name of one that is not there.
    pub(super) fn fill<'t>(&self, text: &'t str) -> Result<Cow<'t, str>, &'t str> {
        let (open, close) = MARKS;
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(open)
            && let Some((name, after)) = after.split_once(close)
        {
            let secret = self.by_name.get(name).ok_or(name)?;
            filled.push_str(before);
            filled.push_str(secret.expose());
            rest = after;
        }
        if rest.len() == text.len() {
            return Ok(Cow::Borrowed(text));
        }
        filled.push_str(rest);
        Ok(Cow::Owned(filled))
    }

    /// What came back, without them.
    pub(super) fn redact(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        for form in &self.written {
            let mut clean = Vec::new();
            let mut from = 0;
            for at in form.find_iter(&bytes) {
                clean.extend_from_slice(bytes.get(from..at).unwrap_or_default());
                clean.extend_from_slice(REDACTED);
                from = at + form.needle().len();
            }
            if from > 0 {
                clean.extend_from_slice(bytes.get(from..).unwrap_or_default());
                bytes = clean;
            }
        }
        bytes
    }

    /// The same for words.
    pub(super) fn redact_text(&self, text: String) -> String {
        String::from_utf8(self.redact(text.into_bytes()))
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }
}

/// A value for a URL: everything but letters, digits and `-._~` encoded, so that it stays one value wherever it stands.
fn percent_encoded(value: &str) -> String {
    utf8_percent_encode(value, UNRESERVED).to_string()
}

/// The same with escapes in small letters, as some servers write them.
fn percent_encoded_small(value: &str) -> String {
    let pieces = utf8_percent_encode(value, UNRESERVED);
    pieces.map(|piece| if piece.starts_with('%') { piece.to_ascii_lowercase() } else { piece.to_owned() }).collect()
}

/// A value as servers that repeat it write it: as it is, in URLs, in JSON (where some escape slashes).
fn forms(value: &str) -> Vec<Vec<u8>> {
    let mut json = Writer::with_capacity(value.len() + 2);
    json.string(value);
    let json = json.into_string();
    let json = json.trim_start_matches('"');
    let json = json.strip_suffix('"').unwrap_or(json).to_owned();
    let slashes = json.replace('/', "\\/");
    let form = form_urlencoded::byte_serialize(value.as_bytes()).collect();
    let percent = [percent_encoded(value), percent_encoded_small(value), form];
    let plain = [value.to_owned(), json, slashes];
    plain.into_iter().chain(percent).map(String::into_bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(entries: &[(&str, &str)]) -> Secrets {
        Secrets::new(entries.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(value))).collect())
    }

    #[test]
    fn names_are_replaced_and_unknown_ones_told() {
        let secrets = secrets(&[("KEY", "a/b c"), ("OTHER", "zzzz")]);
        let fill = |text: &'static str| secrets.fill(text).map(Cow::into_owned);
        assert_eq!(fill("k={{secret:KEY}}&o={{secret:OTHER}}"), Ok("k=a/b c&o=zzzz".into()));
        assert_eq!(fill("nothing {{here}} {{secret:"), Ok("nothing {{here}} {{secret:".into()));
        assert_eq!(fill("{{secret:key}}"), Err("key"));
        assert_eq!(fill("{{secret:KEY}}{{secret:NONE}}"), Err("NONE"));
    }

    #[test]
    fn in_a_url_they_stay_one_value() {
        let secrets = secrets(&[("KEY", "a/b c"), ("OTHER", "zzzz")]);
        let put = |url: &'static str| {
            let marked = Marked::of(url);
            assert_eq!(marked.is_in(&marked.text), url.contains("{{secret:KEY}}") || url.contains("{{secret:NONE}}"));
            secrets.put(&marked.text, &marked)
        };
        assert_eq!(put("/{{secret:OTHER}}/x?k={{secret:KEY}}&l=1"), Ok("/zzzz/x?k=a%2Fb%20c&l=1".into()));
        assert_eq!(put("/Secret-0e/secret--0e{{secret:KEY}}"), Ok("/Secret-0e/secret--0ea%2Fb%20c".into()));
        let encoded = "/secret-0e/%7B%7Bsecret:KEY%7D%7D?{{secret:";
        assert_eq!(put(encoded), Ok(encoded.into()));
        assert_eq!(put("/{{secret:KEY}}/{{secret:NONE}}"), Err("NONE"));
    }

    #[test]
    fn a_value_is_not_searched_for_names() {
        let secrets = secrets(&[("A", "{{secret:B}}"), ("B", "hidden")]);
        assert_eq!(secrets.fill("{{secret:A}}").unwrap(), "{{secret:B}}");
        let marked = Marked::of("{{secret:A}}");
        assert_eq!(secrets.put(&marked.text, &marked).unwrap(), "%7B%7Bsecret%3AB%7D%7D");
    }

    #[test]
    fn an_echo_is_redacted_in_every_form() {
        let secrets = secrets(&[("KEY", "s3cret/\"+ü"), ("LONG", "s3cret/\"+ü and more"), ("SHORT", "abc")]);
        for echo in [
            "s3cret/\"+ü",
            "s3cret/\\\"+ü",
            "s3cret\\/\\\"+ü",
            "s3cret%2F%22%2B%C3%BC",
            "s3cret%2f%22%2b%c3%bc",
            "s3cret/\"+ü and more",
            "s3cret%2F%22%2B%C3%BC+and+more",
            "s3cret%2F%22%2B%C3%BC%20and%20more",
        ] {
            let got = secrets.redact(format!("<{echo}|{echo}>abc").into_bytes());
            assert_eq!(String::from_utf8(got).unwrap(), "<[redacted]|[redacted]>abc", "{echo}");
        }
        assert_eq!(secrets.redact(b"\xff nothing".to_vec()), b"\xff nothing");
        assert_eq!(secrets.redact_text("to s3cret/\"+ü".into()), "to [redacted]");
    }
}
