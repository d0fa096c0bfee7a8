//! Where things are: the home folder and what is in it.

use std::path::{Path, PathBuf};

use super::Env;

/// `~/.claude-code-router`, or where the environment variable `CCR_HOME` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home(PathBuf);

impl Home {
    /// Without any home (a bare container user) it is `.claude-code-router` in the working folder.
    pub fn find(env: Env<'_>) -> Self {
        if let Some(moved) = env("CCR_HOME").filter(|home| !home.is_empty()) {
            return Self(expand(&moved, user_home(env).as_deref()));
        }
        Self(user_home(env).unwrap_or_default().join(".claude-code-router"))
    }

    pub fn dir(&self) -> &Path {
        &self.0
    }

    pub fn config(&self) -> PathBuf {
        self.0.join("config.json")
    }

    pub fn plugins(&self) -> PathBuf {
        self.0.join("plugins")
    }

    pub fn logs(&self) -> PathBuf {
        self.0.join("logs")
    }

    pub fn presets(&self) -> PathBuf {
        self.0.join("presets")
    }
}

/// The user's own folder; `USERPROFILE` is what Windows calls it.
pub(crate) fn user_home(env: Env<'_>) -> Option<PathBuf> {
    ["HOME", "USERPROFILE"].iter().filter_map(|name| env(name)).find(|home| !home.is_empty()).map(PathBuf::from)
}

/// A path as written, with `~` for the user's folder.
pub(crate) fn expand(path: &str, home: Option<&Path>) -> PathBuf {
    match (path.strip_prefix('~'), home) {
        (Some(""), Some(home)) => home.to_owned(),
        (Some(rest), Some(home)) => match rest.strip_prefix(['/', '\\']) {
            Some(below) => home.join(below),
            None => PathBuf::from(path),
        },
        _ => PathBuf::from(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn home_is_found_in_order() {
        let home = |vars: &[(&str, &str)]| {
            let found = |name: &str| vars.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
            Home::find(&found).dir().to_owned()
        };
        assert_eq!(home(&[("HOME", "/h")]), Path::new("/h/.claude-code-router"));
        assert_eq!(home(&[("HOME", ""), ("USERPROFILE", "/u")]), Path::new("/u/.claude-code-router"));
        assert_eq!(home(&[("HOME", "/h"), ("CCR_HOME", "/data")]), Path::new("/data"));
        assert_eq!(home(&[("HOME", "/h"), ("CCR_HOME", "~/data")]), Path::new("/h/data"));
        assert_eq!(home(&[]), Path::new(".claude-code-router"));
    }
}
