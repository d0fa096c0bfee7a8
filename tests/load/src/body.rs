//! Requests as a coding agent sends them: a long system prompt, many tools with schemas, and a history of
//! tool calls with file contents in their results. The same size gives the same bytes, on every machine.
//!
//! What makes such bodies dear is in here on purpose: most bytes are inside strings, those strings are full
//! of escaped newlines and quotes, and some of them are not ASCII.

use crate::text::{WORDS, Writer};

/// The tools of a usual session: name, and the required parameters with their JSON types.
const TOOLS: [(&str, &[(&str, &str)]); 18] = [
    ("Read", &[("file_path", "string"), ("offset", "integer"), ("limit", "integer")]),
    ("Edit", &[("file_path", "string"), ("old_string", "string"), ("new_string", "string")]),
    ("Write", &[("file_path", "string"), ("content", "string")]),
    ("Bash", &[("command", "string"), ("timeout", "number"), ("description", "string")]),
    ("BashOutput", &[("bash_id", "string"), ("filter", "string")]),
    ("KillShell", &[("shell_id", "string")]),
    ("Glob", &[("pattern", "string"), ("path", "string")]),
    ("Grep", &[("pattern", "string"), ("path", "string"), ("output_mode", "string")]),
    ("Task", &[("description", "string"), ("prompt", "string"), ("subagent_type", "string")]),
    ("TodoWrite", &[("todos", "array")]),
    ("WebFetch", &[("url", "string"), ("prompt", "string")]),
    ("WebSearch", &[("query", "string"), ("allowed_domains", "array")]),
    ("NotebookEdit", &[("notebook_path", "string"), ("new_source", "string")]),
    ("ExitPlanMode", &[("plan", "string")]),
    ("AskUserQuestion", &[("questions", "array")]),
    ("Skill", &[("command", "string")]),
    ("SlashCommand", &[("command", "string")]),
    ("mcp__tickets__search", &[("query", "string"), ("limit", "integer")]),
];

/// Below this a body holds one tool, as a side request for a title or a summary does; above it, all of
/// them: they and the system prompt take about 40 kB.
const FULL_SESSION: usize = 50_000;
/// A system prompt of a full session is about this long.
const SYSTEM_TEXT: usize = 12_000;
/// Descriptions of this length make the 18 tools about 25 kB, as in a usual session.
const TOOL_TEXT: usize = 1_000;
/// Results of tool calls vary from a line to a file of this size.
const MAX_RESULT: usize = 9_000;
/// A round of tool call and result is only begun when this much is left, so that the last text is never cut short.
const ROUND_MARGIN: usize = 2 * MAX_RESULT;

/// A request of exactly `size` bytes (at least about 900) to the model `m`, not streamed.
pub fn body(size: usize) -> Vec<u8> {
    body_for(size, "m", false)
}

/// A request of exactly `size` bytes to the given model, streamed or not.
pub fn body_for(size: usize, model: &str, stream: bool) -> Vec<u8> {
    let full = size >= FULL_SESSION;
    let mut out = Writer::new(size);
    out.raw("{\"model\":");
    out.string(model);
    out.raw(",\"max_tokens\":32000,\"temperature\":1,\"stream\":");
    out.raw(if stream { "true" } else { "false" });
    out.raw(",\"metadata\":{\"user_id\":\"user_0f1e2d_account__session_00000000-0000-4000-8000-000000000001\"}");
    out.system(if full { SYSTEM_TEXT } else { 20 });
    out.tools(if full { &TOOLS } else { &TOOLS[..1] }, if full { TOOL_TEXT } else { 20 });
    out.raw(",\"messages\":[{\"role\":\"user\",\"content\":[");
    out.text_block(if full { 400 } else { 20 }, full);
    out.raw("]}");
    let mut round = 0;
    while out.bytes.len() + ROUND_MARGIN < size {
        out.round(round);
        round += 1;
    }
    out.last_message(size);
    out.bytes
}

impl Writer {
    fn system(&mut self, length: usize) {
        self.raw(",\"system\":[{\"type\":\"text\",\"text\":");
        self.string("You are an agent that edits code in a terminal.");
        self.raw(",\"cache_control\":{\"type\":\"ephemeral\"}},{\"type\":\"text\",\"text\":");
        let text = self.prose(length);
        self.string(&text);
        self.raw(",\"cache_control\":{\"type\":\"ephemeral\"}}]");
    }

    fn tools(&mut self, tools: &[(&str, &[(&str, &str)])], description: usize) {
        self.raw(",\"tools\":[");
        for (index, (name, parameters)) in tools.iter().enumerate() {
            self.raw(if index == 0 { "{\"name\":" } else { ",{\"name\":" });
            self.string(name);
            self.raw(",\"description\":");
            let text = self.prose(description);
            self.string(&text);
            self.raw(",\"input_schema\":");
            self.schema(parameters, description / 18);
            self.raw("}");
        }
        self.raw("]");
    }

    fn schema(&mut self, parameters: &[(&str, &str)], description: usize) {
        self.raw("{\"$schema\":\"http://json-schema.org/draft-07/schema#\",\"type\":\"object\",\"properties\":{");
        for (index, (name, kind)) in parameters.iter().enumerate() {
            self.raw(if index == 0 { "" } else { "," });
            self.string(name);
            self.raw(&format!(":{{\"type\":\"{kind}\",\"description\":"));
            let text = self.prose(description);
            self.string(&text);
            self.raw(if *kind == "array" { ",\"items\":{\"type\":\"string\"}}" } else { "}" });
        }
        let required = parameters.first().map_or("", |(name, _)| name);
        self.raw(&format!("}},\"required\":[\"{required}\"],\"additionalProperties\":false}}"));
    }

    fn text_block(&mut self, length: usize, cached: bool) {
        self.raw("{\"type\":\"text\",\"text\":");
        let text = self.prose(length);
        self.string(&text);
        self.raw(if cached { ",\"cache_control\":{\"type\":\"ephemeral\"}}" } else { "}" });
    }

    /// One turn of the agent with one to three tool calls, and the user turn with their results.
    fn round(&mut self, round: usize) {
        let calls = 1 + self.random(3);
        self.raw(",{\"role\":\"assistant\",\"content\":[");
        self.text_block(180, false);
        for call in 0..calls {
            self.raw(&format!(",{{\"type\":\"tool_use\",\"id\":\"toolu_{round:04}{call}AbCdEfGh\",\"name\":\"Edit\",\"input\":{{\"file_path\":"));
            self.string(&format!("/home/user/project/src/module_{round}.rs"));
            self.raw(",\"old_string\":");
            let old = self.code(250);
            self.string(&old);
            self.raw(",\"new_string\":");
            let new = self.code(300);
            self.string(&new);
            self.raw("}}");
        }
        self.raw("]},{\"role\":\"user\",\"content\":[");
        for call in 0..calls {
            self.raw(if call == 0 { "" } else { "," });
            self.raw(&format!(
                "{{\"type\":\"tool_result\",\"tool_use_id\":\"toolu_{round:04}{call}AbCdEfGh\",\"content\":"
            ));
            let length = 80 + self.random(MAX_RESULT) / calls;
            let result = self.code(length);
            self.string(&result);
            self.raw("}");
        }
        self.raw("]}");
    }

    /// The text that the user typed last fills the body to its size; letters only, so that its length is known.
    fn last_message(&mut self, size: usize) {
        self.raw(",{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"Done.\"}]},{\"role\":\"user\",\"content\":\"");
        let end = "\"}]}";
        let mut left = size.saturating_sub(self.bytes.len() + end.len());
        while left > 0 {
            let word = WORDS[self.random(WORDS.len())];
            let part = &word[..word.len().min(left)];
            self.raw(part);
            left -= part.len();
            if left > 0 {
                self.raw(" ");
                left -= 1;
            }
        }
        self.raw(end);
    }
}

#[cfg(test)]
mod tests {
    use super::{body, body_for};
    use serde_json::Value;

    #[test]
    fn every_size_is_met_exactly_and_is_json() {
        for size in [1_000, 49_999, 50_000, 67_000, 440_000] {
            let bytes = body(size);
            assert_eq!(bytes.len(), size);
            let value: Value = serde_json::from_slice(&bytes).unwrap();
            assert_eq!(value["model"], "m");
        }
    }

    #[test]
    fn the_same_size_gives_the_same_bytes() {
        assert_eq!(body_for(67_000, "mock,m", true), body_for(67_000, "mock,m", true));
    }

    #[test]
    fn a_full_session_has_the_parts_that_cost_time() {
        let value: Value = serde_json::from_slice(&body_for(67_000, "mock,m", true)).unwrap();
        assert_eq!(value["stream"], true);
        assert_eq!(value["tools"].as_array().unwrap().len(), 18);
        assert_eq!(value["system"].as_array().unwrap().len(), 2);
        let messages = value["messages"].as_array().unwrap();
        let kinds = |kind: &str| {
            messages
                .iter()
                .filter_map(|message| message["content"].as_array())
                .flatten()
                .filter(|block| block["type"] == kind)
                .count()
        };
        assert!(kinds("tool_use") >= 2, "{} tool calls", kinds("tool_use"));
        assert_eq!(kinds("tool_use"), kinds("tool_result"));
    }

    #[test]
    fn turns_alternate_and_every_call_has_its_result() {
        let value: Value = serde_json::from_slice(&body(440_000)).unwrap();
        let messages = value["messages"].as_array().unwrap();
        for pair in messages.windows(2) {
            assert_ne!(pair[0]["role"], pair[1]["role"]);
            let ids = |message: &Value, kind: &str, key: &str| -> Vec<Value> {
                let blocks = message["content"].as_array().cloned().unwrap_or_default();
                blocks.iter().filter(|block| block["type"] == kind).map(|block| block[key].clone()).collect()
            };
            assert_eq!(ids(&pair[0], "tool_use", "id"), ids(&pair[1], "tool_result", "tool_use_id"));
        }
    }
}
