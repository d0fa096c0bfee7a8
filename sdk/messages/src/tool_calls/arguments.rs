//! The arguments of one tool call: takes the pieces in whatever shape the provider sends them and keeps one JSON object.
//!
//! Which call a piece belongs to is decided in [`super::matching`]; when the text goes out, in [`super`].

use super::scan::{Fed, JSON_SPACE, Scan, is_blank, is_object};
use crate::json::Document;
use crate::repair::repair;

/// What is wrong with a call's arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The text is not a JSON object, whatever may follow.
    NotAnObject,
    /// After a complete object came another one that differs.
    SecondObject,
}

/// How a piece was taken up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// Appended as it is.
    Whole,
    /// Only a part was appended, or none, or the text was replaced.
    Otherwise,
}

/// How far the arguments are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// Nothing but white space so far.
    Blank,
    /// A complete `{}`, `null`, `[]` or `""` in one piece: no arguments, or what some providers send before the real ones.
    Placeholder,
    /// Begun with `{`, not complete.
    Object,
    /// Begun with something else (a string that holds the object, for example), not complete.
    Other,
    /// Not valid JSON; kept to be repaired when all of it is there.
    Broken,
    /// All of one JSON object is there.
    Complete,
}

/// The arguments of one call.
#[derive(Debug)]
pub(super) struct Arguments {
    /// What has been received, as it is to go out once [`Progress`] is `Object` or `Complete`.
    text: String,
    scan: Scan,
    progress: Progress,
    /// The provider sends all of the text so far each time.
    cumulative: bool,
    /// What is not valid JSON is repaired.
    repairs: bool,
    /// What came after the complete object: the same once more, or rubbish.
    again: String,
    again_scan: Scan,
    /// `again` is neither the same object nor a beginning of one.
    rubbish: bool,
}

impl Arguments {
    pub(super) fn new(repairs: bool) -> Self {
        Self {
            repairs,
            text: String::new(),
            scan: Scan::new(),
            progress: Progress::Blank,
            cumulative: false,
            again: String::new(),
            again_scan: Scan::new(),
            rubbish: false,
        }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn progress(&self) -> Progress {
        self.progress
    }

    /// How many bytes are held back.
    pub(super) fn size(&self) -> usize {
        self.text.len() + self.again.len()
    }

    /// Whether something followed the complete object that had to be left out.
    pub(super) fn has_rubbish(&self) -> bool {
        self.rubbish || !is_blank(&self.again)
    }

    /// What is not valid JSON is kept, and repaired if it can be.
    pub(super) fn forgive(&mut self) {
        self.repairs = true;
    }

    /// No more pieces are expected: what may stand for "no arguments" becomes `{}`.
    pub(super) fn seal(&mut self) {
        if matches!(self.progress, Progress::Blank | Progress::Placeholder) {
            self.become_text("{}".to_owned(), Progress::Complete);
        }
    }

    /// The provider says that nothing follows: what is not valid JSON, or not complete, becomes what it was meant to be, if it can be told.
    pub(super) fn repair(&mut self) {
        let begun = matches!(self.progress, Progress::Broken | Progress::Object | Progress::Other);
        if self.repairs
            && begun
            && let Some(repaired) = repair(&self.text)
        {
            self.become_text(repaired, Progress::Complete);
        }
    }

    /// Takes the next piece.
    pub(super) fn push(&mut self, piece: &str) -> Result<Taken, Fault> {
        match self.progress {
            _ if piece.is_empty() => Ok(Taken::Otherwise),
            Progress::Complete => self.push_again(piece),
            Progress::Placeholder if is_blank(piece) => Ok(Taken::Otherwise),
            Progress::Placeholder => {
                *self = Self::new(self.repairs);
                self.append(piece)
            }
            Progress::Blank => self.append(piece),
            Progress::Broken => {
                self.text.push_str(piece);
                Ok(Taken::Otherwise)
            }
            Progress::Object | Progress::Other => match self.repeated(piece) {
                0 => self.append(piece),
                known => {
                    self.cumulative = true;
                    self.append(piece.get(known..).unwrap_or_default())?;
                    Ok(Taken::Otherwise)
                }
            },
        }
    }

    /// Whether `piece` is a whole object other than the complete one that is here, so that it must belong to another call.
    pub(super) fn excludes(&self, piece: &str) -> bool {
        self.progress == Progress::Complete && is_object(piece) && !same_json(&self.text, piece)
    }

    /// How many bytes of `piece` repeat what is known already: all of the known text if the provider sends the text so far each
    /// time, else none. It is a repetition if it begins with the known text and JSON does not allow it as a continuation.
    fn repeated(&self, piece: &str) -> usize {
        let known = self.text.len();
        if piece.len() < known || !piece.starts_with(&self.text) {
            return 0;
        }
        if self.cumulative || self.scan.clone().feed(piece.as_bytes()) == Fed::Broken { known } else { 0 }
    }

    fn append(&mut self, piece: &str) -> Result<Taken, Fault> {
        let before = self.text.len();
        let fresh = self.progress == Progress::Blank;
        self.text.push_str(piece);
        if fresh {
            self.progress = match self.text.trim_start_matches(JSON_SPACE).chars().next() {
                None => Progress::Blank,
                Some('{') => Progress::Object,
                Some(_) => Progress::Other,
            };
        }
        let object = self.progress == Progress::Object;
        match self.scan.feed(piece.as_bytes()) {
            Fed::Open => Ok(Taken::Whole),
            Fed::Broken if self.repairs => {
                self.progress = Progress::Broken;
                Ok(Taken::Otherwise)
            }
            Fed::Broken => Err(Fault::NotAnObject),
            Fed::Complete(end) => {
                let rest = self.text.split_off(before + end);
                self.complete(fresh)?;
                if !is_blank(&rest) {
                    self.push(&rest)?;
                }
                let whole = object && rest.is_empty() && self.progress == Progress::Complete;
                Ok(if whole { Taken::Whole } else { Taken::Otherwise })
            }
        }
    }

    /// The text is one JSON value. `fresh`: all of it came in the last piece, so that nothing of it can be out already.
    fn complete(&mut self, fresh: bool) -> Result<(), Fault> {
        let known = self.text.trim_matches(JSON_SPACE);
        let replaceable = fresh || self.progress == Progress::Other;
        if replaceable && stands_for_nothing(known) {
            self.become_text("{}".to_owned(), Progress::Placeholder);
        } else if self.progress == Progress::Other {
            match decode_object(known) {
                Some(object) => self.become_text(object, Progress::Complete),
                None if self.repairs => self.progress = Progress::Broken,
                None => return Err(Fault::NotAnObject),
            }
        } else {
            self.progress = Progress::Complete;
        }
        Ok(())
    }

    fn become_text(&mut self, text: String, progress: Progress) {
        self.text = text;
        self.progress = progress;
    }

    /// A piece after the complete object.
    fn push_again(&mut self, piece: &str) -> Result<Taken, Fault> {
        if self.rubbish || (self.again.is_empty() && is_blank(piece)) {
            return Ok(Taken::Otherwise);
        }
        let before = self.again.len();
        self.again.push_str(piece);
        match self.again_scan.feed(piece.as_bytes()) {
            Fed::Open => {}
            Fed::Broken => {
                self.rubbish = true;
                self.again = String::new();
            }
            Fed::Complete(end) => {
                let rest = self.again.split_off(before + end);
                let again = std::mem::take(&mut self.again);
                self.again_scan = Scan::new();
                if !self.repeats(again.trim_matches(JSON_SPACE)) {
                    return Err(Fault::SecondObject);
                }
                if !rest.is_empty() {
                    return self.push_again(&rest);
                }
            }
        }
        Ok(Taken::Otherwise)
    }

    /// Whether a complete value that came later says nothing new.
    fn repeats(&self, again: &str) -> bool {
        stands_for_nothing(again)
            || same_json(&self.text, again)
            || decode_object(again).is_some_and(|decoded| same_json(&self.text, &decoded))
    }
}

/// Whether a complete JSON text is one of those that providers send for a call without arguments.
fn stands_for_nothing(text: &str) -> bool {
    ["{}", "null", "[]", "\"\"", "\"{}\"", "\"null\"", "\"[]\""].into_iter().any(|nothing| same_json(nothing, text))
}

/// The object within a JSON string: arguments that were encoded twice.
fn decode_object(text: &str) -> Option<String> {
    let document = Document::parse(text.as_bytes()).ok()?;
    let decoded = document.root().as_str()?.decode().into_owned();
    is_object(&decoded).then_some(decoded)
}

/// Whether two JSON texts differ in nothing but white space between their tokens.
fn same_json(one: &str, other: &str) -> bool {
    one == other || tokens(one).eq(tokens(other))
}

/// The bytes of a JSON text without the white space between tokens.
fn tokens(text: &str) -> impl Iterator<Item = u8> + '_ {
    let (mut quoted, mut escaped) = (false, false);
    text.bytes().filter(move |&byte| {
        if quoted {
            quoted = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
            return true;
        }
        quoted = byte == b'"';
        !byte.is_ascii_whitespace()
    })
}
