//! A typed reader over a JSON value: every getter that meets something else than it wants notes a problem with the path, and gives nothing.
//!
//! Spellings are looked for without regard to case, `_` and `-`, so `api_key`, `apiKey` and `APIKEY` are one key. Which keys there are and
//! what they mean is left to `build`.

use std::{cell::RefCell, fmt::Display, ops::RangeInclusive, time::Duration};

use serde_json::{Map, Value};

use super::{
    Options, Secret,
    interpolate::{Unset, join},
    problem::{Problem, Problems, Severity},
    spelling::{nearest, same_key},
};

/// What reading one file gathers beside the values.
pub(super) struct Reader {
    pub(super) file: String,
    pub(super) unset: Vec<Unset>,
    problems: RefCell<Problems>,
    secrets: RefCell<Vec<Secret>>,
}

impl Reader {
    pub(super) fn new(file: String, unset: Vec<Unset>) -> Self {
        Self { file, unset, problems: RefCell::default(), secrets: RefCell::default() }
    }

    pub(super) fn problem(&self, severity: Severity, path: &str, message: impl Into<String>, hint: Option<String>) {
        let problem =
            Problem { severity, file: self.file.clone(), path: path.to_owned(), message: message.into(), hint };
        self.push(problem);
    }

    pub(super) fn push(&self, problem: Problem) {
        self.problems.borrow_mut().push(problem);
    }

    pub(super) fn error(&self, path: &str, message: impl Into<String>, hint: impl Display) {
        self.problem(Severity::Error, path, message, Some(hint.to_string()));
    }

    pub(super) fn warning(&self, path: &str, message: impl Into<String>, hint: impl Display) {
        self.problem(Severity::Warning, path, message, Some(hint.to_string()));
    }

    /// Remembers a secret, so that it can be taken out of messages.
    pub(super) fn secret(&self, value: &str) -> Secret {
        let secret = Secret::new(value);
        self.secrets.borrow_mut().push(secret.clone());
        secret
    }

    /// Everything gathered, fit to be shown.
    pub(super) fn into_problems(self) -> Problems {
        /// A shorter secret would take ordinary words out of the messages, and is none.
        const SHORTEST_SECRET: usize = 8;
        let mut problems = self.problems.into_inner();
        let mut secrets = self.secrets.into_inner();
        // The longer first: one may be a part of another.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.expose().len()));
        problems.redact(secrets.iter().map(Secret::expose).filter(|value| value.len() >= SHORTEST_SECRET));
        problems.sort();
        problems
    }
}

/// A value with its path.
#[derive(Clone)]
pub(super) struct Node<'a> {
    pub(super) reader: &'a Reader,
    pub(super) value: &'a Value,
    pub(super) path: String,
}

impl<'a> Node<'a> {
    pub(super) fn root(reader: &'a Reader, value: &'a Value) -> Self {
        Self { reader, value, path: String::new() }
    }

    pub(super) fn error(&self, message: impl Into<String>, hint: impl Display) {
        self.reader.error(&self.path, message, hint);
    }

    pub(super) fn warning(&self, message: impl Into<String>, hint: impl Display) {
        self.reader.warning(&self.path, message, hint);
    }

    /// A variable in this very string is not set, which has been said already.
    pub(super) fn is_unset(&self) -> bool {
        self.reader.unset.iter().any(|unset| unset.path == self.path)
    }

    /// Notes that the value is of the wrong type. The value itself is not quoted: it may be a key in the wrong place.
    fn wrong_type<T>(&self, wanted: &str) -> Option<T> {
        if !self.is_unset() {
            let found = match self.value {
                Value::Null => "null",
                Value::Bool(_) => "a boolean",
                Value::Number(_) => "a number",
                Value::String(_) => "a string",
                Value::Array(_) => "a list",
                Value::Object(_) => "an object",
            };
            self.reader.problem(Severity::Error, &self.path, format!("must be {wanted}, not {found}"), None);
        }
        None
    }

    /// Notes that a value of a possible type does not say what is wanted.
    fn wrong_value<T>(&self, wanted: &str) -> Option<T> {
        if !self.is_unset() {
            self.reader.problem(Severity::Error, &self.path, format!("must be {wanted}"), None);
        }
        None
    }

    pub(super) fn text(&self) -> Option<&'a str> {
        match self.value {
            Value::String(text) if !self.is_unset() => Some(text.trim()),
            _ => self.wrong_type("a string"),
        }
    }

    /// A string with something in it; an empty one counts as not given, as user interfaces write it for a field left blank.
    pub(super) fn filled_text(&self) -> Option<&'a str> {
        self.text().filter(|text| !text.is_empty())
    }

    pub(super) fn secret(&self) -> Option<Secret> {
        self.filled_text().map(|text| self.reader.secret(text))
    }

    pub(super) fn boolean(&self) -> Option<bool> {
        let parsed = match self.value {
            Value::Bool(value) => Some(*value),
            Value::String(text) => parse_bool(text),
            Value::Number(number) => parse_bool(&number.to_string()),
            _ => None,
        };
        parsed.or_else(|| self.wrong_value("true or false"))
    }

    /// A whole number, also when it is written as a string or as `6e4`.
    pub(super) fn number(&self, range: RangeInclusive<u64>) -> Option<u64> {
        let parsed = match self.value {
            Value::Number(number) => number.as_u64().or_else(|| number.as_f64().and_then(whole)),
            Value::String(text) => text.trim().parse().ok(),
            _ => return self.wrong_type("a whole number"),
        };
        match parsed {
            Some(number) if range.contains(&number) => Some(number),
            Some(_) => {
                self.reader.problem(
                    Severity::Error,
                    &self.path,
                    format!("must be from {} to {}", range.start(), range.end()),
                    None,
                );
                None
            }
            None => self.wrong_value("a whole number"),
        }
    }

    pub(super) fn port(&self) -> Option<u16> {
        self.number(0..=u64::from(u16::MAX)).and_then(|number| u16::try_from(number).ok())
    }

    /// A time in milliseconds.
    pub(super) fn milliseconds(&self) -> Option<Duration> {
        /// A day: more is a slip of units, and clients have long given up.
        const LONGEST: u64 = 24 * 60 * 60 * 1000;
        self.number(1..=LONGEST).map(Duration::from_millis)
    }

    pub(super) fn items(&self) -> Option<Vec<Node<'a>>> {
        let Value::Array(items) = self.value else {
            return self.wrong_type("a list");
        };
        let node = |(index, value)| Node { reader: self.reader, value, path: format!("{}[{index}]", self.path) };
        Some(items.iter().enumerate().map(node).collect())
    }

    /// The items of a list; a plain value is taken as a list of one.
    pub(super) fn one_or_many(&self) -> Vec<Node<'a>> {
        match self.value {
            Value::Array(_) | Value::Object(_) => self.items().unwrap_or_default(),
            _ => vec![self.clone()],
        }
    }

    pub(super) fn table(&self) -> Option<Table<'a>> {
        match self.value {
            Value::Object(map) => {
                Some(Table { node: self.clone(), map, asked: RefCell::default(), used: RefCell::default() })
            }
            _ => self.wrong_type("an object"),
        }
    }

    pub(super) fn options(&self) -> Options {
        Options::new(self.value.clone())
    }
}

/// `true`, `false`, `1` or `0`, in a variable or a string.
pub(super) fn parse_bool(text: &str) -> Option<bool> {
    match text.trim() {
        "1" => Some(true),
        "0" => Some(false),
        word if word.eq_ignore_ascii_case("true") => Some(true),
        word if word.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// A number that was written with an exponent or a decimal point, if it is whole.
fn whole(number: f64) -> Option<u64> {
    /// 2^53: up to here a double holds every whole number.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (number.fract() == 0.0 && (0.0..=EXACT).contains(&number)).then_some(number as u64)
}

/// An object whose keys are known. It remembers which keys were asked for, so that [`Table::finish`] can name the others.
pub(super) struct Table<'a> {
    pub(super) node: Node<'a>,
    map: &'a Map<String, Value>,
    asked: RefCell<Vec<&'static str>>,
    used: RefCell<Vec<&'a str>>,
}

impl<'a> Table<'a> {
    /// The value under the first of these names that is there and not null.
    pub(super) fn get(&self, names: &[&'static str]) -> Option<Node<'a>> {
        self.asked.borrow_mut().extend(names);
        let mut found: Option<(&'a str, Node<'a>)> = None;
        for name in names {
            for (key, value) in self.map.iter().filter(|(key, _)| same_key(key, name)) {
                if self.used.borrow().contains(&key.as_str()) {
                    continue;
                }
                self.used.borrow_mut().push(key);
                match &found {
                    _ if value.is_null() => {}
                    None => found = Some((key, self.entry(key, value))),
                    Some((first, _)) => {
                        let message = format!("means the same as `{first}`, which is given too; `{first}` is used");
                        self.entry(key, value).warning(message, "remove one of the two");
                    }
                }
            }
        }
        found.map(|(_, node)| node)
    }

    /// Whether a key is there at all, with whatever value. It does not count as asking for it.
    pub(super) fn has(&self, name: &str) -> bool {
        self.map.keys().any(|key| same_key(key, name))
    }

    /// Whether a key says something: it is there and not null. It does not count as asking for it.
    pub(super) fn gives(&self, name: &str) -> bool {
        self.map.iter().any(|(key, value)| same_key(key, name) && !value.is_null())
    }

    /// All entries, for objects whose keys the user chooses.
    pub(super) fn entries(&self) -> Vec<(&'a str, Node<'a>)> {
        self.map.iter().map(|(key, value)| (key.as_str(), self.entry(key, value))).collect()
    }

    fn entry(&self, key: &str, value: &'a Value) -> Node<'a> {
        Node { reader: self.node.reader, value, path: join(&self.node.path, key) }
    }

    /// Says which keys nobody asked for. Files of claude-code-router have keys of their own, hence no error.
    pub(super) fn finish(self) {
        let asked = self.asked.into_inner();
        let used = self.used.into_inner();
        for key in self.map.keys().filter(|key| !used.contains(&key.as_str())) {
            let path = join(&self.node.path, key);
            let hint = match nearest(key, asked.iter().copied()) {
                Some((name, true)) => format!("did you mean `{name}`?"),
                Some((name, false)) => format!("remove it; the nearest known key is `{name}`"),
                None => "remove it".to_owned(),
            };
            self.node.reader.warning(&path, "unknown key, ignored", hint);
        }
    }
}
