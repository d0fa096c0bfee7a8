//! A search of the provider's own that is being written.

use super::frames::Frames;
use ccr_plugin::messages::json::{Str, Writer};

/// A search that is going on.
#[derive(Debug)]
pub(super) struct Search {
    pub(super) id: String,
    pub(super) query: String,
}

impl Search {
    pub(super) fn begin(&self, index: u64, frames: &mut Frames, out: &mut Vec<u8>) {
        frames.write(out, "response.output_item.added", self.query.len(), |event| {
            event.key("output_index").number(index).key("item");
            self.write("in_progress", &[], event);
        });
        self.tell("response.web_search_call.in_progress", index, frames, out);
        self.tell("response.web_search_call.searching", index, frames, out);
    }

    fn tell(&self, kind: &str, index: u64, frames: &mut Frames, out: &mut Vec<u8>) {
        frames.write(out, kind, 0, |event| {
            event.key("output_index").number(index).key("item_id").string(&self.id);
        });
    }

    fn write(&self, status: &str, found: &[Str<'_>], out: &mut Writer) {
        out.begin_object().key("id").string(&self.id).key("type").string("web_search_call");
        out.key("status").string(status).key("action").begin_object().key("type").string("search");
        out.key("query").string(&self.query).key("queries").begin_array().string(&self.query).end_array();
        if !found.is_empty() {
            out.key("sources").begin_array();
            for url in found {
                out.begin_object().key("type").string("url").key("url").escaped(url.raw()).end_object();
            }
            out.end_array();
        }
        out.end_object().end_object();
    }

    /// The whole item, with the addresses that were found.
    pub(super) fn end(self, found: &[Str<'_>], index: u64, frames: &mut Frames, out: &mut Vec<u8>) -> String {
        self.tell("response.web_search_call.completed", index, frames, out);
        let mut item = Writer::new();
        self.write("completed", found, &mut item);
        item.into_string()
    }
}
