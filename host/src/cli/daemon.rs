//! `ccr start -d`: the same program once more, in the background.

use std::fs::OpenOptions;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Context as _;

use crate::config::{Home, process_env};
use crate::gateway::StartError;

/// Starts the gateway without `-d` in a process of its own, and returns when it listens.
pub(super) fn spawn() -> Result<(), StartError> {
    let home = Home::find(&process_env);
    let logs = home.logs();
    std::fs::create_dir_all(&logs).with_context(|| format!("{} cannot be made", logs.display()))?;
    let log_path = logs.join("ccr.log");
    keep_last_log(&log_path).with_context(|| format!("{} cannot be renamed", log_path.display()))?;
    let log = OpenOptions::new().create(true).append(true).open(&log_path);
    let log = log.with_context(|| format!("{} cannot be opened", log_path.display()))?;
    let program = std::env::current_exe().context("the program does not know its own path")?;
    let arguments = std::env::args_os().skip(1).filter(|argument| argument != "-d" && argument != "--daemon");
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
    detach(&mut command);
    let mut child = command.spawn().context("the gateway does not start")?;
    let mut line = String::new();
    let output = child.stdout.take().context("the gateway's output is gone")?;
    BufReader::new(output).read_line(&mut line).context("the gateway's output cannot be read")?;
    if line.is_empty() {
        let status = child.wait().context("the gateway is gone")?;
        return Err(anyhow::anyhow!("the gateway ended with {status}; {} says why", log_path.display()).into());
    }
    print!("{line}");
    println!("running in the background as process {}; its log is {}", child.id(), log_path.display());
    Ok(())
}

/// Size from which a log of earlier runs makes room for a new one.
const LOG_BYTES: u64 = 16 * 1024 * 1024;

/// Renames a large log of earlier runs to `ccr.log.1`, in the place of an older one.
fn keep_last_log(log: &Path) -> std::io::Result<()> {
    match std::fs::metadata(log) {
        Ok(found) if found.len() >= LOG_BYTES => std::fs::rename(log, log.with_extension("log.1")),
        _ => Ok(()),
    }
}

/// Out of the terminal's process group: closing the terminal or ctrl-C there must not end it.
#[cfg(unix)]
fn detach(command: &mut Command) {
    use std::os::unix::process::CommandExt as _;
    command.process_group(0);
}

#[cfg(not(unix))]
fn detach(_: &mut Command) {}
