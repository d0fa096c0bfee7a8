//! What a config need not say: providers known by name, formats by claude-code-router's names, limits, `extraBody`.

use gateway_tests::gateway::{ccr, openai_config};
use gateway_tests::upstream::{anthropic, openai};
use gateway_tests::{FakeUpstream, Script, Setup, artifacts, within};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt as _;

use crate::support::{ask, ask_model, with};

/// The table that the gateway is built with.
fn table() -> Vec<Value> {
    let file = artifacts::workspace().join("host/src/config/presets/table.json");
    let mut table: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    std::mem::take(table["presets"].as_array_mut().unwrap())
}

/// `ccr check` on a config, with these variables.
async fn check(config: &Value, environment: &[(&str, &str)]) -> (Option<i32>, String) {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("config.json");
    std::fs::write(&file, config.to_string()).unwrap();
    let mut command = ccr(home.path());
    command.arg("check").arg(file).envs(environment.iter().copied());
    let output = within("the check", command.output()).await.unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&said).into_owned())
}

#[tokio::test]
async fn a_name_alone_is_enough_and_check_says_what_it_means() {
    let config = json!({"Providers": [{"name": "deepseek"}], "Router": {"default": "deepseek,deepseek-v4-pro"}});
    let (code, said) = check(&config, &[("DEEPSEEK_API_KEY", "sk-of-the-environment")]).await;
    assert_eq!(code, Some(0), "{said}");
    let expected = "provider deepseek: preset deepseek: https://api.deepseek.com/v1, protocol openai, \
                    transformers deepseek, 4 models, key of DEEPSEEK_API_KEY";
    assert!(said.contains(expected) && said.contains("good"), "{said}");
    assert!(!said.contains("warn") && !said.contains("sk-of"), "{said}");
    let (code, said) = check(&config, &[]).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("DEEPSEEK_API_KEY is not set, so provider `deepseek` is unavailable"), "{said}");
}

/// Every entry is a provider that the gateway accepts, with transformers and options that their plugins understand.
#[tokio::test]
async fn the_whole_table_is_accepted() {
    let providers: Vec<Value> = table()
        .iter()
        .map(|preset| {
            let mut provider = json!({"name": preset["name"], "api_key": "k", "models": ["m"]});
            if preset["url"].is_null() {
                provider["preset"] = preset["name"].clone();
                provider["api_base_url"] = json!("https://resource.provider.invalid/openai/v1");
            }
            provider
        })
        .collect();
    let config = json!({"Providers": providers, "Router": {"default": "openai,m"}});
    let (code, said) = check(&config, &[]).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(!said.contains("warning") && !said.contains("error"), "{said}");
    assert_eq!(said.matches(": preset ").count(), providers.len(), "{said}");
}

#[tokio::test]
async fn the_table_is_listed() {
    let home = tempfile::tempdir().unwrap();
    let output = within("the list", ccr(home.path()).arg("providers").output()).await.unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    for preset in table() {
        let name = preset["name"].as_str().unwrap();
        let line = text.lines().find(|line| line.split_whitespace().next() == Some(name)).unwrap();
        assert!(preset["url"].as_str().is_none_or(|url| line.contains(url)), "{line}");
        assert!(preset["key"][0].as_str().is_none_or(|key| line.ends_with(key)), "{line}");
    }
}

/// The address of a preset is where requests really go: through a proxy, which sees no more than that.
#[tokio::test]
async fn a_preset_by_name_sends_to_its_own_host() {
    let proxy = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config = json!({
        "Providers": [{"name": "DeepSeek", "api_key": "sk-preset-key"}],
        "Router": {"default": "deepseek,deepseek-v4-pro"},
        "PROXY_URL": format!("http://{}", proxy.local_addr().unwrap()),
    });
    let gateway = Setup::config(&config).start().await;
    let seen = async {
        let (mut stream, _) = proxy.accept().await.unwrap();
        let mut head = vec![0; 4096];
        let read = stream.read(&mut head).await.unwrap();
        String::from_utf8_lossy(&head[..read]).into_owned()
    };
    let (body, client) = (ask("hi"), gateway.client());
    let (head, answer) = tokio::join!(within("the proxy's request", seen), client.messages(&body));
    assert!(head.starts_with("CONNECT api.deepseek.com:443 "), "{head}");
    assert!(!head.contains("sk-preset-key"), "{head}");
    assert!(answer.status >= 500);
    assert_eq!(answer.header("x-ccr-model"), "deepseek-v4-pro");
    let stopped = gateway.stop().await;
    assert!(stopped.log.contains("provider DeepSeek: preset deepseek: https://api.deepseek.com"), "{}", stopped.log);
}

#[tokio::test]
async fn what_is_written_goes_before_the_preset_key_by_key() {
    let upstream = FakeUpstream::always(openai::text("hi")).await;
    let mut config = openai_config(&upstream.base_url());
    config["Providers"] = json!([
        {"name": "up", "preset": "deepseek", "api_base_url": upstream.base_url(), "api_key": "k", "models": ["deepseek-v4-pro", "m"],
         "modelMetadata": {"deepseek-v4-pro": {"maxOutputTokens": 1000}}},
        {"name": "plain", "preset": "deepseek", "api_base_url": upstream.base_url(), "api_key": "k", "transformer": {"use": []}},
        {"name": "kimi", "api_base_url": upstream.base_url(), "api_key": "k", "models": ["m"]},
    ]);
    let gateway = Setup::config(&config).start().await;
    // In thinking mode the transformer has the reasoning sent back, if only an empty one.
    let history = json!([
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "b"}]},
    ]);
    for (model, max_tokens, sent, reasons) in [
        ("up,deepseek-v4-pro", 2000, 1000, true),
        ("up,m", 2000, 2000, false),
        ("plain,deepseek-v4-pro", 500_000, 384_000, false),
        ("kimi,m", 500_000, 500_000, false),
    ] {
        let body = with(with(ask_model(model, false), "max_tokens", json!(max_tokens)), "messages", history.clone());
        let answer = gateway.messages(&body).await;
        assert_eq!(answer.status, 200, "{model}");
        let noted = if sent < max_tokens { format!("max_tokens above {sent}") } else { String::new() };
        assert_eq!(answer.header("x-ccr-dropped"), noted, "{model}");
        let seen = upstream.request().await.json();
        assert_eq!(seen["max_tokens"], sent, "{model}");
        let has_reasoning = seen["messages"][1].get("reasoning_content").is_some();
        assert_eq!(has_reasoning, reasons, "{model}: {seen}");
    }
}

/// Some providers' Anthropic endpoints want the key as a token; a file without a preset keeps what it says.
#[tokio::test]
async fn a_preset_of_anthropics_format_says_how_the_key_is_sent() {
    let upstream = FakeUpstream::always(Script::json(200, &anthropic::message("hi"))).await;
    let base = upstream.base_url();
    let provider = |name: &str, key: &str, value: &str| json!({"name": name, key: value, "api_base_url": base, "api_key": "sk-own-key", "models": ["m"]});
    let config = json!({"Providers": [
        provider("meant", "preset", "zai-anthropic"),
        provider("plain", "type", "anthropic"),
    ], "Router": {"default": "meant,m"}});
    let gateway = Setup::config(&config).start().await;
    gateway.messages(&ask_model("meant,m", false)).await.expect(200).await;
    let seen = upstream.request().await;
    assert_eq!((seen.headers.get("authorization"), seen.headers.get("x-api-key")), (Some("Bearer sk-own-key"), None));
    gateway.messages(&ask_model("plain,m", false)).await.expect(200).await;
    let seen = upstream.request().await;
    assert_eq!((seen.headers.get("authorization"), seen.headers.get("x-api-key")), (None, Some("sk-own-key")));
}

#[tokio::test]
async fn a_key_of_the_environment_goes_to_the_presets_own_host_only() {
    let upstream = FakeUpstream::always(openai::text("hi")).await;
    let mut config = openai_config(&upstream.base_url());
    // `azure` has no host of its own: whatever is written is the user's.
    config["Providers"] = json!([
        {"name": "up", "preset": "azure", "type": "openai", "api_base_url": upstream.base_url(), "models": ["m"]},
        {"name": "elsewhere", "preset": "deepseek", "api_base_url": upstream.base_url()},
    ]);
    let setup = Setup::config(&config);
    let setup =
        setup.variable("AZURE_API_KEY", "sk-azure-environment").variable("DEEPSEEK_API_KEY", "sk-deepseek-environment");
    let gateway = setup.start().await;
    gateway.messages(&ask("hi")).await.expect(200).await;
    assert_eq!(upstream.request().await.header("authorization"), "Bearer sk-azure-environment");
    gateway.messages(&ask_model("elsewhere,deepseek-chat", false)).await.expect(200).await;
    assert_eq!(upstream.request().await.headers.get("authorization"), None);
    let stopped = gateway.stop().await;
    assert!(!stopped.log.contains("sk-azure") && !stopped.log.contains("sk-deepseek"), "{}", stopped.log);
}

#[tokio::test]
async fn types_of_claude_code_router_choose_the_protocol() {
    let upstream = FakeUpstream::always(Script::json(200, &anthropic::message("hi"))).await;
    for (kind, target) in [
        ("openai_chat_completions", "/v1/chat/completions"),
        ("openai", "/v1/chat/completions"),
        ("openai_responses", "/v1/responses"),
        ("anthropic_messages", "/v1/messages"),
        ("anthropic", "/v1/messages"),
        ("gemini_generate_content", "/v1/models/m:generateContent"),
    ] {
        let mut config = openai_config(&upstream.base_url());
        config["Providers"][0]["type"] = json!(kind);
        let gateway = Setup::config(&config).start().await;
        gateway.messages(&ask("hi")).await;
        assert_eq!(upstream.request().await.target, target, "{kind}");
    }
    let mut config = openai_config(&upstream.base_url());
    config["Providers"][0]["type"] = json!("opennai");
    let (code, said) = Setup::config(&config).fails().await;
    assert_eq!(code, Some(64), "{said}");
    assert!(said.contains("Providers[0].type") && said.contains("opennai"), "{said}");
    assert!(said.contains("openai_chat_completions") && said.contains("gemini"), "{said}");
}

#[tokio::test]
async fn the_first_capability_that_is_served_is_used() {
    let upstream = FakeUpstream::always(Script::json(200, &anthropic::message("hi"))).await;
    let base = upstream.base_url();
    let mut config = openai_config(&base);
    let provider = &mut config["Providers"][0];
    provider.as_object_mut().unwrap().remove("api_base_url");
    provider["capabilities"] = json!([
        {"type": "openai_image_generations", "baseUrl": "http://127.0.0.1:1"},
        {"type": "anthropic_messages", "baseUrl": base.replace("/v1", "/anthropic")},
        {"type": "openai_chat_completions", "baseUrl": base},
    ]);
    let gateway = Setup::config(&config).start().await;
    gateway.messages(&ask("hi")).await.expect(200).await;
    assert_eq!(upstream.request().await.target, "/anthropic/v1/messages");
    config["Providers"][0]["type"] = json!("openai_chat_completions");
    let gateway = Setup::config(&config).start().await;
    gateway.messages(&ask("hi")).await;
    assert_eq!(upstream.request().await.target, "/v1/chat/completions");
}

#[tokio::test]
async fn the_extra_body_goes_with_every_request_in_every_format() {
    let upstream = FakeUpstream::always(Script::json(200, &anthropic::message("hi"))).await;
    for kind in ["openai", "anthropic", "gemini"] {
        let mut config = openai_config(&upstream.base_url());
        config["Providers"][0]["type"] = json!(kind);
        config["Providers"][0]["extraBody"] = json!({"temperature": 0.5, "provider": {"only": ["a"]}});
        let gateway = Setup::config(&config).start().await;
        gateway.messages(&with(ask("hi"), "temperature", json!(1))).await;
        let seen = upstream.request().await;
        let body = seen.json();
        assert_eq!((&body["temperature"], &body["provider"]), (&json!(0.5), &json!({"only": ["a"]})), "{kind}");
        assert_eq!(String::from_utf8(seen.body).unwrap().matches("\"temperature\":0.5").count(), 1, "{kind}");
    }
}

/// The path of a preset's address, and its endpoint.
fn parts<'a>(preset: &'a Value, endpoint: &str) -> (&'a str, String) {
    let url = preset["url"].as_str().unwrap();
    let path = url.splitn(4, '/').nth(3).map_or("", |path| &url[url.len() - path.len() - 1..]);
    (path, format!("{path}{endpoint}"))
}

/// Everything that people write for the address of every preset leads to the same endpoint.
#[tokio::test]
async fn addresses_lead_to_the_endpoint_however_they_are_written() {
    let upstream = FakeUpstream::always(openai::text("hi")).await;
    let origin = upstream.base_url().replace("/v1", "");
    let (mut providers, mut cases) = (Vec::new(), Vec::new());
    for preset in table().iter().filter(|preset| preset["url"].is_string()) {
        let (endpoint, written_endpoint) = match preset["protocol"].as_str().unwrap() {
            "openai" => ("/chat/completions", "/chat/completions"),
            "openai-responses" => ("/responses", "/responses"),
            "anthropic" => ("/messages", "/messages"),
            "gemini" => ("/models/m:generateContent", "/models"),
            other => {
                // Their paths are made of more than the address; their own tests have them.
                assert!(["vertex-gemini", "vertex-claude", "bedrock", "azure-openai"].contains(&other), "{other}");
                continue;
            }
        };
        let (path, whole) = parts(preset, endpoint);
        let full = format!("{path}{written_endpoint}");
        let mut written = vec![
            (path.to_owned(), whole.clone()),
            (format!("{path}/"), whole.clone()),
            (full.clone(), whole.clone()),
            (format!("{full}/"), whole.clone()),
            (format!("{path}?api-version=1"), format!("{whole}?api-version=1")),
            (format!("{path}/?api-version=1"), format!("{whole}?api-version=1")),
            (format!("{full}?api-version=1"), format!("{whole}?api-version=1")),
        ];
        // A version is put where it is missing: in a bare host, and behind any base of Anthropic's format.
        if path == "/v1" || (endpoint == "/messages" && path.ends_with("/v1")) {
            let bare = path.trim_end_matches("/v1");
            written.extend([(bare.to_owned(), whole.clone()), (format!("{bare}/"), whole.clone())]);
            written.push((format!("{bare}?api-version=1"), format!("{whole}?api-version=1")));
        }
        for (path, target) in written {
            let name = format!("p{}", providers.len());
            cases.push((format!("{name},m"), target, format!("{}: {path}", preset["name"])));
            let address = format!("{origin}{path}");
            providers.push(json!({"name": name, "preset": preset["name"], "api_base_url": address, "api_key": "k", "models": ["m"]}));
        }
    }
    assert!(cases.len() > 300);
    let config = json!({"Providers": providers, "Router": {"default": "p0,m"}});
    let gateway = Setup::config(&config).argument("--log-level").argument("error").start().await;
    for (model, target, what) in cases {
        gateway.messages(&ask_model(&model, false)).await;
        assert_eq!(upstream.request().await.target, target, "{what}");
    }
}
