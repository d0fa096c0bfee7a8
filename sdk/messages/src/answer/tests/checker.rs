//! Reads a stream as Anthropic documents it, says what is illegal in it, and adds its message up.

use serde_json::{Map, Value, json};

/// What a legal stream says.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Stream {
    /// The type and data of each event.
    pub(crate) events: Vec<Value>,
    /// The message it adds up to, without calls that are not complete. `None` if it ended with an error or not at all.
    pub(crate) message: Option<Value>,
    /// The error it ended with.
    pub(crate) error: Option<Value>,
}

/// Reads `text`; `Err` says what is illegal.
pub(crate) fn read(text: &str) -> Result<Stream, String> {
    let mut reader = Reader::default();
    for event in text.split_terminator("\n\n") {
        let (name, data) = event.split_once('\n').ok_or("an event without data")?;
        let name = name.strip_prefix("event: ").ok_or("no event name")?;
        let data = data.strip_prefix("data: ").ok_or("no data")?;
        if data.contains(['\n', '\r']) {
            return Err(format!("a line break in {data}"));
        }
        let data: Value = serde_json::from_str(data).map_err(|error| format!("{error} in {data}"))?;
        if data["type"] != name {
            return Err(format!("{name} with {data}"));
        }
        reader.event(name, &data).map_err(|what| format!("{what}: {data}\nin {text}"))?;
        reader.stream.events.push(data);
    }
    Ok(reader.stream)
}

#[derive(Default)]
struct Reader {
    stream: Stream,
    message: Option<Value>,
    open: Option<Block>,
    blocks: u64,
    ending: bool,
    over: bool,
}

struct Block {
    block: Value,
    input: String,
    signed: bool,
}

impl Reader {
    fn event(&mut self, name: &str, data: &Value) -> Result<(), &'static str> {
        if self.over {
            return Err("an event after the end");
        }
        if self.message.is_none() && !matches!(name, "message_start" | "error") {
            return Err("an event before message_start");
        }
        if self.ending && name != "message_stop" {
            return Err("an event between message_delta and message_stop");
        }
        match name {
            "message_start" if self.message.is_some() => Err("a second message_start"),
            "message_start" => {
                self.message = Some(data["message"].clone());
                Ok(())
            }
            "ping" => Ok(()),
            "content_block_start" => self.start(data),
            "content_block_delta" => self.delta(data),
            "content_block_stop" => self.stop(data),
            "message_delta" => self.end(data),
            "message_stop" if !self.ending => Err("message_stop without message_delta"),
            "message_stop" => {
                self.over = true;
                self.stream.message = self.message.take();
                Ok(())
            }
            "error" => {
                self.over = true;
                self.stream.error = Some(data["error"].clone());
                Ok(())
            }
            _ => Err("an unknown event"),
        }
    }

    fn start(&mut self, data: &Value) -> Result<(), &'static str> {
        if self.open.is_some() {
            return Err("a block within a block");
        }
        if data["index"] != self.blocks {
            return Err("a wrong index");
        }
        self.open = Some(Block { block: data["content_block"].clone(), input: String::new(), signed: false });
        Ok(())
    }

    fn delta(&mut self, data: &Value) -> Result<(), &'static str> {
        let open = self.open.as_mut().ok_or("a delta outside of a block")?;
        if data["index"] != self.blocks {
            return Err("a wrong index");
        }
        if open.signed {
            return Err("a delta after the signature");
        }
        let delta = &data["delta"];
        let kind = delta["type"].as_str().ok_or("no type")?;
        let block_kind = open.block["type"].as_str().ok_or("no type")?.to_owned();
        let piece = |key: &str| match delta[key].as_str() {
            Some("") | None => Err("an empty delta"),
            Some(piece) => Ok(piece),
        };
        match (&*block_kind, kind) {
            ("text", "text_delta") => append(&mut open.block["text"], piece("text")?),
            ("thinking", "thinking_delta") => append(&mut open.block["thinking"], piece("thinking")?),
            ("thinking", "signature_delta") => {
                append(&mut open.block["signature"], piece("signature")?);
                open.signed = true;
            }
            ("tool_use", "input_json_delta") => open.input.push_str(piece("partial_json")?),
            ("text", "citations_delta") => {
                let block = open.block.as_object_mut().ok_or("no block")?;
                let citations = block.entry("citations").or_insert_with(|| json!([]));
                citations.as_array_mut().ok_or("no list")?.push(delta["citation"].clone());
            }
            _ => return Err("a delta of another kind than its block"),
        }
        Ok(())
    }

    fn stop(&mut self, data: &Value) -> Result<(), &'static str> {
        let mut open = self.open.take().ok_or("the end of no block")?;
        if data["index"] != self.blocks {
            return Err("a wrong index");
        }
        self.blocks += 1;
        if open.block["type"] == "tool_use" {
            match serde_json::from_str::<Map<String, Value>>(&open.input) {
                Ok(input) => open.block["input"] = Value::Object(input),
                Err(_) => return Ok(()),
            }
        }
        let content = self.message.as_mut().and_then(|message| message["content"].as_array_mut());
        content.ok_or("no content")?.push(open.block);
        Ok(())
    }

    fn end(&mut self, data: &Value) -> Result<(), &'static str> {
        if self.open.is_some() {
            return Err("the end within a block");
        }
        self.ending = true;
        let message = self.message.as_mut().ok_or("no message")?;
        for part in [&data["delta"], &json!({"usage": data["usage"]})] {
            for (key, value) in part.as_object().ok_or("no object")? {
                match (&mut message[key], value) {
                    (Value::Object(old), Value::Object(new)) => old.extend(new.clone()),
                    (old, new) => *old = new.clone(),
                }
            }
        }
        Ok(())
    }
}

fn append(text: &mut Value, piece: &str) {
    *text = Value::String(format!("{}{piece}", text.as_str().unwrap_or_default()));
}

#[test]
fn sees_what_is_illegal() {
    let event = |data: Value| format!("event: {}\ndata: {data}\n\n", data["type"].as_str().unwrap_or_default());
    let start = event(json!({"type":"message_start","message":{"content":[]}}));
    let block = event(json!({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}));
    let wrong = event(json!({"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"x"}}));
    let delta = event(json!({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"x"}}));
    let stop = event(json!({"type":"message_stop"}));
    assert!(read(&format!("{start}{block}{delta}")).is_ok());
    for illegal in [
        block.clone(),
        format!("{start}{start}"),
        format!("{start}{delta}"),
        format!("{start}{block}{block}"),
        format!("{start}{block}{wrong}"),
        format!("{start}{stop}"),
    ] {
        assert!(read(&illegal).is_err(), "{illegal}");
    }
}
