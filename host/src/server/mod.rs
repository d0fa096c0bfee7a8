//! Step 1, accept: the listener, its connections, and how it stops.

mod count_tokens;
mod endpoints;
mod inventory;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpSocket, TcpStream, lookup_host};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::gateway::Gateway;

/// Connections that may wait to be accepted. A burst of 2,000 must not be refused: with tokio's 128, a new connection waited
/// 1.5 s for its second SYN (measured). The system's own bound (`net.core.somaxconn`) counts as well.
const BACKLOG: u32 = 4096;

/// Connections served at once: each costs some tens of kilobytes, so this is about a gigabyte at the worst.
const MAX_CONNECTIONS: usize = 10_000;

/// How long a client may take for the head of a request, and may keep an idle connection.
const HEAD_TIMEOUT: Duration = Duration::from_secs(60);

/// Largest head of a request, and of one read of its body: Claude Code sends about 2 kB and 70 kB.
const MAX_HEAD: usize = 128 * 1024;

/// Headers of a request: three times as many as any client is known to send.
const MAX_HEADERS: usize = 128;

/// Requests at once on one HTTP/2 connection, which is a whole team's gateway behind a proxy.
const MAX_STREAMS: u32 = 1024;

/// Opens the listener.
pub async fn listen(host: &str, port: u16) -> anyhow::Result<TcpListener> {
    let address = lookup_host((host, port))
        .await
        .with_context(|| format!("HOST `{host}` cannot be resolved"))?
        .next()
        .with_context(|| format!("HOST `{host}` has no address"))?;
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A restarted gateway must not wait for the old one's connections to be forgotten.
    socket.set_reuseaddr(true)?;
    socket.bind(address).with_context(|| format!("cannot listen on {address}: is another gateway running there?"))?;
    Ok(socket.listen(BACKLOG)?)
}

/// Serves until `stop` says so, then lets what is running finish within `grace`.
pub async fn serve(gateway: Arc<Gateway>, listener: TcpListener, mut stop: watch::Receiver<bool>, grace: Duration) {
    let graceful = GracefulShutdown::new();
    let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut connections = JoinSet::new();
    let builder = connection_builder();
    loop {
        let permit = tokio::select! {
            permit = Arc::clone(&permits).acquire_owned() => permit,
            _ = stop.changed() => break,
        };
        let Ok(permit) = permit else { break };
        let (stream, peer) = tokio::select! {
            accepted = accept(&listener) => accepted,
            _ = stop.changed() => break,
        };
        let gateway = Arc::clone(&gateway);
        let service = service_fn(move |request| {
            let gateway = Arc::clone(&gateway);
            async move { Ok::<_, Infallible>(endpoints::answer(&gateway, request).await) }
        });
        let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
        let connection = graceful.watch(connection);
        connections.spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%peer, "connection ended: {error}");
            }
            drop(permit);
        });
        // Keeps the set as small as what is alive.
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    tracing::info!("stopping: {} connections finish within {} s", connections.len(), grace.as_secs());
    if tokio::time::timeout(grace, graceful.shutdown()).await.is_err() {
        tracing::warn!("some answers did not finish in time and are cut off");
    }
    connections.shutdown().await;
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Small events must leave at once, not wait for the acknowledgement of the last one.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%peer, "TCP_NODELAY is not set: {error}");
                }
                return (stream, peer);
            }
            Err(error) => {
                tracing::error!(
                    "a connection could not be accepted: {error}; are there too few file descriptors (ulimit -n)?"
                );
                // Without a pause this would spin until a descriptor is free.
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

fn connection_builder() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_HEAD)
        .max_headers(MAX_HEADERS);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(u32::try_from(MAX_HEAD).unwrap_or(u32::MAX))
        // Finds out about clients that are gone without a word.
        .keep_alive_interval(Some(Duration::from_secs(30)))
        .keep_alive_timeout(Duration::from_secs(20));
    builder
}
