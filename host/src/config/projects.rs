//! Routers of single projects and sessions: files that lie over the global `Router`, key by key.
//!
//! A session's project is the folder under `~/.claude/projects` that holds `<session>.jsonl`. Its files are, each over the next:
//! `<home>/<project>/<session>.json`, `<home>/<project>/config.json`, `~/.claude/projects/<project>/claude-code-router.json`.
//! What was found is kept, and looked at again by the files' times, for each session once a second at the most.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use lru::LruCache;

use super::{Config, Home, Problems, RouterConfig, load_router, process_env, user_home};

/// Sessions whose project is remembered, as in claude-code-router: each may hold a router of its own, of some kilobytes.
const MOST: NonZeroUsize = NonZeroUsize::new(1000).expect("not zero");

/// How long an answer is believed: whoever edits a file does not notice.
const FRESH: Duration = Duration::from_secs(1);

/// How long a session without a project is left alone at the most. Claude Code writes a session's file at its first request or
/// soon after; those of other machines never come.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Largest file that is read: a hundred times what a router takes.
const MAX_FILE: u64 = 1024 * 1024;

/// A router with files of a project over it.
#[derive(Debug)]
pub struct ProjectRouter {
    /// All of it, merged.
    pub router: RouterConfig,
    /// Where it comes from, for reasons and traces; the nearest file first.
    pub files: String,
}

/// Finds and keeps them. Belongs to one config, whose providers the targets point into.
#[derive(Debug)]
pub struct Projects {
    home: PathBuf,
    claude: Option<PathBuf>,
    sessions: Mutex<LruCache<Arc<str>, Known>>,
}

/// What is known of a session.
#[derive(Debug, Clone)]
struct Known {
    project: Option<Arc<str>>,
    looked: Instant,
    pause: Duration,
    stamps: [Option<Stamp>; 3],
    router: Option<Arc<ProjectRouter>>,
}

/// What tells one version of a file from another.
type Stamp = (SystemTime, u64);

impl Projects {
    /// Those of this home folder, and of the user's Claude Code.
    pub fn of(home: &Home) -> Self {
        Self::at(home.dir().to_owned(), user_home(&process_env).map(|user| user.join(".claude").join("projects")))
    }

    /// Those of these two folders.
    pub fn at(home: PathBuf, claude: Option<PathBuf>) -> Self {
        Self { home, claude, sessions: Mutex::new(LruCache::new(MOST)) }
    }

    /// The router of a session, if its project has one.
    pub fn router(&self, config: &Config, session: Option<&Arc<str>>) -> Option<Arc<ProjectRouter>> {
        let session = session.filter(|session| is_plain(session))?;
        let known = self.lock().get(session).cloned();
        let now = Instant::now();
        if let Some(known) = &known
            && now.duration_since(known.looked) < known.pause
        {
            return known.router.clone();
        }
        // Rare, and short on any local disk; the other tasks of this thread are given to others meanwhile.
        let look = || self.look(config, session, known, now);
        let multi = tokio::runtime::Handle::try_current()
            .is_ok_and(|handle| handle.runtime_flavor() == tokio::runtime::RuntimeFlavor::MultiThread);
        let known = if multi { tokio::task::block_in_place(look) } else { look() };
        let router = known.router.clone();
        self.lock().put(Arc::clone(session), known);
        router
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, LruCache<Arc<str>, Known>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look(&self, config: &Config, session: &str, before: Option<Known>, now: Instant) -> Known {
        let project = before.as_ref().and_then(|known| known.project.clone()).or_else(|| self.project_of(session));
        let Some(project) = project else {
            let pause = before.map_or(FRESH, |known| (known.pause * 2).min(LONGEST_PAUSE));
            return Known { project: None, looked: now, pause, stamps: [None; 3], router: None };
        };
        let files = self.files(&project, session);
        let stamps = files.each_ref().map(|file| file.as_deref().and_then(stamp));
        let router = match before.filter(|known| known.project.is_some() && known.stamps == stamps) {
            Some(known) => known.router,
            None => read(config, &files, &stamps).map(Arc::new),
        };
        Known { project: Some(project), looked: now, pause: FRESH, stamps, router }
    }

    /// The folder that holds the session's file.
    fn project_of(&self, session: &str) -> Option<Arc<str>> {
        let file = format!("{session}.jsonl");
        let folders = std::fs::read_dir(self.claude.as_ref()?).ok()?;
        let folder = folders.filter_map(Result::ok).find(|folder| folder.path().join(&file).is_file())?;
        folder.file_name().to_str().map(Arc::from)
    }

    /// The files of a session, the nearest first.
    fn files(&self, project: &str, session: &str) -> [Option<PathBuf>; 3] {
        let own = self.home.join(project);
        let documented = self.claude.as_ref().map(|claude| claude.join(project).join("claude-code-router.json"));
        [Some(own.join(format!("{session}.json"))), Some(own.join("config.json")), documented]
    }
}

/// Whether a session's name, which is the client's own word, may be a part of a path.
fn is_plain(session: &str) -> bool {
    /// UUIDs have 36 characters; some clients put a prefix before them.
    const LONGEST: usize = 128;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=LONGEST).contains(&session.len()) && session.bytes().all(plain)
}

fn stamp(file: &Path) -> Option<Stamp> {
    let about = std::fs::metadata(file).ok().filter(std::fs::Metadata::is_file)?;
    Some((about.modified().ok()?, about.len()))
}

/// Reads the files that are there. A bad one is named in the log and left out.
fn read(config: &Config, files: &[Option<PathBuf>; 3], stamps: &[Option<Stamp>; 3]) -> Option<ProjectRouter> {
    let mut merged: Option<RouterConfig> = None;
    let mut used = Vec::new();
    // The furthest first, so that the nearest has the last word.
    for (file, stamp) in files.iter().zip(stamps).rev() {
        let (Some(file), Some((_, size))) = (file, stamp) else { continue };
        let name = file.display().to_string();
        if *size > MAX_FILE {
            tracing::error!(file = name, "not used: a project's router is no larger than {} kB", MAX_FILE / 1024);
            continue;
        }
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) => {
                tracing::error!(file = name, "not used: {error}");
                continue;
            }
        };
        let base = merged.as_ref().unwrap_or(&config.router);
        let (router, problems) = load_router(&name, &text, &process_env, &config.providers, base);
        report(&problems);
        if let Some(router) = router.filter(|_| !problems.has_errors()) {
            merged = Some(router);
            let folder = file.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
            used.insert(0, format!("{folder}/{}", file.file_name().unwrap_or_default().to_string_lossy()));
        }
    }
    merged.map(|router| ProjectRouter { router, files: used.join(", ") })
}

fn report(problems: &Problems) {
    if problems.has_errors() {
        tracing::error!("a project's router is not used:\n{problems}");
    } else if !problems.is_empty() {
        tracing::warn!("{problems}");
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use std::fs;

    use super::*;
    use crate::config::{Overrides, Scenario, load_text};

    fn config() -> Config {
        let text = r#"{Providers: [{name: "p", api_base_url: "http://127.0.0.1:1", api_key: "k", models: ["a", "b", "c"]}],
            Router: {default: "p,a", think: "p,a", longContextThreshold: 5, fallback: {retryCount: 1, statuses: [400]}}}"#;
        load_text("config.json", text, Path::new("/folder"), &|_| None, &Overrides::default()).unwrap().0
    }

    /// A home with the project `-w-app`, of which the session `s1` is one.
    fn home() -> (tempfile::TempDir, Projects) {
        let folder = tempfile::tempdir().unwrap();
        let claude = folder.path().join("claude");
        fs::create_dir_all(claude.join("-w-app")).unwrap();
        fs::create_dir_all(folder.path().join("home/-w-app")).unwrap();
        fs::write(claude.join("-w-app/s1.jsonl"), "{}").unwrap();
        let projects = Projects::at(folder.path().join("home"), Some(claude));
        (folder, projects)
    }

    fn router(projects: &Projects, session: &str) -> Option<Arc<ProjectRouter>> {
        // As if the time of an answer had passed.
        for (_, known) in projects.lock().iter_mut() {
            known.pause = Duration::ZERO;
        }
        projects.router(&config(), Some(&session.into()))
    }

    fn model(router: &ProjectRouter, scenario: Scenario) -> &str {
        &router.router.target(scenario).unwrap().model
    }

    #[test]
    fn nearer_files_lie_over_further_ones_key_by_key() {
        let (folder, projects) = home();
        assert!(router(&projects, "s1").is_none());
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write("claude/-w-app/claude-code-router.json", r#"{"Router": {"default": "p,b", "background": "p,b"}}"#);
        write("home/-w-app/config.json", r#"{default: "p,c", longContextThreshold: 7, /* JSON5 */}"#);
        let merged = router(&projects, "s1").unwrap();
        assert_eq!(merged.files, "-w-app/config.json, -w-app/claude-code-router.json");
        assert_eq!(model(&merged, Scenario::Default), "c");
        assert_eq!(model(&merged, Scenario::Background), "b");
        assert_eq!(model(&merged, Scenario::Think), "a");
        assert_eq!(merged.router.long_context_threshold, 7);
        write("home/-w-app/s1.json", r#"{"Router": {"think": "p/b"}}"#);
        assert_eq!(model(&router(&projects, "s1").unwrap(), Scenario::Think), "b");
        assert!(router(&projects, "s2").is_none(), "a session of no project");
    }

    #[test]
    fn a_projects_fallback_lies_over_the_configs_and_what_is_not_acted_on_is_named() {
        let (folder, projects) = home();
        let file = folder.path().join("home/-w-app/config.json");
        fs::write(&file, r#"{"Router": {"fallback": {"mode": "retry", "retryCount": 2}, "thinkEffort": "max"}}"#)
            .unwrap();
        let merged = router(&projects, "s1").unwrap();
        let expected = crate::config::Failover { retries: 2, statuses: vec![400], ..Default::default() };
        assert_eq!(*merged.router.failover, expected);
        assert_eq!(merged.router.think_effort, crate::config::Effort::Max);
        assert!(merged.router.subagent_tags);
        fs::write(&file, r#"{"fallback": {"models": ["p,c"]}, "builtInRules": {"claude-code": false}}"#).unwrap();
        let merged = router(&projects, "s1").unwrap();
        assert_eq!((&*merged.router.failover.models[0].model, merged.router.failover.retries), ("c", 1));
        assert!(!merged.router.subagent_tags);

        let config = config();
        for (text, words) in [
            (r#"{"Router": {"aliases": {"x": ["p,a"]}}}"#, "Router.aliases"),
            (r#"{"aliases": {"x": ["p,a"]}}"#, "aliases"),
            (r#"{"Router": {}, "fallback": {"default": ["p,b"]}}"#, "fallback"),
        ] {
            let (_, problems) = load_router("config.json", text, &|_| None, &config.providers, &config.router);
            let told = problems.to_string();
            assert!(told.contains(words) && told.contains("no effect in a project's file"), "{told}");
        }
    }

    #[test]
    fn a_changed_file_is_read_again_and_a_bad_one_is_left_out() {
        let (folder, projects) = home();
        let file = folder.path().join("home/-w-app/config.json");
        fs::write(&file, r#"{"Router": {"default": "p,b"}}"#).unwrap();
        assert_eq!(model(&router(&projects, "s1").unwrap(), Scenario::Default), "b");
        for bad in ["{", "[]", r#"{"Router": {"default": "nobody,x"}}"#, r#"{"Router": 5}"#] {
            fs::write(&file, bad).unwrap();
            assert!(router(&projects, "s1").is_none(), "{bad}");
        }
        fs::write(&file, r#"{"Router": {"default": "p, c"}}"#).unwrap();
        assert_eq!(model(&router(&projects, "s1").unwrap(), Scenario::Default), "c");
        fs::remove_file(&file).unwrap();
        assert!(router(&projects, "s1").is_none());
    }

    #[test]
    fn a_session_that_is_a_path_is_none() {
        let (folder, projects) = home();
        fs::write(folder.path().join("claude/x.jsonl"), "{}").unwrap();
        for name in ["../x", "a/b", "", ".", "a.b", "..", &"a".repeat(200)] {
            assert!(router(&projects, name).is_none() && projects.lock().is_empty(), "{name}");
        }
    }

    #[test]
    fn a_session_without_a_project_is_looked_for_less_and_less_often() {
        let (folder, projects) = home();
        assert!(router(&projects, "late").is_none());
        fs::write(folder.path().join("claude/-w-app/late.jsonl"), "{}").unwrap();
        fs::write(folder.path().join("home/-w-app/config.json"), r#"{"default": "p,b"}"#).unwrap();
        assert!(projects.router(&config(), Some(&"late".into())).is_none(), "asked again at once");
        assert!(router(&projects, "late").is_some(), "asked later");
    }
}
