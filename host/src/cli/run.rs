//! `ccr start`: from what was typed to a serving gateway, and to its end.

use std::io::Write as _;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt as _, Empty};
use hyper_util::rt::TokioIo;
use tokio::sync::{mpsc, watch};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::demo;
use crate::config::{Config, Demo, Home, LogLevel, SafeUrl, WatchPaths, Watcher, process_env};
use crate::gateway::{Gateway, Sources, StartError};
use crate::record::{RecordLog, RecordWriter};
use crate::server;

/// The runtime that everything runs on.
pub(super) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("the runtime does not start")
}

/// Starts the gateway and serves until it is told to stop.
pub(super) fn start(sources: Sources, with_demo: bool) -> Result<(), StartError> {
    runtime()?.block_on(serve(sources, with_demo))
}

async fn serve(mut sources: Sources, with_demo: bool) -> Result<(), StartError> {
    let home = Home::find(&process_env);
    let log_level = log_to_stderr(sources.overrides.log_level);
    std::fs::create_dir_all(&sources.plugins)
        .with_context(|| format!("the plugins folder {} cannot be made", sources.plugins.display()))?;
    let (stop_demo, demo_stopped) = watch::channel(false);
    let demo = if with_demo { Some(demo::start(demo_stopped).await?) } else { None };
    if let Some(demo) = &demo {
        let base_url = SafeUrl::new(demo.base_url.parse().context("the demo's address makes no URL")?);
        sources.overrides.demo = Some(Demo { base_url, models: demo::models() });
    }

    let mut writer = None;
    let gateway = Gateway::start(sources.clone(), &home, |config| open_records(config, &home, &mut writer)).await?;
    let gateway = Arc::new(gateway);
    log_level.set(gateway.snapshot().config.log_level);
    for problem in gateway.problems() {
        tracing::warn!("{problem}");
    }
    let config = gateway.snapshot();
    let listener = server::listen(&config.config.host, config.config.port).await?;
    let address = listener.local_addr().context("the listener has no address")?;
    let grace = config.config.timeouts.shutdown;
    drop(config);

    let (reloads, watcher) = watch_files(&sources, &gateway)?;
    let watcher = watcher.map(Arc::new);
    let reloading = tokio::spawn(reload_when_told(Arc::clone(&gateway), reloads, watcher.clone()));
    // Before anybody is told that there is a gateway to stop.
    let mut signals = Signals::new()?;
    announce(&address.to_string())?;
    let (stop, stopped) = watch::channel(false);
    let serving = tokio::spawn(server::serve(Arc::clone(&gateway), listener, stopped, grace));
    signals.next().await;
    let _ = stop.send(true);
    tokio::select! {
        _ = serving => {}
        () = signals.next() => {}
    }
    reloading.abort();
    let _ = reloading.await;
    drop(watcher);
    let _ = stop_demo.send(true);
    if let Some(demo) = demo {
        demo.join().await;
    }
    drop(gateway);
    if let Some(writer) = writer {
        tokio::task::spawn_blocking(move || writer.join()).await.context("the last records could not be written")?;
    }
    Ok(())
}

fn open_records(config: &Config, home: &Home, writer: &mut Option<RecordWriter>) -> anyhow::Result<Arc<RecordLog>> {
    if !config.log {
        return Ok(RecordLog::off());
    }
    match RecordLog::open(home.logs()) {
        Ok((log, thread)) => {
            *writer = Some(thread);
            Ok(log)
        }
        Err(error) => {
            // A gateway without records is better than none.
            tracing::error!(folder = %home.logs().display(), "request records are not kept: {error}");
            Ok(RecordLog::off())
        }
    }
}

/// The one line on standard output; whoever started the gateway waits for it.
fn announce(address: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "listening on http://{address}").and_then(|()| out.flush()).context("standard output is closed")
}

/// Everything else that is said goes to standard error. The level of the config file holds once that is read.
fn log_to_stderr(level: Option<LogLevel>) -> LogLevelHandle {
    let level = level.or_else(|| process_env("CCR_LOG_LEVEL").or_else(|| process_env("LOG_LEVEL"))?.parse().ok());
    // RUST_LOG is for those who want the libraries' own details; it goes before everything.
    let fixed = EnvFilter::try_from_default_env().ok();
    let is_fixed = fixed.is_some();
    let filter = fixed.unwrap_or_else(|| filter(level.unwrap_or(LogLevel::Info)));
    let (filter, handle) = tracing_subscriber::reload::Layer::new(filter);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false);
    let lines = lines.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()));
    let _ = tracing_subscriber::registry().with(filter).with(lines).try_init();
    LogLevelHandle((!is_fixed).then_some(handle))
}

fn filter(level: LogLevel) -> EnvFilter {
    let level = level.as_str();
    EnvFilter::new(format!("{},gateway={level}", if level == "off" { "off" } else { "warn" }))
}

/// Sets the log's level later.
struct LogLevelHandle(Option<tracing_subscriber::reload::Handle<EnvFilter, tracing_subscriber::Registry>>);

impl LogLevelHandle {
    fn set(&self, level: LogLevel) {
        if let Some(handle) = &self.0 {
            let _ = handle.modify(|current| *current = filter(level));
        }
    }
}

fn watch_files(sources: &Sources, gateway: &Gateway) -> anyhow::Result<(mpsc::Receiver<()>, Option<Watcher>)> {
    // One is enough: whatever happened, everything is looked at again.
    let (changed, changes) = mpsc::channel(1);
    let paths = WatchPaths { config: sources.config.path.clone(), plugins: sources.plugins.clone() };
    let started = Watcher::start(paths, move |_| {
        let _ = changed.try_send(());
    });
    match started {
        Ok(watcher) => {
            watcher.set_extra_files(gateway.extra_files());
            Ok((changes, Some(watcher)))
        }
        Err(error) => {
            tracing::error!("changes of config and plugins are not noticed: {error}; start again after a change");
            Ok((changes, None))
        }
    }
}

/// Prepares what the first requests need, now and after each reload.
async fn reload_when_told(gateway: Arc<Gateway>, mut reloads: mpsc::Receiver<()>, watcher: Option<Arc<Watcher>>) {
    gateway.prepare_counting().await;
    while reloads.recv().await.is_some() {
        gateway.reload().await;
        gateway.prepare_counting().await;
        if let Some(watcher) = &watcher {
            watcher.set_extra_files(gateway.extra_files());
        }
    }
}

/// What tells the gateway to stop: SIGTERM and SIGINT; the second one does not wait for streams.
#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> anyhow::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// What tells the gateway to stop: ctrl-C.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> anyhow::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::error!("ctrl-C cannot be waited for: {error}");
        }
    }
}

/// `ccr health`: asks the gateway on this machine.
pub(super) fn health(port: u16) -> Result<(), StartError> {
    // A gateway that needs longer for this is not well.
    let limit = Duration::from_secs(5);
    let text = runtime()?.block_on(async {
        tokio::time::timeout(limit, ask_health(port)).await.context("it does not answer within 5 s")?
    });
    let text = text.with_context(|| format!("no gateway answers on port {port}"))?;
    println!("{text}");
    Ok(())
}

async fn ask_health(port: u16) -> anyhow::Result<String> {
    let stream = tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let asking = async move {
        let request = Request::get("/health").header(header::HOST, format!("127.0.0.1:{port}"));
        let answer = sender.send_request(request.body(Empty::<Bytes>::new())?).await?;
        anyhow::ensure!(answer.status().is_success(), "it answers {}", answer.status());
        Ok(String::from_utf8(answer.into_body().collect().await?.to_bytes().into())?)
    };
    // The connection ends with its sender. What breaks it is told to the one who asks.
    tokio::join!(asking, connection).0
}
