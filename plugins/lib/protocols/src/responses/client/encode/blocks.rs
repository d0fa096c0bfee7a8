//! What a provider did itself: searches and pictures. Other blocks have no item in this API and are left out.

use super::answer::{Answer, Open};
use super::frames::Frames;
use ccr_plugin::messages::json::{Document, Str, Value, Writer};

/// A search that is going on.
#[derive(Debug)]
pub(super) struct Search {
    id: String,
    query: String,
}

pub(super) fn write(answer: &mut Answer, block: &str, out: &mut Vec<u8>) {
    let Ok(document) = Document::parse_str(block) else { return };
    let block = document.root();
    match (text(block, "type"), text(block, "name")) {
        ("server_tool_use", "web_search") => {
            answer.close(true, out);
            let query = block.get("input").and_then(|input| input.get("query")?.as_str());
            let query = query.map(Str::decode).unwrap_or_default().into_owned();
            let search = Search { id: answer.item_id("ws"), query };
            search.begin(answer.count, &mut answer.frames, out);
            answer.open(Open::Search(search));
        }
        ("web_search_tool_result", _) => {
            if let Some(search) = answer.take_search() {
                let found = block.get("content").into_iter().flat_map(Value::items);
                let found: Vec<_> = found.filter_map(|result| result.get("url")?.as_str()).collect();
                let item = search.end(&found, answer.count, &mut answer.frames, out);
                answer.done(&item, out);
            }
        }
        ("image", _) => picture(answer, block, out),
        _ => answer.close(true, out),
    }
}

fn text<'d>(block: Value<'d>, key: &str) -> &'d str {
    block.get(key).and_then(Value::as_str).map(Str::raw).unwrap_or_default()
}

impl Search {
    fn begin(&self, index: u64, frames: &mut Frames, out: &mut Vec<u8>) {
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

/// A picture that the model made, at once.
fn picture(answer: &mut Answer, block: Value<'_>, out: &mut Vec<u8>) {
    answer.close(true, out);
    let data = block.get("source").and_then(|source| source.get("data")?.as_str());
    let Some(data) = data else { return };
    let mut item = Writer::with_capacity(data.raw().len() + 128);
    item.begin_object().key("id").string(&answer.item_id("ig")).key("type").string("image_generation_call");
    item.key("status").string("completed").key("result").escaped(data.raw()).end_object();
    let index = answer.count;
    answer.frames.write(out, "response.output_item.added", item.as_str().len(), |event| {
        event.key("output_index").number(index).key("item").raw(item.as_str());
    });
    answer.done(item.as_str(), out);
}
