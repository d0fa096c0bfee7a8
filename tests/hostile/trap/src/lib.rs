//! A transformer that panics, in the hook that the option `where` names (`inner`, `wire` or `events`).

use ccr_plugin::prelude::*;

/// The plugin.
#[derive(Debug)]
pub struct Trap;

impl Plugin for Trap {
    fn describe() -> Description {
        Description::new("hostile-trap", "0.1.0", "Panics.")
    }
}

/// Whether the option `where` names this hook; the first one unless it is given.
fn here(settings: &Settings, hook: &str) -> bool {
    match settings.json() {
        text if text.contains("where") => text.contains(hook),
        _ => hook == "inner",
    }
}

/// A panic is a trap: plugins are built to abort.
fn misbehave() {
    panic!("as agreed");
}

impl RequestTransformer for Trap {
    fn transform_request(_: &mut dyn Request, settings: &Settings) -> Result<(), Fault> {
        if here(settings, "inner") {
            misbehave();
        }
        Ok(())
    }
}

impl WireTransformer for Trap {
    fn transform_wire_request(_: &mut dyn WireRequest, settings: &Settings) -> Result<(), Fault> {
        if here(settings, "wire") {
            misbehave();
        }
        Ok(())
    }
}

impl AnswerTransformer for Trap {
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

register!(Trap: request_transformer, wire_transformer, answer_transformer);
