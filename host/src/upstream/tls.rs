//! TLS towards providers and proxies, with the system's roots of trust.

use std::error::Error;
use std::io;
use std::sync::Arc;

use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{CertificateError, ClientConfig};
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;

use super::connect::{ConnectError, Opened, Stream};

/// Which versions of HTTP are offered.
#[derive(Clone, Copy)]
pub(super) enum Alpn {
    /// HTTP/2 and HTTP/1.1, as the server likes.
    Any,
    /// HTTP/1.1 alone: what a tunnel through a proxy is asked for with.
    Http1,
}

/// Makes TLS connections. The roots are read when the first one is made: that takes some ten milliseconds, which a gateway
/// whose providers are all on this machine does not need to spend at its start.
#[derive(Default)]
pub(super) struct Tls {
    config: OnceCell<Arc<ClientConfig>>,
}

impl Tls {
    /// Speaks TLS over a stream.
    pub(super) async fn wrap(&self, host: &str, stream: Stream, alpn: Alpn) -> Result<Opened, ConnectError> {
        let mut config = self.config().await?;
        if matches!(alpn, Alpn::Http1) {
            Arc::make_mut(&mut config).alpn_protocols.clear();
        }
        let host = host.trim_matches(['[', ']']).to_owned();
        let host = ServerName::try_from(host).map_err(|error| ConnectError::because(&error))?;
        let connecting = TlsConnector::from(config).connect(host, TokioIo::new(stream));
        let stream = connecting.await.map_err(|error| refused(&error))?;
        let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        Ok(Opened { stream: Box::new(TokioIo::new(stream)), http2 })
    }

    /// How TLS is spoken, by whichever client.
    pub(super) async fn config(&self) -> Result<Arc<ClientConfig>, ConnectError> {
        self.config.get_or_try_init(load).await.map(Arc::clone)
    }

    /// With roots of one's own.
    #[cfg(test)]
    pub(super) fn trusting(certificate: rustls::pki_types::CertificateDer<'static>) -> Self {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(certificate).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = builder.with_root_certificates(roots).with_no_client_auth();
        Self { config: OnceCell::new_with(Some(Arc::new(with_alpn(config)))) }
    }
}

async fn load() -> Result<Arc<ClientConfig>, ConnectError> {
    let loading = tokio::task::spawn_blocking(|| {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        Ok(builder.with_platform_verifier()?.with_no_client_auth())
    });
    let failed = |reason: String| ConnectError::Failed(format!("TLS cannot be used on this machine: {reason}"));
    let loaded: Result<ClientConfig, rustls::Error> = loading.await.map_err(|error| failed(error.to_string()))?;
    loaded.map(|config| Arc::new(with_alpn(config))).map_err(|error| failed(error.to_string()))
}

fn with_alpn(mut config: ClientConfig) -> ClientConfig {
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config
}

fn refused(error: &io::Error) -> ConnectError {
    let tls = error.get_ref().and_then(|inner| explained(inner));
    tls.map_or_else(|| ConnectError::because(error), |reason| ConnectError::Failed(reason.into()))
}

/// What a person is told of the troubles that can be mended at home.
pub(super) fn explained(error: &(dyn Error + 'static)) -> Option<&'static str> {
    match error.downcast_ref()? {
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => Some(
            "its certificate was issued by nobody that this machine trusts; \
             add the issuer's certificate to the system's, or name a file that holds it in SSL_CERT_FILE",
        ),
        rustls::Error::InvalidMessage(_) => Some("it does not speak TLS; should its address begin with http://?"),
        _ => None,
    }
}
