//! JSON text under way, and the made-up prose and source that fill its strings: the letters of [`crate::body()`].
//! What goes where in a request is left to that module.

/// JSON text under way, and the random numbers that shape it.
pub(crate) struct Writer {
    pub(crate) bytes: Vec<u8>,
    seed: u64,
}

impl Writer {
    pub(crate) fn new(size: usize) -> Self {
        // Any fixed seed will do: it is what makes two runs comparable.
        Self { bytes: Vec::with_capacity(size), seed: 0x5eed_0fba_0bab }
    }

    /// The splitmix64 generator: good enough for text, and no dependency.
    pub(crate) fn random(&mut self, below: usize) -> usize {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % below as u64) as usize
    }

    pub(crate) fn raw(&mut self, json: &str) {
        self.bytes.extend_from_slice(json.as_bytes());
    }

    /// A JSON string, escaped as JavaScript's `JSON.stringify` does, which is what the clients use.
    pub(crate) fn string(&mut self, text: &str) {
        self.bytes.push(b'"');
        for character in text.chars() {
            match character {
                '"' => self.raw("\\\""),
                '\\' => self.raw("\\\\"),
                '\n' => self.raw("\\n"),
                '\t' => self.raw("\\t"),
                control if control < ' ' => self.raw(&format!("\\u{:04x}", control as u32)),
                other => self.raw(other.encode_utf8(&mut [0; 4])),
            }
        }
        self.bytes.push(b'"');
    }

    /// Running text of about `length` bytes with the punctuation of a prompt.
    pub(crate) fn prose(&mut self, length: usize) -> String {
        let mut text = String::with_capacity(length + 32);
        while text.len() < length {
            text.push_str(WORDS[self.random(WORDS.len())]);
            text.push_str(match self.random(40) {
                0 => ".\n\n",
                1 => ":\n- ",
                2 => " \"quoted\" ",
                3 => " `code` ",
                4 => " — naïve café, 日本語, ✅ ",
                _ => " ",
            });
        }
        text
    }

    /// Numbered lines of source of about `length` bytes, as a file reader returns them.
    pub(crate) fn code(&mut self, length: usize) -> String {
        let mut text = String::with_capacity(length + 128);
        let mut line = 1;
        while text.len() < length {
            let (one, two) = (WORDS[self.random(WORDS.len())], WORDS[self.random(WORDS.len())]);
            let rest = match self.random(6) {
                0 => format!("    let {one} = \"{two}\\n\";"),
                1 => format!("\tif {one}.{two}(&self) {{"),
                2 => format!("    // {one} {two} and the {one}"),
                3 => "    }".to_owned(),
                4 => format!("\u{1b}[32m+ {one}\u{1b}[0m \"{two}\" 'é'"),
                _ => format!("    self.{one}({two}, {line})?;"),
            };
            text.push_str(&format!("{line:>6}→{rest}\n"));
            line += 1;
        }
        text
    }
}

/// What all text is made of.
pub(crate) const WORDS: [&str; 32] = [
    "request", "the", "stream", "value", "file", "returns", "when", "option", "path", "of", "is", "parser", "a",
    "error", "build", "state", "to", "buffer", "token", "and", "module", "client", "index", "write", "read", "not",
    "plugin", "default", "test", "in", "result", "line",
];
