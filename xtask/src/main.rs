//! `cargo xtask`: everything a checkout needs, from a fresh machine to a running gateway, with the standard library alone.
//!
//! - [`workspace`] knows where things are and which crates are plugins;
//! - [`toolchain`] and [`debian`] find a compiler for the plugins; [`plugins`] builds them and checks what came out;
//! - [`bench`] compares the gateway with nginx and with no gateway at all;
//! - [`process`] runs other programs and passes their exit codes on;
//! - `rules` is tests only: what CONTRIBUTING asks for and no lint checks.

mod bench;
mod debian;
mod plugins;
mod process;
#[cfg(test)]
mod rules;
mod toolchain;
mod workspace;

use std::process::ExitCode;

use plugins::Wanted;
use process::{Failure, Outcome, exec, run, say};
use workspace::Workspace;

const HELP: &str = "\
cargo xtask COMMAND [ARGUMENT…]

  run       build everything and serve with the demo provider: no key, no network needed;
            arguments go to `ccr start --demo`
  test      build everything and run all tests; arguments go to `cargo test --workspace`
  build     leave the release binary as target/release/ccr, plugins embedded
  plugins   build only the plugins, into target/plugins
  bench     load the gateway beside nginx and no gateway, and print one table;
            --seconds S for each row [3], --only WORD for rows that contain the word

XTASK_WASM=debian  build plugins with Debian's compiler even where rustup has the target";

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let command = words.next().unwrap_or_default();
    let arguments: Vec<String> = words.collect();
    match dispatch(&command, &arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Exit(code)) => ExitCode::from(code),
        Err(Failure::Told(message)) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: &str, arguments: &[String]) -> Outcome {
    if command.is_empty() || matches!(command, "help" | "-h" | "--help") {
        println!("{HELP}");
        return Ok(());
    }
    let workspace = Workspace::find()?;
    match command {
        "run" => start(&workspace, arguments),
        "test" => test(&workspace, arguments),
        "build" => build(&workspace),
        "plugins" => plugins::build(&workspace, Wanted::All),
        "bench" => bench::run(&workspace, arguments),
        unknown => Err(Failure::told(format!("there is no command `{unknown}`; `cargo xtask help` lists them"))),
    }
}

/// Plugins first: the host's build script embeds them. Nothing is built that the binary does not need.
fn build(workspace: &Workspace) -> Outcome {
    plugins::build(workspace, Wanted::BuiltIn)?;
    say("building the host");
    run(workspace.cargo().args(["build", "--release", "--locked", "--package", "gateway", "--bin", "ccr"]))
}

fn start(workspace: &Workspace, arguments: &[String]) -> Outcome {
    build(workspace)?;
    let mut command = std::process::Command::new(workspace.release("ccr"));
    command.args(["start", "--demo"]).args(arguments);
    say("starting the demo gateway; end it with Ctrl-C");
    exec(&mut command)
}

/// The binary the end-to-end tests start is built in one run with the tests themselves; `cargo test` alone
/// would build only what it links.
fn test(workspace: &Workspace, arguments: &[String]) -> Outcome {
    plugins::build(workspace, Wanted::All)?;
    say("building the host and the tests");
    run(workspace.cargo_release("build")?.args(["--bins", "--tests"]))?;
    say("running the tests");
    run(workspace.cargo_release("test")?.args(arguments))
}
