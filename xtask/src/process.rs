//! Running other programs: their output is the user's, their exit code is ours.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Why a step ended the run.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Nobody has said anything yet: this is for the user.
    Told(String),
    /// The program we ran has said what was wrong; only its exit code is left to pass on.
    Exit(u8),
}

/// What a step gives.
pub(crate) type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    pub(crate) fn told(message: impl Into<String>) -> Self {
        Self::Told(message.into())
    }

    /// For `map_err`: what we were doing, and what the system said.
    pub(crate) fn doing<E: std::fmt::Display>(what: impl std::fmt::Display) -> impl FnOnce(E) -> Self {
        move |error| Self::Told(format!("{what}: {error}"))
    }
}

/// One line for each step, on stderr, so that stdout stays the program's own.
pub(crate) fn say(step: impl std::fmt::Display) {
    eprintln!("xtask: {step}");
}

/// Runs a program to its end.
pub(crate) fn run(command: &mut Command) -> Outcome {
    let status = command.status().map_err(cannot_start(command))?;
    passed(status)
}

/// Runs a program to its end and gives what it wrote on stdout.
pub(crate) fn output(command: &mut Command) -> Outcome<String> {
    let output = command.stderr(Stdio::inherit()).output().map_err(cannot_start(command))?;
    passed(output.status)?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether a program can be started and succeeds within the limit; it is ended when the limit is over.
pub(crate) fn succeeds_within(command: &mut Command, limit: Duration) -> bool {
    let Ok(mut child) = command.spawn() else {
        return false;
    };
    let began = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            // Often enough that nobody waits for it, seldom enough to cost nothing.
            Ok(None) if began.elapsed() < limit => std::thread::sleep(Duration::from_millis(50)),
            _ => {
                child.kill().ok();
                child.wait().ok();
                return false;
            }
        }
    }
}

/// Becomes the program where the system can do that, so that Ctrl-C and SIGTERM reach it and nobody else.
#[cfg(unix)]
pub(crate) fn exec(command: &mut Command) -> Outcome {
    use std::os::unix::process::CommandExt as _;
    let error = command.exec();
    Err(cannot_start(command)(error))
}

#[cfg(not(unix))]
pub(crate) fn exec(command: &mut Command) -> Outcome {
    run(command)
}

/// Where a program is found by the system, if it is.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// `PATH` with a folder before all others.
pub(crate) fn path_with(folder: &Path) -> Outcome<std::ffi::OsString> {
    let old = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(folder.to_owned()).chain(std::env::split_paths(&old));
    std::env::join_paths(folders).map_err(Failure::doing(format!("cannot put {} on the PATH", folder.display())))
}

fn passed(status: ExitStatus) -> Outcome {
    if status.success() {
        return Ok(());
    }
    // Ended by a signal: the shell's own code for that is beyond what we know; 1 says that it failed.
    Err(Failure::Exit(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)))
}

fn cannot_start(command: &Command) -> impl FnOnce(std::io::Error) -> Failure + use<> {
    let program = command.get_program().to_string_lossy().into_owned();
    move |error| Failure::told(format!("cannot start `{program}`: {error}"))
}

#[cfg(all(test, unix))]
mod tests {
    use super::{Failure, output, run, succeeds_within};
    use std::process::Command;
    use std::time::Duration;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn exit_codes_are_passed_on() {
        assert!(run(&mut shell("exit 0")).is_ok());
        assert!(matches!(run(&mut shell("exit 64")), Err(Failure::Exit(64))));
        assert!(matches!(run(&mut Command::new("no such program")), Err(Failure::Told(_))));
    }

    #[test]
    fn output_is_what_was_written() {
        assert_eq!(output(&mut shell("echo one")).unwrap(), "one\n");
    }

    #[test]
    fn a_program_that_takes_too_long_has_not_succeeded() {
        assert!(succeeds_within(&mut shell("exit 0"), Duration::from_secs(20)));
        assert!(!succeeds_within(&mut shell("exit 3"), Duration::from_secs(20)));
        assert!(!succeeds_within(&mut shell("exec sleep 30"), Duration::from_millis(10)));
        assert!(!succeeds_within(&mut Command::new("no such program"), Duration::from_secs(1)));
    }
}
