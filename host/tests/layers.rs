//! Imports run one way: the layers of `host/src` are a list in ARCHITECTURE.md, and a module uses itself and those below it.

use std::path::Path;

/// The modules of the list, the lowest first.
fn layers(architecture: &str) -> Vec<&str> {
    let list = architecture.split("```layers\n").nth(1).and_then(|rest| rest.split("```").next());
    let lines = list.expect("ARCHITECTURE.md has a block `layers`").lines();
    lines.filter_map(|line| line.split_whitespace().next()).collect()
}

/// The modules of the crate that a file names: what follows `crate::`, and each `super::` that leads out of the file's module.
/// A comment may point anywhere.
fn named(file: &str, text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with("//"));
    let code = lines.collect::<Vec<_>>().join(" ");
    let depth = file.matches('/').count() + usize::from(!file.ends_with("/mod.rs"));
    let mut names = Vec::new();
    for path in ["crate::", &"super::".repeat(depth)].into_iter().flat_map(|root| code.split(root).skip(1)) {
        let mut groups = 0;
        let mut ends = |c: char| {
            groups += i32::from(c == '{') - i32::from(c == '}');
            c == ';' || (groups == 0 && !(c.is_alphanumeric() || "_}".contains(c)))
        };
        let group = path.split(&mut ends).next().unwrap_or_default().trim_start_matches('{');
        names.extend(group.split(',').filter_map(|item| item.trim().split(':').next()).map(str::to_owned));
    }
    names
}

/// What is wrong with a file: imports that run up, as `file -> module`, or a module that stands in no layer.
fn wrong(layers: &[&str], file: &str, text: &str) -> Vec<String> {
    let place = |name: &str| layers.iter().position(|layer| *layer == name);
    let Some(own) = place(file.split(['/', '.']).next().unwrap_or_default()) else {
        return vec![format!("{file} stands in no layer")];
    };
    let up = named(file, text).into_iter().filter(|name| place(name).is_some_and(|layer| layer > own));
    up.map(|name| format!("{file} -> {name}")).collect()
}

fn check(layers: &[&str], root: &Path, folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder of sources").filter_map(Result::ok) {
        let path = entry.path();
        let file = path.strip_prefix(root).expect("below the root").to_string_lossy().replace('\\', "/");
        match path.is_dir() {
            true => check(layers, root, &path, found),
            false if file.ends_with(".rs") && file != "lib.rs" => {
                found.extend(wrong(layers, &file, &std::fs::read_to_string(&path).expect("a text")));
            }
            false => {}
        }
    }
}

#[test]
fn no_import_runs_up() {
    let host = Path::new(env!("CARGO_MANIFEST_DIR"));
    let architecture = std::fs::read_to_string(host.join("../ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let (root, mut found) = (host.join("src"), Vec::new());
    check(&layers(&architecture), &root, &root, &mut found);
    found.sort();
    found.dedup();
    assert!(found.is_empty(), "imports that run up, and files without a layer: {found:#?}");
}

#[test]
fn an_import_that_runs_up_is_found() {
    let layers = layers("x\n```layers\nbase  what\nrouting\nserver what\n```\ny");
    assert_eq!(layers, ["base", "routing", "server"]);
    let text = "//! [`crate::server`]\nuse crate::base::{Id, error};\nuse crate::{\n    base,\n    server::Listener,\n};\nuse super::super::server;";
    assert_eq!(wrong(&layers, "routing/rules.rs", text), ["routing/rules.rs -> server"; 2]);
    assert!(wrong(&layers, "routing/mod.rs", "use crate::base; use super::base; use self::server::x;").is_empty());
    assert_eq!(wrong(&layers, "base/mod.rs", "fn f() { super::routing::go() }"), ["base/mod.rs -> routing"]);
    assert_eq!(wrong(&layers, "new.rs", ""), ["new.rs stands in no layer"]);
}
