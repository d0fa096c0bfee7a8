//! Loading, from a path to a configuration or to the list of everything that is wrong with it.

use std::path::{Path, PathBuf};

use super::{
    Config, Env, Overrides, Problems, Provider, RouterConfig, build, check, home,
    interpolate::interpolate,
    problem::Severity,
    read::{self, Failure},
    reader::{Node, Reader, Table},
    spelling::same_key,
};

/// Which file to load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    pub path: PathBuf,
    /// The user named it. Then it must exist; the one in the home folder need not.
    pub named: bool,
}

/// Loads a file. Without errors there is a configuration, and perhaps warnings; with any error there is none.
/// All problems are found in one go.
pub fn load(source: &Source, env: Env<'_>, overrides: &Overrides) -> Result<(Config, Problems), Problems> {
    let file = source.path.display().to_string();
    let (text, missing) = match read::text(&source.path) {
        Ok(text) => (text, false),
        Err(Failure::NotFound) => (String::new(), true),
        Err(failure) => return Err(refuse(file, failure)),
    };
    let base = source.path.parent().unwrap_or(Path::new(""));
    let loading = Loading { file, base, env, overrides };
    loading.text(&text, |reader| {
        if missing {
            let severity = if source.named { Severity::Error } else { Severity::Warning };
            reader.problem(severity, "", "the file does not exist", Some(CREATE.to_owned()));
        }
    })
}

/// Loads a configuration from a text, as an editor in the browser sends it. `file` is what messages call it, `base` the folder where
/// relative paths begin.
pub fn load_text(
    file: &str,
    text: &str,
    base: &Path,
    env: Env<'_>,
    overrides: &Overrides,
) -> Result<(Config, Problems), Problems> {
    Loading { file: file.to_owned(), base, env, overrides }.text(text, |_| {})
}

/// Reads a project's file: its `Router`, key by key over `base`. A file without `Router` may hold the keys themselves.
/// Problems do not keep the rest from counting; only a text that is not valid JSON5 gives nothing.
pub fn load_router(
    file: &str,
    text: &str,
    env: Env<'_>,
    providers: &[Provider],
    base: &RouterConfig,
) -> (Option<RouterConfig>, Problems) {
    let parsed = match read::parse(text) {
        Ok(parsed) => parsed,
        Err(failure) => return (None, refuse(file.to_owned(), failure)),
    };
    let mut value = parsed.value;
    let interpolated = interpolate(&mut value, env);
    let reader = Reader::new(file.to_owned(), interpolated.unset);
    for secret in &interpolated.secrets {
        reader.secret(secret);
    }
    for unset in &reader.unset {
        reader.error(&unset.path, format!("the environment variable {} is not set", unset.variable), "set it");
    }
    let root = Node::root(&reader, &value);
    let nested = value.as_object().is_some_and(|map| map.contains_key("Router"));
    let router = match root.table() {
        Some(table) if nested => {
            let node = table.get(&["Router"]);
            warn_of_others(&table);
            node.map(|node| over(&node, providers, base))
        }
        Some(_) => Some(over(&root, providers, base)),
        None => None,
    };
    (router, reader.into_problems())
}

fn over(node: &Node<'_>, providers: &[Provider], base: &RouterConfig) -> RouterConfig {
    if let Some(aliases) = node.value.as_object().and_then(|map| map.get("aliases")) {
        let path = format!("{}.aliases", node.path);
        let node = Node { reader: node.reader, value: aliases, path: path.trim_start_matches('.').to_owned() };
        node.warning("has no effect in a project's file", "aliases stand beside the providers: move it to the config");
    }
    build::router_over(node, providers, base)
}

/// A project's file may be a copy of the whole configuration; what counts of it is `Router`.
fn warn_of_others(table: &Table<'_>) {
    for (name, node) in table.entries() {
        if !same_key(name, "Router") && !node.value.is_null() {
            node.warning("has no effect in a project's file", "only `Router` counts here; write it in the config");
        }
    }
}

/// What to do without a file.
const CREATE: &str = "create it with `Providers` and `Router`; `config/config.example.json` of the project is a start";

struct Loading<'a> {
    file: String,
    base: &'a Path,
    env: Env<'a>,
    overrides: &'a Overrides,
}

impl Loading<'_> {
    fn text(self, text: &str, first: impl FnOnce(&Reader)) -> Result<(Config, Problems), Problems> {
        let parsed = match read::parse(text) {
            Ok(parsed) => parsed,
            Err(failure) => return Err(refuse(self.file, failure)),
        };
        let mut value = parsed.value;
        let interpolated = interpolate(&mut value, self.env);
        let reader = Reader::new(self.file, interpolated.unset);
        for secret in &interpolated.secrets {
            reader.secret(secret);
        }
        first(&reader);
        for path in &parsed.repeated {
            reader.warning(path, "the key is given twice; the last one counts", "remove the other");
        }
        let overrides = self.overrides.with_environment(self.env, &reader);
        let places = build::Places { base: self.base, home: home::user_home(self.env), env: self.env };
        let mut config = build::config(&Node::root(&reader, &value), &places, overrides.demo.as_ref());
        overrides.apply(&mut config);
        check::check(&mut config, &value, &reader);
        let problems = reader.into_problems();
        if problems.has_errors() { Err(problems) } else { Ok((config, problems)) }
    }
}

/// The problem of a file that gives no value at all.
fn refuse(file: String, failure: Failure) -> Problems {
    let (place, message, hint) = match failure {
        Failure::NotFound => (String::new(), "the file does not exist".to_owned(), Some(CREATE)),
        Failure::Unreadable(message, hint) => (String::new(), message, Some(hint)),
        Failure::Syntax { place, message, hint } => (place, message, hint),
    };
    let reader = Reader::new(file, Vec::new());
    reader.problem(Severity::Error, &place, message, hint.map(str::to_owned));
    reader.into_problems()
}
