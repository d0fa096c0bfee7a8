//! What a token server is asked for a token: a service account signs an assertion (RFC 7523), a person's refresh token is traded
//! in (RFC 6749, section 6); and what it says.

use std::time::{Duration, SystemTime};

use data_encoding::BASE64URL_NOPAD;
use rustls::SignatureScheme;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde::Deserialize;
use serde_json::json;
use url::{Url, form_urlencoded};

use super::Token;
use super::source::{Found, Kind, Person, Service};
use crate::base::error::redact;
use crate::config::Secret;
use crate::upstream::credentials::cached::Fetched;
use crate::upstream::side::Reply;

/// Where tokens are had unless the file says otherwise.
const TOKEN_URI: &str = "https://oauth2.googleapis.com/token";

/// What a token is good for: everything that the account may do. Vertex has no narrower scope.
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// How long an assertion is good, in seconds: the most that Google allows.
const ASSERTION_LIFE: u64 = 3600;

/// How long a token lasts whose life is not told: well below the hour that they have.
const UNTOLD_LIFE: u64 = 600;

/// Longest explanation that is passed on; a whole page of HTML would help nobody.
const MAX_REASON: usize = 500;

/// A request for a token.
pub(super) struct Grant {
    pub(super) url: Url,
    pub(super) form: String,
    /// What the server's words must not show.
    pub(super) secrets: Vec<Secret>,
}

impl Found {
    /// What to ask, and whom. `Err` says what is wrong with the credentials.
    pub(super) fn grant(&self, now: SystemTime) -> Result<Grant, String> {
        match &self.kind {
            Kind::Service(account) => self.service(account, now),
            Kind::Person(person) => self.person(person),
        }
    }

    /// What may help when the server refuses.
    pub(super) fn remedy(&self) -> &'static str {
        match self.kind {
            Kind::Service(_) => "check this machine's clock, and create a new key for the service account",
            Kind::Person(_) => "run `gcloud auth application-default login` again",
        }
    }

    fn service(&self, account: &Service, now: SystemTime) -> Result<Grant, String> {
        let url = self.token_url(account.token_uri.as_deref())?;
        let assertion = assertion(account, &url, now)
            .map_err(|reason| format!("{}: its `private_key` {reason}; download or create it again", self.place))?;
        let grant_type = "urn:ietf:params:oauth:grant-type:jwt-bearer";
        let form = form(&[("grant_type", grant_type), ("assertion", &assertion)]);
        Ok(Grant { url, form, secrets: vec![Secret::new(&assertion), account.private_key.clone()] })
    }

    fn person(&self, person: &Person) -> Result<Grant, String> {
        let url = self.token_url(person.token_uri.as_deref())?;
        let form = form(&[
            ("grant_type", "refresh_token"),
            ("client_id", &person.client_id),
            ("client_secret", person.client_secret.expose()),
            ("refresh_token", person.refresh_token.expose()),
        ]);
        Ok(Grant { url, form, secrets: vec![person.client_secret.clone(), person.refresh_token.clone()] })
    }

    /// Secrets go over TLS or stay on this machine.
    fn token_url(&self, written: Option<&str>) -> Result<Url, String> {
        let url = Url::parse(written.unwrap_or(TOKEN_URI)).ok().filter(|url| {
            let local = url.host_str().is_some_and(|host| matches!(host, "localhost" | "127.0.0.1" | "[::1]"));
            url.scheme() == "https" || (url.scheme() == "http" && local)
        });
        url.ok_or_else(|| format!("{}: its `token_uri` is no https:// address", self.place))
    }
}

fn form(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// A JSON web token that the account signs: who asks whom for what, and when.
fn assertion(account: &Service, url: &Url, now: SystemTime) -> Result<String, &'static str> {
    let issued = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let mut head = json!({ "alg": "RS256", "typ": "JWT" });
    if let Some(id) = &account.key_id {
        head["kid"] = json!(id);
    }
    let claims = json!({
        "iss": account.email,
        "scope": SCOPE,
        "aud": url.as_str(),
        "iat": issued,
        "exp": issued + ASSERTION_LIFE,
    });
    let encode = |json: &serde_json::Value| BASE64URL_NOPAD.encode(json.to_string().as_bytes());
    let mut token = format!("{}.{}", encode(&head), encode(&claims));
    let signature = sign(account.private_key.expose(), token.as_bytes())?;
    token.push('.');
    BASE64URL_NOPAD.encode_append(&signature, &mut token);
    Ok(token)
}

/// By RSA with SHA-256, with the implementation that TLS uses.
fn sign(pem: &str, message: &[u8]) -> Result<Vec<u8>, &'static str> {
    // Whoever puts the JSON through a shell or a variable may end up with the escapes of the line ends escaped.
    let pem = pem.replace("\\n", "\n");
    let der = PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| "is no private key in PEM")?;
    let key = rustls::crypto::ring::sign::any_supported_type(&der).map_err(|_| "cannot be used")?;
    let signer = key.choose_scheme(&[SignatureScheme::RSA_PKCS1_SHA256]).ok_or("is no RSA key")?;
    signer.sign(message).map_err(|_| "cannot sign")
}

/// A server's answer that holds a token.
#[derive(Deserialize)]
struct Answer {
    access_token: String,
    expires_in: Option<u64>,
}

/// One that does not.
#[derive(Deserialize)]
struct Refusal {
    error: String,
    error_description: Option<String>,
}

/// The token in an answer; `Err` is the server's reason.
pub(super) fn token(said: &Reply, asked_at: SystemTime, project: Option<String>) -> Result<Fetched<Token>, String> {
    let answer = serde_json::from_slice::<Answer>(&said.body).ok().filter(|answer| !answer.access_token.is_empty());
    match answer {
        Some(answer) if said.status == 200 => {
            // Metadata servers pad some tokens with dots; they belong to them.
            let text = Secret::new(answer.access_token.trim());
            let life = Duration::from_secs(answer.expires_in.unwrap_or(UNTOLD_LIFE));
            Ok(Fetched { value: Token { text, project }, until: asked_at + life })
        }
        _ => Err(match serde_json::from_slice::<Refusal>(&said.body) {
            Ok(Refusal { error, error_description: Some(more) }) => format!("{error}: {more}"),
            Ok(Refusal { error, .. }) => error,
            Err(_) => format!("status {}, and no token in the answer", said.status),
        }),
    }
}

/// A server's words without what it was told, and not too many.
pub(super) fn hushed(reason: &str, secrets: &[Secret]) -> String {
    crate::base::request::shortened(redact(reason.to_owned(), secrets), MAX_REASON)
}
