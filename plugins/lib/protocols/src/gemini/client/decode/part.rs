//! One part of a content → a block.

use super::at::At;
use super::calls::Calls;
use super::fields::{list, member, members};
use super::media::Media;
use super::turn::{Role, Turn};
use crate::gemini::client::thoughts::{self, Opened};
use crate::shared::notes::Notes;
use ccr_plugin::Fault;
use ccr_plugin::messages::json::{Kind, Str, Value, Writer};

/// What a part may have.
#[derive(Default)]
struct Part<'d> {
    text: Option<Str<'d>>,
    thought: bool,
    signature: Option<Str<'d>>,
    call: Option<Value<'d>>,
    response: Option<Value<'d>>,
    media: Option<Media<'d>>,
    code: Option<Value<'d>>,
    output: Option<Value<'d>>,
}

pub(super) fn write<'d>(
    value: Value<'d>,
    at: At,
    calls: &mut Calls<'d>,
    turn: &mut Turn<'_>,
    notes: &mut Notes,
) -> Result<(), Fault> {
    if value.kind() != Kind::Object {
        return Err(at.fault(" must be an object, such as {\"text\":\"…\"}."));
    }
    let part = Part::read(value, notes);
    let signature = part.signature.map(|signature| thoughts::open(&signature.decode()));
    if part.thought {
        think(part.text, signature.unwrap_or(Opened::Nothing), turn);
        return Ok(());
    }
    let text = part.text.filter(|text| !text.is_empty());
    if let Some(signature) = signature {
        // Of a text without words there is nothing left to sign.
        if text.is_none() && part.call.is_none() && matches!(&signature, Opened::Signature(_)) {
            notes.dropped("contents.parts.thoughtSignature");
        } else {
            think(None, signature, turn);
        }
    }
    if let Some(call) = part.call {
        function_call(call, at, calls, turn)?;
    } else if let Some(response) = part.response {
        function_response(response, at, calls, turn, notes)?;
    } else if let Some(media) = part.media {
        if turn.role() == Role::Model {
            notes.dropped("contents.parts.inlineData of the model");
            turn.text("[A file that the model made was left out here.]");
        } else {
            media.write(turn.block());
        }
    } else if let Some(code) = part.code.or(part.output) {
        let name = if part.code.is_some() { "code" } else { "output" };
        fenced(member(code, name), turn);
    } else if let Some(text) = text {
        turn.text(text.raw());
    }
    Ok(())
}

impl<'d> Part<'d> {
    fn read(value: Value<'d>, notes: &mut Notes) -> Self {
        let mut part = Self::default();
        for (name, value) in members(value) {
            match &*name {
                "text" => part.text = value.as_str(),
                "thought" => part.thought = value.as_bool() == Some(true),
                "thoughtSignature" => part.signature = value.as_str(),
                "functionCall" => part.call = Some(value),
                "functionResponse" => part.response = Some(value),
                "inlineData" => part.media = Some(Media::data(value)),
                "fileData" => part.media = Some(Media::file(value)),
                "executableCode" => part.code = Some(value),
                "codeExecutionResult" => part.output = Some(value),
                other => notes.dropped(format!("contents.parts.{other}")),
            }
        }
        part
    }
}

fn think(text: Option<Str<'_>>, signature: Opened, turn: &mut Turn<'_>) {
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        turn.think(text.raw());
    }
    match signature {
        Opened::Nothing => {}
        Opened::Signature(signature) => turn.sign(&signature),
        Opened::Block { signature, text } => {
            let out = turn.block().begin_object().key("type").string("thinking").key("thinking").string(&text);
            out.key("signature").string(&signature).end_object();
        }
        Opened::Redacted(data) => {
            turn.block().begin_object().key("type").string("redacted_thinking").key("data").string(&data).end_object();
        }
    }
}

fn function_call<'d>(call: Value<'d>, at: At, calls: &mut Calls<'d>, turn: &mut Turn<'_>) -> Result<(), Fault> {
    let name = text_of(call, "name");
    if name.is_empty() {
        return Err(at.fault(".functionCall.name: a call needs the name of a function."));
    }
    let arguments = member(call, "args");
    if arguments.is_some_and(|arguments| arguments.kind() != Kind::Object) {
        return Err(at.fault(".functionCall.args must be an object."));
    }
    let id = calls.add(text_of(call, "id"), name, at);
    let out = turn.block().begin_object().key("type").string("tool_use").key("id").escaped(&id);
    out.key("name").escaped(name).key("input").raw(arguments.map_or("{}", Value::raw)).end_object();
    Ok(())
}

fn function_response<'d>(
    response: Value<'d>,
    at: At,
    calls: &mut Calls<'d>,
    turn: &mut Turn<'_>,
    notes: &mut Notes,
) -> Result<(), Fault> {
    let name = text_of(response, "name");
    let id = calls.answer(text_of(response, "id"), name, at);
    let result = member(response, "response");
    if result.is_some_and(|result| result.kind() != Kind::Object) {
        return Err(at.fault(".functionResponse.response must be an object."));
    }
    let out = turn.block().begin_object().key("type").string("tool_result").key("tool_use_id").escaped(&id);
    let attached: Vec<_> = list(member(response, "parts")).filter_map(attachment).collect();
    if attached.is_empty() {
        outcome(result, out.key("content"));
    } else {
        out.key("content").begin_array().begin_object().key("type").string("text").key("text");
        outcome(result, out);
        out.end_object();
        attached.iter().for_each(|media| media.write(out));
        out.end_array();
    }
    if result.is_some_and(|result| alone(result, "error").is_some()) {
        out.key("is_error").bool(true);
    }
    out.end_object();
    for (member, _) in members(response) {
        if !matches!(&*member, "id" | "name" | "response" | "parts") {
            notes.dropped(format!("contents.parts.functionResponse.{member}"));
        }
    }
    Ok(())
}

fn attachment(part: Value<'_>) -> Option<Media<'_>> {
    member(part, "inlineData").map(Media::data).or_else(|| member(part, "fileData").map(Media::file))
}

/// What a function gave back, as a string: the text itself where it is one, else its JSON.
fn outcome(result: Option<Value<'_>>, out: &mut Writer) {
    // Google's reference names `output` and `error`; its libraries write `result`.
    let inner = |result| ["output", "result", "error"].iter().find_map(|name| alone(result, name)).unwrap_or(result);
    match result.map(inner).map(|inner| (inner.as_str(), inner)) {
        Some((Some(text), _)) => _ = out.escaped(text.raw()),
        Some((None, inner)) => _ = out.string(inner.raw()),
        None => _ = out.string(""),
    }
}

/// The member of this name, if the object has no other.
fn alone<'d>(object: Value<'d>, name: &str) -> Option<Value<'d>> {
    let mut members = object.members();
    let (key, value) = members.next()?;
    (key == *name && members.next().is_none()).then_some(value)
}

/// Code that Google ran by itself, and what came of it.
fn fenced(text: Option<Value<'_>>, turn: &mut Turn<'_>) {
    if let Some(text) = text.and_then(Value::as_str).filter(|text| !text.is_empty()) {
        turn.text("\\n```\\n");
        turn.text(text.raw());
        turn.text("\\n```\\n");
    }
}

/// The inside of a string member; empty if there is none.
fn text_of<'d>(object: Value<'d>, name: &str) -> &'d str {
    member(object, name).and_then(Value::as_str).map(Str::raw).unwrap_or_default()
}
