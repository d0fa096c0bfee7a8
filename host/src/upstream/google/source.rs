//! Where Google's credentials are: the provider's `api_key`, the file of `GOOGLE_APPLICATION_CREDENTIALS`, gcloud's own file.
//! Their order and their names are those of Google's "Application Default Credentials".

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::config::Secret;
use crate::upstream::credentials::Machine;

/// The variable that names a file of credentials.
const FILE_VARIABLE: &str = "GOOGLE_APPLICATION_CREDENTIALS";

/// What `gcloud auth application-default login` writes.
const GCLOUD_FILE: &str = "application_default_credentials.json";

/// Largest file that is read: a service account's has 2.5 KiB.
const MAX_FILE: u64 = 64 * 1024;

/// What a provider's `api_key` is.
pub(super) enum Given<'a> {
    /// An access token that somebody else has fetched.
    Token(&'a Secret),
    /// A file of credentials, as text.
    Json(&'a str),
    /// Its path.
    File(&'a str),
    /// An API key.
    ApiKey(&'a Secret),
    /// There is none.
    Nothing,
}

/// Tells what a key is. Google's API keys hold neither braces nor `.json`, and its access tokens begin alike.
pub(super) fn given(key: Option<&Secret>) -> Given<'_> {
    let Some(secret) = key else { return Given::Nothing };
    let text = secret.expose().trim();
    match () {
        () if text.starts_with('{') => Given::Json(text),
        () if text.starts_with("ya29.") => Given::Token(secret),
        () if text.ends_with(".json") || text.starts_with('/') || text.starts_with("~/") => Given::File(text),
        () => Given::ApiKey(secret),
    }
}

/// Credentials that a token can be had for.
pub(super) struct Found {
    /// Where they were, for messages: `the credentials in …`.
    pub(super) place: String,
    pub(super) project: Option<String>,
    pub(super) kind: Kind,
}

/// Whose they are.
pub(super) enum Kind {
    Service(Service),
    Person(Person),
}

/// A service account.
pub(super) struct Service {
    pub(super) email: String,
    /// PEM.
    pub(super) private_key: Secret,
    pub(super) key_id: Option<String>,
    pub(super) token_uri: Option<String>,
}

/// A person who has logged in with gcloud.
pub(super) struct Person {
    pub(super) client_id: String,
    pub(super) client_secret: Secret,
    pub(super) refresh_token: Secret,
    pub(super) token_uri: Option<String>,
}

/// The file's fields, of all types of credentials.
#[derive(Deserialize)]
struct File {
    #[serde(rename = "type")]
    kind: Option<String>,
    client_email: Option<String>,
    private_key: Option<String>,
    private_key_id: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    refresh_token: Option<String>,
    token_uri: Option<String>,
    quota_project_id: Option<String>,
}

/// The credentials; none if only the machine itself can have some.
pub(super) async fn find(machine: &Machine, given: Given<'_>) -> Result<Option<Found>, String> {
    if let Given::Json(text) = given {
        return parse(text, "the credentials in its `api_key`".into()).map(Some);
    }
    if let Given::File(written) = given {
        let path = machine.path(written);
        if path.is_relative() {
            // It would depend on where the gateway was started.
            return Err(format!(
                "its `api_key` names the file `{written}` by no whole path: begin it with `/` or `~/`"
            ));
        }
        return read(&path, "the file that its `api_key` names").await.map(Some);
    }
    if let Some(written) = machine.variable(FILE_VARIABLE) {
        return read(&machine.path(&written), "the file that GOOGLE_APPLICATION_CREDENTIALS names").await.map(Some);
    }
    match gcloud(machine).filter(|path| path.is_file()) {
        Some(path) => read(&path, "gcloud's application-default credentials").await.map(Some),
        None => Ok(None),
    }
}

/// gcloud's file, where it would be.
fn gcloud(machine: &Machine) -> Option<PathBuf> {
    if let Some(folder) = machine.variable("CLOUDSDK_CONFIG") {
        return Some(Path::new(&folder).join(GCLOUD_FILE));
    }
    match machine.variable("APPDATA") {
        Some(folder) if cfg!(windows) => Some(Path::new(&folder).join("gcloud").join(GCLOUD_FILE)),
        _ => Some(machine.below_home(".config/gcloud")?.join(GCLOUD_FILE)),
    }
}

async fn read(path: &Path, what: &str) -> Result<Found, String> {
    let place = format!("{what} ({})", path.display());
    let unreadable = |reason: String| format!("{place} cannot be read: {reason}");
    let size = tokio::fs::metadata(path).await.map_err(|error| unreadable(error.to_string()))?.len();
    if size > MAX_FILE {
        return Err(unreadable("it is too large for a file of credentials".into()));
    }
    let text = tokio::fs::read_to_string(path).await.map_err(|error| unreadable(error.to_string()))?;
    parse(&text, place)
}

fn parse(text: &str, place: String) -> Result<Found, String> {
    // serde_json's message may repeat the text, so only the place of the mistake is told.
    let file: File = serde_json::from_str(text).map_err(|error| {
        format!("{place}: this is not Google's JSON of credentials (line {}, column {})", error.line(), error.column())
    })?;
    let lacking = |name: &str| format!("{place} lacks `{name}`; download or create it again");
    let needed =
        |name: &str, value: Option<String>| value.filter(|value| !value.is_empty()).ok_or_else(|| lacking(name));
    let kind = match file.kind.as_deref() {
        Some("service_account") => Kind::Service(Service {
            email: needed("client_email", file.client_email)?,
            private_key: Secret::new(&needed("private_key", file.private_key)?),
            key_id: file.private_key_id,
            token_uri: file.token_uri,
        }),
        Some("authorized_user") => Kind::Person(Person {
            client_id: needed("client_id", file.client_id)?,
            client_secret: Secret::new(&needed("client_secret", file.client_secret)?),
            refresh_token: Secret::new(&needed("refresh_token", file.refresh_token)?),
            token_uri: file.token_uri,
        }),
        Some(other) => {
            return Err(format!(
                "{place}: credentials of the type `{other}` are not served; give those of a service account, or run \
                 `gcloud auth application-default login`"
            ));
        }
        None => return Err(lacking("type")),
    };
    Ok(Found { place, project: file.quota_project_id, kind })
}
