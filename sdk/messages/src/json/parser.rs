//! The one pass: checks the grammar of RFC 8259 and notes every value's span.
//!
//! It does not recurse, so no input can overflow the stack; an open container keeps its parent's index in the field that
//! later holds its size. UTF-8 is the caller's to check.

use super::error::Fault;
use super::scan;

/// How deep containers may nest. Real requests stay below 30 (tool schemas); 256 is twice what `serde_json` accepts, so
/// nothing that providers' own parsers take is refused, and code that walks a value recursively stays safe.
pub const MAX_DEPTH: u32 = 256;

/// Bytes per node that the first allocation assumes. Claude Code's requests have 30 to 35, so one allocation suffices.
const BYTES_PER_NODE: usize = 24;

/// Nodes that the first allocation has beside those. A chunk of a stream has 24 nodes in 230 bytes.
const MIN_FIRST_NODES: usize = 24;

/// The first allocation is at most this many nodes (768 KiB): a large body is mostly one image, and a plugin's
/// memory is bounded.
const MAX_FIRST_NODES: usize = 64 * 1024;

/// Marks a string that contains an escape, in the `size` of its node. A text below 4 GiB has fewer than 2^31 values.
const ESCAPED: u32 = 1 << 31;

/// Where one value or key is. The kind is not kept: the first byte tells it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Node {
    /// Offset of the first byte.
    pub(super) start: u32,
    /// Offset after the last byte.
    pub(super) end: u32,
    /// How many nodes the value takes, itself included, and the mark `ESCAPED`.
    size: u32,
}

impl Node {
    /// How many nodes belong to the value, itself included. In an object, each member is a key's node and a value's nodes.
    pub(super) fn size(self) -> usize {
        (self.size & !ESCAPED) as usize
    }

    pub(super) fn is_escaped(self) -> bool {
        self.size & ESCAPED != 0
    }

    /// Further back by so many bytes, or, as sums wrap, further to the front.
    pub(super) fn moved(self, by: u32) -> Self {
        Self { start: self.start.wrapping_add(by), end: self.end.wrapping_add(by), size: self.size }
    }

    /// Makes a container longer by so many bytes and nodes, or, as sums wrap, shorter.
    pub(super) fn grow(&mut self, bytes: u32, nodes: u32) {
        self.end = self.end.wrapping_add(bytes);
        self.size = self.size.wrapping_add(nodes);
    }
}

/// Spans are kept in 32 bits.
pub(super) const TOO_LONG: Fault = Fault { at: 0, reason: "the text has 4 GiB or more; send less" };

/// Finds all values of the text that begins at `start`, which may have so many containers in one another.
pub(super) fn parse(bytes: &[u8], start: usize, max_depth: u32) -> Result<Vec<Node>, Fault> {
    if u32::try_from(bytes.len()).is_err() {
        return Err(TOO_LONG);
    }
    let first_nodes = (bytes.len() / BYTES_PER_NODE + MIN_FIRST_NODES).min(MAX_FIRST_NODES);
    let parser = Parser {
        bytes,
        at: start,
        nodes: Vec::with_capacity(first_nodes),
        open: 0,
        depth: 0,
        max_depth,
        in_object: false,
    };
    parser.document()
}

struct Parser<'t> {
    bytes: &'t [u8],
    at: usize,
    nodes: Vec<Node>,
    /// Index of the innermost open container; means nothing at depth 0.
    open: u32,
    depth: u32,
    max_depth: u32,
    in_object: bool,
}

impl Parser<'_> {
    fn document(mut self) -> Result<Vec<Node>, Fault> {
        self.skip_space();
        while self.value()? || self.after_value()? {}
        if self.at < self.bytes.len() {
            return Err(self.fault("expected the end of the text after the outermost value"));
        }
        Ok(self.nodes)
    }

    /// Reads a scalar, or what opens a container. True when that leaves the parser before the container's first value.
    #[inline]
    fn value(&mut self) -> Result<bool, Fault> {
        match self.byte(self.at) {
            b'"' => self.string()?,
            b'{' => return self.open(true),
            b'[' => return self.open(false),
            b't' => self.literal(b"true")?,
            b'f' => self.literal(b"false")?,
            b'n' => self.literal(b"null")?,
            b'-' | b'0'..=b'9' => self.number()?,
            _ => return Err(self.fault("expected a value")),
        }
        Ok(false)
    }

    /// Reads what follows a value: commas and ends of containers. False when the outermost value has ended.
    #[inline]
    fn after_value(&mut self) -> Result<bool, Fault> {
        loop {
            self.skip_space();
            if self.depth == 0 {
                return Ok(false);
            }
            match (self.byte(self.at), self.in_object) {
                (b',', in_object) => {
                    self.step();
                    if in_object {
                        self.key()?;
                    }
                    return Ok(true);
                }
                (b'}', true) | (b']', false) => self.close(),
                (_, true) => {
                    return Err(self.fault("expected ',' or '}' after a member of an object"));
                }
                (_, false) => {
                    return Err(self.fault("expected ',' or ']' after an item of an array"));
                }
            }
        }
    }

    #[inline]
    fn open(&mut self, object: bool) -> Result<bool, Fault> {
        if self.depth == self.max_depth {
            return Err(self.fault("arrays and objects nest more than 256 deep; send a flatter value"));
        }
        let index = self.nodes.len() as u32;
        self.nodes.push(Node { start: self.at as u32, end: 0, size: self.open });
        self.open = index;
        self.depth += 1;
        self.in_object = object;
        self.step();
        match (self.byte(self.at), object) {
            (b'}', true) | (b']', false) => {
                self.close();
                return Ok(false);
            }
            (_, true) => self.key()?,
            (_, false) => {}
        }
        Ok(true)
    }

    #[inline]
    fn close(&mut self) {
        self.at += 1;
        let nodes = self.nodes.len() as u32;
        let Some(container) = self.nodes.get_mut(self.open as usize) else {
            return;
        };
        let parent = container.size;
        container.end = self.at as u32;
        container.size = nodes - self.open;
        self.open = parent;
        self.depth -= 1;
        let start = self.nodes.get(parent as usize).map_or(0, |parent| parent.start);
        self.in_object = self.byte(start as usize) == b'{';
    }

    /// A key and its colon.
    #[inline]
    fn key(&mut self) -> Result<(), Fault> {
        if self.byte(self.at) != b'"' {
            return Err(self.fault("expected a key in double quotes"));
        }
        self.string()?;
        self.skip_space();
        if self.byte(self.at) != b':' {
            return Err(self.fault("expected ':' after the key"));
        }
        self.step();
        Ok(())
    }

    #[inline]
    fn string(&mut self) -> Result<(), Fault> {
        let start = self.at;
        let mut size = 1;
        let mut at = start + 1;
        loop {
            at = scan::run_end(self.bytes, at);
            match self.byte(at) {
                b'"' => break,
                b'\\' => {
                    size |= ESCAPED;
                    at = scan::escape_end(self.bytes, at).map_err(|reason| self.fault_at(at, reason))?;
                }
                _ => return Err(self.broken_string(at)),
            }
        }
        self.at = at + 1;
        self.nodes.push(Node { start: start as u32, end: self.at as u32, size });
        Ok(())
    }

    #[cold]
    fn broken_string(&self, at: usize) -> Fault {
        self.fault_at(at, "a control character in a string must be escaped, a line break as \\n")
    }

    fn literal(&mut self, word: &[u8]) -> Result<(), Fault> {
        if !self.bytes.get(self.at..).unwrap_or_default().starts_with(word) {
            return Err(self.fault("expected a value; words other than true, false and null need double quotes"));
        }
        self.scalar(self.at + word.len());
        Ok(())
    }

    fn number(&mut self) -> Result<(), Fault> {
        let mut at = self.at + usize::from(self.byte(self.at) == b'-');
        at = if self.byte(at) == b'0' { at + 1 } else { self.digits(at)? };
        if self.byte(at) == b'.' {
            at = self.digits(at + 1)?;
        }
        if matches!(self.byte(at), b'e' | b'E') {
            let signed = matches!(self.byte(at + 1), b'+' | b'-');
            at = self.digits(at + 1 + usize::from(signed))?;
        }
        if self.byte(at).is_ascii_digit() {
            return Err(self.fault("a number must not begin with a zero"));
        }
        self.scalar(at);
        Ok(())
    }

    /// Offset after the digits that begin at `from`; there must be one.
    fn digits(&self, from: usize) -> Result<usize, Fault> {
        let mut at = from;
        while self.byte(at).is_ascii_digit() {
            at += 1;
        }
        if at == from { Err(self.fault_at(at, "expected a digit")) } else { Ok(at) }
    }

    fn scalar(&mut self, end: usize) {
        self.nodes.push(Node { start: self.at as u32, end: end as u32, size: 1 });
        self.at = end;
    }

    /// The byte at an offset; 0, which the grammar has no place for, after the end.
    #[inline]
    fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    /// Goes over the byte at hand and the white space after it.
    #[inline]
    fn step(&mut self) {
        self.at += 1;
        self.skip_space();
    }

    #[inline]
    fn skip_space(&mut self) {
        while matches!(self.byte(self.at), b' ' | b'\n' | b'\r' | b'\t') {
            self.at += 1;
        }
    }

    #[cold]
    fn fault(&self, reason: &'static str) -> Fault {
        self.fault_at(self.at, reason)
    }

    #[cold]
    fn fault_at(&self, at: usize, reason: &'static str) -> Fault {
        if at < self.bytes.len() {
            Fault { at, reason }
        } else {
            Fault { at: self.bytes.len(), reason: "the text ends before the value does; it may have been cut" }
        }
    }
}
