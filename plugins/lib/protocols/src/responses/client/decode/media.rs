//! Images and files of the client → blocks with a source.

use super::part_path::PartPath;
use crate::shared::data_url;
use crate::shared::notes::Notes;
use crate::shared::text_files::text_of;
use ccr_plugin::Fault;
use ccr_plugin::messages::json::{Kind, Value, Writer};
use std::borrow::Cow;

/// How a URL with data in it begins.
const DATA: &str = "data:";

const PDF: &str = "application/pdf";

pub(super) fn image(path: PartPath, part: Value<'_>, notes: &mut Notes, out: &mut Writer) -> Result<(), Fault> {
    let url = part.get("image_url").and_then(|url| {
        // As in OpenAI's other API.
        if url.kind() == Kind::Object { url.get("url")?.as_str() } else { url.as_str() }
    });
    let url = url.filter(|url| !url.is_empty()).ok_or_else(|| {
        Fault::invalid(if part.get("file_id").is_some_and(|id| !id.is_null()) {
            format!(
                "{path}.file_id: the gateway has no files. Send the image in `image_url`, as a data URL or an address."
            )
        } else {
            format!("{path}.image_url: must be a data URL or an address.")
        })
    })?;
    let detail = part.get("detail").and_then(Value::as_str);
    if detail.is_some_and(|detail| detail != "auto") {
        notes.dropped("input_image.detail");
    }
    out.begin_object().key("type").string("image").key("source");
    source(url.raw()).ok_or_else(|| not_base64(path, "image_url"))?.write(out);
    out.end_object();
    Ok(())
}

pub(super) fn file(path: PartPath, part: Value<'_>, out: &mut Writer) -> Result<(), Fault> {
    let given = |key: &str| part.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let source = match (given("file_data"), given("file_url")) {
        (Some(data), _) if data.raw().starts_with(DATA) => {
            source(data.raw()).ok_or_else(|| not_base64(path, "file_data"))?
        }
        // Bare base64. Nearly all files that models are sent are of this type.
        (Some(data), _) => Source::Base64 { media_type: PDF, data: data.raw() },
        (None, Some(url)) => Source::Url(url.raw()),
        (None, None) => {
            return Err(Fault::invalid(if given("file_id").is_some() {
                format!(
                    "{path}.file_id: the gateway has no files. Send the file in `file_data`, or its address in `file_url`."
                )
            } else {
                format!("{path}: needs `file_data` or `file_url`.")
            }));
        }
    };
    out.begin_object().key("type").string("document").key("source");
    source.write_file(out);
    if let Some(name) = given("filename") {
        out.key("title").escaped(name.raw());
    }
    out.end_object();
    Ok(())
}

fn not_base64(path: PartPath, field: &str) -> Fault {
    Fault::invalid(format!("{path}.{field}: a data URL must read `data:TYPE;base64,DATA`."))
}

/// Where the bytes are; as it stands in a JSON string.
enum Source<'d> {
    Url(&'d str),
    Base64 { media_type: &'d str, data: &'d str },
}

/// `None` for data URLs that hold no base64.
fn source(url: &str) -> Option<Source<'_>> {
    if !url.starts_with(DATA) {
        return Some(Source::Url(url));
    }
    let (media_type, data) = data_url::parse(url).filter(|(media_type, _)| !media_type.is_empty())?;
    Some(Source::Base64 { media_type, data })
}

impl Source<'_> {
    /// A file that is text goes as such.
    fn write_file(&self, out: &mut Writer) {
        let text = match self {
            // A slash may be escaped in JSON; nothing else of base64 needs to be.
            Self::Base64 { media_type, data } => text_of(&unescaped(media_type), &unescaped(data)),
            Self::Url(_) => None,
        };
        match text {
            Some(text) => {
                out.begin_object().key("type").string("text").key("media_type").string("text/plain");
                out.key("data").string(&text).end_object();
            }
            None => self.write(out),
        }
    }

    fn write(&self, out: &mut Writer) {
        out.begin_object().key("type");
        match self {
            Self::Url(url) => _ = out.string("url").key("url").escaped(url),
            Self::Base64 { media_type, data } => {
                out.string("base64").key("media_type").escaped(media_type).key("data").escaped(data);
            }
        }
        out.end_object();
    }
}

fn unescaped(text: &str) -> Cow<'_, str> {
    if text.contains('\\') { Cow::Owned(text.replace("\\/", "/")) } else { Cow::Borrowed(text) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::{PartPath, file};
    use ccr_plugin::messages::json::{Document, Writer};

    #[test]
    fn a_file_that_is_text_goes_as_text() {
        let source = |data: &str| {
            let part = format!(r#"{{"type":"input_file","filename":"f","file_data":"{data}"}}"#);
            let mut out = Writer::new();
            file(PartPath::content(0), Document::parse_str(&part).unwrap().root(), &mut out).unwrap();
            out.into_string()
        };
        let text =
            r#"{"type":"document","source":{"type":"text","media_type":"text/plain","data":"a?>?"},"title":"f"}"#;
        assert_eq!(source("data:text/markdown;base64,YT8+Pw=="), text);
        assert_eq!(source(r"data:text\/x-rust;base64,YT8+Pw=="), text);
        for kept in ["data:application/pdf;base64,YT8+Pw==", "data:text/plain;base64,_w=="] {
            assert!(source(kept).contains(r#""type":"base64""#), "{kept}");
        }
    }
}
