//! What proves to a provider who is asking: the key of the config, a token fetched for it, or a signature.
//!
//! Keys of the config are placed as the protocol asks. [`google`](super::google) and [`aws`](super::aws) know where their
//! credentials may be; [`cached`] keeps what they fetch. Nothing here puts anything into a request: `request` does that, last.

pub(super) mod cached;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{HeaderName, header};

use super::Upstreams;
use super::aws::{Aws, Signer};
use super::google::{Google, Token};
use super::request::Origin;
use crate::base::wire::Credential;
use crate::config::{Provider, Secret};

/// How long a request waits for its credentials, also if those who fetched them before it gave up one after the other. More than
/// [`cached`] gives one attempt, and less than the 20 s of silence after which Claude Code gives up.
const LIMIT: Duration = Duration::from_secs(15);

/// What is added to a request.
pub(super) enum Proof {
    /// Nothing.
    None,
    /// `authorization: Bearer …`
    Bearer(Secret),
    /// A header's whole value.
    Header(HeaderName, Secret),
    /// The value of a query parameter.
    Query(String, Secret),
    /// A Google access token.
    Google(Token),
    /// A signature over all of the request.
    Aws(Signer),
}

impl Proof {
    /// A key of the config in its place; the two kinds that take more than a key are not made here.
    pub(super) fn of_key(credential: &Credential, key: Option<&Secret>) -> Self {
        let Some(key) = filled(key) else { return Self::None };
        match credential {
            Credential::Bearer => Self::Bearer(key.clone()),
            Credential::Header(name) => Self::Header(name.clone(), key.clone()),
            Credential::Query(name) => Self::Query(name.clone(), key.clone()),
            Credential::Google | Credential::Aws(_) | Credential::None => Self::None,
        }
    }

    /// What of it must not be shown, also if the provider repeats it.
    pub(super) fn secrets(&self) -> Vec<Secret> {
        match self {
            Self::None => Vec::new(),
            Self::Bearer(secret) | Self::Header(_, secret) | Self::Query(_, secret) => vec![secret.clone()],
            Self::Google(token) => vec![token.text.clone()],
            Self::Aws(signer) => signer.keys.secrets(),
        }
    }
}

/// A key that is there and not empty: `""` is how one says that there is none.
pub(super) fn filled(key: Option<&Secret>) -> Option<&Secret> {
    key.filter(|key| !key.expose().is_empty())
}

/// How the environment is asked, as [`crate::config::Env`] is, for as long as the gateway runs.
type Variables = dyn Fn(&str) -> Option<String> + Send + Sync;

/// The surroundings in which credentials are looked for; a test has its own.
pub(super) struct Machine {
    env: Box<Variables>,
    clock: Box<dyn Fn() -> SystemTime + Send + Sync>,
}

impl Machine {
    /// This one.
    pub(super) fn real() -> Self {
        Self { env: Box::new(crate::config::process_env), clock: Box::new(SystemTime::now) }
    }

    /// One with only these variables.
    #[cfg(test)]
    pub(super) fn with(variables: &[(&str, &str)], clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        let variables: std::collections::HashMap<String, String> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { env: Box::new(move |name| variables.get(name).cloned()), clock: Box::new(clock) }
    }

    /// A variable that is set and not empty.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        (self.env)(name).filter(|value| !value.is_empty())
    }

    pub(super) fn now(&self) -> SystemTime {
        (self.clock)()
    }

    /// A path as written, with `~` for the user's folder.
    pub(super) fn path(&self, written: &str) -> PathBuf {
        crate::config::expand(written, crate::config::user_home(&*self.env).as_deref())
    }

    /// A path below the user's folder; none without one.
    pub(super) fn below_home(&self, path: &str) -> Option<PathBuf> {
        crate::config::user_home(&*self.env).map(|home| home.join(path))
    }
}

/// All credentials that are not just a key, and what is known of them.
pub(super) struct Credentials {
    pub(super) machine: Arc<Machine>,
    google: Google,
    aws: Aws,
}

impl Credentials {
    pub(super) fn new() -> Self {
        Self::on(Machine::real())
    }

    pub(super) fn on(machine: Machine) -> Self {
        Self { machine: Arc::new(machine), google: Google::default(), aws: Aws::default() }
    }

    /// What a request needs. `Err` says in one sentence what to set.
    pub(super) async fn prove(
        &self,
        upstreams: &Upstreams,
        provider: &Provider,
        origin: &Origin<'_>,
        key: Option<&Secret>,
        credential: &Credential,
    ) -> Result<Proof, String> {
        let key = filled(key);
        // Whoever writes the header himself needs none from here.
        let written = key.is_none() && provider.headers.iter().any(|(name, _)| *name == header::AUTHORIZATION);
        let proving = async {
            match credential {
                Credential::Google if !written => self.google.prove(upstreams, &self.machine, key).await,
                Credential::Aws(service) if !written => {
                    self.aws.prove(upstreams, &self.machine, key, service, origin.host).await
                }
                other => Ok(Proof::of_key(other, key)),
            }
        };
        match credential {
            // No timer for what takes no time.
            Credential::Google | Credential::Aws(_) => tokio::time::timeout(LIMIT, proving)
                .await
                .unwrap_or_else(|_| Err(format!("its credentials could not be fetched within {} s", LIMIT.as_secs()))),
            _ => proving.await,
        }
    }

    /// The provider does not accept what was sent: a token that it revoked must not be sent for the rest of its hour.
    pub(super) fn refused(&self, proof: &Proof) {
        if let Proof::Google(token) = proof {
            self.google.forget(token);
        }
    }
}
