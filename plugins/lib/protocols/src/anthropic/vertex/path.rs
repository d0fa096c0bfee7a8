//! Where on Vertex AI a model of Anthropic's is.

use crate::shared::percent::{self, MODEL};
use ccr_plugin::Fault;

/// The version of the API that is meant where the base names none.
const VERSION: &str = "/v1";

/// What the options say of the endpoint.
#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) project: Option<String>,
    pub(super) location: String,
}

impl Endpoint {
    /// The path and query for a model under a configured base: the bare host, `…/v1`, `…/projects/P/locations/L`, or on to
    /// `…/publishers/anthropic/models` or a whole endpoint, whose model and method are replaced. What the base names goes before
    /// the options; its query is kept.
    ///
    /// # Errors
    /// Neither names the project.
    pub(super) fn path(&self, base: &str, model: &str, streaming: bool) -> Result<String, Fault> {
        let (base, query) = base.split_once('?').map_or((base, None), |(base, query)| (base, Some(query)));
        let base = base.trim_end_matches('/');
        let base = base.split_once("/publishers/").map_or(base, |(parent, _)| parent);
        let mut path = if base.is_empty() { VERSION.to_owned() } else { base.to_owned() };
        if !path.contains("/projects/") {
            let project = self.project.as_deref().filter(|project| !project.is_empty()).ok_or_else(|| {
                Fault::own(
                    "options: `GOOGLE_CLOUD_PROJECT` is missing; name the project beside `vertex-claude`, or in `api_base_url`",
                )
            })?;
            path.push_str("/projects/");
            percent::push(&mut path, project, MODEL);
        }
        if !path.contains("/locations/") {
            path.push_str("/locations/");
            percent::push(&mut path, &self.location, MODEL);
        }
        path.push_str("/publishers/anthropic/models/");
        percent::push(&mut path, model.rsplit('/').next().unwrap_or(model), MODEL);
        path.push_str(if streaming { ":streamRawPredict" } else { ":rawPredict" });
        if let Some(query) = query {
            path.push('?');
            path.push_str(query);
        }
        Ok(path)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    fn of(base: &str, streaming: bool) -> String {
        let endpoint = Endpoint { project: Some("my-p".into()), location: "us-east5".into() };
        endpoint.path(base, "claude-sonnet-4-5@20250929", streaming).unwrap()
    }

    #[test]
    fn every_way_to_write_the_base_is_taken() {
        let whole =
            "/v1/projects/my-p/locations/us-east5/publishers/anthropic/models/claude-sonnet-4-5@20250929:rawPredict";
        for base in [
            "",
            "/",
            "/v1",
            "/v1/",
            "/v1/projects/my-p",
            "/v1/projects/my-p/locations/us-east5",
            "/v1/projects/my-p/locations/us-east5/publishers/anthropic/models",
            "/v1/projects/my-p/locations/us-east5/publishers/anthropic/models/",
            "/v1/projects/my-p/locations/us-east5/publishers/anthropic/models/claude-3:streamRawPredict",
        ] {
            assert_eq!(of(base, false), whole, "{base}");
            assert_eq!(of(base, true), whole.replace(":rawPredict", ":streamRawPredict"), "{base}");
        }
        assert!(
            of("/v1/projects/other/locations/global", false).starts_with("/v1/projects/other/locations/global/pub")
        );
        assert!(of("/v1beta1?a=b", false).ends_with(":rawPredict?a=b"));
    }

    #[test]
    fn without_a_project_the_option_is_named() {
        let endpoint = Endpoint { project: None, location: "us-east5".into() };
        let fault = endpoint.path("/v1", "m", false).unwrap_err();
        assert!(matches!(fault, Fault::Other(message) if message.contains("GOOGLE_CLOUD_PROJECT")));
        assert!(endpoint.path("/v1/projects/p", "m", false).is_ok());
    }

    #[test]
    fn odd_names_stay_in_their_segment() {
        let endpoint = Endpoint { project: Some("a/b?c".into()), location: "l".into() };
        let path = endpoint.path("", "anthropic/claude x", false).unwrap();
        assert_eq!(path, "/v1/projects/a%2Fb%3Fc/locations/l/publishers/anthropic/models/claude%20x:rawPredict");
    }
}
