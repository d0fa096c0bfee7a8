//! How the encoding of a request begins in every format.

use ccr_plugin::messages::json::Document;
use ccr_plugin::{Fault, Request, Target};

/// Where the request goes.
pub(crate) fn target(request: &dyn Request) -> Result<Target, Fault> {
    request.target().ok_or_else(|| Fault::own("the request was not routed before it was encoded"))
}

/// The spans of the body.
pub(crate) fn parse(text: &str) -> Result<Document<'_>, Fault> {
    Document::parse_str(text).map_err(|error| Fault::invalid(format!("The request is not JSON: {error}.")))
}

/// Room for the request on the wire: names of fields are longer and things nest deeper in other formats, and OpenAI's escape a
/// tool's input once more. An eighth was enough for recorded sessions of Claude Code; a kilobyte covers the small ones.
pub(crate) fn room(body: usize) -> usize {
    body + body / 8 + 1024
}
