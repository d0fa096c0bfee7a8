//! Where the endpoint lies: `/model/{id}/converse`, the id percent-encoded, as ids have colons and may be whole ARNs.

use crate::shared::percent::SEGMENT;
use ccr_plugin::join_endpoint;
use percent_encoding::utf8_percent_encode;

pub(super) fn path(base: &str, model: &str, streaming: bool) -> String {
    let (path, query) = match base.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (base, None),
    };
    // Somebody may have copied the whole endpoint of one model.
    let path = path.find("/model/").and_then(|end| path.get(..end)).unwrap_or(path);
    let base = query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    let operation = if streaming { "converse-stream" } else { "converse" };
    // As AWS's own clients do it.
    let model = utf8_percent_encode(model, SEGMENT);
    join_endpoint(&base, &format!("/model/{model}/{operation}"))
}

#[cfg(test)]
mod tests {
    use super::path;

    #[test]
    fn every_way_to_write_the_base_is_taken() {
        for (base, joined) in [
            ("", "/model/a.b-v1%3A0/converse"),
            ("/", "/model/a.b-v1%3A0/converse"),
            ("/bedrock/", "/bedrock/model/a.b-v1%3A0/converse"),
            ("/proxy?x=1", "/proxy/model/a.b-v1%3A0/converse?x=1"),
            ("/model/a.b-v1%3A0/converse", "/model/a.b-v1%3A0/converse"),
            ("/proxy/model/other/converse-stream?x=1", "/proxy/model/a.b-v1%3A0/converse?x=1"),
        ] {
            assert_eq!(path(base, "a.b-v1:0", false), joined, "{base}");
        }
        let arn = "arn:aws:bedrock:us-east-1:1:inference-profile/us.x";
        let encoded = "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fus.x/converse-stream";
        assert_eq!(path("", arn, true), encoded);
    }
}
