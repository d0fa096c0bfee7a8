//! HTTP for plugins (`wit/0.2.0/host.wit`, interface `http`): who may ask whom, within which bounds, and what they get to see of it.
//!
//! [`request`] checks what is asked and makes it ready, [`secrets`] puts values in and takes them out again. The connections,
//! and that none of them leads into a private network unless it may, are [`crate::upstream`]'s.

mod request;
mod secrets;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio::time::timeout_at;

use self::secrets::Secrets;
use super::bindings::imports::ccr::plugin::http::{self, HttpRequest, HttpResponse};
use super::bindings::{Fault, Header};
use super::capabilities::{Asked, Granted, config_line};
use super::component::Plugin;
use super::guest::Guest;
use crate::config::{Grants, HostPort};
use crate::upstream::Upstreams;
use crate::upstream::outside::{Bounds, Failed, Incoming};

/// Longest wait for one answer: a search takes a second or two, a page some; a user waits behind it.
const MAX_TIME: Duration = Duration::from_secs(30);

/// Longest wait of one instance for all its answers: what an agent's tool call may take by default (`tool_ms`).
const MAX_TIME_TOGETHER: Duration = Duration::from_secs(60);

/// Requests of one instance, which serves one call or one streamed answer: several pages of several searches. More would make a
/// crawler of somebody's conversation.
const MAX_REQUESTS: u32 = 32;

/// Requests of one plugin at once: as many as all sessions of a team make together, fewer than would burden the hosts.
pub(super) const AT_ONCE: usize = 32;

/// Largest answer: a page or a list of results has less than a megabyte, and the guest has 64 MiB in all.
const BOUNDS: Bounds = Bounds {
    // What servers send is below 8 KiB, cookies included.
    headers: 32 * 1024,
    body: 4 * 1024 * 1024,
};

/// Whom a plugin may ask, and through what.
pub struct HttpGrant {
    /// As the config names it.
    plugin: Arc<str>,
    asks: Asked,
    hosts: Vec<HostPort>,
    private_network: bool,
    secrets: Secrets,
    /// Shared by all uses of the plugin.
    turns: Arc<Semaphore>,
    client: Arc<Upstreams>,
}

/// What one instance has had of it.
#[derive(Debug, Default)]
pub(super) struct HttpUse {
    requests: u32,
    waited: Duration,
}

impl fmt::Debug for HttpGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secrets: Vec<_> = self.secrets.names().collect();
        let private_network = self.private_network;
        write!(f, "{}: {:?}, private network {private_network}, secrets {secrets:?}", self.plugin, self.hosts)
    }
}

impl HttpGrant {
    /// What `granted` means for a plugin; `None` if it does not ask for HTTP.
    pub fn new(
        plugin: &Plugin,
        granted: Granted,
        grants: Option<&Grants>,
        client: &Arc<Upstreams>,
    ) -> Option<Arc<Self>> {
        plugin.asks.http().then(|| {
            Arc::new(Self {
                plugin: Arc::clone(&plugin.name),
                asks: plugin.asks.clone(),
                hosts: granted.hosts,
                private_network: granted.private_network,
                secrets: Secrets::new(grants.map(|grants| grants.secrets.clone()).unwrap_or_default()),
                turns: Arc::clone(&plugin.http_turns),
                client: Arc::clone(client),
            })
        })
    }

    /// Sends a request within so much time.
    async fn send(&self, request: HttpRequest, most: Duration) -> Result<HttpResponse, Fault> {
        let asked = request.timeout_ms.map(|asked| Duration::from_millis(asked.into()));
        let limit = asked.map_or(most, |asked| asked.min(most));
        let (host, outgoing) = request::build(self, request)?;
        let (began, ends) = (Instant::now(), tokio::time::Instant::now() + limit);
        let _turn = timeout_at(ends, self.turns.acquire()).await.map_err(|_| busy())?;
        let fetching = timeout_at(ends, self.client.fetch(outgoing, BOUNDS)).await;
        let outcome = fetching.map_err(|_| late(&host, limit))?;
        let incoming = outcome.map_err(|failed| self.fault(&host, failed))?;
        let (plugin, ms) = (&*self.plugin, began.elapsed().as_millis());
        tracing::debug!(plugin, %host, status = incoming.status, %ms, "asked for by a plugin");
        Ok(self.visible(incoming))
    }

    fn fault(&self, host: &HostPort, failed: Failed) -> Fault {
        match failed {
            Failed::Private => Fault::Denied(format!(
                "the host `{host}` leads into a private network; the config would allow that with {}",
                config_line(&self.plugin, "private_network: true")
            )),
            Failed::LargeHead => {
                Fault::Denied(format!("the host `{host}` sent more than {} KiB of headers", BOUNDS.headers >> 10))
            }
            Failed::LargeBody => {
                Fault::Denied(format!("the host `{host}` answered more than {} MiB", BOUNDS.body >> 20))
            }
            Failed::Other(reason) => {
                Fault::Unavailable(self.secrets.redact_text(format!("the host `{host}` {reason}")))
            }
        }
    }

    /// What the plugin gets to see of an answer.
    fn visible(&self, incoming: Incoming) -> HttpResponse {
        let header = |(name, value): (&::http::HeaderName, &::http::HeaderValue)| Header {
            name: name.as_str().to_owned(),
            value: String::from_utf8_lossy(&self.secrets.redact(value.as_bytes().to_vec())).into_owned(),
        };
        HttpResponse {
            status: incoming.status,
            headers: incoming.headers.iter().map(header).collect(),
            body: self.secrets.redact(incoming.body),
        }
    }
}

fn busy() -> Fault {
    Fault::Unavailable(format!("the plugin has {AT_ONCE} HTTP requests under way, as many as it may"))
}

fn late(host: &HostPort, limit: Duration) -> Fault {
    Fault::Unavailable(format!("the host `{host}` did not answer within {} s", limit.as_secs_f32()))
}

impl HttpUse {
    /// One request more; how long it may take.
    fn begin(&mut self) -> Result<Duration, Fault> {
        if self.requests == MAX_REQUESTS {
            return Err(Fault::Denied(format!("one call may make {MAX_REQUESTS} HTTP requests")));
        }
        let left = MAX_TIME_TOGETHER.saturating_sub(self.waited);
        if left.is_zero() {
            let most = MAX_TIME_TOGETHER.as_secs();
            return Err(Fault::Denied(format!("one call may wait {most} s for its HTTP requests")));
        }
        self.requests += 1;
        Ok(left.min(MAX_TIME))
    }
}

impl http::Host for Guest {
    async fn send(&mut self, request: HttpRequest) -> wasmtime::Result<Result<HttpResponse, Fault>> {
        let Some(grant) = self.surroundings.http.clone() else {
            let reason =
                "plugins that use `http` must ask for it in `describe`, with the hosts that they want to reach";
            return Ok(Err(Fault::Denied(reason.into())));
        };
        // What is refused without end is told once: the log is not the plugin's.
        let limit = match self.http.begin() {
            Ok(limit) => limit,
            Err(fault) => return Ok(Err(fault)),
        };
        let began = Instant::now();
        let sent = self.wait_for(grant.send(request, limit)).await;
        self.http.waited += began.elapsed();
        if let Err(Fault::Denied(reason)) = &sent {
            tracing::warn!(plugin = &*self.surroundings.name, "an HTTP request is refused: {reason}");
        }
        Ok(sent)
    }
}
