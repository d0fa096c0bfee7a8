//! What beats the file: the command line, then the environment.
//!
//! Parsing the command line is left to its owner, which fills [`Overrides`]; here the environment is read and both are laid over
//! a [`Config`].

use std::str::FromStr;

use super::{
    Config, Env, LogLevel, Problem, SafeUrl, Secret, Severity,
    reader::{Reader, parse_bool},
};

/// Values from the command line; `None` leaves what environment or file say.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    pub host: Option<String>,
    pub port: Option<u16>,
    pub api_key: Option<Secret>,
    pub log: Option<bool>,
    pub log_level: Option<LogLevel>,
    /// Adds the built-in demo provider.
    pub demo: Option<Demo>,
}

/// The demo provider: added under the name `demo` beside the file's own, and the default of the router if the file has none.
#[derive(Debug, Clone)]
pub struct Demo {
    pub base_url: SafeUrl,
    /// The first one is what `Router.default` becomes.
    pub models: Vec<String>,
}

impl Overrides {
    /// Lays the command line over the environment.
    pub(super) fn with_environment(&self, env: Env<'_>, reader: &Reader) -> Self {
        let environment = Environment { env, reader };
        Self {
            host: self.host.clone().or_else(|| environment.get("HOST", |text| Ok(text.to_owned()))),
            port: self.port.or_else(|| environment.get("PORT", parse_port)),
            api_key: self.api_key.clone().or_else(|| environment.get("APIKEY", |text| Ok(reader.secret(text)))),
            log: self
                .log
                .or_else(|| environment.get("LOG", |text| parse_bool(text).ok_or("must be true or false".to_owned()))),
            log_level: self.log_level.or_else(|| environment.get("LOG_LEVEL", LogLevel::from_str)),
            demo: self.demo.clone(),
        }
    }

    pub(super) fn apply(self, config: &mut Config) {
        if let Some(host) = self.host {
            config.host = without_brackets(&host).to_owned();
        }
        config.port = self.port.unwrap_or(config.port);
        config.api_key = self.api_key.or(config.api_key.take());
        config.log = self.log.unwrap_or(config.log);
        config.log_level = self.log_level.unwrap_or(config.log_level);
    }
}

/// An IPv6 address is written with brackets in URLs and without them where one listens.
pub(super) fn without_brackets(host: &str) -> &str {
    let host = host.trim();
    host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(host)
}

fn parse_port(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| "must be a port from 0 to 65535".to_owned())
}

struct Environment<'a> {
    env: Env<'a>,
    reader: &'a Reader,
}

impl Environment<'_> {
    /// The variable with the prefix `CCR_` goes first: plain names are also set by shells and platforms for reasons of their own.
    fn get<T>(&self, name: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let prefixed = format!("CCR_{name}");
        for name in [&prefixed, name] {
            let Some(text) = (self.env)(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()) else {
                continue;
            };
            // Kubernetes sets `CCR_PORT=tcp://…` for a service that is called `ccr`.
            if text.starts_with("tcp://") {
                continue;
            }
            match parse(&text) {
                Ok(value) => return Some(value),
                Err(message) => self.problem(name, message),
            }
        }
        None
    }

    fn problem(&self, name: &str, message: String) {
        let hint = Some(format!("correct the environment variable {name}, or unset it"));
        self.reader.push(Problem {
            severity: Severity::Error,
            file: "environment".into(),
            path: name.into(),
            message,
            hint,
        });
    }
}
