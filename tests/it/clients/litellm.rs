//! The proxy of litellm as an upstream: OpenAI's format as others write it, around the answers of scripted providers that it
//! translates itself, and around answers of its own.

use std::net::TcpListener;
use std::process::Stdio;
use std::time::Duration;

use gateway_tests::{Client, FakeUpstream, Format, Request, Setup};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use super::{install, matrix};
use crate::support::{ask_model, text_of};

/// It imports half of PyPI before it listens.
const PATIENCE: Duration = Duration::from_secs(240);

/// What it asks of whoever asks it.
const KEY: &str = "sk-made-up-for-tests-0123456789abcdef";

/// A proxy that runs. Dropping it kills it.
pub(super) struct Litellm {
    address: std::net::SocketAddr,
    child: Child,
    home: TempDir,
}

impl Litellm {
    /// Starts it with these entries of its `model_list`, and waits until it answers.
    pub(super) async fn start(models: &[Value]) -> Self {
        let program = tokio::task::spawn_blocking(install::litellm).await.unwrap();
        let home = tempfile::tempdir().unwrap();
        let config = json!({
            "model_list": models,
            "litellm_settings": {"telemetry": false, "num_retries": 0, "drop_params": true},
            // One refusal must not keep the next request from being asked.
            "router_settings": {"disable_cooldowns": true, "num_retries": 0},
            "general_settings": {"master_key": KEY},
        });
        // JSON is YAML.
        std::fs::write(home.path().join("config.yaml"), config.to_string()).unwrap();
        // It takes no listening socket and tells no port, so one is chosen that was free a moment ago.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let log = std::fs::File::create(home.path().join("log")).unwrap();
        let child = Command::new(program)
            .args(["--config", "config.yaml", "--host", "127.0.0.1", "--port", &address.port().to_string()])
            .current_dir(home.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", home.path())
            // Else it asks the internet for its list of prices.
            .env("LITELLM_LOCAL_MODEL_COST_MAP", "True")
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut started = Self { address, child, home };
        if tokio::time::timeout(PATIENCE, started.answers()).await != Ok(true) {
            let log = std::fs::read_to_string(started.home.path().join("log")).unwrap();
            panic!("litellm does not start:\n{log}");
        }
        started
    }

    /// Waits until it serves; false if it has ended instead.
    async fn answers(&mut self) -> bool {
        let client = Client::new(self.address);
        let mut often = tokio::time::interval(Duration::from_millis(250));
        loop {
            often.tick().await;
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
            if let Some(connection) = client.connect().await {
                let request = Request::get("/health/liveliness").to_bytes("localhost");
                if connection.exchange(&request, "GET").await.is_some_and(|answer| answer.status == 200) {
                    return true;
                }
            }
        }
    }

    /// It as a provider with this one model.
    pub(super) fn provider(&self, model: &str) -> Value {
        json!({
            "name": "up",
            "api_base_url": format!("http://{}/v1/chat/completions", self.address),
            "api_key": KEY,
            "models": [model],
            "transformer": {"use": [["openai", {"reasoning": "reasoning_content"}]]},
        })
    }
}

/// The scripted providers behind litellm, one for each format that it speaks.
pub(super) struct Behind {
    upstreams: Vec<(Format, FakeUpstream)>,
}

impl Behind {
    /// The formats that it is tried with.
    pub(super) const FORMATS: [Format; 2] = [Format::Chat, Format::Messages];

    /// Starts them.
    pub(super) async fn start() -> Self {
        let mut upstreams = Vec::new();
        for format in Self::FORMATS {
            let upstream = FakeUpstream::start().await;
            matrix::stage(&upstream, format);
            upstreams.push((format, upstream));
        }
        Self { upstreams }
    }

    /// What litellm has to know of them; the models' names are those of the formats.
    pub(super) fn models(&self) -> Vec<Value> {
        let entry = |(format, upstream): &(Format, FakeUpstream)| {
            let (model, base) = match format {
                Format::Chat => ("openai/m", upstream.base_url()),
                _ => ("anthropic/claude-sonnet-4-5", format!("http://{}", upstream.address())),
            };
            let parameters = json!({"model": model, "api_base": base, "api_key": "sk-behind"});
            json!({"model_name": format.name(), "litellm_params": parameters})
        };
        self.upstreams.iter().map(entry).collect()
    }
}

#[tokio::test]
async fn its_own_answers() {
    let entry = |name: &str, more: Value| {
        let mut parameters = json!({"model": "openai/gpt-5", "api_key": "none"});
        parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"model_name": name, "litellm_params": parameters})
    };
    let models = [
        entry("words", json!({"mock_response": "Hello from somebody else's wörld 🦀."})),
        entry("limit", json!({"mock_response": "litellm.RateLimitError"})),
    ];
    let litellm = Litellm::start(&models).await;
    let mut provider = litellm.provider("words");
    provider["models"] = json!(["words", "limit"]);
    let gateway = Setup::config(&json!({"Providers": [provider], "Router": {"default": "up,words"}})).start().await;

    let whole = gateway.messages(&ask_model("up,words", false)).await.expect(200).await.json().await;
    assert_eq!(text_of(&whole), "Hello from somebody else's wörld 🦀.");
    assert_eq!(whole["stop_reason"], "end_turn");
    assert!(whole["usage"]["output_tokens"].as_u64().is_some_and(|tokens| tokens > 0), "{whole}");
    let streamed = gateway.messages(&ask_model("up,words", true)).await.expect(200).await.transcript().await.message();
    assert_eq!(text_of(&streamed), text_of(&whole));
    assert!(streamed["usage"]["output_tokens"].as_u64().is_some_and(|tokens| tokens > 0), "{streamed}");

    for stream in [false, true] {
        let refused = gateway.messages(&ask_model("up,limit", stream)).await;
        let (kind, message) = refused.expect(429).await.error().await;
        assert_eq!(kind, "rate_limit_error", "{message}");
    }
}
