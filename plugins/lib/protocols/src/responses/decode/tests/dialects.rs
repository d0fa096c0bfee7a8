//! Streams of servers that claim to speak this API: each leaves out, reorders or renames something of its own. Whatever it is,
//! everything is said once and in its order.

use super::properties::texts;
use super::{call, completed, stream};
use ccr_plugin::messages::event::Event;
use proptest::prelude::*;
use serde_json::{Value, json};

/// What a server does otherwise than OpenAI.
#[derive(Debug, Clone, Copy, Default)]
struct Dialect {
    /// No `output_item.added`, as LiteLLM for some providers.
    unannounced: bool,
    /// No deltas: arguments and texts come at the end of the part (Ollama's arguments).
    no_deltas: bool,
    /// No `….done` for parts (Llama Stack).
    no_part_ends: bool,
    /// No `output_item.done`.
    no_item_ends: bool,
    /// The end of the item comes before that of its part.
    items_end_first: bool,
    /// Another id with every event (vLLM, LiteLLM's reasoning).
    ids: Ids,
    /// No `output_index`, or one that is negative (vLLM's first versions).
    no_index: bool,
    /// The list at the end is empty, or has other ids and lacks the texts (vLLM).
    list: List,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Ids {
    #[default]
    Right,
    Random,
    Missing,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum List {
    #[default]
    Whole,
    Empty,
    Renamed,
}

fn any_dialect() -> impl Strategy<Value = Dialect> {
    let ids = prop::sample::select(vec![Ids::Right, Ids::Random, Ids::Missing]);
    let list = prop::sample::select(vec![List::Whole, List::Empty, List::Renamed]);
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (flags, ids, list).prop_map(|((unannounced, no_deltas, no_part_ends, no_item_ends, first, no_index), ids, list)| {
        Dialect { unannounced, no_deltas, no_part_ends, no_item_ends, items_end_first: first, ids, no_index, list }
    })
}

impl Dialect {
    /// Whether the stream can be understood at all: something must tell the name of a call, and items that nothing tells apart
    /// must end.
    fn is_possible(&self) -> bool {
        let lost_name = self.unannounced && self.no_item_ends && self.list == List::Empty;
        let only_the_list = self.no_deltas && self.no_part_ends && self.no_item_ends;
        // A call that was announced and left alone is over when other items are told.
        !lost_name && !(only_the_list && (self.list != List::Whole || !self.unannounced))
    }

    fn place(&self, event: &mut Value, index: usize, count: usize) {
        if !self.no_index {
            event["output_index"] = index.into();
        }
        match self.ids {
            Ids::Right => event["item_id"] = format!("id_{index}").into(),
            Ids::Random => event["item_id"] = format!("random_{count}").into(),
            Ids::Missing => {}
        }
    }

    fn item(&self, item: &Value, index: usize, count: usize) -> Value {
        let mut item = item.clone();
        match self.ids {
            Ids::Right => item["id"] = format!("id_{index}").into(),
            Ids::Random => item["id"] = format!("random_{count}").into(),
            Ids::Missing => _ = item.as_object_mut().map(|members| members.remove("id")),
        }
        item
    }

    /// The events of one item; `kind` is that of its part, `field` its member.
    fn tell(&self, events: &mut Vec<Value>, index: usize, item: &Value, (kind, field, full): (&str, &str, &str)) {
        let mut add = |mut event: Value| {
            let count = events.len();
            if let Some(item) = event.get("item").cloned() {
                event["item"] = self.item(&item, index, count);
                if !self.no_index {
                    event["output_index"] = index.into();
                }
            } else {
                self.place(&mut event, index, count);
            }
            events.push(event);
        };
        if !self.unannounced {
            let mut begun = item.clone();
            for field in ["content", "summary"] {
                if begun.get(field).is_some() {
                    begun[field] = json!([]);
                }
            }
            add(json!({"type": "response.output_item.added", "item": begun}));
        }
        if !self.no_deltas {
            full.chars()
                .for_each(|piece| add(json!({"type": format!("response.{kind}.delta"), "delta": piece.to_string()})));
        }
        let part_end = json!({"type": format!("response.{kind}.done"), field: full});
        let item_end = json!({"type": "response.output_item.done", "item": item});
        let mut ends = Vec::new();
        if !self.no_part_ends {
            ends.push(part_end);
        }
        if !self.no_item_ends {
            ends.push(item_end);
        }
        // A part that ends behind its item, and is neither named nor numbered, belongs to any item.
        if self.items_end_first && self.ids != Ids::Random {
            ends.reverse();
        }
        ends.into_iter().for_each(add);
    }

    fn end(&self, items: &[&Value]) -> Value {
        match self.list {
            List::Empty => completed(json!([])),
            List::Whole => {
                completed(items.iter().enumerate().map(|(index, item)| self.item(item, index, 1000 + index)).collect())
            }
            List::Renamed => {
                let renamed = |(index, item): (usize, &&Value)| {
                    let mut item = (*item).clone();
                    item["id"] = format!("other_{index}").into();
                    item
                };
                completed(items.iter().enumerate().map(renamed).collect())
            }
        }
    }
}

proptest! {
    #[test]
    fn every_dialect_is_understood(dialect in any_dialect(), said in "[a-z]{1,6}", thought in "[a-z]{1,6}") {
        prop_assume!(dialect.is_possible());
        let input = json!({"q": said}).to_string();
        let reasoning = json!({"type": "reasoning", "summary": [{"type": "summary_text", "text": thought}]});
        let message = json!({"type": "message", "content": [{"type": "output_text", "text": said}]});
        let function = call("x", "c", json!(input));
        let mut events = vec![json!({"type": "response.created", "response": {"id": "resp_1"}})];
        dialect.tell(&mut events, 0, &reasoning, ("reasoning_summary_text", "text", &thought));
        dialect.tell(&mut events, 1, &message, ("output_text", "text", &said));
        dialect.tell(&mut events, 2, &function, ("function_call_arguments", "arguments", &input));
        events.push(dialect.end(&[&reasoning, &message, &function]));
        let found = stream(&events);
        prop_assert_eq!(texts(&found), (said, thought, vec![input]), "{:#?}", events);
        prop_assert!(matches!(found.last(), Some(Event::Finish(_))));
    }
}

/// vLLM reads the output once more for the list at the end: other ids, and a message of white space is not in it.
#[test]
fn a_call_is_told_once_if_the_list_has_another_position_for_it() {
    let events = stream(&[
        json!({"type": "response.output_item.added", "output_index": 0, "item": {"type": "message", "id": "m", "content": []}}),
        json!({"type": "response.output_text.delta", "output_index": 0, "item_id": "m", "delta": "\n\n"}),
        json!({"type": "response.output_item.added", "output_index": 1, "item": call("fc_1", "c1", json!(""))}),
        json!({"type": "response.function_call_arguments.delta", "output_index": 1, "item_id": "fc_1", "delta": "{}"}),
        json!({"type": "response.output_item.done", "output_index": 1, "item": call("fc_1", "c2", json!("{}"))}),
        completed(json!([call("fc_9", "c9", json!("{}"))])),
    ]);
    assert_eq!(super::inputs(events), ["{}"]);
}

/// An item of the list that was never streamed is told although another one of its kind was.
#[test]
fn an_item_that_only_the_list_has_is_told() {
    let events = stream(&[
        json!({"type": "response.output_item.done", "output_index": 1, "item": call("b", "c2", json!("{\"b\":1}"))}),
        completed(json!([call("a", "c1", json!("{\"a\":1}")), call("b", "c2", json!("{\"b\":1}"))])),
    ]);
    assert_eq!(super::inputs(events), ["{\"b\":1}", "{\"a\":1}"]);
}

/// The names of OpenRouter's beta and of the API's first versions.
#[test]
fn other_names_of_events_are_known() {
    let events = stream(&[
        json!({"type": "response.reasoning.delta", "delta": {"text": "Hm"}}),
        json!({"type": "response.reasoning.done", "text": "Hm"}),
        json!({"type": "response.content_part.delta", "output_index": 0, "content_index": 0, "delta": "Hi"}),
        json!({"type": "response.done", "response": {"status": "completed"}}),
    ]);
    let (said, thought, calls) = texts(&events);
    assert_eq!((said.as_str(), thought.as_str(), calls.len()), ("Hi", "Hm", 0));
}
