//! Requests beside those to models: the gateway's own, to token servers, machines' metadata and services that count, and those of
//! plugins ([`super::outside`]). They need no speed, so a ready-made client sends them; a streamed answer goes another way (the
//! reason, with figures, is in docs/performance.md).

use std::error::Error;
use std::net::IpAddr;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, header};
use reqwest::{Proxy, redirect, retry};
use tokio::sync::OnceCell;
use url::{Host, Url};

use super::Upstreams;
use super::connect::{self, ConnectError, root_cause};
use super::decompress::Decoder;
use super::public::{self, Checked, Private};
use super::tls;

/// Largest answer that is read of the gateway's own requests: tokens have some kilobytes.
const MAX_ANSWER: usize = 256 * 1024;

/// A request of the gateway's own.
pub(crate) struct Ask<'a> {
    pub(crate) method: Method,
    pub(crate) url: &'a Url,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Bytes,
    /// Through no proxy: what is asked stands beside this machine.
    pub(crate) direct: bool,
}

impl<'a> Ask<'a> {
    /// A form, posted.
    pub(super) fn form(url: &'a Url, form: String) -> Self {
        let form_type = HeaderValue::from_static("application/x-www-form-urlencoded");
        let headers = vec![(header::CONTENT_TYPE, form_type)];
        Self { method: Method::POST, url, headers, body: form.into(), direct: false }
    }

    /// What a machine says of itself.
    pub(super) fn metadata(method: Method, url: &'a Url, headers: Vec<(HeaderName, HeaderValue)>) -> Self {
        Self { method, url, headers, body: Bytes::new(), direct: true }
    }
}

/// What was answered, whatever its status.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

/// Why there is no answer. No text has addresses in it; [`SideError::Other`] goes on after "the host" or "it".
#[derive(Debug, PartialEq, Eq)]
pub(super) enum SideError {
    Private,
    TooLarge,
    Other(String),
}

/// How a connection is made.
#[derive(Clone, Copy)]
pub(super) struct Way {
    proxied: bool,
    public: bool,
}

/// The clients, one for each way, made when the first request goes it.
#[derive(Default)]
pub(super) struct SideClients([OnceCell<reqwest::Client>; 4]);

impl Upstreams {
    /// Asks. `Err` says why there is no answer, without addresses.
    pub(crate) async fn ask(&self, ask: Ask<'_>) -> Result<Reply, String> {
        let mut request = reqwest::Request::new(ask.method, ask.url.clone());
        request.headers_mut().extend(ask.headers);
        request.headers_mut().entry(header::ACCEPT).or_insert(HeaderValue::from_static("application/json"));
        *request.body_mut() = Some(ask.body.into());
        let reply = async {
            let way = self.way(ask.url, ask.direct, false)?;
            let response = self.send_beside(way, request).await?;
            let status = response.status().as_u16();
            Ok(Reply { status, body: self.read_beside(response, None, MAX_ANSWER).await? })
        };
        reply.await.map_err(|error| match error {
            SideError::Private => "it cannot be reached: it leads into a private network".into(),
            SideError::TooLarge => "it answered more than can be read".into(),
            SideError::Other(reason) => format!("it {reason}"),
        })
    }

    /// The way to an address. `public`: it must not lead into a private network, and what says itself that it does is refused here.
    pub(super) fn way(&self, url: &Url, direct: bool, public: bool) -> Result<Way, SideError> {
        let host = url.host().ok_or_else(|| SideError::Other("has an address that makes no URL".into()))?;
        let proxy = if direct || is_this_machine(&host) { None } else { self.connector.proxy(url) };
        if public {
            let may_reach = self.connector.may_reach;
            let private = match host {
                Host::Ipv4(address) => !may_reach(IpAddr::V4(address)),
                Host::Ipv6(address) => !may_reach(IpAddr::V6(address)),
                // A proxy looks names up itself, and its own name is the one that may lead anywhere.
                Host::Domain(name) => {
                    proxy.as_ref().is_some_and(|proxy| public::is_private_name(name) || proxy.host() == Some(name))
                }
            };
            if private {
                return Err(SideError::Private);
            }
        }
        Ok(Way { proxied: proxy.is_some(), public })
    }

    pub(super) async fn send_beside(
        &self,
        way: Way,
        request: reqwest::Request,
    ) -> Result<reqwest::Response, SideError> {
        let cell = &self.side.0[usize::from(way.proxied) * 2 + usize::from(way.public)];
        let client = cell.get_or_try_init(|| self.side_client(way, request.url())).await?;
        client.execute(request).await.map_err(|error| not_begun(&error, way))
    }

    /// The body, unpacked and within a bound.
    pub(super) async fn read_beside(
        &self,
        mut response: reqwest::Response,
        mut decoder: Option<Decoder>,
        limit: usize,
    ) -> Result<Vec<u8>, SideError> {
        let broken = |reason: String| SideError::Other(format!("broke off in the middle of its answer ({reason})"));
        let mut body = Vec::new();
        loop {
            let piece = response.chunk().await.map_err(|error| match error.is_timeout() {
                true => SideError::Other(format!("sent nothing more within {} s", self.timeouts.idle.as_secs_f32())),
                false => broken(root_cause(&error)),
            })?;
            let ended = piece.is_none();
            let piece = piece.unwrap_or_default();
            let piece = match &mut decoder {
                None => piece,
                Some(decoder) if ended => decoder.finish().map_err(broken)?,
                Some(decoder) => decoder.push(&piece).map_err(broken)?,
            };
            if body.len() + piece.len() > limit {
                return Err(SideError::TooLarge);
            }
            body.extend_from_slice(&piece);
            if ended {
                return Ok(body);
            }
        }
    }

    async fn side_client(&self, way: Way, url: &Url) -> Result<reqwest::Client, SideError> {
        let tls = self.connector.tls.config().await.map_err(|error| not_connected(error, way))?;
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured((*tls).clone())
            // Each is the answer, for whoever asked to judge.
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .connect_timeout(self.timeouts.connect)
            .read_timeout(self.timeouts.idle)
            .tcp_keepalive(connect::KEEP_ALIVE);
        builder = match (way.proxied, &self.proxy_url) {
            (false, _) => builder.no_proxy(),
            (true, Some(url)) => {
                let proxy = Proxy::all(url.expose().as_str()).map_err(|error| SideError::Other(root_cause(&error)))?;
                builder.proxy(proxy)
            }
            // Those of the environment, as the client finds them itself.
            (true, None) => builder,
        };
        if way.public {
            let proxy = self.connector.proxy(url).and_then(|proxy| proxy.host().map(Box::from));
            builder = builder.dns_resolver(Checked { may_reach: self.connector.may_reach, proxy });
        }
        builder.build().map_err(|error| SideError::Other(root_cause(&error)))
    }
}

/// No proxy leads to this machine itself (claude-code-router#602).
fn is_this_machine(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

fn not_begun(error: &reqwest::Error, way: Way) -> SideError {
    if causes(error).any(|cause| cause.is::<Private>()) {
        return SideError::Private;
    }
    if error.is_connect() {
        return not_connected(connect_error(error), way);
    }
    if error.is_timeout() {
        return SideError::Other("did not begin to answer in time".into());
    }
    let hyper = causes(error).find_map(|cause| cause.downcast_ref::<hyper::Error>());
    SideError::Other(hyper.map_or_else(|| root_cause(error), super::http_reason))
}

fn not_connected(error: ConnectError, way: Way) -> SideError {
    let proxy = if way.proxied { "the proxy on the way: " } else { "" };
    match error {
        ConnectError::TimedOut => SideError::Other("could not be connected with in time".into()),
        ConnectError::Failed(reason) => SideError::Other(format!("cannot be reached: {proxy}{reason}")),
    }
}

fn connect_error(error: &reqwest::Error) -> ConnectError {
    match causes(error).find_map(tls::explained) {
        _ if error.is_timeout() => ConnectError::TimedOut,
        Some(reason) => ConnectError::Failed(reason.into()),
        None => ConnectError::because(error),
    }
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source())
}
