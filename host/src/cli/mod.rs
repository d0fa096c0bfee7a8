//! The command line: what can be typed, and what it means.

mod daemon;
mod demo;
mod offline;
mod run;

use std::io::Read as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::config::{Home, LogLevel, Overrides, Source, presets, process_env};
use crate::gateway::{Sources, StartError};
use crate::routing::explain;

/// Exit code for a bad config (`EX_USAGE` of sysexits.h, as other proxies use it).
const BAD_CONFIG: u8 = 64;

/// A gateway for coding agents: Claude Code and its like talk to one endpoint, any provider answers.
#[derive(Debug, Parser)]
#[command(name = "ccr", version, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the gateway; it runs in the foreground.
    Start(Start),
    /// Check a config file and its plugins as a start would, and stop.
    Check {
        /// The file; the one in the home folder if none is named.
        file: Option<PathBuf>,
        /// Folder with plugins.
        #[arg(long, value_name = "DIR")]
        plugins: Option<PathBuf>,
    },
    /// Show where a request would go, and why, without sending it. The request comes on standard input.
    Explain {
        /// Config file; the one in the home folder if none is named.
        #[arg(short, long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// Folder with plugins.
        #[arg(long, value_name = "DIR")]
        plugins: Option<PathBuf>,
        /// A header of the request, `name: value`; may be given several times.
        #[arg(long = "header", short = 'H', value_name = "NAME: VALUE")]
        headers: Vec<String>,
        /// Where the client would post it, which tells its format: /v1/messages, /v1/chat/completions, …
        #[arg(long, value_name = "PATH", default_value = explain::USUAL_PATH)]
        path: String,
        /// Print JSON, as `POST /api/explain` answers.
        #[arg(long)]
        json: bool,
    },
    /// List the providers that are known by name: their protocol, address and key variable.
    Providers,
    /// Ask a running gateway how it is; the exit code says whether it answers. For container health checks.
    Health {
        /// Its port.
        #[arg(short, long, default_value_t = 3456, env = "CCR_PORT")]
        port: u16,
    },
}

/// Options of `ccr start`. The command line goes before the environment (`CCR_HOST`, `HOST`, …), that before the file.
#[derive(Debug, Args)]
pub struct Start {
    /// Config file; JSON5.
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Port to listen on; 0 takes a free one.
    #[arg(short, long, value_name = "N")]
    port: Option<u16>,
    /// Address to listen on. Other than loopback only with an APIKEY.
    #[arg(long, value_name = "ADDR")]
    host: Option<String>,
    /// Folder with plugins.
    #[arg(long, value_name = "DIR")]
    plugins: Option<PathBuf>,
    /// off, error, warn, info, debug or trace.
    #[arg(short, long, value_name = "LEVEL")]
    log_level: Option<LogLevel>,
    /// Run in the background.
    #[arg(short, long)]
    daemon: bool,
    /// Add the built-in demo provider, which answers without any key or network.
    #[arg(long)]
    demo: bool,
}

/// Runs what was typed.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command {
        Command::Start(start) if start.daemon => daemon::spawn(),
        Command::Start(start) => run::start(start.meant(), start.demo),
        Command::Check { file, plugins } => check(sources(file, plugins, Overrides::default())),
        Command::Explain { config, plugins, headers, path, json } => {
            explain(&sources(config, plugins, Overrides::default()), &headers, &path, json)
        }
        Command::Providers => {
            print!("{}", providers());
            Ok(())
        }
        Command::Health { port } => run::health(port),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(StartError::Config(problems)) => {
            eprintln!("{problems}");
            ExitCode::from(BAD_CONFIG)
        }
        Err(StartError::Other(error)) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

impl Start {
    fn meant(&self) -> Sources {
        let overrides =
            Overrides { host: self.host.clone(), port: self.port, log_level: self.log_level, ..Overrides::default() };
        sources(self.config.clone(), self.plugins.clone(), overrides)
    }
}

fn sources(file: Option<PathBuf>, plugins: Option<PathBuf>, overrides: Overrides) -> Sources {
    let home = Home::find(&process_env);
    let config = match file {
        Some(path) => Source { path, named: true },
        None => Source { path: home.config(), named: false },
    };
    Sources { config, plugins: plugins.unwrap_or_else(|| home.plugins()), overrides }
}

fn check(sources: Sources) -> Result<(), StartError> {
    let home = Home::find(&process_env);
    let (config, problems) = run::runtime()?.block_on(offline::check(&sources, &home))?;
    let path = sources.config.path.display();
    for line in config.preset_lines() {
        println!("{line}");
    }
    if problems.is_empty() {
        println!("{path}: good");
    } else {
        eprintln!("{problems}");
        println!("{path}: good, with warnings");
    }
    Ok(())
}

fn explain(sources: &Sources, headers: &[String], path: &str, json: bool) -> Result<(), StartError> {
    let headers = headers.iter().map(|line| header(line)).collect::<anyhow::Result<HeaderMap>>()?;
    let head = explain::head(path, headers).map_err(|error| anyhow::anyhow!("{error}"))?;
    let mut body = Vec::new();
    std::io::stdin().lock().read_to_end(&mut body).context("standard input cannot be read")?;
    let home = Home::find(&process_env);
    let told = run::runtime()?.block_on(offline::explain(sources, &home, &head, body))?;
    if json {
        println!("{}", serde_json::to_string_pretty(&told).context("the decision cannot be written as JSON")?);
    } else {
        print!("{}", told.text());
    }
    match told.error {
        // Printed above already; the exit code says it to scripts.
        Some(_) => Err(StartError::Other(anyhow::anyhow!("the request would be refused"))),
        None => Ok(()),
    }
}

/// `name: value`.
fn header(line: &str) -> anyhow::Result<(HeaderName, HeaderValue)> {
    let parsed = line.split_once(':').and_then(|(name, value)| {
        Some((HeaderName::try_from(name.trim()).ok()?, HeaderValue::try_from(value.trim()).ok()?))
    });
    parsed.with_context(|| format!("`{line}` is no header; write `--header 'name: value'`"))
}

/// The table of presets, a line each.
fn providers() -> String {
    let mut lines = String::new();
    for preset in presets::all() {
        let url = preset.url.as_deref().or(preset.url_hint.as_deref()).unwrap_or_default();
        let key = preset.key.first().map_or("-", String::as_str);
        // Wide enough for the longest name and protocol, so that columns stay columns.
        lines.push_str(&format!("{:<22} {:<17} {url:<58} {key}\n", preset.name, preset.protocol));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
