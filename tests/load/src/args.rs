//! Command lines of the form `--name value` and `--flag`, read once into a small map.
//! An option nobody asked for is an error, so that a misspelt one never measures something else.

use std::collections::HashMap;
use std::str::FromStr;

/// The options of one command line. Take what you know, then call [`Args::finish`].
pub struct Args {
    values: HashMap<String, String>,
}

impl Args {
    /// Reads `--name value` pairs; the names in `flags` stand alone.
    pub fn parse(words: impl Iterator<Item = String>, flags: &[&str]) -> Result<Self, String> {
        let mut words = words;
        let mut values = HashMap::new();
        while let Some(word) = words.next() {
            let Some(name) = word.strip_prefix("--") else {
                return Err(format!("`{word}` is not an option; options begin with `--`"));
            };
            let value = if flags.contains(&name) {
                String::new()
            } else {
                words.next().ok_or_else(|| format!("`--{name}` needs a value after it"))?
            };
            values.insert(name.to_owned(), value);
        }
        Ok(Self { values })
    }

    /// Whether a flag was given.
    pub fn flag(&mut self, name: &str) -> bool {
        self.values.remove(name).is_some()
    }

    /// The value of an option, if it was given.
    pub fn optional<T: FromStr>(&mut self, name: &str) -> Result<Option<T>, String> {
        let Some(text) = self.values.remove(name) else {
            return Ok(None);
        };
        text.parse().map(Some).map_err(|_| {
            format!("`--{name} {text}` cannot be read; give a number or a name of the kind that --help shows")
        })
    }

    /// The value of an option, or what holds without it.
    pub fn or<T: FromStr>(&mut self, name: &str, default: T) -> Result<T, String> {
        Ok(self.optional(name)?.unwrap_or(default))
    }

    /// Fails if an option is left that nobody took.
    pub fn finish(self) -> Result<(), String> {
        match self.values.keys().next() {
            Some(name) => Err(format!("`--{name}` is not an option of this command; see --help")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Args;

    fn parse(line: &str) -> Result<Args, String> {
        Args::parse(line.split_whitespace().map(str::to_owned), &["stream"])
    }

    #[test]
    fn values_and_flags_are_taken_once() {
        let mut args = parse("--port 80 --stream").unwrap();
        assert_eq!(args.or("port", 1), Ok(80));
        assert!(args.flag("stream"));
        assert_eq!(args.or("chunks", 7), Ok(7));
        assert_eq!(args.finish(), Ok(()));
    }

    #[test]
    fn what_nobody_takes_is_an_error() {
        assert!(parse("--prot 80").unwrap().finish().unwrap_err().contains("--prot"));
        assert!(parse("--port").is_err());
        assert!(parse("port 80").is_err());
        assert!(parse("--port many").unwrap().or("port", 1).is_err());
    }
}
