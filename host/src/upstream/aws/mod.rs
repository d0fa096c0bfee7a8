//! AWS: which keys there are, for which region, and the signature made with them.
//!
//! [`source`] finds keys, [`profile`] reads the shared file of them, [`web_identity`] trades a token for some, [`metadata`] asks the machine, [`sign`] signs.

mod metadata;
mod profile;
mod sign;
mod source;
#[cfg(test)]
mod tests;
mod web_identity;

use std::time::SystemTime;

use super::Upstreams;
use super::credentials::cached::Cached;
use super::credentials::{Machine, Proof};
use crate::config::Secret;

/// A pair of keys, and the session that they belong to if they end.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    /// No secret: AWS shows it in its own messages.
    pub(super) id: String,
    pub(super) secret: Secret,
    pub(super) session: Option<Secret>,
}

impl Keys {
    /// What of them must not be shown.
    pub(super) fn secrets(&self) -> Vec<Secret> {
        [Some(&self.secret), self.session.as_ref()].into_iter().flatten().cloned().collect()
    }
}

/// Signs one request.
pub(super) struct Signer {
    pub(super) keys: Keys,
    region: String,
    service: String,
    now: SystemTime,
}

/// The keys that had to be fetched.
#[derive(Default)]
pub(super) struct Aws {
    keys: Cached<Keys>,
}

impl Aws {
    /// What a request to this host needs. `Err` says in one sentence what to set.
    pub(super) async fn prove(
        &self,
        upstreams: &Upstreams,
        machine: &Machine,
        key: Option<&Secret>,
        service: &str,
        host: &str,
    ) -> Result<Proof, String> {
        let keys = match source::at_hand(machine, key, service)? {
            source::AtHand::Bearer(token) => return Ok(Proof::Bearer(token)),
            source::AtHand::Keys(keys) => keys,
            source::AtHand::Nothing => self.keys.get("", || machine.now(), source::fetch(upstreams, machine)).await?,
        };
        let region = region(host)
            .map(str::to_owned)
            .or_else(|| ["AWS_REGION", "AWS_DEFAULT_REGION"].iter().find_map(|name| machine.variable(name)));
        let region = region.ok_or("its address names no AWS region: set AWS_REGION, or put it into `api_base_url`")?;
        Ok(Proof::Aws(Signer { keys, region, service: service.to_owned(), now: machine.now() }))
    }
}

/// The region in the name of one of AWS's hosts (`bedrock-runtime.eu-west-1.amazonaws.com`), behind a private endpoint's name too.
fn region(host: &str) -> Option<&str> {
    let host = host.strip_suffix(".cn").unwrap_or(host);
    let labels = host.strip_suffix(".amazonaws.com").or_else(|| host.strip_suffix(".api.aws"))?;
    labels.rsplit('.').find(|label| is_region(label))
}

/// `us-east-1`, `us-gov-west-1`, `eusc-de-east-1`: words and a number at the end.
fn is_region(label: &str) -> bool {
    let Some((words, number)) = label.rsplit_once('-') else { return false };
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    let few = number.len() <= 2 && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    few && words.contains('-') && words.split('-').all(is_word) && words.find('-').is_some_and(|end| end <= 4)
}
