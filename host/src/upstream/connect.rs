//! Opens connections: TCP, a proxy on the way, TLS.
//!
//! Which proxy: that of `PROXY_URL`, else those of the environment (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`) or the
//! system. None for this machine itself. An HTTP proxy is asked for a tunnel for plain `http` targets too: one way through
//! serves all.

use std::error::Error;
use std::future::{Ready, ready};
use std::io;
use std::net::IpAddr;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper::rt::{Read, Write};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use tower_service::Service;
use url::{Position, Url};

use super::public;
use super::request::Origin;
use super::tls::{Alpn, Tls};
use crate::config::SafeUrl;

/// How long a connection may be silent before the kernel asks whether the other side still lives, and how long it waits before
/// it asks again. A model that thinks sends nothing for minutes, and routers forget silent connections.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// How often it asks before it gives up.
const KEEP_ALIVE_PROBES: u32 = 3;

/// How long sent bytes may stay unconfirmed: twice what the probes of a silent connection take to begin.
#[cfg(target_os = "linux")]
const UNCONFIRMED: Duration = Duration::from_secs(30);

/// Bytes both ways, whatever carries them. One indirect call for each read of a socket costs nothing beside the read.
pub(super) trait Io: Read + Write + Send + Unpin {}

impl<T: Read + Write + Send + Unpin> Io for T {}

/// A connection's bytes.
pub(super) type Stream = Box<dyn Io>;

/// A stream to a server.
pub(super) struct Opened {
    pub(super) stream: Stream,
    /// The server wants HTTP/2.
    pub(super) http2: bool,
}

/// Why there is no connection.
#[derive(Debug)]
pub(super) enum ConnectError {
    TimedOut,
    /// In words, without addresses or keys.
    Failed(String),
}

impl ConnectError {
    pub(super) fn because(error: &(dyn Error + 'static)) -> Self {
        let mut cause = error;
        loop {
            if cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::TimedOut) {
                return Self::TimedOut;
            }
            match cause.source() {
                Some(inner) => cause = inner,
                None => return Self::Failed(cause.to_string()),
            }
        }
    }

    fn at_proxy(self) -> Self {
        match self {
            Self::Failed(reason) => Self::Failed(format!("the proxy on the way: {reason}")),
            other => other,
        }
    }
}

/// The innermost cause says what happened ("Connection refused"); the outer ones only that something did.
pub(super) fn root_cause(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

/// Opens connections as one configuration wants it.
pub(super) struct Connector {
    tcp: HttpConnector,
    proxies: Matcher,
    pub(super) tls: Tls,
    /// Which addresses a connection that must stay public may lead to; a test has none but its own.
    pub(super) may_reach: fn(IpAddr) -> bool,
}

impl Connector {
    /// `timeout` is shared out among a server's addresses.
    pub(super) fn new(proxy: Option<&SafeUrl>, timeout: Duration) -> anyhow::Result<Self> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(timeout));
        tcp.set_keepalive(Some(KEEP_ALIVE));
        tcp.set_keepalive_interval(Some(KEEP_ALIVE));
        tcp.set_keepalive_retries(Some(KEEP_ALIVE_PROBES));
        #[cfg(target_os = "linux")]
        tcp.set_tcp_user_timeout(Some(UNCONFIRMED));
        let proxies = match proxy {
            Some(url) => {
                let proxies = Matcher::builder().all(url.expose().as_str()).build();
                // What it cannot use, it would pass over without a word.
                let usable = proxies.intercept(&Uri::from_static("https://provider.invalid")).is_some();
                anyhow::ensure!(usable, "PROXY_URL cannot be used: give an http, https, socks5 or socks5h URL");
                proxies
            }
            None => Matcher::from_system(),
        };
        Ok(Self { tcp, proxies, tls: Tls::default(), may_reach: public::is_public })
    }

    /// Opens a connection with a server.
    pub(super) async fn open(&self, origin: &Origin<'_>) -> Result<Opened, ConnectError> {
        let target = origin.address().map_err(|error| ConnectError::because(&error))?;
        let proxy = if origin.is_loopback() { None } else { self.proxies.intercept(&target) };
        let stream = match proxy {
            None => self.dial(target).await?,
            Some(proxy) => self.through(&proxy, target).await.map_err(ConnectError::at_proxy)?,
        };
        match origin.https {
            true => self.tls.wrap(origin.host, stream, Alpn::Any).await,
            false => Ok(Opened { stream, http2: false }),
        }
    }

    /// The proxy that leads to an address.
    pub(super) fn proxy(&self, url: &Url) -> Option<Uri> {
        let target = url[..Position::AfterPort].parse().ok()?;
        self.proxies.intercept(&target).map(|proxy| proxy.uri().clone())
    }

    pub(super) async fn dial(&self, to: Uri) -> Result<Stream, ConnectError> {
        let stream = self.tcp.clone().call(to).await.map_err(|error| ConnectError::because(&error))?;
        Ok(Box::new(stream))
    }

    async fn through(&self, proxy: &Intercept, target: Uri) -> Result<Stream, ConnectError> {
        let at = proxy.uri();
        let (host, scheme) = (at.host().unwrap_or_default(), at.scheme_str().unwrap_or_default());
        let usual_port = match scheme {
            "http" => 80,
            "https" => 443,
            _ => 1080,
        };
        let address = format!("http://{host}:{}/", at.port_u16().unwrap_or(usual_port));
        let address: Uri = address.parse().map_err(|error: http::uri::InvalidUri| ConnectError::because(&error))?;
        let stream = self.dial(address).await?;
        match scheme {
            "http" => tunnel(proxy, stream, target).await,
            "https" => {
                let stream = self.tls.wrap(host, stream, Alpn::Http1).await?.stream;
                tunnel(proxy, stream, target).await
            }
            "socks5" => socks(proxy, stream, resolved(target).await?).await,
            "socks5h" => socks(proxy, stream, target).await,
            other => Err(ConnectError::Failed(format!("`{other}` is no kind of proxy that can be used here"))),
        }
    }
}

async fn tunnel(proxy: &Intercept, stream: Stream, target: Uri) -> Result<Stream, ConnectError> {
    let mut tunnel = Tunnel::new(proxy.uri().clone(), Dialled(Some(stream)));
    if let Some(login) = proxy.basic_auth() {
        tunnel = tunnel.with_auth(login.clone());
    }
    tunnel.call(target).await.map_err(|error| ConnectError::because(&error))
}

async fn socks(proxy: &Intercept, stream: Stream, target: Uri) -> Result<Stream, ConnectError> {
    let mut socks = SocksV5::new(proxy.uri().clone(), Dialled(Some(stream)));
    if let Some((user, password)) = proxy.raw_auth() {
        socks = socks.with_auth(user.to_owned(), password.to_owned());
    }
    socks.call(target).await.map_err(|error| ConnectError::because(&error))
}

/// The target by its number, for a proxy that is not to look up names.
async fn resolved(target: Uri) -> Result<Uri, ConnectError> {
    let authority = target.authority().map_or("", |authority| authority.as_str());
    let mut found = tokio::net::lookup_host(authority).await.map_err(|error| ConnectError::because(&error))?;
    let address = found.next().ok_or_else(|| ConnectError::Failed("its name has no address".into()))?;
    format!("https://{address}/").parse().map_err(|error: http::uri::InvalidUri| ConnectError::because(&error))
}

/// A stream that is there already, in the form in which the proxies' handshakes want to be given one.
struct Dialled(Option<Stream>);

impl Service<Uri> for Dialled {
    type Response = Stream;
    type Error = io::Error;
    type Future = Ready<io::Result<Stream>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        ready(self.0.take().ok_or_else(|| io::Error::other("it was used already")))
    }
}
