//! Where rustup cannot download the wasm target: Debian's `rustc-web` with the sources of its standard library,
//! which cargo then builds for the target, once per target folder.

use std::path::Path;
use std::process::Command;

use crate::process::{Failure, Outcome, on_path, run, say};

const RUSTC: &str = "/usr/bin/rustc";
/// Debian's sources of the standard library, where rustc expects those of its own version.
const SOURCES: &str = "/usr/lib/rustlib/src/rust/library/std/Cargo.toml";
const PACKAGES: [&str; 2] = ["rustc-web", "rust-web-src"];
/// The oldest that accepts `rust-version` of this workspace; Debian updates `rustc-web` with its browsers.
const OLDEST_MINOR: u32 = 95;

/// Sees to it that the compiler and the sources are there.
pub(crate) fn install() -> Outcome {
    if is_ready() {
        return Ok(());
    }
    let by_hand = format!("apt-get install --no-install-recommends {}", PACKAGES.join(" "));
    if on_path("apt-get").is_none() {
        return Err(Failure::told(
            "there is no WebAssembly target for Rust here; run `rustup target add wasm32-unknown-unknown` where rustup's server can be reached",
        ));
    }
    if !is_root() {
        return Err(Failure::told(format!(
            "there is no WebAssembly target for Rust here; run `rustup target add wasm32-unknown-unknown`, or `sudo {by_hand}`"
        )));
    }
    say(format!("installing {}", PACKAGES.join(" ")));
    // Without fresh lists apt asks for versions that the mirror has already replaced.
    run(apt().arg("update").arg("-qq"))?;
    run(apt().args(["install", "-y", "-qq", "--no-install-recommends"]).args(PACKAGES))?;
    if is_ready() {
        return Ok(());
    }
    Err(Failure::told(format!(
        "Debian's {RUSTC} is older than 1.{OLDEST_MINOR} or has no sources; run `rustup target add wasm32-unknown-unknown` where rustup's server can be reached"
    )))
}

/// Makes a cargo command compile with Debian's compiler and build the standard library on the way.
pub(crate) fn configure(command: &mut Command, target: &Path) {
    // Its own shared libraries, not those of the toolchain that runs us; and the leave to use -Z.
    command.env_remove("LD_LIBRARY_PATH").env("RUSTC", RUSTC).env("RUSTC_BOOTSTRAP", "1");
    command.env_remove("RUSTC_WRAPPER").env("CARGO_TARGET_DIR", target);
    command.arg("-Zbuild-std=std,panic_abort");
}

fn is_ready() -> bool {
    if !Path::new(SOURCES).is_file() {
        return false;
    }
    let version = Command::new(RUSTC).env_remove("LD_LIBRARY_PATH").arg("--version").output();
    version.is_ok_and(|output| minor_version(&String::from_utf8_lossy(&output.stdout)) >= Some(OLDEST_MINOR))
}

/// The 96 of `rustc 1.96.0 (…)`.
fn minor_version(line: &str) -> Option<u32> {
    line.split(' ').nth(1)?.split('.').nth(1)?.parse().ok()
}

pub(crate) fn apt() -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// Whether packages can be installed without asking.
pub(crate) fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

#[cfg(test)]
mod tests {
    use super::minor_version;

    #[test]
    fn versions_are_read_or_not_known() {
        assert_eq!(minor_version("rustc 1.96.0 (abc 2026-05-01) (built from a source tarball)"), Some(96));
        assert_eq!(minor_version(""), None);
        assert_eq!(minor_version("rustc nightly"), None);
    }
}
