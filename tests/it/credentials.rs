//! What proves to a cloud who asks: Google's tokens, AWS's signatures, Azure's key. They reach the provider, and nobody else: no
//! client, no record, no log.

use gateway_tests::upstream::google;
use gateway_tests::{FakeUpstream, Format, Script, SeenRequest, Setup, Story, TestGateway};
use serde_json::{Value, json};

use crate::support::{ask, ask_stream};

/// A gateway with one provider of this format, whose upstream refuses some with the secrets that it was sent.
async fn gateway(format: Format, edit: impl FnOnce(&mut Value), region: &str) -> (FakeUpstream, TestGateway) {
    let upstream = FakeUpstream::start().await;
    upstream.otherwise(move |request| {
        if google::asks_for_token(request) {
            return google::token();
        }
        let asked = format.read(request);
        if asked.prompt() == "refuse" {
            let sent: Vec<&str> = request.headers.iter().map(|(_, value)| value).collect();
            return format.tell(&Story::refuses(401, &format!("who is {sent:?}?")), false);
        }
        format.tell(&Story::says(&["hi"]), asked.streaming)
    });
    let mut provider = format.provider("up", &upstream);
    edit(&mut provider);
    let config = json!({"Providers": [provider], "Router": {"default": format!("up,{}", format.model())}});
    let setup = Setup::config(&config).variable("AWS_REGION", region);
    (upstream, setup.start().await)
}

/// Asks whole, streamed, and in a way that is refused; the requests that the upstream got, without those for tokens.
async fn exchange(upstream: &FakeUpstream, gateway: TestGateway, secrets: &[&str]) -> Vec<SeenRequest> {
    gateway.messages(&ask("hi")).await.expect(200).await;
    gateway.messages(&ask_stream("hi")).await.expect(200).await.transcript().await.message();
    let refused = gateway.messages(&ask("refuse")).await;
    assert!((400..=502).contains(&refused.status), "{}", refused.status);
    let (_, message) = refused.error().await;
    assert!(message.contains("who is"), "{message}");
    let stopped = gateway.stop().await;
    let records = serde_json::to_string(&stopped.records).unwrap();
    assert_eq!(stopped.records.len(), 3, "{records}");
    for secret in secrets {
        for (place, text) in [("error", &message), ("records", &records), ("log", &stopped.log)] {
            assert!(!text.contains(secret), "{secret} is in the {place}: {text}");
        }
    }
    upstream.requests().into_iter().filter(|request| !google::asks_for_token(request)).collect()
}

/// The middle of the private key, as one of its lines.
fn line_of_the_key(upstream: &FakeUpstream) -> String {
    let account = google::service_account(upstream);
    account["private_key"].as_str().unwrap().lines().nth(3).unwrap().to_owned()
}

#[tokio::test]
async fn google_gets_a_token_that_the_service_account_was_given() {
    for format in [Format::VertexGemini, Format::VertexClaude] {
        let (upstream, gateway) = gateway(format, |_| {}, "").await;
        let key = line_of_the_key(&upstream);
        for request in exchange(&upstream, gateway, &[google::TOKEN, &key]).await {
            assert_eq!(request.header("authorization"), format!("Bearer {}", google::TOKEN));
            assert!(request.target.starts_with("/v1/projects/p/locations/us-"), "{}", request.target);
            assert_eq!((request.headers.get("x-api-key"), request.headers.get("x-goog-api-key")), (None, None));
        }
        let asked = upstream.requests().into_iter().filter(google::asks_for_token).collect::<Vec<_>>();
        // The refusal ends the token's life, but nobody has asked since.
        assert_eq!(asked.len(), 1, "one token serves all requests");
        assert_eq!(asked[0].header("content-type"), "application/x-www-form-urlencoded");
        let form = String::from_utf8(asked[0].body.clone()).unwrap();
        assert!(
            form.starts_with("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=ey"),
            "{form}"
        );
        assert_eq!(form.matches('.').count(), 2, "{form}");
    }
}

#[tokio::test]
async fn google_that_gives_no_token_is_named_without_the_key() {
    let upstream = FakeUpstream::start().await;
    upstream.otherwise(|_| Script::json(400, &json!({"error": "invalid_grant", "error_description": "no"})));
    let config = json!({"Providers": [Format::VertexGemini.provider("up", &upstream)], "Router": {"default": "up,gemini-3-pro"}});
    let gateway = Setup::config(&config).start().await;
    let (kind, message) = gateway.messages(&ask("hi")).await.error().await;
    assert!(message.contains("token server") && message.contains("invalid_grant"), "{kind}: {message}");
    let key = line_of_the_key(&upstream);
    let stopped = gateway.stop().await;
    assert!(!stopped.log.contains(&key) && !message.contains(&key), "{message}");
}

#[tokio::test]
async fn aws_gets_a_signature_for_its_region() {
    let (upstream, gateway) = gateway(Format::Bedrock, |_| {}, "ap-southeast-2").await;
    let seen = exchange(&upstream, gateway, &["wJalrXUtnFEMIK7MDENG"]).await;
    assert_eq!(seen.len(), 3);
    for (request, method) in seen.iter().zip(["converse", "converse-stream", "converse"]) {
        let model = "us.anthropic.claude-sonnet-4-5-20250929-v1%3A0";
        assert_eq!(request.target, format!("/model/{model}/{method}"));
        signed(request, "AKIAMADEUPFORTESTS00", "ap-southeast-2");
        assert_eq!(request.headers.get("x-amz-security-token"), None);
    }
}

#[tokio::test]
async fn aws_gets_the_session_that_keys_belong_to() {
    let with_session =
        |provider: &mut Value| provider["api_key"] = json!("AKIAOTHER:the-secret-half:the-session-token");
    let (upstream, gateway) = gateway(Format::Bedrock, with_session, "eu-west-1").await;
    for request in exchange(&upstream, gateway, &["the-secret-half", "the-session-token"]).await {
        signed(&request, "AKIAOTHER", "eu-west-1");
        assert_eq!(request.header("x-amz-security-token"), "the-session-token");
    }
}

/// The address of a region is beyond a proxy that is the test's own; it names the region whatever the environment says.
#[tokio::test]
async fn aws_regions_are_read_from_the_address() {
    let upstream = FakeUpstream::start().await;
    upstream.otherwise(|request| match request.method.as_str() {
        // Everything behind the empty line is the tunnel.
        "CONNECT" => Script::new().head(200, &[]),
        _ => Format::Bedrock.tell(&Story::says(&["hi"]), false),
    });
    let mut provider = Format::Bedrock.provider("up", &upstream);
    provider["api_base_url"] = json!("http://bedrock-runtime.eu-central-1.amazonaws.com");
    let router = json!({"default": format!("up,{}", Format::Bedrock.model())});
    let proxy = format!("http://{}", upstream.address());
    let config = json!({"Providers": [provider], "Router": router, "PROXY_URL": proxy});
    let gateway = Setup::config(&config).variable("AWS_REGION", "us-east-1").start().await;
    gateway.messages(&ask("hi")).await.expect(200).await;
    let seen = upstream.requests().into_iter().find(|request| request.method == "POST").unwrap();
    assert_eq!(seen.header("host"), "bedrock-runtime.eu-central-1.amazonaws.com");
    signed(&seen, "AKIAMADEUPFORTESTS00", "eu-central-1");
}

#[tokio::test]
async fn aws_without_a_region_says_what_to_set() {
    let (_upstream, gateway) = gateway(Format::Bedrock, |_| {}, "").await;
    let (_, message) = gateway.messages(&ask("hi")).await.error().await;
    assert!(message.contains("AWS_REGION"), "{message}");
}

/// `AWS4-HMAC-SHA256 Credential=ID/DATE/REGION/SERVICE/aws4_request, SignedHeaders=…, Signature=…`
fn signed(request: &SeenRequest, id: &str, region: &str) {
    let value = request.header("authorization");
    let fields = value.strip_prefix("AWS4-HMAC-SHA256 ").unwrap_or_else(|| panic!("{value}"));
    let field =
        |name: &str| fields.split(", ").find_map(|field| field.strip_prefix(name)).unwrap_or_else(|| panic!("{value}"));
    let date = request.header("x-amz-date");
    assert_eq!(date.len(), "20261122T210000Z".len(), "{date}");
    assert_eq!(field("Credential="), format!("{id}/{}/{region}/bedrock/aws4_request", &date[..8]));
    let headers: Vec<&str> = field("SignedHeaders=").split(';').collect();
    assert!(["host", "x-amz-date"].iter().all(|name| headers.contains(name)) && headers.is_sorted(), "{value}");
    // What is signed must be there as it was signed.
    assert!(headers.iter().all(|name| request.headers.all(name).count() == 1), "{value} in {:?}", request.headers);
    let signature = field("Signature=");
    assert!(signature.len() == 64 && signature.bytes().all(|byte| byte.is_ascii_hexdigit()), "{value}");
}

#[tokio::test]
async fn azure_gets_its_key_in_a_header_of_its_own() {
    let (upstream, gateway) = gateway(Format::Azure, |_| {}, "").await;
    for request in exchange(&upstream, gateway, &["sk-upstream-secret"]).await {
        assert_eq!(request.header("api-key"), "sk-upstream-secret");
        assert_eq!(request.headers.get("authorization"), None);
        let expected = "/openai/deployments/my-deployment/chat/completions?api-version=";
        assert!(request.target.starts_with(expected), "{}", request.target);
    }
}
