//! A transformer that sends whatever HTTP requests its option `requests` says, allowed or not, one after the other. What came of
//! each is put into the request's `system`, where the upstream sees it.
//!
//! A request is `{url, method, headers: [[name, value]], body_bytes, timeout_ms, times}`; only `url` must be there. An
//! outcome is `{status, headers, body}` or `{fault, text}`.

use ccr_plugin::host::{self, HttpRequest};
use ccr_plugin::prelude::*;
use serde_json::{Value, json};

/// How much of an answer is told on.
const TOLD: usize = 2000;

/// The plugin.
#[derive(Debug)]
pub struct Fetch;

impl Plugin for Fetch {
    fn describe() -> Description {
        let description = Description::new("hostile-fetch", "0.1.0", "Sends any HTTP request.");
        description.asks_for(Capability::Http(vec!["asked.example".into(), "*".into()]))
    }
}

impl RequestTransformer for Fetch {
    fn transform_request(request: &mut dyn Request, settings: &Settings) -> Result<(), Fault> {
        let options: Value = settings.parse()?;
        let mut outcomes = Vec::new();
        for wish in options["requests"].as_array().into_iter().flatten() {
            for _ in 0..wish["times"].as_u64().unwrap_or(1) {
                outcomes.push(outcome(host::http(&wished(wish))));
            }
        }
        request.set("/system", &json!(json!(outcomes).to_string()).to_string())
    }
}

fn wished(wish: &Value) -> HttpRequest {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let number = |name: &str| wish[name].as_u64().and_then(|number| u32::try_from(number).ok());
    let header = |pair: &Value| Header { name: text(&pair[0]), value: text(&pair[1]) };
    HttpRequest {
        method: wish["method"].as_str().unwrap_or("GET").to_owned(),
        url: text(&wish["url"]),
        headers: wish["headers"].as_array().into_iter().flatten().map(header).collect(),
        body: number("body_bytes").map(|bytes| vec![b'x'; bytes as usize]),
        timeout_ms: number("timeout_ms"),
    }
}

fn outcome(result: Result<host::HttpResponse, Fault>) -> Value {
    let (fault, text) = match result {
        Ok(response) => {
            let headers: Vec<_> =
                response.headers.iter().map(|header| format!("{}: {}", header.name, header.value)).collect();
            let body: String = String::from_utf8_lossy(&response.body).chars().take(TOLD).collect();
            return json!({"status": response.status, "headers": headers, "body": body});
        }
        Err(Fault::Denied(text)) => ("denied", text),
        Err(Fault::Unavailable(text)) => ("unavailable", text),
        Err(Fault::Other(text)) => ("other", text),
        Err(fault) => ("odd", format!("{fault:?}")),
    };
    json!({"fault": fault, "text": text})
}

register!(Fetch: request_transformer);
