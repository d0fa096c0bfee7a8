//! `inlineData` and `fileData` → images and documents.

use super::fields::member;
use crate::shared::base64;
use crate::shared::text_files::text_of;
use ccr_plugin::messages::json::{Str, Value, Writer};
use std::borrow::Cow;

const PDF: &str = "application/pdf";

/// A file that came with the request or lies at an address.
#[derive(Debug, Clone, Copy)]
pub(super) struct Media<'d> {
    mime_type: Option<Str<'d>>,
    name: Option<Str<'d>>,
    content: Content<'d>,
}

#[derive(Debug, Clone, Copy)]
enum Content<'d> {
    Data(Option<Str<'d>>),
    Address(Option<Str<'d>>),
}

impl<'d> Media<'d> {
    pub(super) fn data(value: Value<'d>) -> Self {
        Self::of(value, Content::Data(member(value, "data").and_then(Value::as_str)))
    }

    pub(super) fn file(value: Value<'d>) -> Self {
        Self::of(value, Content::Address(member(value, "fileUri").and_then(Value::as_str)))
    }

    fn of(value: Value<'d>, content: Content<'d>) -> Self {
        let text = |name: &str| member(value, name).and_then(Value::as_str).filter(|text| !text.is_empty());
        Self { mime_type: text("mimeType"), name: text("displayName"), content }
    }

    pub(super) fn write(&self, out: &mut Writer) {
        let mime_type = self.mime_type.map(Str::decode).unwrap_or(Cow::Borrowed("application/octet-stream"));
        let is_image = mime_type.starts_with("image/");
        out.begin_object().key("type").string(if is_image { "image" } else { "document" });
        out.key("source").begin_object().key("type");
        match self.content {
            Content::Address(address) => {
                out.string("url").key("url").escaped(address.map(Str::raw).unwrap_or_default());
                // Others know these two by the address; Google's own files have addresses that do not tell.
                if !(is_image || *mime_type == *PDF) || !has_ending(address) {
                    out.key("media_type").string(&mime_type);
                }
            }
            Content::Data(data) => {
                let data = data.map(Str::decode).unwrap_or_default();
                match text_of(&mime_type, &data) {
                    Some(text) => {
                        _ = out.string("text").key("media_type").string("text/plain").key("data").string(&text)
                    }
                    None => {
                        out.string("base64").key("media_type").string(&mime_type);
                        out.key("data").string(&base64::standard(&data));
                    }
                }
            }
        }
        out.end_object();
        if let Some(name) = self.name.filter(|_| !is_image) {
            out.key("title").escaped(name.raw());
        }
        out.end_object();
    }
}

fn has_ending(address: Option<Str<'_>>) -> bool {
    let path = address.map(Str::raw).unwrap_or_default();
    let path = path.split(['?', '#']).next().unwrap_or_default();
    path.rsplit('/').next().is_some_and(|name| name.contains('.'))
}
