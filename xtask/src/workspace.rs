//! Where things are in the checkout, and which of its crates are plugins.
//! Cargo manifests are read by line: the few keys asked for stand on lines of their own in this workspace.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{Failure, Outcome};

/// The folders in which plugins live, and where each one's components go under `target/plugins`: the host embeds those
/// that lie there directly.
const PLUGIN_FOLDERS: [(&str, &str); 5] = [
    ("plugins/protocols", ""),
    ("plugins/transformers", ""),
    ("plugins/agents", ""),
    ("plugins/examples", "examples"),
    ("tests/hostile", "hostile"),
];

/// A checkout.
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    /// Cargo's target folder: `target`, or what `CARGO_TARGET_DIR` says.
    pub(crate) target: PathBuf,
}

/// A crate that is built into a component.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Plugin {
    pub(crate) package: String,
    /// Name of the library target, which is that of the file cargo writes.
    pub(crate) library: String,
    /// Folder under `target/plugins`; empty for the built-in ones.
    pub(crate) folder: &'static str,
}

impl Workspace {
    pub(crate) fn find() -> Outcome<Self> {
        // Cargo sets this while it runs us; the binary itself may have been built when the checkout stood elsewhere.
        let own = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let root = own.as_deref().and_then(Path::parent).map(Path::to_owned);
        let root = root.ok_or_else(|| Failure::told("start this as `cargo xtask`, from anywhere in the checkout"))?;
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
        let target = std::path::absolute(target).map_err(Failure::doing("the target folder is unusable"))?;
        Ok(Self { root, target })
    }

    /// Cargo, started in the checkout as if by hand.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = self.command("cargo");
        command.env("CARGO_TARGET_DIR", &self.target);
        if self.target != self.root.join("target") {
            // The host's build script looks into the checkout's own target folder unless told otherwise.
            command.env("CCR_PLUGINS_DIR", self.plugins_folder());
        }
        command
    }

    /// A cargo command for the whole workspace in the release profile.
    pub(crate) fn cargo_release(&self, command: &str) -> Outcome<Command> {
        let mut cargo = self.cargo();
        cargo.args([command, "--release", "--locked", "--workspace"]);
        // Built to misbehave inside the sandbox: natively there is nothing to them.
        for hostile in self.plugins()?.iter().filter(|plugin| plugin.folder == "hostile") {
            cargo.args(["--exclude", &hostile.package]);
        }
        Ok(cargo)
    }

    /// Any program, started in the checkout, without what cargo tells a program it runs: some build
    /// scripts watch those variables and would run again for each way of starting them.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text == "CARGO" || text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
                command.env_remove(&name);
            }
        }
        command
    }

    /// A binary of the release profile.
    pub(crate) fn release(&self, name: &str) -> PathBuf {
        self.target.join("release").join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    }

    /// Where finished components are left.
    pub(crate) fn plugins_folder(&self) -> PathBuf {
        self.target.join("plugins")
    }

    /// All plugin crates, in order of [`PLUGIN_FOLDERS`], then of their own folders' names.
    pub(crate) fn plugins(&self) -> Outcome<Vec<Plugin>> {
        let mut found = Vec::new();
        for (folder, output) in PLUGIN_FOLDERS {
            let Ok(entries) = fs::read_dir(self.root.join(folder)) else {
                continue;
            };
            let mut crates: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
            crates.sort();
            for manifest in crates.iter().map(|path| path.join("Cargo.toml")).filter(|file| file.is_file()) {
                let text = fs::read_to_string(&manifest)
                    .map_err(Failure::doing(format!("cannot read {}", manifest.display())))?;
                found.extend(plugin_of(&text, output));
            }
        }
        Ok(found)
    }
}

/// The plugin a manifest describes; `None` for a crate that is no dynamic library.
fn plugin_of(manifest: &str, folder: &'static str) -> Option<Plugin> {
    if !value(manifest, "[lib]", "crate-type")?.contains("\"cdylib\"") {
        return None;
    }
    let package = value(manifest, "[package]", "name")?.trim_matches('"').to_owned();
    let library =
        value(manifest, "[lib]", "name").map_or_else(|| package.clone(), |name| name.trim_matches('"').to_owned());
    Some(Plugin { package, library: library.replace('-', "_"), folder })
}

/// What stands after `key =` in a section of a manifest, as written.
fn value<'text>(manifest: &'text str, section: &str, key: &str) -> Option<&'text str> {
    let lines = manifest.lines().map(str::trim);
    let within = lines.skip_while(|line| *line != section).skip(1).take_while(|line| !line.starts_with('['));
    within
        .filter_map(|line| line.split_once('='))
        .find(|(name, _)| name.trim() == key)
        .map(|(_, text)| text.split('#').next().unwrap_or("").trim())
}

#[cfg(test)]
mod tests {
    use super::{Plugin, Workspace, plugin_of};
    use crate::process::output;
    use std::collections::BTreeSet;

    /// What `cargo tree` says of packages and their features.
    fn packages(workspace: &Workspace, selection: &[&str]) -> BTreeSet<String> {
        let mut cargo = workspace.cargo();
        cargo.args(["tree", "--offline", "--locked", "--prefix", "none", "--format", "{p} with {f}"]).args(selection);
        let text = output(&mut cargo).unwrap();
        text.lines().map(|line| line.trim_end_matches(" (*)").to_owned()).filter(|line| !line.is_empty()).collect()
    }

    /// Where the features of a dependency depend on what is built, the engine is compiled once for each: minutes on a new machine.
    /// Add what differs to the dependencies of `host` that stand there for this reason.
    #[test]
    fn the_binary_alone_and_all_tests_share_one_engine() {
        let workspace = Workspace::find().unwrap();
        let name = |line: &str| line.split(' ').next().unwrap_or_default().to_owned();
        let engine = packages(&workspace, &["--package", "wasmtime-wasi", "--edges", "normal,build"]);
        let engine: BTreeSet<_> = engine.iter().map(|line| name(line)).collect();
        let all = packages(&workspace, &["--workspace", "--edges", "all"]);
        let alone = packages(&workspace, &["--package", "gateway", "--edges", "normal,build"]);
        let other: Vec<_> = alone.difference(&all).filter(|line| engine.contains(&name(line))).collect();
        assert!(other.is_empty(), "built otherwise for tests: {other:#?}");
    }

    #[test]
    fn a_dynamic_library_is_a_plugin() {
        let manifest = "[package]\nname = \"hello-router\"\n\n[lib]\ncrate-type = [\"cdylib\", \"rlib\"] # both\n[dependencies]\nname = \"no\"";
        let expected = Plugin { package: "hello-router".into(), library: "hello_router".into(), folder: "examples" };
        assert_eq!(plugin_of(manifest, "examples"), Some(expected));
    }

    #[test]
    fn a_library_may_have_a_name_of_its_own() {
        let manifest = "[package]\nname = \"hostile-spin\"\n[lib]\nname = \"spin\"\ncrate-type = [\"cdylib\"]";
        let plugin = plugin_of(manifest, "hostile").unwrap();
        assert_eq!((plugin.package.as_str(), plugin.library.as_str()), ("hostile-spin", "spin"));
        assert_eq!(plugin.folder, "hostile");
    }

    #[test]
    fn other_crates_are_not() {
        assert_eq!(plugin_of("[package]\nname = \"helper\"\n", ""), None);
        assert_eq!(plugin_of("[package]\nname = \"helper\"\n[lib]\ncrate-type = [\"rlib\"]", ""), None);
    }
}
