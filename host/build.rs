//! Embeds the built-in plugins: every `*.wasm` of the folder that `cargo xtask plugins` fills. What tokens are counted with is
//! left to `build/tokens.rs`.

#[path = "build/tokens.rs"]
mod tokens;

use std::fmt::Write as _;
use std::path::PathBuf;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-env-changed=CCR_PLUGINS_DIR");
    let folder = env::var_os("CCR_PLUGINS_DIR").map_or_else(default_folder, PathBuf::from);
    // The list changes when a component comes or goes. Without one (a folder filled by hand) the folder is watched, with all below it.
    let list = folder.join("built-in.txt");
    println!("cargo::rerun-if-changed={}", if list.is_file() { &list } else { &folder }.display());
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .map(|entries| entries.filter_map(|entry| Some(entry.ok()?.path())).collect())
        .unwrap_or_default();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "wasm"));
    files.sort();
    if files.is_empty() {
        println!("cargo::warning=no built-in plugins in {}: run `cargo xtask plugins` first", folder.display());
    }
    let mut source = String::from("/// Name and bytes of each built-in component.\n");
    // Not a constant: each place that names one may get a copy of its own, and these are megabytes.
    source.push_str("pub(super) static COMPONENTS: &[(&str, &[u8])] = &[\n");
    for file in &files {
        println!("cargo::rerun-if-changed={}", file.display());
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        let _ = writeln!(source, "    ({name:?}, include_bytes!({:?})),", file.display().to_string());
    }
    source.push_str("];\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("built_in.rs"), source).expect("cargo's output folder can be written to");
    tokens::generate(&out);
}

/// `target/plugins` of the workspace.
fn default_folder() -> PathBuf {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    manifest.join("..").join("target").join("plugins")
}
