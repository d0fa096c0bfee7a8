//! A transformer that takes memory until it gets no more, in the hook that the option `where` names (`inner`, `wire` or `events`).

use ccr_plugin::prelude::*;

/// The plugin.
#[derive(Debug)]
pub struct Allocate;

impl Plugin for Allocate {
    fn describe() -> Description {
        Description::new("hostile-allocate", "0.1.0", "Takes all the memory it can get.")
    }
}

/// Whether the option `where` names this hook; the first one unless it is given.
fn here(settings: &Settings, hook: &str) -> bool {
    match settings.json() {
        text if text.contains("where") => text.contains(hook),
        _ => hook == "inner",
    }
}

/// The pages are written to, so that they are really there.
fn misbehave() {
    let mut taken = Vec::new();
    loop {
        taken.push(vec![1_u8; 1024 * 1024]);
        std::hint::black_box(&taken);
    }
}

impl RequestTransformer for Allocate {
    fn transform_request(_: &mut dyn Request, settings: &Settings) -> Result<(), Fault> {
        if here(settings, "inner") {
            misbehave();
        }
        Ok(())
    }
}

impl WireTransformer for Allocate {
    fn transform_wire_request(_: &mut dyn WireRequest, settings: &Settings) -> Result<(), Fault> {
        if here(settings, "wire") {
            misbehave();
        }
        Ok(())
    }
}

impl AnswerTransformer for Allocate {
    fn answer(settings: &Settings) -> Box<dyn AnswerStream> {
        Box::new(Answer { misbehaves: here(settings, "events") })
    }
}

struct Answer {
    misbehaves: bool,
}

impl AnswerStream for Answer {
    fn push(&mut self, event: Event, events: &mut Vec<Event>) -> Result<(), Fault> {
        if self.misbehaves && matches!(event, Event::Text(_)) {
            misbehave();
        }
        events.push(event);
        Ok(())
    }
}

register!(Allocate: request_transformer, wire_transformer, answer_transformer);
