//! The stream's events as they go over the wire: each has its number, and its type twice.

use ccr_plugin::messages::json::Writer;
use ccr_plugin::messages::sse::write_event;

/// Room for what stands around the content of an event.
const ROOM: usize = 256;

#[derive(Debug)]
pub(super) struct Frames {
    /// Nothing is written for an answer in one piece.
    wanted: bool,
    next: u64,
}

impl Frames {
    pub(super) fn new(wanted: bool) -> Self {
        Self { wanted, next: 0 }
    }

    /// Writes one event; `members` adds to its type and number. `about` is roughly how long these are.
    pub(super) fn write(&mut self, out: &mut Vec<u8>, kind: &str, about: usize, members: impl FnOnce(&mut Writer)) {
        if !self.wanted {
            return;
        }
        let mut event = Writer::with_capacity(about + ROOM);
        event.begin_object().key("type").escaped(kind).key("sequence_number").number(self.next);
        self.next += 1;
        members(&mut event);
        event.end_object();
        write_event(out, Some(kind), event.as_str());
    }
}
