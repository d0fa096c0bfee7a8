//! Images and documents whose data is a whole data URL: Anthropic wants the type and the base64 text apart.

use ccr_plugin::messages::anthropic::clean::is_data_url;
use ccr_plugin::messages::json::{Splice, Str, Value, Writer};

/// Takes the data of a block's source apart, however often it was wrapped.
pub(super) fn clean<'d>(source: Option<Value<'d>>, splice: &mut Splice<'d>) {
    if let Some((source, clean)) = source.and_then(|source| Some((source, apart(source)?))) {
        splice.replace(source.span(), clean);
    }
}

/// A block whose source has been taken apart.
pub(super) fn cleaned(block: Value<'_>) -> String {
    let source = block.get("source");
    let Some((source, clean)) = source.and_then(|source| Some((source, apart(source)?))) else {
        return block.raw().to_owned();
    };
    block.raw().replacen(source.raw(), &clean, 1)
}

fn apart(source: Value<'_>) -> Option<String> {
    if !is_data_url(source) {
        return None;
    }
    let mut data = source.get("data").and_then(Value::as_str).map(Str::raw).unwrap_or_default();
    let mut media_type = None;
    while let Some((head, rest)) = data.strip_prefix("data:").and_then(|url| url.split_once(',')) {
        media_type = head.split(';').next().filter(|kind| !kind.is_empty());
        data = rest;
    }
    let mut out = Writer::with_capacity(data.len() + 64);
    out.begin_object().key("type").string("base64").key("media_type");
    match media_type {
        // Not a type, but often written.
        Some("image/jpg") => _ = out.string("image/jpeg"),
        Some(kind) => _ = out.escaped(kind),
        None => {
            let given = source.get("media_type").and_then(Value::as_str);
            out.escaped(given.map(Str::raw).unwrap_or("image/png"));
        }
    }
    out.key("data").escaped(data).end_object();
    Some(out.into_string())
}
