//! Keys for a token that the cluster writes to a file: STS's `AssumeRoleWithWebIdentity` (EKS's roles for service accounts), which
//! answers in XML and needs no signature.

use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderValue, header};
use url::{Url, form_urlencoded};

use super::metadata::{UNTOLD_LIFE, is_trusted};
use super::{Keys, source};
use crate::upstream::Upstreams;
use crate::upstream::credentials::Machine;
use crate::upstream::credentials::cached::Fetched;
use crate::upstream::side::Ask;

/// Most bytes of the file: tokens have two kilobytes.
const MAX_TOKEN: u64 = 64 * 1024;

/// Name of the session in AWS's own logs, where the environment has none.
const SESSION_NAME: &str = "ccr";

/// The keys of the role; none if the environment names no file of a token.
pub(super) async fn fetch(upstreams: &Upstreams, machine: &Machine) -> Result<Option<Fetched<Keys>>, String> {
    let Some(file) = machine.variable("AWS_WEB_IDENTITY_TOKEN_FILE") else { return Ok(None) };
    let role = machine.variable("AWS_ROLE_ARN").ok_or("AWS_WEB_IDENTITY_TOKEN_FILE is set without AWS_ROLE_ARN")?;
    let token = token(machine, &file).await;
    let token = token.map_err(|reason| format!("AWS_WEB_IDENTITY_TOKEN_FILE cannot be read: {reason}"))?;
    let name = machine.variable("AWS_ROLE_SESSION_NAME").unwrap_or_else(|| SESSION_NAME.into());
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("Action", "AssumeRoleWithWebIdentity")
        .append_pair("Version", "2011-06-15")
        .append_pair("RoleArn", &role)
        .append_pair("RoleSessionName", &name)
        .append_pair("WebIdentityToken", token.trim())
        .finish();
    let url = address(machine)?;
    let mut ask = Ask::form(&url, form);
    ask.headers.push((header::ACCEPT, HeaderValue::from_static("application/xml")));
    let failed = |reason: String| format!("AWS's token service {url} gave no keys for the role {role}: {reason}");
    let said = upstreams.ask(ask).await.map_err(failed)?;
    let keys = keys(said.status, &said.body.into(), machine.now());
    keys.map(Some).map_err(failed)
}

async fn token(machine: &Machine, file: &str) -> Result<String, String> {
    let path = machine.path(file);
    let size = tokio::fs::metadata(&path).await.map_err(|error| error.to_string())?.len();
    if size > MAX_TOKEN {
        return Err("it is too large for a token".into());
    }
    tokio::fs::read_to_string(&path).await.map_err(|error| error.to_string())
}

/// The region's service, or the one that the environment names as AWS's tools do.
fn address(machine: &Machine) -> Result<Url, String> {
    let region = ["AWS_REGION", "AWS_DEFAULT_REGION"].iter().find_map(|name| machine.variable(name));
    let written = machine.variable("AWS_ENDPOINT_URL_STS").unwrap_or_else(|| match region {
        Some(region) if region.starts_with("cn-") => format!("https://sts.{region}.amazonaws.com.cn/"),
        Some(region) => format!("https://sts.{region}.amazonaws.com/"),
        None => "https://sts.amazonaws.com/".into(),
    });
    let url = Url::parse(&written).ok().filter(is_trusted);
    url.ok_or_else(|| "AWS_ENDPOINT_URL_STS or AWS_REGION makes no https:// address".into())
}

fn keys(status: u16, body: &Bytes, now: SystemTime) -> Result<Fetched<Keys>, String> {
    let xml = std::str::from_utf8(body).map_err(|_| "its answer is not text")?;
    if status != 200 {
        // Only its code: the rest of its words may repeat what it was told.
        let code = element(xml, "Code").filter(|code| code.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        return Err(format!("status {status}, {}", code.unwrap_or("no reason")));
    }
    let found = element(xml, "AccessKeyId").zip(element(xml, "SecretAccessKey"));
    let value = found.and_then(|(id, secret)| source::pair(id, secret, element(xml, "SessionToken")));
    let end = element(xml, "Expiration").and_then(|end| end.parse::<jiff::Timestamp>().ok());
    let until = end.and_then(|end| SystemTime::try_from(end).ok()).unwrap_or(now + UNTOLD_LIFE);
    Ok(Fetched { value: value.ok_or("its answer holds no keys")?, until })
}

/// The text of an element without others in it. Keys, codes and times need no escapes.
fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    Some(rest.split_once(&format!("</{name}>"))?.0.trim())
}
