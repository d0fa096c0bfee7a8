//! A client's request for a provider of the same format.

use ccr_plugin::Fault;
use ccr_plugin::messages::json::{Splice, Value, Writer};

/// The body with this name for the model, wherever it names one: of a repeated member readers take the last.
pub(crate) fn with_model(body: &[u8], root: Value<'_>, model: &str) -> Result<Vec<u8>, Fault> {
    let mut name = Writer::new();
    name.string(model);
    let mut splice = Splice::new();
    for (_, named) in root.members().filter(|(key, _)| *key == "model") {
        splice.replace(named.span(), name.as_str());
    }
    splice.apply(body).map_err(|error| Fault::own(error.to_string()))
}
