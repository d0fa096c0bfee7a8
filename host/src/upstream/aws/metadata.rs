//! Keys that the surroundings of this process hand out: a container's agent (ECS, EKS Pod Identity) or the virtual machine (IMDSv2).

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, header};
use serde::Deserialize;
use url::Url;

use super::{Keys, source};
use crate::config::Secret;
use crate::upstream::Upstreams;
use crate::upstream::credentials::Machine;
use crate::upstream::credentials::cached::Fetched;
use crate::upstream::side::Ask;

/// How long one question may take. Where there is somebody to answer it takes milliseconds; elsewhere the address may lead nowhere.
const LIMIT: Duration = Duration::from_secs(2);

/// How long keys last whose end is not told; those of machines last for hours.
pub(super) const UNTOLD_LIFE: Duration = Duration::from_secs(600);

/// Where an ECS agent answers.
const CONTAINER: &str = "http://169.254.170.2";

/// Where a virtual machine's metadata are.
const INSTANCE: &str = "http://169.254.169.254";

/// Seconds that the session with the metadata shall last: it is used at once.
const SESSION_LIFE: HeaderValue = HeaderValue::from_static("60");

/// Asking a container's agent.
pub(super) struct Container {
    url: Url,
    /// The agent's own token, or the file that has the current one.
    token: Option<Secret>,
    token_file: Option<String>,
}

/// The agent that the environment names; none if this is no such container.
pub(super) fn container(machine: &Machine) -> Result<Option<Container>, String> {
    let relative = machine.variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").map(|path| format!("{CONTAINER}{path}"));
    let Some(address) = relative.or_else(|| machine.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI")) else {
        return Ok(None);
    };
    let url = Url::parse(&address).ok().filter(is_trusted);
    let url =
        url.ok_or("AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https:// nor an address of a container's agent")?;
    let token = machine.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN").map(|token| Secret::new(token.trim()));
    let token_file = machine.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    Ok(Some(Container { url, token, token_file }))
}

/// Keys and tokens go over TLS, or to this machine, or to the agents' own addresses (ECS; EKS by either version of IP).
pub(super) fn is_trusted(url: &Url) -> bool {
    const LOCAL: [&str; 6] = ["localhost", "127.0.0.1", "[::1]", "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"];
    url.scheme() == "https" || (url.scheme() == "http" && url.host_str().is_some_and(|host| LOCAL.contains(&host)))
}

impl Container {
    pub(super) async fn fetch(self, upstreams: &Upstreams, machine: &Machine) -> Result<Fetched<Keys>, String> {
        let failed = |reason: &str| format!("the container's agent gave no AWS credentials: {reason}");
        let token = match &self.token_file {
            Some(file) => {
                let text = tokio::fs::read_to_string(file).await;
                let text =
                    text.map_err(|error| format!("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE cannot be read: {error}"))?;
                Some(Secret::new(text.trim()))
            }
            None => self.token,
        };
        let mut headers = Vec::new();
        if let Some(token) = token {
            let value = crate::upstream::request::sensitive(token.expose());
            headers.push((header::AUTHORIZATION, value.map_err(|_| failed("its token is no header's value"))?));
        }
        let said =
            ask(upstreams, Ask::metadata(Method::GET, &self.url, headers)).await.map_err(|reason| failed(&reason))?;
        keys(&said, machine.now()).map_err(|reason| failed(&reason))
    }
}

/// The keys of the role that the virtual machine has.
pub(super) async fn instance(upstreams: &Upstreams, machine: &Machine) -> Result<Fetched<Keys>, String> {
    let base = machine.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT").unwrap_or_else(|| INSTANCE.into());
    let base = base.trim_end_matches('/');
    let address = |path: &str| Url::parse(&format!("{base}/latest/{path}")).map_err(|_| "its address is no URL");
    let life = (HeaderName::from_static("x-aws-ec2-metadata-token-ttl-seconds"), SESSION_LIFE);
    let session = ask(upstreams, Ask::metadata(Method::PUT, &address("api/token")?, vec![life])).await?;
    let session = text(&session)?;
    let session = crate::upstream::request::sensitive(session).map_err(|_| "its session is no header's value")?;
    let session = vec![(HeaderName::from_static("x-aws-ec2-metadata-token"), session)];
    let roles = "meta-data/iam/security-credentials/";
    let found = ask(upstreams, Ask::metadata(Method::GET, &address(roles)?, session.clone())).await?;
    let role = text(&found)?.lines().next().unwrap_or_default().trim();
    let said = ask(upstreams, Ask::metadata(Method::GET, &address(&format!("{roles}{role}"))?, session)).await?;
    keys(&said, machine.now())
}

fn text(bytes: &Bytes) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|_| "it answered something that is no text".into())
}

/// The body of a good answer.
async fn ask(upstreams: &Upstreams, ask: Ask<'_>) -> Result<Bytes, String> {
    match tokio::time::timeout(LIMIT, upstreams.ask(ask)).await {
        Err(_) => Err("it does not answer".into()),
        Ok(Err(reason)) => Err(reason),
        Ok(Ok(said)) if said.status == 200 => Ok(said.body.into()),
        // Its words may repeat what it was told.
        Ok(Ok(said)) => Err(format!("it answered with status {}", said.status)),
    }
}

/// What both of them answer.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    access_key_id: String,
    secret_access_key: String,
    token: Option<String>,
    expiration: Option<String>,
}

fn keys(said: &[u8], now: SystemTime) -> Result<Fetched<Keys>, String> {
    const UNREADABLE: &str = "its answer holds no keys";
    let answer: Answer = serde_json::from_slice(said).map_err(|_| UNREADABLE)?;
    let value = source::pair(&answer.access_key_id, &answer.secret_access_key, answer.token.as_deref());
    let until = answer.expiration.and_then(|end| SystemTime::try_from(end.parse::<jiff::Timestamp>().ok()?).ok());
    Ok(Fetched { value: value.ok_or(UNREADABLE)?, until: until.unwrap_or(now + UNTOLD_LIFE) })
}
