//! Images, sounds and files: parts that carry data become blocks with a source. The block is left open, for `cache_control`.

use super::wrong::{Checked, Wrong};
use crate::openai::encode::notes::Notes;
use crate::shared::data_url;
use crate::shared::placeholder::filled;
use ccr_plugin::messages::json::{Kind, Str, Value, Writer};

fn begin(kind: &str, out: &mut Writer) {
    out.begin_object().key("type").string(kind).key("source").begin_object().key("type");
}

/// A source out of a URL, be it data or an address.
fn source(kind: &str, url: &str, default: &str, out: &mut Writer) {
    begin(kind, out);
    match data_url::parse(url) {
        Some((media_type, data)) => {
            let media_type = if media_type.is_empty() { default } else { media_type };
            out.string("base64").key("media_type").escaped(media_type).key("data").escaped(data);
        }
        None => _ = out.string("url").key("url").escaped(url),
    }
    out.end_object();
}

/// `image_url` is an object with a `url`; some clients send the URL itself.
pub(super) fn image(part: Value<'_>, notes: &mut Notes, out: &mut Writer) -> Checked {
    let image = part.get("image_url").unwrap_or(part);
    let url = image.as_str().map(Str::raw).or_else(|| filled(image, "url")).filter(|url| !url.is_empty());
    let url = url.ok_or_else(|| Wrong::new("image_url.url", "must be an https or data URL"))?;
    if filled(image, "detail").is_some_and(|detail| detail != "auto") {
        notes.dropped("image_url.detail");
    }
    source("image", url, "image/png", out);
    Ok(())
}

/// A sound has no block of its own in Anthropic's form: it is a document of its media type, which protocols that take sounds
/// know by it.
pub(super) fn audio(part: Value<'_>, out: &mut Writer) -> Checked {
    let audio = part.get("input_audio").filter(|audio| audio.kind() == Kind::Object).unwrap_or(part);
    let data = filled(audio, "data").ok_or_else(|| Wrong::new("input_audio.data", "must be a string, base64"))?;
    let format =
        filled(audio, "format").ok_or_else(|| Wrong::new("input_audio.format", "must be a string, such as wav"))?;
    begin("document", out);
    out.string("base64").key("media_type").begin_string().escaped_part("audio/").escaped_part(format).end_string();
    out.key("data").escaped(data).end_object();
    Ok(())
}

pub(super) fn file(part: Value<'_>, out: &mut Writer) -> Checked {
    let file = part.get("file").filter(|file| file.kind() == Kind::Object).unwrap_or(part);
    if let Some(data) = filled(file, "file_data") {
        if data.starts_with("data:") || data.starts_with("http") {
            source("document", data, "application/pdf", out);
        } else {
            // The data alone, as OpenAI's own examples of old have it.
            begin("document", out);
            out.string("base64").key("media_type").string("application/pdf").key("data").escaped(data).end_object();
        }
    } else {
        let id = filled(file, "file_id");
        let id = id.ok_or_else(|| Wrong::new("file", "must have `file_data` (a data URL) or `file_id`"))?;
        begin("document", out);
        out.string("file").key("file_id").escaped(id).end_object();
    }
    if let Some(name) = filled(file, "filename") {
        out.key("title").escaped(name);
    }
    Ok(())
}
