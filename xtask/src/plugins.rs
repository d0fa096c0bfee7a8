//! Builds the plugin crates and leaves each as a checked component in `target/plugins`.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::process::{Failure, Outcome, run, say};
use crate::toolchain::{TARGET, Toolchain};
use crate::workspace::{Plugin, Workspace};

/// How a component begins; a core module has `01 00 00 00` after the first four bytes.
const COMPONENT: [u8; 8] = [0x00, b'a', b's', b'm', 0x0d, 0x00, 0x01, 0x00];

/// How the memory of an instance is laid out, so that a usual request neither grows it nor touches more of it than it needs:
/// for both, the host has to call the system. Plugins of others, built without these, only cost a little more.
///
/// Stack: 128 KiB. The deepest recursion is over nested JSON, at most 256 levels of some 200 bytes each.
/// Memory: 1 MiB. A request of 67 kB takes 160 kB to translate, one of 300 kB some 700 kB; pages that are never touched
/// cost nothing, but the host looks at each of them when the instance ends.
const MEMORY_LAYOUT: &str = r#"target.wasm32-unknown-unknown.rustflags=["-Clink-arg=-zstack-size=131072", "-Clink-arg=--initial-memory=1048576"]"#;

/// Which plugins are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Those that the host embeds.
    BuiltIn,
    /// Also the examples, and those that tests need.
    All,
}

/// Builds plugins in one run of cargo, so that they share what they depend on.
pub(crate) fn build(workspace: &Workspace, wanted: Wanted) -> Outcome {
    let mut plugins = workspace.plugins()?;
    plugins.retain(|plugin| wanted == Wanted::All || plugin.folder.is_empty());
    let mut finished = HashSet::new();
    if !plugins.is_empty() {
        let toolchain = Toolchain::find(workspace)?;
        let (mut cargo, built) = toolchain.cargo_build(workspace)?;
        cargo.args(["--config", MEMORY_LAYOUT]);
        for plugin in &plugins {
            cargo.args(["--package", &plugin.package]);
        }
        say(format!("building {} plugins for {TARGET}", plugins.len()));
        run(&mut cargo)?;
        for plugin in &plugins {
            let file = finished_file(workspace, plugin);
            copy(&built.join(format!("{}.wasm", plugin.library)), &file, &plugin.package)?;
            finished.insert(file);
        }
    }
    let folders = match wanted {
        Wanted::BuiltIn => &[""][..],
        Wanted::All => &["", "examples", "hostile"],
    };
    remove_others(&workspace.plugins_folder(), folders, &finished)?;
    list_built_in(&workspace.plugins_folder(), &finished)
}

/// Leaves the names of the built-in components for the host's build script, which runs again when this file changes. The folder
/// itself changes also when tests get components of their own below it, and the host would be compiled again for nothing.
fn list_built_in(folder: &Path, finished: &HashSet<PathBuf>) -> Outcome {
    let built_in = finished.iter().filter(|file| file.parent() == Some(folder)).filter_map(|file| file.file_name());
    let mut names: Vec<_> = built_in.map(|name| format!("{}\n", name.to_string_lossy())).collect();
    names.sort();
    let (list, text) = (folder.join("built-in.txt"), names.concat());
    if fs::read_to_string(&list).is_ok_and(|old| old == text) {
        return Ok(());
    }
    fs::write(&list, text).map_err(Failure::doing(format!("cannot write {}", list.display())))
}

fn finished_file(workspace: &Workspace, plugin: &Plugin) -> PathBuf {
    // Joining with an empty folder changes nothing but a slash at the end.
    // The library's name and not the package's: these differ where the latter is a crate's that the plugin is built from.
    workspace.plugins_folder().join(plugin.folder).join(format!("{}.wasm", plugin.library.replace('_', "-")))
}

/// Copies a component if it differs: the host is built anew when one of these files changes.
fn copy(from: &Path, to: &Path, package: &str) -> Outcome {
    let bytes = fs::read(from).map_err(Failure::doing(format!("cargo left no component {}", from.display())))?;
    if !bytes.starts_with(&COMPONENT) {
        return Err(Failure::told(format!(
            "{package} came out as something other than a component: {} does not begin as one; is another linker set for {TARGET}?",
            from.display()
        )));
    }
    if fs::read(to).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    let writing = || format!("cannot write {}", to.display());
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(Failure::doing(writing()))?;
    }
    fs::write(to, bytes).map_err(Failure::doing(writing()))
}

/// Removes components whose crates are gone, so that the host does not go on embedding them.
fn remove_others(folder: &Path, folders: &[&str], finished: &HashSet<PathBuf>) -> Outcome {
    for folder in folders.iter().map(|inner| folder.join(inner)) {
        fs::create_dir_all(&folder).map_err(Failure::doing(format!("cannot make {}", folder.display())))?;
        let entries = fs::read_dir(&folder).map_err(Failure::doing(format!("cannot list {}", folder.display())))?;
        let files = entries.flatten().map(|entry| entry.path());
        for file in files.filter(|file| file.extension().is_some_and(|kind| kind == "wasm") && !finished.contains(file))
        {
            fs::remove_file(&file).map_err(Failure::doing(format!("cannot remove {}", file.display())))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{COMPONENT, copy, list_built_in, remove_others};
    use std::collections::HashSet;
    use std::fs;
    use std::path::PathBuf;

    /// A folder of the test's own, empty.
    fn scratch(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("xtask-{}-{name}", std::process::id()));
        fs::remove_dir_all(&folder).ok();
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn only_components_are_copied_and_only_when_changed() {
        let folder = scratch("copy");
        let (from, to) = (folder.join("built.wasm"), folder.join("deep/er/done.wasm"));
        fs::write(&from, b"\0asm\x01\0\0\0").unwrap();
        assert!(copy(&from, &to, "p").is_err());
        assert!(!to.exists());

        fs::write(&from, COMPONENT).unwrap();
        copy(&from, &to, "p").unwrap();
        assert_eq!(fs::read(&to).unwrap(), COMPONENT);

        // A copy that is the same is not written again: writing a read-only file would fail.
        let mut permissions = fs::metadata(&to).unwrap().permissions();
        permissions.set_readonly(true);
        let before = fs::metadata(&to).unwrap().modified().unwrap();
        fs::set_permissions(&to, permissions).unwrap();
        copy(&from, &to, "p").unwrap();
        assert_eq!(fs::metadata(&to).unwrap().modified().unwrap(), before);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn components_without_a_crate_are_removed() {
        let folder = scratch("remove");
        let (kept, stale, other) = (folder.join("kept.wasm"), folder.join("stale.wasm"), folder.join("notes.txt"));
        for file in [&kept, &stale, &other] {
            fs::write(file, COMPONENT).unwrap();
        }
        remove_others(&folder, &[""], &HashSet::from([kept.clone()])).unwrap();
        assert_eq!((kept.exists(), stale.exists(), other.exists()), (true, false, true));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn components_of_tests_leave_the_list_as_it_is() {
        let folder = scratch("list");
        let list = folder.join("built-in.txt");
        let built_in = [folder.join("b.wasm"), folder.join("a.wasm")];
        list_built_in(&folder, &HashSet::from(built_in.clone())).unwrap();
        assert_eq!(fs::read_to_string(&list).unwrap(), "a.wasm\nb.wasm\n");
        let before = fs::metadata(&list).unwrap().modified().unwrap();
        let all = built_in.into_iter().chain([folder.join("hostile/c.wasm")]).collect();
        list_built_in(&folder, &all).unwrap();
        assert_eq!(fs::metadata(&list).unwrap().modified().unwrap(), before);
        fs::remove_dir_all(folder).unwrap();
    }
}
