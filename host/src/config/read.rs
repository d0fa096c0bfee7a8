//! From a file to a JSON value: size, encoding, JSON5 syntax, nesting, keys given twice.
//!
//! What the keys mean is left to `build`. No message quotes the text, since a key may stand on the very line that is wrong.

use std::{cell::RefCell, fmt, fs::File, io::Read, path::Path};

use json5::{Error as SyntaxError, ErrorCode};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::interpolate::join;

/// The largest file that is read. A configuration with a thousand providers is under 1 MiB; what is larger is some other file.
const MAX_BYTES: u64 = 4 << 20;

/// The deepest nesting. The parser recurses, and a real configuration nests about ten deep; 100 levels fit any thread's stack.
const MAX_DEPTH: usize = 100;

/// Why a file could not be read.
pub(super) enum Failure {
    NotFound,
    /// Message and hint.
    Unreadable(String, &'static str),
    Syntax {
        /// `line 3, column 7`
        place: String,
        message: String,
        hint: Option<&'static str>,
    },
}

/// A parsed file, and the paths of the keys that it gives more than once.
pub(super) struct Parsed {
    pub(super) value: Value,
    pub(super) repeated: Vec<String>,
}

/// Reads a file's text.
pub(super) fn text(path: &Path) -> Result<String, Failure> {
    let file = File::open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Failure::NotFound,
        _ => unreadable(&error),
    })?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    if bytes.len() as u64 > MAX_BYTES {
        let message = format!("the file is larger than {} MiB", MAX_BYTES >> 20);
        return Err(Failure::Unreadable(message, "name the configuration file itself with --config"));
    }
    String::from_utf8(bytes).map_err(|_| Failure::Unreadable("the file is not UTF-8 text".into(), "save it as UTF-8"))
}

fn unreadable(error: &std::io::Error) -> Failure {
    Failure::Unreadable(
        format!("cannot be read: {error}"),
        "check that it is a file and that its permissions allow reading it",
    )
}

/// Parses JSON5. A text with nothing in it, as an editor leaves a new file, is an empty object.
pub(super) fn parse(text: &str) -> Result<Parsed, Failure> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        return Ok(Parsed { value: Value::Object(Map::new()), repeated: Vec::new() });
    }
    let repeated = RefCell::new(Vec::new());
    let mut deserializer = json5::Deserializer::from_str(text);
    let seed = Seed { depth: 0, path: String::new(), repeated: &repeated };
    let value = seed.deserialize(&mut deserializer).map_err(|error| syntax(&error, text))?;
    // The seed above stops after the first value; this looks at what follows it, without building anything.
    json5::from_str::<serde::de::IgnoredAny>(text).map_err(|error| syntax(&error, text))?;
    Ok(Parsed { value, repeated: repeated.into_inner() })
}

fn syntax(error: &SyntaxError, text: &str) -> Failure {
    let place = error.position().map_or_else(
        || format!("line {}", text.lines().count().max(1)),
        |position| format!("line {}, column {}", position.line + 1, position.column + 1),
    );
    let (message, hint) = match error.code() {
        Some(code) => explain(code),
        None => (error_text(error), None),
    };
    Failure::Syntax { place, message, hint }
}

/// The text of an error that this module raised itself, without the position, which is printed apart.
fn error_text(error: &SyntaxError) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(message, _)| message.to_owned())
}

fn explain(code: ErrorCode) -> (String, Option<&'static str>) {
    use ErrorCode as E;
    let (message, hint) = match code {
        E::ExpectedClosingBrace => ("expected `,` or `}`", Some("is a comma missing before this entry?")),
        E::ExpectedClosingBracket => ("expected `,` or `]`", Some("is a comma missing before this item?")),
        E::ExpectedComma => ("expected `,`", Some("is a comma missing before this?")),
        E::EofParsingObject => ("the object that begins here is not closed", Some("add the missing `}`")),
        E::EofParsingArray => ("the list that begins here is not closed", Some("add the missing `]`")),
        E::EofParsingString => ("the file ends inside a string", Some("add the missing quote")),
        E::EofParsingComment => ("a comment after this place is not closed", Some("add the missing `*/`")),
        E::LineTerminatorInString => ("the line ends inside a string", Some("add the missing quote")),
        E::ExpectedColon => ("expected `:` after the key", None),
        E::InvalidKey | E::ExpectedIdentifier => ("expected a key", Some("put the key in quotes")),
        E::ExpectedValue => ("expected a value", Some("strings need quotes, also around `$VARIABLE`")),
        E::TrailingCharacters => {
            ("there is text after the end of the configuration", Some("is a brace closed too early?"))
        }
        E::LeadingZero => ("a number must not begin with 0", None),
        E::OverflowParsingNumber => ("the number is too large", None),
        E::InvalidEscapeSequence | E::EofParsingEscapeSequence => {
            ("wrong escape in a string", Some("write a backslash as `\\\\`"))
        }
        other => return (format!("not valid JSON5: {other}"), None),
    };
    (message.to_owned(), hint)
}

/// Builds a [`Value`], bounded in depth, and notes keys that are given twice (the last one counts, as in JSON).
struct Seed<'a> {
    depth: usize,
    path: String,
    repeated: &'a RefCell<Vec<String>>,
}

impl<'a> Seed<'a> {
    fn deeper<E: serde::de::Error>(&self, path: String) -> Result<Self, E> {
        if self.depth >= MAX_DEPTH {
            return Err(E::custom(format_args!("nested more than {MAX_DEPTH} levels deep")));
        }
        Ok(Seed { depth: self.depth + 1, path, repeated: self.repeated })
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON5 value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u128<E: serde::de::Error>(self, value: u128) -> Result<Value, E> {
        u64::try_from(value).map(Value::from).map_err(|_| E::custom("the number is too large"))
    }

    fn visit_i128<E: serde::de::Error>(self, value: i128) -> Result<Value, E> {
        i64::try_from(value).map(Value::from).map_err(|_| E::custom("the number is too large"))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("NaN and Infinity have no meaning here"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element_seed(self.deeper(format!("{}[{}]", self.path, items.len()))?)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = access.next_key::<String>()? {
            let path = join(&self.path, &key);
            let value = access.next_value_seed(self.deeper(path.clone())?)?;
            if map.insert(key, value).is_some() {
                self.repeated.borrow_mut().push(path);
            }
        }
        Ok(Value::Object(map))
    }
}
