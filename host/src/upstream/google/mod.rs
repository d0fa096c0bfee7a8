//! Google's access tokens: which credentials there are, a token for them, and an API key where that is what was given.
//!
//! [`source`] finds the credentials, [`grant`] makes of them what a token server is asked, and reads what it says. A machine in
//! Google's cloud has a server for it beside it ([`metadata`]).

mod grant;
mod metadata;
mod source;
#[cfg(test)]
mod tests;

use http::HeaderName;

use self::source::Given;
use super::Upstreams;
use super::credentials::cached::{Cached, Fetched};
use super::credentials::{Machine, Proof};
use super::side::Ask;
use crate::config::Secret;

/// A Google API key's header ("Vertex AI in express mode" takes nothing else).
const KEY_HEADER: HeaderName = HeaderName::from_static("x-goog-api-key");

/// An access token.
#[derive(Clone)]
pub(super) struct Token {
    pub(super) text: Secret,
    /// The project that pays for the requests of a person; service accounts bring their own.
    pub(super) project: Option<String>,
}

/// The tokens of all credentials in use.
#[derive(Default)]
pub(super) struct Google {
    tokens: Cached<Token>,
}

impl Google {
    /// What a request needs. `Err` says in one sentence what to set.
    pub(super) async fn prove(
        &self,
        upstreams: &Upstreams,
        machine: &Machine,
        key: Option<&Secret>,
    ) -> Result<Proof, String> {
        let given = source::given(key);
        match &given {
            Given::Token(token) => return Ok(Proof::Google(Token { text: (*token).clone(), project: None })),
            Given::ApiKey(key) => return Ok(Proof::Header(KEY_HEADER, (*key).clone())),
            Given::Json(_) | Given::File(_) | Given::Nothing => {}
        }
        let name = key.map_or("", Secret::expose);
        let token = self.tokens.get(name, || machine.now(), fetch(upstreams, machine, given)).await?;
        Ok(Proof::Google(token))
    }

    /// Has a token that the provider refused fetched anew.
    pub(super) fn forget(&self, token: &Token) {
        self.tokens.forget(|kept| kept.text.expose() == token.text.expose());
    }
}

async fn fetch(upstreams: &Upstreams, machine: &Machine, given: Given<'_>) -> Result<Fetched<Token>, String> {
    let Some(found) = source::find(machine, given).await? else {
        return metadata::fetch(upstreams, machine).await;
    };
    let asked_at = machine.now();
    let grant = found.grant(asked_at)?;
    let said = upstreams
        .ask(Ask::form(&grant.url, grant.form))
        .await
        .map_err(|reason| format!("Google's token server {} gave no token: {reason}", grant.url))?;
    grant::token(&said, asked_at, found.project.clone())
        .map_err(|reason| grant::hushed(&reason, &grant.secrets))
        .map_err(|reason| format!("Google's token server refused {}: {reason}; {}", found.place, found.remedy()))
}
