//! Images and documents: what can be sent as data or by address, and the words that stand for what cannot.

use super::block::Block;
use crate::shared::notes::Notes;
use ccr_plugin::messages::json::{Str, Value, Writer};

/// How base64 texts of the usual formats begin (from their first bytes), for clients that name no media type.
const BEGINNINGS: &[(&str, &str)] = &[
    ("/9j/", "image/jpeg"),
    ("\\/9j", "image/jpeg"),
    ("iVBO", "image/png"),
    ("R0lG", "image/gif"),
    ("UklG", "image/webp"),
    ("JVBE", "application/pdf"),
];

/// Media types by the end of an address. Gemini wants to be told one.
const ENDINGS: &[(&str, &str)] = &[
    (".png", "image/png"),
    (".jpg", "image/jpeg"),
    (".jpeg", "image/jpeg"),
    (".gif", "image/gif"),
    (".webp", "image/webp"),
    (".heic", "image/heic"),
    (".pdf", "application/pdf"),
    (".txt", "text/plain"),
];

/// An image or a document that Gemini reads itself. Everything is as it stands in a JSON string.
#[derive(Debug, Clone, Copy)]
pub(super) enum Media<'d> {
    Data { media_type: &'d str, data: &'d str },
    Address { media_type: &'d str, uri: &'d str },
}

impl<'d> Media<'d> {
    /// `None` for other blocks, and for sources that only Anthropic can read, such as the id of a file there.
    pub(super) fn of(block: Block<'d>) -> Option<Self> {
        match block {
            Block::Image(source) => Self::read(source, "image/png"),
            Block::Document(document) => {
                let source = document.get("source")?;
                // Text is sent as text.
                let kind = source.get("type")?.as_str()?;
                (kind == "base64" || kind == "url").then(|| Self::read(source, "application/pdf")).flatten()
            }
            _ => None,
        }
    }

    fn read(source: Value<'d>, default: &'d str) -> Option<Self> {
        let member =
            |name: &str| source.get(name).and_then(Value::as_str).map(Str::raw).filter(|text| !text.is_empty());
        let data = member("data").or_else(|| member("url").filter(|url| url.starts_with("data:")));
        if let Some(data) = data {
            return Some(Self::data(data, member("media_type"), default));
        }
        let uri = member("url")?;
        let path = uri.split(['?', '#']).next().unwrap_or(uri).to_ascii_lowercase();
        let ending = ENDINGS.iter().find(|(ending, _)| path.ends_with(ending)).map(|(_, media_type)| *media_type);
        Some(Self::Address { media_type: member("media_type").or(ending).unwrap_or(default), uri })
    }

    /// Some clients send a whole data URL where only its data belong.
    fn data(text: &'d str, named: Option<&'d str>, default: &'d str) -> Self {
        let url = text.strip_prefix("data:").and_then(|url| url.split_once(','));
        let (head, data) = url.unwrap_or(("", text));
        let of_url = head.split(';').next().filter(|media_type| !media_type.is_empty());
        let guess = || BEGINNINGS.iter().find(|(beginning, _)| data.starts_with(beginning)).map(|(_, name)| *name);
        Self::Data { media_type: of_url.or(named).or_else(guess).unwrap_or(default), data }
    }

    /// The member of a part that carries it.
    pub(super) fn write(self, out: &mut Writer) {
        match self {
            Self::Data { media_type, data } => {
                out.key("inlineData").begin_object().key("mimeType").escaped(media_type).key("data").escaped(data);
            }
            Self::Address { media_type, uri } => {
                out.key("fileData").begin_object().key("mimeType").escaped(media_type).key("fileUri").escaped(uri);
            }
        }
        out.end_object();
    }

    pub(super) fn noun(self) -> &'static str {
        let (Self::Data { media_type, .. } | Self::Address { media_type, .. }) = self;
        if media_type.starts_with("image") { "An image" } else { "A document" }
    }
}

/// Words into the open string for a block that is no media.
pub(super) fn words(block: Block<'_>, notes: &mut Notes, out: &mut Writer) {
    match block {
        Block::Image(_) => {
            notes.dropped("image");
            out.escaped_part("[An image was left out here: it is neither data nor an address.]");
        }
        Block::Document(document) => self::document(document, notes, out),
        Block::Other(block, kind) => other(block, kind, notes, out),
        // They have their own forms everywhere.
        Block::Text(_) | Block::Thinking(_) | Block::ToolUse(_) | Block::ToolResult(_) => {}
    }
}

/// The text of a document; of one that is no text, words that say what was left out.
fn document(block: Value<'_>, notes: &mut Notes, out: &mut Writer) {
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
            out.escaped_part(". Only its text, its data or its address could be sent.]");
        }
    }
}

/// The inside of a string member that is not empty.
fn filled<'d>(object: Option<Value<'d>>, key: &str) -> Option<&'d str> {
    object?.get(key)?.as_str().map(Str::raw).filter(|text| !text.is_empty())
}

/// The texts of a string or of an array of blocks, with an empty line between them.
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
        out.escaped_part(if first { "" } else { "\\n\\n" }).escaped_part(text.raw());
        first = false;
    }
}

/// Words for a block that the format has no place for.
fn other(block: Value<'_>, kind: Str<'_>, notes: &mut Notes, out: &mut Writer) {
    match kind.raw() {
        "tool_reference" => {
            let name = filled(Some(block), "tool_name");
            out.escaped_part("[Tool: ").escaped_part(name.unwrap_or("unnamed")).escaped_part("]");
        }
        "search_result" => {
            for key in ["title", "source"] {
                if let Some(text) = filled(Some(block), key) {
                    out.escaped_part(text).escaped_part("\\n");
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
