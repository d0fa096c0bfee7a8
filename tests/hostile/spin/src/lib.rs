//! A transformer that never comes back, in the hook that the option `where` names (`inner`, `wire` or `events`).

use ccr_plugin::prelude::*;

/// The plugin.
#[derive(Debug)]
pub struct Spin;

impl Plugin for Spin {
    fn describe() -> Description {
        Description::new("hostile-spin", "0.1.0", "Never comes back.")
    }
}

/// Whether the option `where` names this hook; the first one unless it is given.
fn here(settings: &Settings, hook: &str) -> bool {
    match settings.json() {
        text if text.contains("where") => text.contains(hook),
        _ => hook == "inner",
    }
}

/// The counter keeps the compiler from taking the loop for one that has no end and no effect.
fn misbehave() {
    let mut turns = 0_u64;
    loop {
        turns = std::hint::black_box(turns.wrapping_add(1));
    }
}

impl RequestTransformer for Spin {
    fn transform_request(_: &mut dyn Request, settings: &Settings) -> Result<(), Fault> {
        if here(settings, "inner") {
            misbehave();
        }
        Ok(())
    }
}

impl WireTransformer for Spin {
    fn transform_wire_request(_: &mut dyn WireRequest, settings: &Settings) -> Result<(), Fault> {
        if here(settings, "wire") {
            misbehave();
        }
        Ok(())
    }
}

impl AnswerTransformer for Spin {
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

register!(Spin: request_transformer, wire_transformer, answer_transformer);
