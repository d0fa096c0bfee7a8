//! What the agent does, well or badly.
//!
//! In `prepare` that is for the options to say:
//! - `prepare`: `none` (the request is not its business, although it edits it), `spin`, `trap`, `refuse`, `illegal-name`,
//!   `illegal-schema`, `illegal-request`, `many-tools`, `large-state`; `full-state` is as large as it may be.
//! - `tools`: the names of those to offer; all of [`TOOLS`] if it is not given.
//! - `system`: a system text. `edits`: `upper` makes the answer's text upper-case, `trap` traps there.
//!
//! Its tools do what their names say; how often and with what, the call's input says.

use ccr_plugin::host::{self, Scope};
use ccr_plugin::prelude::*;
use serde_json::{Value, json};

/// All tools.
const TOOLS: [&str; 14] = [
    "echo",
    "state",
    "shown",
    "fails",
    "errors",
    "traps",
    "spins",
    "allocates",
    "huge",
    "not_blocks",
    "asks",
    "asks_often",
    "remembers",
    "says",
];

/// Far more than any model reads.
const HUGE: usize = 50 * 1024 * 1024;

pub(crate) fn describe(name: &str) -> Description {
    let description = Description::new(name, "0.1.0", "Behaves as the test says.");
    [Capability::Kv, Capability::Model].into_iter().fold(description, Description::asks_for)
}

pub(crate) fn prepare(request: &mut dyn Request, settings: &Settings) -> Result<Option<Preparation>, Fault> {
    let options: Value = settings.parse()?;
    let names: Vec<String> = match options["tools"].as_array() {
        Some(names) => names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect(),
        None => TOOLS.map(str::to_owned).to_vec(),
    };
    let mut tools: Vec<ToolDefinition> = names.iter().map(|name| tool(name)).collect();
    let mut state = request.target().map(|target| target.model).unwrap_or_default().into_bytes();
    match option(settings, "prepare").as_str() {
        "none" => {
            request.set("/messages", "7")?;
            return Ok(None);
        }
        "spin" => spin(),
        "trap" => panic!("as agreed"),
        "refuse" => return Err(Fault::invalid("such a request is not for me")),
        "illegal-name" => tools.push(tool("no spaces, please")),
        "illegal-schema" => tools.push(ToolDefinition { input_schema: "{".into(), ..tool("echo2") }),
        "illegal-request" => request.set("/messages", "7")?,
        "many-tools" => tools.extend((0..100).map(|number| tool(&format!("tool_{number}")))),
        "full-state" => state = vec![b'x'; 1024 * 1024],
        "large-state" => state = vec![b'x'; 2 * 1024 * 1024],
        _ => {}
    }
    let system = settings.text("system")?;
    Ok(Some(Preparation { tools, system, state }))
}

fn tool(name: &str) -> ToolDefinition {
    let description = format!("Does what its name says: {name}.");
    ToolDefinition { name: name.to_owned(), description, input_schema: r#"{"type":"object"}"#.to_owned() }
}

pub(crate) fn call_tool(name: &str, call: &ToolCall, state: &[u8]) -> Result<ToolResult, Fault> {
    let input: Value = serde_json::from_str(&call.input).unwrap_or_default();
    match call.name.as_str() {
        "echo" => Ok(text_result(&format!("{name} heard {}", call.input))),
        "says" => Ok(text_result(input["text"].as_str().unwrap_or_default())),
        "state" => Ok(text_result(&String::from_utf8_lossy(state))),
        "shown" => Ok(shown(call)),
        "fails" => Err(Fault::own("no luck today")),
        "errors" => Ok(error_result("try it in another way")),
        "traps" => panic!("as agreed"),
        "spins" => spin(),
        "allocates" => allocate(),
        "huge" => Ok(text_result(&"x".repeat(HUGE))),
        "not_blocks" => Ok(ToolResult { content: "\"no blocks\"".into(), ..text_result("") }),
        "asks" => Ok(ask(&input)),
        "asks_often" => Ok(ask_often(&input)),
        "remembers" => remember(&input),
        other => Err(Fault::own(format!("there is no tool {other}"))),
    }
}

/// A result that the client gets to see something of.
fn shown(call: &ToolCall) -> ToolResult {
    let id = format!("srvtoolu_{}", call.id);
    let blocks = json!([
        {"type": "server_tool_use", "id": id, "name": "web_search", "input": {"query": "q"}},
        {"type": "web_search_tool_result", "tool_use_id": id, "content": []},
    ]);
    ToolResult { shown: Some(blocks.to_string()), ..text_result("it was shown") }
}

/// The first text of a model's answer to the input's `request`.
fn ask(input: &Value) -> ToolResult {
    match host::complete(&input["request"].to_string()) {
        Ok(answer) => {
            let answer: Value = serde_json::from_str(&answer).unwrap_or_default();
            text_result(&format!("the model said: {}", answer["content"][0]["text"].as_str().unwrap_or_default()))
        }
        Err(fault) => error_result(&format!("{fault:?}")),
    }
}

/// Calls a model as often as the input's `times` says, whatever comes of it.
fn ask_often(input: &Value) -> ToolResult {
    let request = input["request"].to_string();
    let (mut answered, mut last) = (0, String::new());
    for _ in 0..input["times"].as_u64().unwrap_or_default() {
        match host::complete(&request) {
            Ok(_) => answered += 1,
            Err(fault) => last = format!("{fault:?}"),
        }
    }
    text_result(&format!("{answered} answers, then {last}"))
}

/// Keeps the input's `value`, and tells what was kept before.
fn remember(input: &Value) -> Result<ToolResult, Fault> {
    let before = host::kv_get(Scope::Global, "value")?.unwrap_or_default();
    host::kv_set(Scope::Global, "value", input["value"].as_str().unwrap_or_default().as_bytes(), None)?;
    Ok(text_result(&format!("before: {}", String::from_utf8_lossy(&before))))
}

fn option(settings: &Settings, name: &str) -> String {
    settings.text(name).ok().flatten().unwrap_or_default()
}

/// The counter keeps the compiler from taking the loop for one that has no end and no effect.
fn spin() -> ! {
    let mut turns = 0_u64;
    loop {
        turns = std::hint::black_box(turns.wrapping_add(1));
    }
}

/// The pages are written to, so that they are really there.
fn allocate() -> ! {
    let mut taken = Vec::new();
    loop {
        taken.push(vec![1_u8; 1024 * 1024]);
        std::hint::black_box(&taken);
    }
}

pub(crate) fn answer(settings: &Settings) -> Box<dyn AnswerStream> {
    match option(settings, "edits").as_str() {
        "" => Box::new(Unchanged),
        how => Box::new(Edits { traps: how == "trap" }),
    }
}

/// Edits an answer.
struct Edits {
    traps: bool,
}

impl AnswerStream for Edits {
    fn push(&mut self, event: Event, events: &mut Vec<Event>) -> Result<(), Fault> {
        events.push(match event {
            Event::Text(_) if self.traps => panic!("as agreed"),
            Event::Text(text) => Event::Text(text.to_uppercase()),
            other => other,
        });
        Ok(())
    }
}
