//! Tokens from a scripted token server, and from all the places where credentials may be.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use data_encoding::BASE64URL_NOPAD;
use http::HeaderMap;
use ring::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value, json};

use crate::base::error::GatewayError;
use crate::base::wire::{Credential, WireBody, WireRequest};
use crate::config::{Config, Provider, SafeUrl, Secret};
use crate::upstream::credentials::{Credentials, Machine};
use crate::upstream::tests::server::Server;
use crate::upstream::{UpstreamResponse, Upstreams};

/// A key made for these tests; it opens nothing.
const KEY: &str = include_str!("tests/key.pem");

/// A clock that a test moves.
#[derive(Clone)]
struct Clock(Arc<AtomicU64>);

impl Clock {
    fn at(seconds: u64) -> Self {
        Self(Arc::new(AtomicU64::new(seconds)))
    }

    fn pass(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }

    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(self.0.load(Ordering::Relaxed))
    }
}

fn upstreams(variables: &[(&str, &str)], clock: &Clock) -> Upstreams {
    let mut upstreams = Upstreams::new(&Config::default()).unwrap();
    let clock = clock.clone();
    upstreams.credentials = Credentials::on(Machine::with(variables, move || clock.now()));
    upstreams
}

async fn ask(upstreams: &Upstreams, url: &str, key: &str) -> Result<UpstreamResponse, GatewayError> {
    let mut provider = Provider::named("vertex");
    provider.base_url = SafeUrl::new(url.parse().unwrap());
    let body = WireBody::new("{}".into());
    let wire = WireRequest { path: "/v1".into(), headers: HeaderMap::new(), body, credential: Credential::Google };
    upstreams.forward(&provider, Some(&Secret::new(key)), wire, true).await
}

async fn message(upstreams: &Upstreams, url: &str, key: &str) -> String {
    match ask(upstreams, url, key).await {
        Ok(response) => panic!("it answered with {}", response.status),
        Err(error) => {
            assert!(matches!(error, GatewayError::Unavailable(_)));
            error.to_string()
        }
    }
}

fn json_answer(status: &str, body: &Value) -> Vec<u8> {
    let body = body.to_string();
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// Serves tokens `ya29.1`, `ya29.2`, … of an hour, and everything else with this status.
async fn google(status: &'static str) -> Server {
    let tokens = Arc::new(AtomicUsize::new(0));
    Server::answering(move |request| {
        if !request.starts_with("POST /token ") && !request.starts_with("GET /computeMetadata/") {
            return json_answer(status, &json!({}));
        }
        let number = tokens.fetch_add(1, Ordering::Relaxed) + 1;
        let token = json!({ "access_token": format!("ya29.{number}"), "expires_in": 3600, "token_type": "Bearer" });
        json_answer("200 OK", &token)
    })
    .await
}

fn service_account(server: &Server) -> Value {
    json!({
        "type": "service_account",
        "project_id": "p",
        "private_key_id": "kid-1",
        "private_key": KEY,
        "client_email": "gateway@p.iam.gserviceaccount.com",
        "token_uri": format!("{}/token", server.url),
    })
}

/// What the token server was asked, and the tokens that the provider got.
fn seen(server: &Server) -> (Vec<String>, Vec<String>) {
    let (asked, got): (Vec<_>, Vec<_>) =
        server.requests().into_iter().partition(|request| !request.starts_with("POST /v1 "));
    let token = |request: &String| {
        let line = request.lines().find_map(|line| line.strip_prefix("authorization: "));
        line.unwrap_or_default().to_owned()
    };
    (asked, got.iter().map(token).collect())
}

fn form(request: &str) -> Vec<(String, String)> {
    let (_, body) = request.split_once("\r\n\r\n").unwrap();
    url::form_urlencoded::parse(body.as_bytes()).into_owned().collect()
}

#[tokio::test]
async fn fifty_requests_at_once_share_one_token() {
    let server = google("200 OK").await;
    let upstreams = upstreams(&[], &Clock::at(1_800_000_000));
    let key = service_account(&server).to_string();
    let asking = (0..50).map(|_| ask(&upstreams, &server.url, &key));
    for response in futures_util::future::join_all(asking).await {
        let response = response.unwrap();
        assert_eq!(response.status, 200);
        assert!(response.secrets.iter().any(|secret| secret.expose() == "ya29.1"));
    }
    let (asked, got) = seen(&server);
    assert_eq!(asked.len(), 1);
    assert_eq!(got, vec!["Bearer ya29.1"; 50]);
}

#[tokio::test]
async fn an_assertion_says_who_asks_for_what_and_when() {
    let server = google("200 OK").await;
    let mut upstreams = Upstreams::new(&Config::default()).unwrap();
    // This machine's own clock, and none of its variables.
    upstreams.credentials = Credentials::on(Machine::with(&[], SystemTime::now));
    let seconds = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let before = seconds();
    // As a shell may spoil it.
    let key = service_account(&server).to_string().replace("\\n", "\\\\n");
    ask(&upstreams, &server.url, &key).await.unwrap();
    let form = form(&seen(&server).0[0]);
    assert_eq!(form[0], ("grant_type".into(), "urn:ietf:params:oauth:grant-type:jwt-bearer".into()));
    assert_eq!((form.len(), form[1].0.as_str()), (2, "assertion"));
    let (signed, signature) = form[1].1.rsplit_once('.').unwrap();
    let parts: Vec<Value> = signed
        .split('.')
        .map(|part| serde_json::from_slice(&BASE64URL_NOPAD.decode(part.as_bytes()).unwrap()).unwrap())
        .collect();
    assert_eq!(parts[0], json!({ "alg": "RS256", "typ": "JWT", "kid": "kid-1" }));
    let issued = parts[1]["iat"].as_u64().unwrap();
    assert!((before..=seconds()).contains(&issued));
    let expected = json!({
        "iss": "gateway@p.iam.gserviceaccount.com",
        "scope": "https://www.googleapis.com/auth/cloud-platform",
        "aud": format!("{}/token", server.url),
        "iat": issued,
        "exp": issued + 3600,
    });
    assert_eq!(parts[1], expected);
    let der = PrivatePkcs8KeyDer::from_pem_slice(KEY.as_bytes()).unwrap();
    let pair = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).unwrap();
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref());
    public.verify(signed.as_bytes(), &BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap()).unwrap();
}

#[tokio::test]
async fn a_token_is_replaced_before_its_end_and_when_it_is_refused() {
    let server = google("200 OK").await;
    let clock = Clock::at(1_800_000_000);
    let client = upstreams(&[], &clock);
    let key = service_account(&server).to_string();
    for (passes, expected) in
        [(0, "Bearer ya29.1"), (3300, "Bearer ya29.1"), (100, "Bearer ya29.2"), (9000, "Bearer ya29.3")]
    {
        clock.pass(passes);
        ask(&client, &server.url, &key).await.unwrap();
        assert_eq!(seen(&server).1.last().unwrap(), expected);
    }
    let server = google("401 Unauthorized").await;
    let key = service_account(&server).to_string();
    for _ in 0..2 {
        assert_eq!(ask(&client, &server.url, &key).await.unwrap().status, 401);
    }
    assert_eq!(seen(&server).1, ["Bearer ya29.1", "Bearer ya29.2"]);
}

#[tokio::test]
async fn a_key_or_a_token_is_sent_as_it_is() {
    let server = google("200 OK").await;
    let upstreams = upstreams(&[], &Clock::at(0));
    for (key, line) in [
        ("AIzaSyTEST", "x-goog-api-key: AIzaSyTEST\r\n"),
        ("AQ.express", "x-goog-api-key: AQ.express\r\n"),
        ("ya29.ready", "authorization: Bearer ya29.ready\r\n"),
    ] {
        ask(&upstreams, &server.url, key).await.unwrap();
        let request = server.requests().pop().unwrap();
        assert!(request.contains(line), "{request}");
        assert_eq!(request.contains("authorization"), line.starts_with("authorization"));
    }
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn a_persons_login_is_traded_in() {
    let server = google("200 OK").await;
    let folder = tempfile::tempdir().unwrap();
    let login = json!({
        "type": "authorized_user",
        "client_id": "client-1",
        "client_secret": "client-hush",
        "refresh_token": "refresh-hush",
        "quota_project_id": "billed",
        "token_uri": format!("{}/token", server.url),
    });
    let file = folder.path().join("application_default_credentials.json");
    std::fs::write(&file, login.to_string()).unwrap();
    let (folder, file) = (folder.path().to_str().unwrap(), file.to_str().unwrap());
    for (variables, key) in [
        (vec![("GOOGLE_APPLICATION_CREDENTIALS", file)], ""),
        (vec![("CLOUDSDK_CONFIG", folder)], ""),
        (vec![("HOME", folder)], "~/application_default_credentials.json"),
        (vec![], file),
    ] {
        ask(&upstreams(&variables, &Clock::at(0)), &server.url, key).await.unwrap();
        let request = server.requests().pop().unwrap();
        assert!(request.contains("authorization: Bearer ya29.") && request.contains("x-goog-user-project: billed\r\n"));
    }
    let (asked, _) = seen(&server);
    let pairs = [
        ("grant_type", "refresh_token"),
        ("client_id", "client-1"),
        ("client_secret", "client-hush"),
        ("refresh_token", "refresh-hush"),
    ];
    assert_eq!(form(&asked[0]), pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[tokio::test]
async fn a_machine_in_the_cloud_has_a_token_of_its_own() {
    let server = google("200 OK").await;
    let host = server.url.strip_prefix("http://").unwrap();
    let upstreams = upstreams(&[("GCE_METADATA_HOST", host)], &Clock::at(0));
    ask(&upstreams, &server.url, "").await.unwrap();
    let (asked, got) = seen(&server);
    assert!(asked[0].starts_with("GET /computeMetadata/v1/instance/service-accounts/default/token HTTP/1.1\r\n"));
    assert!(asked[0].contains("metadata-flavor: Google\r\n"), "{asked:?}");
    assert_eq!(got, ["Bearer ya29.1"]);
}

#[tokio::test]
async fn nobody_is_asked_where_the_config_has_the_header() {
    let server = google("200 OK").await;
    let upstreams = upstreams(&[("GCE_METADATA_HOST", "provider.invalid")], &Clock::at(0));
    let mut provider = Provider::named("vertex");
    provider.base_url = SafeUrl::new(server.url.parse().unwrap());
    provider.headers = vec![(http::header::AUTHORIZATION, "Bearer mine".parse().unwrap())];
    let body = WireBody::new("{}".into());
    let wire = WireRequest { path: "/v1".into(), headers: HeaderMap::new(), body, credential: Credential::Google };
    upstreams.forward(&provider, None, wire, false).await.unwrap();
    assert_eq!(seen(&server).1, ["Bearer mine"]);
}

#[tokio::test]
async fn a_refusal_says_what_to_do_and_shows_no_secret() {
    // A server that repeats all that it was told.
    let server = Server::answering(|request| {
        let (_, body) = request.split_once("\r\n\r\n").unwrap();
        let told: Vec<_> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
        json_answer("400 Bad Request", &json!({ "error": "invalid_grant", "error_description": format!("{told:?}") }))
    })
    .await;
    let clock = Clock::at(0);
    let client = upstreams(&[], &clock);
    let key = service_account(&server).to_string();
    for _ in 0..3 {
        let message = message(&client, &server.url, &key).await;
        assert!(
            message.starts_with("provider `vertex`: Google's token server refused the credentials in its `api_key`")
        );
        assert!(message.contains("invalid_grant") && message.contains("create a new key"), "{message}");
        let shown = message.contains("eyJ") || message.contains("PRIVATE") || message.contains(&key);
        assert!(!shown && message.contains("[redacted]"), "{message}");
    }
    // A failure is remembered for a moment.
    assert_eq!(server.requests().len(), 1);
    clock.pass(5);
    message(&client, &server.url, &key).await;
    assert_eq!(server.requests().len(), 2);
    let person = json!({
        "type": "authorized_user", "client_id": "c", "client_secret": "client-hush", "refresh_token": "refresh-hush",
        "token_uri": format!("{}/token", server.url),
    });
    let message = message(&client, &server.url, &person.to_string()).await;
    assert!(message.contains("gcloud auth application-default login") && !message.contains("hush"), "{message}");
}

#[tokio::test]
async fn what_is_wrong_with_the_credentials_is_named() {
    let server = google("200 OK").await;
    let upstreams = upstreams(&[("GCE_METADATA_HOST", "provider.invalid:1")], &Clock::at(0));
    let changed = |name: &str, value: Value| {
        let mut account = service_account(&server);
        account[name] = value;
        account.to_string()
    };
    for (key, expected) in [
        (String::new(), "set GOOGLE_APPLICATION_CREDENTIALS"),
        ("/no/such/file.json".into(), "(/no/such/file.json) cannot be read: "),
        ("account.json".into(), "`account.json` by no whole path"),
        ("{ \"private_key\": hush".into(), "not Google's JSON of credentials (line 1, column"),
        (changed("type", json!("external_account")), "the type `external_account` are not served"),
        (changed("type", Value::Null), "lacks `type`"),
        (changed("client_email", json!("")), "lacks `client_email`"),
        (changed("private_key", json!("hush")), "`private_key` is no private key in PEM"),
        (changed("token_uri", json!("http://evil.example/token")), "`token_uri` is no https:// address"),
    ] {
        let message = message(&upstreams, &server.url, &key).await;
        assert!(message.contains(expected), "{message}");
        assert!(!message.contains("hush") && !message.contains("BEGIN"), "{message}");
    }
    assert_eq!(server.requests(), Vec::<String>::new());
}
