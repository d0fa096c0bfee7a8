//! The token of a machine in Google's cloud, from the metadata server beside it ("About VM metadata").

use std::time::Duration;

use http::{HeaderName, HeaderValue, Method};
use url::Url;

use super::{Token, grant};
use crate::upstream::Upstreams;
use crate::upstream::credentials::Machine;
use crate::upstream::credentials::cached::Fetched;
use crate::upstream::side::Ask;

/// How long it may take. Where there is such a server it answers within milliseconds; elsewhere its address may lead nowhere,
/// and a request would wait for nothing.
const LIMIT: Duration = Duration::from_secs(3);

/// What to do where there are no credentials at all.
const NONE: &str = "there are no Google credentials: set its `api_key` to the JSON of a service account or to the path of its \
                    file, or set GOOGLE_APPLICATION_CREDENTIALS to that path, or run `gcloud auth application-default login`";

/// Asks for the token of the machine's own account.
pub(super) async fn fetch(upstreams: &Upstreams, machine: &Machine) -> Result<Fetched<Token>, String> {
    let host = machine.variable("GCE_METADATA_HOST").unwrap_or_else(|| "metadata.google.internal".into());
    let url = format!("http://{host}/computeMetadata/v1/instance/service-accounts/default/token");
    let url = Url::parse(&url).map_err(|_| "GCE_METADATA_HOST is no host name")?;
    // Without this header it refuses, so that a web page cannot have a browser ask.
    let flavor = (HeaderName::from_static("metadata-flavor"), HeaderValue::from_static("Google"));
    let asked_at = machine.now();
    let asking = upstreams.ask(Ask::metadata(Method::GET, &url, vec![flavor]));
    let no_answer = |reason: &str| format!("{NONE} (the metadata server of Google's cloud: {reason})");
    let said = match tokio::time::timeout(LIMIT, asking).await {
        Ok(said) => said.map_err(|reason| no_answer(&reason))?,
        Err(_) => return Err(no_answer("it does not answer")),
    };
    grant::token(&said, asked_at, None).map_err(|reason| no_answer(&grant::hushed(&reason, &[])))
}
