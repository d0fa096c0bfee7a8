//! Images and documents: what can be sent, and the words that stand for what cannot.

use super::block::Block;
use super::notes::Notes;
use ccr_plugin::messages::json::{Str, Value, Writer};

/// How base64 texts of the usual image formats begin (from their first bytes), for clients that name no media type.
const IMAGE_BEGINNINGS: &[(&str, &str)] =
    &[("/9j/", "image/jpeg"), ("\\/9j", "image/jpeg"), ("R0lG", "image/gif"), ("UklG", "image/webp")];

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
        let media_type = named.unwrap_or_else(|| {
            let beginning = IMAGE_BEGINNINGS.iter().find(|(beginning, _)| data.raw().starts_with(beginning));
            beginning.map_or("image/png", |(_, media_type)| media_type)
        });
        Some(Self::Base64 { media_type, data })
    }

    /// As a part of a message's content, still open.
    pub(super) fn begin(self, out: &mut Writer) {
        out.begin_object().key("type").string("image_url").key("image_url").begin_object().key("url");
        match self {
            Self::Url(url) => _ = out.escaped(url.raw()),
            Self::Base64 { media_type, data } => {
                out.begin_string().escaped_part("data:").escaped_part(media_type);
                out.escaped_part(";base64,").escaped_part(data.raw()).end_string();
            }
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
        let name = filled(Some(document), "title");
        match filled(source, "type")? {
            "base64" => {
                let (media_type, data) = (filled(source, "media_type")?, filled(source, "data")?);
                Some(match media_type.strip_prefix("audio/") {
                    Some(format) => Self::Sound { format, data },
                    None => Self::File { name, source: File::Data { media_type, data } },
                })
            }
            "file" => Some(Self::File { name, source: File::Id(filled(source, "file_id")?) }),
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
                        out.key("file_data").begin_string().escaped_part("data:").escaped_part(media_type);
                        out.escaped_part(";base64,").escaped_part(data).end_string();
                    }
                    File::Id(id) => _ = out.key("file_id").escaped(id),
                }
                out.end_object();
            }
        }
    }
}

/// The text of a document into the open string; of one that is no text, words that say what was left out.
pub(super) fn document(block: Value<'_>, notes: &mut Notes, out: &mut Writer) {
    let title = filled(Some(block), "title");
    let source = block.get("source");
    match filled(source, "type") {
        Some("text") => {
            if let Some(title) = title {
                out.escaped_part(title).escaped_part("\\n\\n");
            }
            out.escaped_part(filled(source, "data").unwrap_or_default());
        }
        Some("content") => texts(source.and_then(|source| source.get("content")), notes, out),
        _ => {
            notes.dropped("document");
            out.escaped_part("[A document was left out here: ").escaped_part(title.unwrap_or("without a title"));
            let media_type = filled(source, "media_type");
            out.escaped_part(", ").escaped_part(media_type.unwrap_or("of unknown type"));
            out.escaped_part(". This model takes documents as text only.]");
        }
    }
}

/// The inside of a string member that is not empty.
fn filled<'d>(object: Option<Value<'d>>, key: &str) -> Option<&'d str> {
    object?.get(key)?.as_str().map(Str::raw).filter(|text| !text.is_empty())
}

/// The texts of a string or of an array of blocks, with an empty line between them, into the open string.
fn texts(content: Option<Value<'_>>, notes: &mut Notes, out: &mut Writer) {
    let Some(content) = content else { return };
    if let Some(text) = content.as_str() {
        out.escaped_part(text.raw());
    }
    let mut first = true;
    for block in content.items() {
        let Some(text) = block.get("text").and_then(Value::as_str) else {
            notes.dropped("document.content");
            continue;
        };
        if !first {
            out.escaped_part("\\n\\n");
        }
        out.escaped_part(text.raw());
        first = false;
    }
}

/// Words into the open string for a block that the format has no place for.
pub(super) fn other(block: Value<'_>, kind: Str<'_>, notes: &mut Notes, out: &mut Writer) {
    match kind.raw() {
        "tool_reference" => {
            let name = block.get("tool_name").and_then(Value::as_str).map(Str::raw);
            out.escaped_part("[Tool: ").escaped_part(name.unwrap_or("unnamed")).escaped_part("]");
        }
        "search_result" => {
            for key in ["title", "source"] {
                if let Some(text) = block.get(key).and_then(Value::as_str) {
                    out.escaped_part(text.raw()).escaped_part("\\n");
                }
            }
            texts(block.get("content"), notes, out);
        }
        name => {
            notes.dropped(kind.decode().into_owned());
            out.escaped_part("[A block of type ").escaped_part(name).escaped_part(" was left out here.]");
        }
    }
}
