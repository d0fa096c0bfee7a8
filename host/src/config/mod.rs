//! The configuration: what the user wrote, read into what the program means.
//!
//! A file goes one way through this module: [`read`](self) makes a JSON value of JSON5 text, `interpolate` puts the environment's
//! values in, `build` turns the value into a [`Config`] through a typed reader that notes every mistake by its path, `check` looks at
//! the whole. [`load()`] does all of it and never stops at the first problem. [`Watcher`] says when it is time to load again.
//!
//! What is left to others: the command line (it fills [`Overrides`]), loading plugins, and swapping a new configuration in.

mod build;
mod check;
mod failover;
mod home;
mod host;
mod interpolate;
mod load;
mod model;
mod names;
mod options;
mod overrides;
pub mod presets;
mod problem;
pub mod projects;
mod provider;
mod read;
mod reader;
mod rule;
mod spelling;
mod watch;

#[cfg(test)]
mod tests;

pub use crate::base::secret::{SafeUrl, Secret};
pub use ccr_messages::effort::Effort;
pub use failover::{Alias, Counted, Failover, KeyLimit, Member, Strategy};
pub use home::Home;
pub(crate) use home::{expand, user_home};
pub use host::HostPort;
pub use load::{Source, load, load_router, load_text};
pub use model::{
    AgentLimits, Config, CustomTransformer, FailMode, Grants, LogLevel, PluginSettings, PluginTimeouts, RouterConfig,
    Scenario, Timeouts,
};
pub use names::UnknownModel;
pub use options::Options;
pub use overrides::{Demo, Overrides};
pub use problem::{Problem, Problems, Severity};
pub use provider::{ModelLimits, ModelRef, PresetUse, Provider, ProviderKey, TransformerUse};
pub use rule::{Condition, Left, ListEdit, Operator, Rewrite, Rule, RuleFallback};
pub use watch::{Changed, WatchError, WatchPaths, Watcher};

/// How the environment is asked for a variable: a function, so that a test needs no process-wide state.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The process's own environment, for [`load()`]. A variable that is not Unicode counts as unset.
pub fn process_env(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
