//! Images and documents: what can be sent as data or by address, and the words that stand for what cannot.

use crate::shared::block::Block;
use crate::shared::media_types::guess;
use crate::shared::notes::Notes;
use crate::shared::placeholder::{self, filled};
use ccr_plugin::messages::json::{Value, Writer};

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
        let member = |name: &str| filled(source, name);
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
        Self::Data { media_type: of_url.or(named).or_else(|| guess(data)).unwrap_or(default), data }
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
pub(super) fn in_words(block: Block<'_>, notes: &mut Notes, out: &mut Writer) {
    match block {
        Block::Image(_) => {
            notes.dropped("image");
            out.escaped_part("[An image was left out here: it is neither data nor an address.]");
        }
        Block::Document(document) => self::document(document, notes, out),
        Block::Other(block, kind) => placeholder::other(block, kind, notes, out),
        // They have their own forms everywhere.
        Block::Text(_) | Block::Thinking(_) | Block::Redacted(_) | Block::ToolUse(_) | Block::ToolResult(_) => {}
    }
}

/// The text of a document into the open string, or words that say why there is none.
fn document(block: Value<'_>, notes: &mut Notes, out: &mut Writer) {
    placeholder::document(
        block,
        |_, out| _ = out.escaped_part(". Only its text, its data or its address could be sent."),
        notes,
        out,
    );
}
