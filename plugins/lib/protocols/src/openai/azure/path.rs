//! Where Azure's endpoint lies under the base URL, in every form in which people write it.

use crate::shared::percent::{self, SEGMENT};
use percent_encoding::utf8_percent_encode;

/// The version of the API where neither the option nor the base URL names one: the last with a date, and the first that takes
/// all parameters of GPT-5 (Microsoft's page "Azure OpenAI API version lifecycle").
const API_VERSION: &str = "2025-04-01-preview";

const ENDPOINT: &str = "/chat/completions";

const DEPLOYMENTS: &str = "/openai/deployments";

/// Path and query. `base` is what stands behind the host: nothing (the resource itself), `/openai`, `/openai/deployments/NAME` with
/// or without the endpoint, `/openai/v1` (the API without versions), `/models` (Azure AI Foundry's), each perhaps behind the
/// prefix of a gateway of the user's own.
pub(super) fn of(base: &str, model: &str, version: Option<&str>) -> String {
    let (path, query) = base.split_once('?').unwrap_or((base, ""));
    let path = path.trim_end_matches('/');
    let path = path.strip_suffix(ENDPOINT).unwrap_or(path).trim_end_matches('/');
    let unversioned = path.ends_with("/openai/v1");
    let mut full = if unversioned || path.ends_with("/models") || names_deployment(path) {
        path.to_owned()
    } else {
        let root = path.strip_suffix(DEPLOYMENTS).or_else(|| path.strip_suffix("/openai")).unwrap_or(path);
        format!("{root}{DEPLOYMENTS}/{}", utf8_percent_encode(model, SEGMENT))
    };
    full.push_str(ENDPOINT);
    let mut separator = '?';
    let mut named = false;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let is_version = pair.split('=').next() == Some("api-version");
        if is_version && version.is_some() {
            continue;
        }
        named |= is_version;
        full.push(separator);
        full.push_str(pair);
        separator = '&';
    }
    let version = version.or((!named && !unversioned).then_some(API_VERSION));
    if let Some(version) = version {
        full.push(separator);
        full.push_str("api-version=");
        percent::push(&mut full, version, SEGMENT);
    }
    full
}

/// Whether the path ends with a deployment.
fn names_deployment(path: &str) -> bool {
    path.rsplit_once('/').is_some_and(|(parent, name)| parent.ends_with(DEPLOYMENTS) && !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn every_form_of_a_base_url() {
        let default = "api-version=2025-04-01-preview";
        for (base, path) in [
            ("", "/openai/deployments/m%201/chat/completions"),
            ("/", "/openai/deployments/m%201/chat/completions"),
            ("/openai", "/openai/deployments/m%201/chat/completions"),
            ("/openai/", "/openai/deployments/m%201/chat/completions"),
            ("/openai/deployments", "/openai/deployments/m%201/chat/completions"),
            ("/openai/deployments/own", "/openai/deployments/own/chat/completions"),
            ("/openai/deployments/own/", "/openai/deployments/own/chat/completions"),
            ("/openai/deployments/own/chat/completions", "/openai/deployments/own/chat/completions"),
            ("/gateway", "/gateway/openai/deployments/m%201/chat/completions"),
            ("/gateway/openai", "/gateway/openai/deployments/m%201/chat/completions"),
            ("/models", "/models/chat/completions"),
            ("/models/chat/completions", "/models/chat/completions"),
        ] {
            assert_eq!(of(base, "m 1", None), format!("{path}?{default}"), "{base}");
        }
    }

    #[test]
    fn the_version_is_the_options_or_the_urls_or_the_default() {
        let path = "/openai/deployments/m/chat/completions";
        assert_eq!(of("?api-version=a", "m", None), format!("{path}?api-version=a"));
        assert_eq!(of("?x=1&api-version=a&y=2", "m", Some("b")), format!("{path}?x=1&y=2&api-version=b"));
        assert_eq!(of("?x=1", "m", None), format!("{path}?x=1&api-version=2025-04-01-preview"));
    }

    #[test]
    fn the_api_without_versions_gets_none() {
        for base in ["/openai/v1", "/openai/v1/", "/openai/v1/chat/completions"] {
            assert_eq!(of(base, "m", None), "/openai/v1/chat/completions");
        }
        assert_eq!(of("/openai/v1?api-version=preview", "m", None), "/openai/v1/chat/completions?api-version=preview");
        assert_eq!(of("/openai/v1", "m", Some("preview")), "/openai/v1/chat/completions?api-version=preview");
    }
}
