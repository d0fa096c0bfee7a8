//! URLs that hold their data (RFC 2397), in base64 as everywhere in these APIs. All texts are as they stand in a JSON string.

use ccr_plugin::messages::json::Writer;

/// The media type, which may be empty, and the data of a URL; `None` if it is not such a URL, or its data is not base64.
pub(crate) fn parse(url: &str) -> Option<(&str, &str)> {
    let (head, data) = url.strip_prefix("data:")?.split_once(',')?;
    let (media_type, encoding) = head.split_once(';').unwrap_or((head, ""));
    encoding.ends_with("base64").then_some((media_type, data))
}

/// Writes data as a URL.
pub(crate) fn write(media_type: &str, data: &str, out: &mut Writer) {
    out.begin_string().escaped_part("data:").escaped_part(media_type);
    out.escaped_part(";base64,").escaped_part(data).end_string();
}
