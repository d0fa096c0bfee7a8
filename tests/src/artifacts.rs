//! Where the things under test are: the binary, and the components that `cargo xtask plugins` built.

use std::path::{Path, PathBuf};

/// The checkout.
pub fn workspace() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().expect("the package lies in the workspace")
}

/// A file of `tests/fixtures`.
pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

/// The gateway's binary: the one that `CCR_BIN` names, else the one built beside these tests, else the workspace's.
pub fn binary() -> PathBuf {
    if let Some(named) = std::env::var_os("CCR_BIN") {
        return named.into();
    }
    let name = format!("ccr{}", std::env::consts::EXE_SUFFIX);
    let folders = [target().join("release"), workspace().join("target/release")];
    let found = folders.map(|folder| folder.join(&name));
    let found = found.into_iter().find(|file| file.is_file());
    found.expect("the gateway is not built: run the tests with `cargo xtask test`, or name a binary in CCR_BIN")
}

/// A component by its path below `target/plugins`, without the ending: `hostile/hostile-spin`.
pub fn component(name: &str) -> PathBuf {
    let folders = [
        std::env::var_os("CCR_PLUGINS_DIR").map(PathBuf::from),
        Some(target().join("plugins")),
        Some(workspace().join("target/plugins")),
    ];
    let files = folders.into_iter().flatten().map(|folder| folder.join(format!("{name}.wasm")));
    let found = files.into_iter().find(|file| file.is_file());
    found.unwrap_or_else(|| {
        panic!("the component {name} is not built: run `cargo xtask plugins`, or the tests with `cargo xtask test`")
    })
}

/// Cargo's target folder: this test lies in `release/deps` of it.
pub fn target() -> PathBuf {
    let own = std::env::current_exe().expect("a program knows where it is");
    let target = own.ancestors().nth(3);
    target.expect("cargo puts tests three folders deep").to_owned()
}
