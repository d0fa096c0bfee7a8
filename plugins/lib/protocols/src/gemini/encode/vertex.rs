//! Where a request goes on Vertex: the model belongs to a publisher, which belongs to a place in a project.

use super::path::finish;
use crate::gemini::options::Vertex;
use crate::shared::percent::{self, PATH};
use ccr_plugin::Fault;

/// The version of the API that is meant where the base names none.
const VERSION: &str = "/v1";

/// The path and query for a model under a configured base: the bare host, `/v1`, `…/projects/P/locations/L`,
/// `…/publishers/google`, `…/models` or a whole endpoint. What the base does not say comes from the options.
pub(super) fn path(vertex: &Vertex, base: &str, model: &str, streaming: bool) -> Result<String, Fault> {
    let (path, query) = base.split_once('?').unwrap_or((base, ""));
    let mut path = path.trim_end_matches('/');
    if let Some((parent, last)) = path.rsplit_once('/')
        && last.contains(':')
    {
        path = parent;
    }
    let path = path.strip_suffix("/models").unwrap_or(path);
    let mut joined = if path.is_empty() { VERSION.to_owned() } else { path.to_owned() };
    let model = model.trim_start_matches('/');
    let has_publisher = joined.contains("/publishers/");
    if !vertex.express && !has_publisher && !joined.contains("/projects/") && !model.starts_with("projects/") {
        let project = vertex.project.as_deref().ok_or_else(|| {
            Fault::own(
                "options: the project is missing; give `GOOGLE_CLOUD_PROJECT` in the options of vertex-gemini, or write \
                 `/v1/projects/PROJECT/locations/LOCATION` into `api_base_url`",
            )
        })?;
        for (name, value) in [("/projects/", project), ("/locations/", vertex.location.as_str())] {
            joined.push_str(name);
            percent::push(&mut joined, value, PATH);
        }
    }
    // A whole name has its publisher; an endpoint of one's own, with its project, has none.
    let is_whole = model.starts_with("publishers/") || model.starts_with("projects/");
    if !is_whole {
        joined.push_str(if has_publisher { "/models" } else { "/publishers/google/models" });
    }
    joined.push('/');
    let bare = model.strip_prefix("models/").or_else(|| model.strip_prefix("google/")).unwrap_or(model);
    percent::push(&mut joined, bare, PATH);
    finish(&mut joined, query, streaming);
    Ok(joined)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::path;
    use crate::gemini::options::Vertex;

    fn vertex(project: Option<&str>, express: bool) -> Vertex {
        Vertex { project: project.map(str::to_owned), location: "us-central1".into(), express }
    }

    const WHOLE: &str = "/v1/projects/p/locations/us-central1/publishers/google/models/gemini-2.5-pro:generateContent";

    #[test]
    fn every_way_to_write_the_base_is_taken() {
        for base in [
            "",
            "/",
            "/v1",
            "/v1/",
            "/v1/projects/p/locations/us-central1",
            "/v1/projects/p/locations/us-central1/publishers/google",
            "/v1/projects/p/locations/us-central1/publishers/google/models/",
            "/v1/projects/p/locations/us-central1/publishers/google/models/x:streamGenerateContent?alt=sse",
        ] {
            for model in ["gemini-2.5-pro", "models/gemini-2.5-pro", "google/gemini-2.5-pro"] {
                assert_eq!(path(&vertex(Some("p"), false), base, model, false).unwrap(), WHOLE, "{base} {model}");
            }
        }
        let beta = path(&vertex(Some("a b"), false), "/v1beta1", "m", true).unwrap();
        assert_eq!(
            beta,
            "/v1beta1/projects/a%20b/locations/us-central1/publishers/google/models/m:streamGenerateContent?alt=sse"
        );
    }

    #[test]
    fn express_mode_has_no_project() {
        for base in ["", "/v1", "/v1/publishers/google", "/v1/publishers/google/models"] {
            let found = path(&vertex(None, true), base, "m", false).unwrap();
            assert_eq!(found, "/v1/publishers/google/models/m:generateContent", "{base}");
        }
    }

    #[test]
    fn whole_names_of_models() {
        let found = |model: &str| path(&vertex(Some("p"), false), "", model, false).unwrap();
        let publisher = "/v1/projects/p/locations/us-central1/publishers/meta/models/l:generateContent";
        assert_eq!(found("publishers/meta/models/l"), publisher);
        let endpoint = "projects/q/locations/l/endpoints/7";
        assert_eq!(found(endpoint), format!("/v1/{endpoint}:generateContent"));
    }

    #[test]
    fn a_project_must_be_named_somewhere() {
        assert!(path(&vertex(None, false), "/v1", "m", false).is_err());
        assert!(path(&vertex(None, false), "/v1/projects/p/locations/l", "m", false).is_ok());
    }
}
