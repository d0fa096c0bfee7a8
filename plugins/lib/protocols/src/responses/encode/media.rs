//! The parts of a message: texts, images and documents, and the words that stand for what cannot be sent.

use crate::shared::block::Block;
use crate::shared::data_url;
use crate::shared::media_types;
use crate::shared::notes::Notes;
use crate::shared::placeholder::{self, filled};
use ccr_plugin::messages::json::{Str, Value, Writer};

const PDF: &str = "application/pdf";

/// A part of a message or of a tool's output that is no text.
#[derive(Debug, Clone, Copy)]
pub(super) enum Attachment<'d> {
    Image(Data<'d>),
    File { title: Option<&'d str>, data: Data<'d> },
}

/// Where the bytes are.
#[derive(Debug, Clone, Copy)]
pub(super) enum Data<'d> {
    Url(Str<'d>),
    Base64 { media_type: &'d str, data: Str<'d> },
}

impl<'d> Attachment<'d> {
    /// `None` for texts, and for what OpenAI's format cannot carry, such as the id of a file at Anthropic.
    pub(super) fn of(block: Block<'d>) -> Option<Self> {
        match block {
            Block::Image(source) => Data::read(source, media_types::of_image).map(Self::Image),
            Block::Document(document) => {
                let source = document.get("source")?;
                if matches!(filled(source, "type"), Some("text" | "content")) {
                    return None;
                }
                let data = Data::read(source, |_| PDF)?;
                Some(Self::File { title: filled(document, "title"), data })
            }
            _ => None,
        }
    }

    pub(super) fn write(self, out: &mut Writer) {
        out.begin_object().key("type");
        match self {
            Self::Image(data) => {
                // Servers that check requests against OpenAI's own types demand the detail; this is what it is without one.
                out.string("input_image").key("detail").string("auto").key("image_url");
                data.write(out);
            }
            Self::File { data: Data::Url(url), .. } => _ = out.string("input_file").key("file_url").escaped(url.raw()),
            Self::File { title, data } => {
                out.string("input_file").key("filename").begin_string();
                let title = title.unwrap_or("document");
                out.escaped_part(title);
                // OpenAI tells what a file is by its name.
                if matches!(data, Data::Base64 { media_type: PDF, .. }) && !title.ends_with(".pdf") {
                    out.escaped_part(".pdf");
                }
                out.end_string().key("file_data");
                data.write(out);
            }
        }
        out.end_object();
    }
}

impl<'d> Data<'d> {
    /// `guess` tells the media type of data that comes without one.
    fn read(source: Value<'d>, guess: impl Fn(&str) -> &'static str) -> Option<Self> {
        if let Some(url) = source.get("url").and_then(Value::as_str).filter(|url| !url.is_empty()) {
            return Some(Self::Url(url));
        }
        let data = source.get("data").and_then(Value::as_str).filter(|data| !data.is_empty())?;
        let media_type = filled(source, "media_type").unwrap_or_else(|| guess(data.raw()));
        Some(Self::Base64 { media_type, data })
    }

    fn write(self, out: &mut Writer) {
        match self {
            Self::Url(url) => _ = out.escaped(url.raw()),
            // Some clients make data a URL already.
            Self::Base64 { data, .. } if data.raw().starts_with("data:") => _ = out.escaped(data.raw()),
            Self::Base64 { media_type, data } => data_url::write(media_type, data.raw(), out),
        }
    }
}

pub(super) fn image_left_out(notes: &mut Notes, out: &mut Writer) {
    notes.dropped("image");
    out.escaped_part("[An image was left out here: it is neither data nor a URL.]");
}

/// The text of a document into the open string, or words that say why there is none.
pub(super) fn document(block: Value<'_>, notes: &mut Notes, out: &mut Writer) {
    placeholder::document(block, |_, out| _ = out.escaped_part(". It is neither data nor a URL."), notes, out);
}

/// Begins a text part; what follows goes into its string.
pub(super) fn begin_text(kind: &str, out: &mut Writer) {
    out.begin_object().key("type").string(kind).key("text").begin_string();
}

pub(super) fn end_text(out: &mut Writer) {
    out.end_string().end_object();
}
