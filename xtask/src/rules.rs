//! Rules of CONTRIBUTING that no lint of the compiler or of clippy keeps.

use std::path::Path;

use crate::process::output;
use crate::workspace::Workspace;

/// Whoever opens a file of more lines scrolls, and finds two ideas in it. Tests are held to it as well.
const MOST_LINES: usize = 400;

/// Endings of files that comments point to. Those of other kinds (`config.json`) are mostly the user's own.
const NAMED: [&str; 3] = [".rs", ".md", ".wit"];

/// What is under version control, with its text; generated and recorded files are data and not among them.
fn sources(endings: &[&str]) -> Vec<(String, String)> {
    let workspace = Workspace::find().unwrap();
    let listed =
        output(workspace.command("git").args(["ls-files", "--cached", "--others", "--exclude-standard"])).unwrap();
    let wanted = |path: &&str| endings.iter().any(|ending| path.ends_with(ending)) && !path.contains("/fixtures/");
    let read = |path: &str| Some((path.to_owned(), std::fs::read_to_string(workspace.root.join(path)).ok()?));
    listed.lines().filter(wanted).filter_map(read).collect()
}

/// The part of a line that people read: all of it in a document, the comment in code.
fn prose<'line>(path: &str, line: &'line str) -> &'line str {
    let comment = match Path::new(path).extension().and_then(|ending| ending.to_str()) {
        Some("md") => return line,
        Some("toml") => "#",
        _ => "//",
    };
    // The `//` of an address is none.
    let mut starts = line.match_indices(comment).map(|(start, _)| line.split_at(start));
    starts.find(|(before, _)| !before.ends_with(':')).map_or("", |(_, prose)| prose)
}

/// The files that a line names. Patterns (`*.rs`) and addresses name none.
fn named(line: &str) -> impl Iterator<Item = &str> {
    let words = line.split(|letter: char| !(letter.is_alphanumeric() || "._-/*:<{~$".contains(letter)));
    words.filter_map(|word| {
        let word = word.trim_end_matches(['.', ':']).trim_start_matches(['.', '/']);
        let word = word.split("::").next().unwrap_or(word);
        let is_name = NAMED.iter().any(|ending| word.len() > ending.len() && word.ends_with(ending));
        (is_name && !word.contains(['*', ':', '<', '{', '~', '$'])).then_some(word)
    })
}

fn exists(files: &[(String, String)], name: &str) -> bool {
    files.iter().any(|(path, _)| path.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('/')))
}

#[test]
fn files_are_short() {
    let long: Vec<_> = sources(&[".rs", ".wit"])
        .into_iter()
        .filter_map(|(path, text)| (text.lines().count() > MOST_LINES).then_some(path))
        .collect();
    assert!(long.is_empty(), "more than {MOST_LINES} lines: {long:#?}");
}

#[test]
fn files_that_comments_and_documents_name_exist() {
    let files = sources(&[".rs", ".md", ".wit", ".toml"]);
    let mut stale = Vec::new();
    for (path, text) in &files {
        for (number, line) in (1..).zip(text.lines()) {
            let missing = named(prose(path, line)).filter(|name| !exists(&files, name));
            stale.extend(missing.map(|name| format!("{path}:{number}: {name}")));
        }
    }
    assert!(stale.is_empty(), "no such files: {stale:#?}");
}

#[test]
fn names_of_files_are_found_in_prose() {
    let line =
        "see `src/lib.rs`, [b](../docs/plugins.md). mod.rs::d, *.rs, .rs, <name>.md, https://x.invalid/README.md";
    assert_eq!(named(line).collect::<Vec<_>>(), ["src/lib.rs", "docs/plugins.md", "mod.rs"]);
    assert_eq!(prose("x.rs", "get(\"https://x.invalid\"); // see mod.rs"), "// see mod.rs");
    assert_eq!(prose("x.md", "see mod.rs"), "see mod.rs");
}
