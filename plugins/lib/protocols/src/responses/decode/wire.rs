//! One event of the stream, as far as it is understood.

use ccr_plugin::messages::json::{Str, Value};

/// The members of all kinds of events.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wire<'d> {
    pub(super) root: Value<'d>,
    /// Its type, as it stands in a JSON string.
    pub(super) kind: &'d str,
    pub(super) position: Position<'d>,
    /// `delta`, or where everything is said at once `text`, `refusal` or `arguments`.
    pub(super) said: Option<Value<'d>>,
    pub(super) item: Option<Value<'d>>,
    pub(super) part: Option<Value<'d>>,
    pub(super) response: Option<Value<'d>>,
    pub(super) annotation: Option<Value<'d>>,
    pub(super) error: Option<Value<'d>>,
}

/// What an event is about.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Position<'d> {
    /// Position of the item in the output.
    pub(super) index: Option<u64>,
    /// The item's own id, not that of a call; may be empty.
    pub(super) id: &'d str,
    /// Position of the part in the item.
    pub(super) part: u64,
}

impl<'d> Wire<'d> {
    /// `name` is the name of the event in the framing, which repeats its type.
    pub(super) fn read(root: Value<'d>, name: Option<&'d str>) -> Self {
        let mut wire = Self {
            root,
            kind: name.unwrap_or_default(),
            position: Position::default(),
            said: None,
            item: None,
            part: None,
            response: None,
            annotation: None,
            error: None,
        };
        for (key, value) in root.members() {
            match key.raw() {
                "type" => wire.kind = value.as_str().map_or(wire.kind, Str::raw),
                "delta" | "text" | "refusal" | "arguments" => wire.said = Some(value),
                "output_index" => wire.position.index = value.as_u64(),
                "item_id" => wire.position.id = value.as_str().map(Str::raw).unwrap_or_default(),
                "content_index" | "summary_index" => wire.position.part = value.as_u64().unwrap_or_default(),
                "item" => wire.item = Some(value),
                "part" => wire.part = Some(value),
                "response" => wire.response = Some(value),
                "annotation" => wire.annotation = Some(value),
                "error" => wire.error = Some(value),
                _ => {}
            }
        }
        if let Some(id) = wire.item.and_then(id) {
            wire.position.id = id;
        }
        wire
    }
}

/// The id of an item, as it stands in a JSON string.
pub(super) fn id(item: Value<'_>) -> Option<&str> {
    item.get("id").and_then(Value::as_str).map(Str::raw)
}
