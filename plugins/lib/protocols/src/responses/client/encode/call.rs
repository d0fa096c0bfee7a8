//! A call that is being written, in the words that the client has for its tool.
//!
//! Arguments of functions are told as they come. The text or the command within the arguments of other tools is known when all
//! of them are there: such an item is told at once, and not at all if the answer broke off within it, as clients run what they
//! are told.

use super::frames::Frames;
use crate::openai::functions::custom_input;
use crate::responses::client::context::{Known, Wording};
use ccr_plugin::messages::json::{Document, Kind, Writer};

#[derive(Debug)]
pub(super) struct Call {
    known: Known,
    id: String,
    call_id: String,
    arguments: String,
    /// All of the arguments came.
    pub(super) has_ended: bool,
}

impl Call {
    /// How ids of such items begin; `None` where the item has the call's id.
    pub(super) fn id_prefix(known: &Known) -> Option<&'static str> {
        match known.wording {
            Wording::Function => Some("fc"),
            Wording::Custom => Some("ctc"),
            // Its outcome names the item, not the call: let both be the same.
            Wording::LocalShell => None,
        }
    }

    pub(super) fn begin(
        known: Known,
        id: String,
        call_id: String,
        index: u64,
        frames: &mut Frames,
        out: &mut Vec<u8>,
    ) -> Self {
        let call = Self { known, id, call_id, arguments: String::new(), has_ended: false };
        if call.known.wording == Wording::Function {
            call.added(index, "in_progress", frames, out);
        }
        call
    }

    fn added(&self, index: u64, status: &str, frames: &mut Frames, out: &mut Vec<u8>) {
        frames.write(out, "response.output_item.added", 0, |event| {
            event.key("output_index").number(index).key("item");
            self.write("", status, event);
        });
    }

    pub(super) fn piece(&mut self, json: String, index: u64, frames: &mut Frames, out: &mut Vec<u8>) {
        if self.known.wording == Wording::Function && !json.is_empty() {
            self.say("response.function_call_arguments.delta", "delta", &json, index, frames, out);
        }
        if self.arguments.is_empty() {
            self.arguments = json;
        } else {
            self.arguments.push_str(&json);
        }
    }

    fn say(&self, kind: &str, member: &str, text: &str, index: u64, frames: &mut Frames, out: &mut Vec<u8>) {
        frames.write(out, kind, text.len(), |event| {
            event.key("item_id").string(&self.id).key("output_index").number(index).key(member).string(text);
        });
    }

    /// The whole item, if there is one.
    pub(super) fn end(mut self, index: u64, frames: &mut Frames, out: &mut Vec<u8>) -> Option<String> {
        if self.has_ended && self.arguments.is_empty() {
            self.arguments.push_str("{}");
        }
        let arguments = std::mem::take(&mut self.arguments);
        let status = if self.has_ended { "completed" } else { "incomplete" };
        let mut item = Writer::with_capacity(arguments.len() + 256);
        match self.known.wording {
            Wording::Function => {
                let done = "response.function_call_arguments.done";
                frames.write(out, done, arguments.len(), |event| {
                    event.key("item_id").string(&self.id).key("output_index").number(index);
                    event.key("name").string(&self.known.name).key("arguments").string(&arguments);
                });
                self.write(&arguments, status, &mut item);
            }
            _ if !self.has_ended => return None,
            Wording::Custom => {
                let input = custom_input(&arguments);
                self.added(index, status, frames, out);
                if !input.is_empty() {
                    self.say("response.custom_tool_call_input.delta", "delta", &input, index, frames, out);
                }
                self.say("response.custom_tool_call_input.done", "input", &input, index, frames, out);
                self.write(&input, status, &mut item);
            }
            Wording::LocalShell => {
                self.write(&arguments, status, &mut item);
                frames.write(out, "response.output_item.added", item.as_str().len(), |event| {
                    event.key("output_index").number(index).key("item").raw(item.as_str());
                });
            }
        }
        Some(item.into_string())
    }

    /// `input` is what the item says of the arguments.
    fn write(&self, input: &str, status: &str, out: &mut Writer) {
        out.begin_object().key("id").string(&self.id);
        match self.known.wording {
            Wording::Function => {
                out.key("type").string("function_call").key("status").string(status);
                out.key("arguments").string(input).key("call_id").string(&self.call_id);
                out.key("name").string(&self.known.name);
            }
            Wording::Custom => {
                out.key("type").string("custom_tool_call").key("status").string(status);
                out.key("call_id")
                    .string(&self.call_id)
                    .key("name")
                    .string(&self.known.name)
                    .key("input")
                    .string(input);
            }
            Wording::LocalShell => {
                out.key("type").string("local_shell_call").key("status").string(status);
                out.key("call_id").string(&self.call_id).key("action");
                action(input, out);
            }
        }
        if let Some(namespace) = &self.known.namespace {
            out.key("namespace").string(namespace);
        }
        out.end_object();
    }
}

/// What the local shell shall do.
fn action(arguments: &str, out: &mut Writer) {
    let document = Document::parse_str(arguments).ok();
    let root = document.as_ref().map(Document::root);
    let given = |key: &str| root.and_then(|root| root.get(key)).filter(|value| !value.is_null());
    out.begin_object().key("type").string("exec").key("command");
    match given("command") {
        Some(command) if command.kind() == Kind::Array => _ = out.value(command),
        // A whole line is for a shell.
        Some(command) if command.kind() == Kind::String => {
            out.begin_array().string("sh").string("-c").value(command).end_array();
        }
        _ => _ = out.begin_array().end_array(),
    }
    out.key("env");
    match given("env").filter(|env| env.kind() == Kind::Object) {
        Some(env) => _ = out.value(env),
        None => _ = out.begin_object().end_object(),
    }
    for (key, kind) in [("timeout_ms", Kind::Number), ("user", Kind::String), ("working_directory", Kind::String)] {
        if let Some(value) = given(key).filter(|value| value.kind() == kind) {
            out.key(key).value(value);
        }
    }
    out.end_object();
}
