//! A compiler for the plugins: rustup's, with the target added if need be; else Debian's (see [`crate::debian`]).
//!
//! Whichever compiles, rustup's own linker makes the component: `wasm-component-ld` comes with every
//! toolchain and turns the core module into a component that imports nothing but our WIT, no WASI.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::debian;
use crate::process::{Failure, Outcome, output, path_with, say, succeeds_within};
use crate::workspace::Workspace;

/// No WASI: what this target's standard library cannot do, a plugin is not meant to do.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// The download takes seconds; where the server cannot be reached, rustup would retry for minutes.
const RUSTUP_LIMIT: Duration = Duration::from_secs(60);

/// Which compiler, and where its linker is.
pub(crate) struct Toolchain {
    compiler: Compiler,
    /// Holds `wasm-component-ld`, and in `gcc-ld` the `wasm-ld` that this calls.
    tools: PathBuf,
}

enum Compiler {
    Rustup,
    Debian,
}

impl Toolchain {
    /// Finds a toolchain, installing what is missing where that can be done without asking.
    pub(crate) fn find(workspace: &Workspace) -> Outcome<Self> {
        let tools = linker_folder(workspace)?;
        let forced = std::env::var_os("XTASK_WASM").is_some_and(|value| value == "debian");
        if !forced && (has_target(workspace) || add_target(workspace)) {
            return Ok(Self { compiler: Compiler::Rustup, tools });
        }
        debian::install()?;
        Ok(Self { compiler: Compiler::Debian, tools })
    }

    /// `cargo build` for the plugins' target, and the folder in which its output will be.
    pub(crate) fn cargo_build(&self, workspace: &Workspace) -> Outcome<(Command, PathBuf)> {
        let mut command = workspace.cargo();
        command.args(["build", "--profile", "plugin", "--target", TARGET]);
        // General flags are for the machine's own compiler, and would take the place of the target's.
        command.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
        command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", "-C target-feature=+simd128");
        command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", self.tools.join("wasm-component-ld"));
        command.env("PATH", path_with(&self.tools.join("gcc-ld"))?);
        let target = match self.compiler {
            Compiler::Rustup => workspace.target.clone(),
            // Another version of the compiler: in one folder the two would undo each other's work.
            Compiler::Debian => workspace.target.join("debian-wasm"),
        };
        if let Compiler::Debian = self.compiler {
            debian::configure(&mut command, &target);
        }
        Ok((command, target.join(TARGET).join("plugin")))
    }
}

/// `wasm-component-ld` belongs to rustup's toolchains, whether or not they have a wasm target.
fn linker_folder(workspace: &Workspace) -> Outcome<PathBuf> {
    let sysroot = output(workspace.command("rustc").args(["--print", "sysroot"]))?;
    let version = output(workspace.command("rustc").arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
    let folder = PathBuf::from(sysroot.trim()).join("lib/rustlib").join(host).join("bin");
    let linker = folder.join(format!("wasm-component-ld{}", std::env::consts::EXE_SUFFIX));
    if linker.is_file() {
        return Ok(folder);
    }
    Err(Failure::told(format!(
        "this Rust has no wasm-component-ld (looked for {}); install Rust with rustup, from https://rustup.rs",
        linker.display()
    )))
}

/// Whether the target's standard library is there: its folder may exist and be empty.
fn has_target(workspace: &Workspace) -> bool {
    let mut command = workspace.command("rustc");
    let folder = output(command.args(["--print", "target-libdir", "--target", TARGET])).unwrap_or_default();
    let Ok(mut files) = std::fs::read_dir(folder.trim()) else {
        return false;
    };
    files.any(|file| file.is_ok_and(|file| file.file_name().to_string_lossy().starts_with("libstd-")))
}

/// Run in the checkout, so that rustup adds to the toolchain that `rust-toolchain.toml` pins.
fn add_target(workspace: &Workspace) -> bool {
    say(format!("adding the target {TARGET} with rustup"));
    let added = succeeds_within(workspace.command("rustup").args(["target", "add", TARGET]), RUSTUP_LIMIT);
    if !added {
        say("rustup could not add it; trying Debian's compiler");
    }
    added && has_target(workspace)
}
