//! Images and documents: what can be sent, and how.

use super::messages::{Messages, Side, end_text};
use super::to::To;
use crate::shared::block::{Block, is_blank};
use crate::shared::media_types::guess;
use crate::shared::placeholder::filled;
use ccr_plugin::messages::json::{Str, Value, Writer};

/// Formats of images (API reference, `ImageBlock`) by media type.
const IMAGES: &[(&str, &str)] = &[
    ("image/png", "png"),
    ("image/jpeg", "jpeg"),
    ("image/jpg", "jpeg"),
    ("image/gif", "gif"),
    ("image/webp", "webp"),
];

/// Formats of documents (`DocumentBlock`) by media type.
const DOCUMENTS: &[(&str, &str)] = &[
    ("application/pdf", "pdf"),
    ("text/csv", "csv"),
    ("application/msword", "doc"),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
    ("application/vnd.ms-excel", "xls"),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
    ("text/html", "html"),
    ("text/plain", "txt"),
    ("text/markdown", "md"),
];

/// The only addresses that Bedrock reads itself.
const S3: &str = "s3://";

#[derive(Debug, Clone, Copy)]
pub(super) enum Media<'d> {
    Image { format: &'static str, source: Source<'d> },
    Document(Document<'d>),
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Document<'d> {
    format: &'static str,
    source: Source<'d>,
    title: Option<&'d str>,
    /// Whether the answer shall cite it, and what shall be known of it then.
    citations: bool,
    context: Option<&'d str>,
}

/// Strings as they stand in JSON.
#[derive(Debug, Clone, Copy)]
pub(super) enum Source<'d> {
    Bytes(&'d str),
    S3(&'d str),
    Text(&'d str),
    /// A list of text blocks.
    Content(Value<'d>),
}

impl<'d> Media<'d> {
    /// `None` for texts, and for what Converse cannot carry: addresses on the web, ids of files, other formats.
    pub(super) fn of(block: Block<'d>, to: To<'_>) -> Option<Self> {
        match block {
            Block::Image(source) => {
                let (format, source) = read(source, IMAGES, "image/png")?;
                Some(Self::Image { format, source })
            }
            Block::Document(document) => Document::read(document, to).map(Self::Document),
            _ => None,
        }
    }

    /// Writes the block as one of the open message or result; `number` names a document.
    pub(super) fn write(self, number: u32, out: &mut Writer) {
        out.begin_object();
        match self {
            Self::Image { format, source } => {
                out.key("image").begin_object().key("format").string(format);
                source.write(out);
            }
            Self::Document(document) => {
                out.key("document").begin_object().key("format").string(document.format);
                out.key("name").string(&format!("document-{number}"));
                document.source.write(out);
                if let Some(context) = document.context {
                    out.key("context").escaped(context);
                }
                if document.citations {
                    out.key("citations").begin_object().key("enabled").bool(true).end_object();
                }
            }
        }
        out.end_object().end_object();
    }

    /// Writes it into a message of the user's, or into a result that is open there. A document's title stands before it, as
    /// its name must be plain.
    pub(super) fn add(self, in_result: bool, messages: &mut Messages<'_, '_>) {
        if let Self::Document(document) = self {
            let number = messages.next_document();
            if let Some(title) = document.title {
                let out = if in_result { begin_text(messages.writer()) } else { messages.text(Side::User) };
                out.escaped_part(&format!("[document-{number}: ")).escaped_part(title).escaped_part("]");
                end_text(out);
            }
            let out = if in_result { messages.writer() } else { messages.block(Side::User) };
            self.write(number, out);
            if !in_result {
                messages.has_document();
            }
        } else {
            let out = if in_result { messages.writer() } else { messages.block(Side::User) };
            self.write(0, out);
        }
    }

    pub(super) fn noun(self) -> &'static str {
        if matches!(self, Self::Image { .. }) { "An image" } else { "A document" }
    }
}

pub(super) fn begin_text(out: &mut Writer) -> &mut Writer {
    out.begin_object().key("text").begin_string()
}

impl<'d> Document<'d> {
    /// Texts go as such, unless Claude shall cite them.
    fn read(block: Value<'d>, to: To<'_>) -> Option<Self> {
        let source = block.get("source")?;
        let citations = to.model.is_claude()
            && block.get("citations").and_then(|citations| citations.get("enabled")?.as_bool()) == Some(true);
        let (format, source) = match filled(source, "type") {
            Some("text") if citations => ("txt", Source::Text(filled(source, "data").filter(|text| !is_blank(text))?)),
            Some("content") if citations => {
                let content = source.get("content").filter(|content| texts(*content).next().is_some())?;
                ("txt", Source::Content(content))
            }
            Some("text" | "content") => return None,
            _ => read(source, DOCUMENTS, "application/pdf")?,
        };
        let context = filled(block, "context").filter(|_| citations);
        Some(Self { format, source, title: filled(block, "title"), citations, context })
    }
}

impl Source<'_> {
    fn write(self, out: &mut Writer) {
        out.key("source").begin_object();
        match self {
            Self::Bytes(data) => _ = out.key("bytes").escaped(data),
            Self::S3(uri) => _ = out.key("s3Location").begin_object().key("uri").escaped(uri).end_object(),
            Self::Text(text) => _ = out.key("text").escaped(text),
            Self::Content(blocks) => {
                out.key("content").begin_array();
                for text in texts(blocks) {
                    out.begin_object().key("text").escaped(text.raw()).end_object();
                }
                out.end_array();
            }
        }
        out.end_object();
    }
}

/// The texts of a string or of a list of blocks that say something.
fn texts(content: Value<'_>) -> impl Iterator<Item = Str<'_>> {
    let texts = content.items().filter_map(|block| block.get("text")?.as_str()).chain(content.as_str());
    texts.filter(|text| !is_blank(text.raw()))
}

/// Format and data, or address in S3.
fn read<'d>(
    source: Value<'d>,
    formats: &[(&str, &'static str)],
    default: &'d str,
) -> Option<(&'static str, Source<'d>)> {
    let named = filled(source, "media_type");
    let text = filled(source, "data").or_else(|| filled(source, "url"))?;
    let (media_type, source) = if text.starts_with(S3) {
        (named.or_else(|| by_ending(text)).unwrap_or(default), Source::S3(text))
    } else {
        // Some clients send a whole data URL where only its data belong.
        let url = text.strip_prefix("data:").and_then(|url| url.split_once(','));
        if url.is_none() && filled(source, "data").is_none() {
            return None;
        }
        let (head, data) = url.unwrap_or(("", text));
        let of_url = head.split(';').next().filter(|media_type| !media_type.is_empty());
        (of_url.or(named).or_else(|| guess(data)).unwrap_or(default), Source::Bytes(data))
    };
    // `text/plain; charset=utf-8`; a slash may stand escaped.
    let plain = media_type.split(';').next().unwrap_or(media_type).trim().replace("\\/", "/");
    let known = formats.iter().find(|(known, _)| known.eq_ignore_ascii_case(&plain));
    known.map(|(_, format)| (*format, source))
}

/// The media type of a file in S3 by the ending of its name.
fn by_ending(uri: &str) -> Option<&'static str> {
    let ending = uri.rsplit('.').next()?;
    let by = |formats: &[(&'static str, &str)]| {
        formats.iter().find(|(_, format)| format.eq_ignore_ascii_case(ending)).map(|(media_type, _)| *media_type)
    };
    let jpeg = ending.eq_ignore_ascii_case("jpg").then_some("image/jpeg");
    jpeg.or_else(|| by(IMAGES)).or_else(|| by(DOCUMENTS))
}
