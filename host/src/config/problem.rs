//! What is wrong with a configuration, said so that it can be repaired: file, path, message, hint.
//!
//! Deciding what is a problem is left to the rest of the module; here is only how problems are kept and printed.

use std::fmt;

/// Whether a configuration with this problem can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The configuration is refused.
    Error,
    /// It works, though perhaps not as the user thinks.
    Warning,
}

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub severity: Severity,
    /// The file as the user named it, or `environment` or `command line`.
    pub file: String,
    /// Where in the file: `Providers[2].api_base_url`; for a syntax error `line 3, column 7`; empty for the whole file.
    pub path: String,
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Problem {
    /// Something for which a configuration is refused.
    pub fn error(file: String, path: String, message: String, hint: Option<String>) -> Self {
        Self { severity: Severity::Error, file, path, message, hint }
    }

    /// Something that works, though perhaps not as the user thinks.
    pub fn warning(file: String, path: String, message: String, hint: Option<String>) -> Self {
        Self { severity: Severity::Warning, file, path, message, hint }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{severity}: {}: ", self.file)?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, "\n  hint: {hint}")?;
        }
        Ok(())
    }
}

/// All problems of one load, in the order in which they were found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems {
    list: Vec<Problem>,
}

impl Problems {
    pub fn push(&mut self, problem: Problem) {
        self.list.push(problem);
    }

    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.list.iter()
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|problem| problem.severity == Severity::Error)
    }

    /// Puts errors before warnings, so that what stops the program is read first; otherwise the order stays.
    pub(super) fn sort(&mut self) {
        self.list.sort_by_key(|problem| problem.severity);
    }

    /// Takes secret values out of every text. Messages do not quote secrets by design; this is for a secret that
    /// was written where a name belongs, and is then quoted as that name.
    pub(super) fn redact<'a>(&mut self, secrets: impl Iterator<Item = &'a str> + Clone) {
        for problem in &mut self.list {
            for secret in secrets.clone() {
                let texts = [&mut problem.path, &mut problem.message].into_iter().chain(problem.hint.as_mut());
                for text in texts.filter(|text| text.contains(secret)) {
                    *text = text.replace(secret, "[redacted]");
                }
            }
        }
    }
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.list.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
