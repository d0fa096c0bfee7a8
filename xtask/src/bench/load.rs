//! One run of the `load` tool, and the figures it reports.

use std::process::Command;

use super::server::{Bench, Server};
use crate::process::{Failure, Outcome, output};

/// What to send, how often, by how many.
#[derive(Clone)]
pub(super) struct Load {
    pub(super) path: String,
    pub(super) model: String,
    pub(super) size: usize,
    pub(super) streamed: bool,
    pub(super) connections: usize,
    pub(super) warmup: u64,
    pub(super) requests: Option<u64>,
    pub(super) seconds: f64,
    /// Whether the server is what is measured, so that its CPU time and memory count.
    pub(super) own_process: bool,
}

/// What `load --json` printed: one flat object of numbers.
pub(super) struct Figures(String);

impl Figures {
    /// A figure by its name.
    pub(super) fn get(&self, name: &str) -> Outcome<f64> {
        let quoted = format!("\"{name}\":");
        let found = self.0.split_once(&quoted).map(|(_, rest)| rest.split([',', '}']).next().unwrap_or(""));
        found
            .and_then(|number| number.trim().parse().ok())
            .ok_or_else(|| Failure::told(format!("the load tool reported no `{name}`: {}", self.0.trim())))
    }
}

impl Bench<'_> {
    /// Runs a load on its own core against a server.
    pub(super) fn load(&self, server: &Server, load: &Load) -> Outcome<Figures> {
        let mut command = self.beside(&self.workspace.release("load"));
        command.arg("--json").args(["--url", &format!("{}{}", server.url, load.path)]);
        pair(&mut command, "--body-size", load.size);
        pair(&mut command, "--model", &load.model);
        pair(&mut command, "--connections", load.connections);
        pair(&mut command, "--seconds", load.seconds);
        pair(&mut command, "--warmup", load.warmup);
        if load.streamed {
            command.arg("--stream");
        }
        if let Some(requests) = load.requests {
            pair(&mut command, "--requests", requests);
        }
        if load.own_process {
            pair(&mut command, "--pid", server.pid());
        }
        output(&mut command).map(Figures)
    }
}

fn pair(command: &mut Command, name: &str, value: impl ToString) {
    command.args([name, &value.to_string()]);
}

#[cfg(test)]
mod tests {
    use super::Figures;

    #[test]
    fn figures_are_found_by_their_whole_names() {
        let figures = Figures("{\"rss_kb\":1.5,\"rss_max_kb\":2.5}\n".to_owned());
        assert!(matches!(figures.get("rss_kb"), Ok(value) if value == 1.5));
        assert!(matches!(figures.get("rss_max_kb"), Ok(value) if value == 2.5));
        assert!(figures.get("kb").is_err());
    }
}
