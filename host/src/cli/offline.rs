//! `ccr check` and `ccr explain`: config and plugins loaded as a start does, and nothing served.

use http::request::Parts;

use crate::client::Client;
use crate::config::{Config, Home, Problem, Problems};
use crate::gateway::{Loaded, Sources, StartError};
use crate::routing::Routing;
use crate::routing::explain::{self, Explained, USUAL_PATH};
use crate::routing::sessions::Sessions;
use crate::snapshot::Snapshot;

/// Checks config and plugins. Gives what the config means, and the warnings.
pub(super) async fn check(sources: &Sources, home: &Home) -> Result<(Config, Problems), StartError> {
    let Loaded { snapshot, mut warnings, .. } = Loaded::build(sources, home).await?;
    let config_file = sources.config.path.display().to_string();
    plugin_problems(&snapshot, &config_file, &mut warnings);
    tokenizer_problems(&snapshot.config, &config_file, &mut warnings);
    Ok((snapshot.config, warnings))
}

fn plugin_problems(snapshot: &Snapshot, config_file: &str, problems: &mut Problems) {
    for broken in snapshot.registry.broken() {
        let hint = "correct or remove the file; requests that need it get a 503 that names it".to_owned();
        let file = broken.path.display().to_string();
        problems.push(Problem::warning(file, String::new(), broken.reason.clone(), Some(hint)));
    }
    for aside in snapshot.registry.set_aside() {
        let (file, message) = (aside.path.display().to_string(), format!("is not used: {}", aside.reason));
        problems.push(Problem::warning(file, String::new(), message, Some(aside.hint.clone())));
    }
    for (message, hint) in snapshot.ungranted() {
        problems.push(Problem::warning(config_file.to_owned(), "plugins".to_owned(), message, Some(hint)));
    }
}

/// Serving reads these files when they are first needed, and does without those that it cannot read.
fn tokenizer_problems(config: &Config, config_file: &str, problems: &mut Problems) {
    for file in config.providers.iter().flat_map(|provider| provider.tokenizers.files()) {
        let Err(reason) = file.check() else { continue };
        let (path, fallback) = (file.path.display(), file.fallback);
        let message = format!("{path}: {reason}; tokens are counted with {fallback}");
        let hint = "take the tokenizer.json of the model, or write `type: \"tiktoken\"`".to_owned();
        problems.push(Problem::warning(config_file.to_owned(), file.at.clone(), message, Some(hint)));
    }
}

/// Where a request would go by this config.
pub(super) async fn explain(
    sources: &Sources,
    home: &Home,
    head: &Parts,
    body: Vec<u8>,
) -> Result<Explained, StartError> {
    let Loaded { engine, cache, snapshot, .. } = Loaded::build(sources, home).await?;
    let (sessions, client_key) = (Sessions::default(), snapshot.config.api_key.is_some().then_some("default"));
    let routing = Routing { engine: &engine, snapshot: &snapshot, sessions: &sessions, client_key, upstreams: None };
    let client = match head.uri.path() {
        USUAL_PATH => None,
        path => snapshot.format(&engine, &cache, path).await.map(Client::Component),
    };
    Ok(explain::explain(&routing, client, head, body).await.map_err(|error| anyhow::anyhow!("{error}"))?)
}
