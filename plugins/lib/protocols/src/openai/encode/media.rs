//! The parts of a message: texts, images and documents, and the words that stand for what cannot be sent.

use super::notes::Notes;
use crate::shared::block::Block;
use crate::shared::data_url;
use crate::shared::media_types;
use crate::shared::placeholder::{self, filled};
use ccr_plugin::messages::json::{Str, Value, Writer};

/// An image that can be sent as a URL.
#[derive(Debug, Clone, Copy)]
pub(super) enum Image<'d> {
    /// A URL, or data that some client already made one of.
    Url(Str<'d>),
    Base64 {
        media_type: &'d str,
        data: Str<'d>,
    },
}

impl<'d> Image<'d> {
    /// `None` if the source is nothing that OpenAI's format could carry, such as the id of a file at Anthropic.
    pub(super) fn read(source: Value<'d>) -> Option<Self> {
        if let Some(url) = source.get("url").and_then(Value::as_str) {
            return Some(Self::Url(url));
        }
        let data = source.get("data").and_then(Value::as_str).filter(|data| !data.is_empty())?;
        if data.raw().starts_with("data:") {
            return Some(Self::Url(data));
        }
        let named = source.get("media_type").and_then(Value::as_str).map(Str::raw).filter(|named| !named.is_empty());
        let media_type = named.unwrap_or_else(|| media_types::of_image(data.raw()));
        Some(Self::Base64 { media_type, data })
    }

    /// As a part of a message's content, still open.
    pub(super) fn begin(self, out: &mut Writer) {
        out.begin_object().key("type").string("image_url").key("image_url").begin_object().key("url");
        match self {
            Self::Url(url) => _ = out.escaped(url.raw()),
            Self::Base64 { media_type, data } => data_url::write(media_type, data.raw(), out),
        }
        out.end_object();
    }
}

/// What goes as a part of its own.
#[derive(Debug, Clone, Copy)]
pub(super) enum Media<'d> {
    Image(Image<'d>),
    Sound { format: &'d str, data: &'d str },
    File { name: Option<&'d str>, source: File<'d> },
}

/// Where a file is; everything as it stands in a JSON string.
#[derive(Debug, Clone, Copy)]
pub(super) enum File<'d> {
    Data { media_type: &'d str, data: &'d str },
    Id(&'d str),
}

impl<'d> Media<'d> {
    /// `None` for texts, and for what is left out for this provider or cannot be carried.
    pub(super) fn of(block: Block<'d>, notes: &Notes) -> Option<Self> {
        match block {
            Block::Image(source) if !notes.omit_images => Image::read(source).map(Self::Image),
            Block::Document(document) if notes.send_files => Self::document(document),
            _ => None,
        }
    }

    fn document(document: Value<'d>) -> Option<Self> {
        let source = document.get("source");
        let name = filled(document, "title");
        let member = |key: &str| source.and_then(|source| filled(source, key));
        match member("type")? {
            "base64" => {
                let (media_type, data) = (member("media_type")?, member("data")?);
                Some(match media_type.strip_prefix("audio/") {
                    Some(format) => Self::Sound { format, data },
                    None => Self::File { name, source: File::Data { media_type, data } },
                })
            }
            "file" => Some(Self::File { name, source: File::Id(member("file_id")?) }),
            _ => None,
        }
    }

    /// As a part of a message's content, still open.
    pub(super) fn begin(self, out: &mut Writer) {
        match self {
            Self::Image(image) => image.begin(out),
            Self::Sound { format, data } => {
                out.begin_object().key("type").string("input_audio").key("input_audio").begin_object();
                out.key("data").escaped(data).key("format").escaped(format).end_object();
            }
            Self::File { name, source } => {
                out.begin_object().key("type").string("file").key("file").begin_object();
                if let Some(name) = name {
                    out.key("filename").escaped(name);
                }
                match source {
                    File::Data { media_type, data } => {
                        data_url::write(media_type, data, out.key("file_data"));
                    }
                    File::Id(id) => _ = out.key("file_id").escaped(id),
                }
                out.end_object();
            }
        }
    }
}

/// The text of a document into the open string, or words that say why there is none.
pub(super) fn document(block: Value<'_>, notes: &mut Notes, out: &mut Writer) {
    let why = |media_type: Option<&str>, out: &mut Writer| {
        out.escaped_part(", ").escaped_part(media_type.unwrap_or("of unknown type"));
        out.escaped_part(". This model takes documents as text only.");
    };
    placeholder::document(block, why, &mut notes.list, out);
}

pub(super) fn image_left_out(notes: &mut Notes, out: &mut Writer) {
    notes.dropped("image");
    out.escaped_part(if notes.omit_images {
        "[An image was left out here: this model takes text only.]"
    } else {
        "[An image was left out here: it is neither data nor a URL.]"
    });
}

/// Begins a text part; what follows goes into its string.
pub(super) fn begin_text(out: &mut Writer) {
    out.begin_object().key("type").string("text").key("text").begin_string();
}

pub(super) fn end_text(out: &mut Writer) {
    out.end_string().end_object();
}
