//! The demo provider: an OpenAI-format upstream on loopback that answers without any key or network.
//!
//! It is a real upstream to the gateway: requests reach it through the `openai` component like any other. What it says is
//! in [`script`].

mod script;

use std::convert::Infallible;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body::Frame;
use http_body_util::{BodyExt as _, Limited, StreamBody};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::base::body::{self, Body};

/// Pause between two pieces of a streamed answer, so that one sees it stream.
const PACE: Duration = Duration::from_millis(15);

/// Connections at once: those of one gateway.
const MAX_CONNECTIONS: usize = 256;

/// A running demo provider.
pub(super) struct Demo {
    /// What the gateway's config says as `api_base_url`.
    pub(super) base_url: String,
    serving: JoinHandle<()>,
}

impl Demo {
    /// Waits until it has stopped.
    pub(super) async fn join(self) {
        let _ = self.serving.await;
    }
}

/// The models that it lists; the first one is the default.
pub(super) fn models() -> Vec<String> {
    script::MODELS.iter().map(|model| (*model).to_owned()).collect()
}

/// Starts it on a free port; it runs until `stop` changes.
pub(super) async fn start(stop: watch::Receiver<bool>) -> anyhow::Result<Demo> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("the demo provider cannot listen")?;
    let base_url = format!("http://{}/v1", listener.local_addr().context("the demo provider has no address")?);
    Ok(Demo { base_url, serving: tokio::spawn(serve(listener, stop)) })
}

async fn serve(listener: TcpListener, mut stop: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.changed() => break,
        };
        while connections.try_join_next().is_some() {}
        let Ok((stream, _)) = accepted else { continue };
        if connections.len() >= MAX_CONNECTIONS {
            continue;
        }
        let _ = stream.set_nodelay(true);
        connections.spawn(async move {
            let service = service_fn(|request| async { Ok::<_, Infallible>(answer(request).await) });
            // A connection that ends early is the gateway's business, not an error here.
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
    connections.shutdown().await;
}

async fn answer(request: Request<Incoming>) -> Response<Body> {
    let body = match Limited::new(request.into_body(), crate::base::request::MAX_BODY).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => return refuse(&error.to_string()),
    };
    let Ok(request) = serde_json::from_slice::<serde_json::Value>(&body) else { return refuse("the body is not JSON") };
    let reply = script::reply(&request);
    if request["stream"] == true {
        stream_of(script::chunks(&request, &reply))
    } else {
        whole(&script::whole(&request, &reply))
    }
}

fn refuse(reason: &str) -> Response<Body> {
    let mut response = whole(&serde_json::json!({ "error": { "message": reason, "type": "invalid_request_error" } }));
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response
}

fn whole(json: &serde_json::Value) -> Response<Body> {
    let mut response = Response::new(body::full(json.to_string()));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn stream_of(chunks: Vec<String>) -> Response<Body> {
    let frames = stream::unfold(chunks.into_iter(), |mut chunks| async move {
        let chunk = chunks.next()?;
        tokio::time::sleep(PACE).await;
        Some((Ok(Frame::data(Bytes::from(format!("data: {chunk}\n\n")))), chunks))
    });
    let mut response = Response::new(StreamBody::new(frames).boxed_unsync());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    response
}
