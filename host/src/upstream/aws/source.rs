//! Where AWS's keys are, in the order of AWS's own tools: what the provider's `api_key` says, the environment, a web identity, the shared file
//! of credentials, the container, the machine.

use std::time::Duration;

use super::{Keys, metadata, profile, web_identity};
use crate::config::Secret;
use crate::upstream::Upstreams;
use crate::upstream::credentials::Machine;
use crate::upstream::credentials::cached::Fetched;

/// How long keys of the shared file are good before it is read again: tools that log in write new ones there.
const FILE_LIFE: Duration = Duration::from_secs(60);

/// What to do where there are no keys at all.
const NONE: &str = "there are no AWS credentials: set its `api_key` to `ACCESS_KEY_ID:SECRET_ACCESS_KEY` or to an API key of the \
                    service, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write a profile with `aws configure`";

/// What needs no fetching.
pub(super) enum AtHand {
    /// An API key, which is sent as it is.
    Bearer(Secret),
    Keys(Keys),
    Nothing,
}

/// What the config and the environment say. A key with a colon is a pair, one without is an API key (those of Bedrock
/// have none).
pub(super) fn at_hand(machine: &Machine, key: Option<&Secret>, service: &str) -> Result<AtHand, String> {
    if let Some(key) = key {
        let mut parts = key.expose().trim().splitn(3, ':');
        return match (parts.next(), parts.next(), parts.next()) {
            (Some(_), None, _) => Ok(AtHand::Bearer(key.clone())),
            (Some(id), Some(secret), session) => pair(id, secret, session).map(AtHand::Keys).ok_or(
                "its `api_key` cannot be read: write `ACCESS_KEY_ID:SECRET_ACCESS_KEY` or \
                        `ACCESS_KEY_ID:SECRET_ACCESS_KEY:SESSION_TOKEN`"
                    .into(),
            ),
            (None, ..) => Ok(AtHand::Nothing),
        };
    }
    let variable = format!("AWS_BEARER_TOKEN_{}", service.to_ascii_uppercase().replace('-', "_"));
    if let Some(token) = machine.variable(&variable) {
        return Ok(AtHand::Bearer(Secret::new(token.trim())));
    }
    let set = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].map(|name| machine.variable(name));
    match set {
        [None, None] => Ok(AtHand::Nothing),
        [Some(id), Some(secret)] => {
            let session = machine.variable("AWS_SESSION_TOKEN");
            let keys = pair(id.trim(), secret.trim(), session.as_deref().map(str::trim));
            keys.map(AtHand::Keys).ok_or("AWS_ACCESS_KEY_ID is no access key id".into())
        }
        _ => Err("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong together: set both or neither".into()),
    }
}

/// A pair of keys; none if the first is not what AWS calls an access key id.
pub(super) fn pair(id: &str, secret: &str, session: Option<&str>) -> Option<Keys> {
    let legal = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let session = session.filter(|session| !session.is_empty()).map(Secret::new);
    (legal && !secret.is_empty()).then(|| Keys { id: id.to_owned(), secret: Secret::new(secret), session })
}

/// The keys for a web identity, of the shared file, of the container or of the machine.
pub(super) async fn fetch(upstreams: &Upstreams, machine: &Machine) -> Result<Fetched<Keys>, String> {
    if let Some(keys) = web_identity::fetch(upstreams, machine).await? {
        return Ok(keys);
    }
    if let Some(keys) = profile::read(machine).await? {
        return Ok(Fetched { value: keys, until: machine.now() + FILE_LIFE });
    }
    if let Some(asking) = metadata::container(machine)? {
        return asking.fetch(upstreams, machine).await;
    }
    if machine.variable("AWS_EC2_METADATA_DISABLED").is_some_and(|off| off.eq_ignore_ascii_case("true")) {
        return Err(NONE.into());
    }
    metadata::instance(upstreams, machine).await.map_err(|reason| format!("{NONE} (the machine's metadata: {reason})"))
}
