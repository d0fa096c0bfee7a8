//! The top level of the inner request: which fields are known, and what happens to the others.

use crate::shared::members::members;
use crate::shared::notes::Notes;
use ccr_plugin::Fault;
use ccr_plugin::messages::json::{Kind, Value};

members! {
    /// The fields that some format has a counterpart for.
    pub(crate) struct Body {
        pub(crate) system,
        pub(crate) messages,
        pub(crate) tools,
        pub(crate) tool_choice,
        pub(crate) max_tokens,
        pub(crate) temperature,
        pub(crate) top_p,
        pub(crate) top_k,
        pub(crate) stop_sequences,
        stream,
        pub(crate) thinking,
        pub(crate) output_config,
        output_format,
        pub(crate) service_tier,
        pub(crate) betas,
        /// The gateway's own: what transformers and client protocols add.
        pub(crate) ccr,
    }
}

/// What the inner form says of a client that sets no limit, since the form must have one: as much as every current model can say.
/// A hint beside it tells those who need no limit to send none.
pub(crate) const DEFAULT_MAX_TOKENS: u64 = 8192;

/// Fields that every format leaves out without a note, as nothing of the request's meaning goes with them: `model` is the
/// target's, `metadata` says who asks, `betas` only switches on other fields, `thread` is the host's.
const SILENT: &[&str] = &["model", "metadata", "betas", "thread"];

impl<'d> Body<'d> {
    /// `lacks` names fields of [`Body`] that the format has no place for. They are noted, as is whatever is not known here
    /// (`context_management`, `container`, `mcp_servers` and whatever comes next): providers refuse unknown fields.
    pub(crate) fn read(root: Value<'d>, lacks: &[&str], notes: &mut Notes) -> Result<Self, Fault> {
        if root.kind() != Kind::Object {
            return Err(Fault::invalid("The request must be a JSON object with `messages`."));
        }
        let mut body = Self::default();
        for (key, value) in root.members().filter(|(_, value)| !value.is_null()) {
            let key = key.decode();
            match body.field(&key) {
                Some(field) if !lacks.contains(&&*key) => *field = Some(value),
                _ if SILENT.contains(&&*key) => {}
                // No sequence is what every provider stops at.
                _ if key == "stop_sequences" && value.is_empty() => {}
                _ => notes.dropped(key.into_owned()),
            }
        }
        Ok(body)
    }

    pub(crate) fn streams(&self) -> bool {
        self.stream.and_then(Value::as_bool) == Some(true)
    }

    /// The messages, in order.
    pub(crate) fn conversation(&self) -> Result<Value<'d>, Fault> {
        let messages = self.messages.filter(|messages| messages.kind() == Kind::Array);
        messages.ok_or_else(|| Fault::invalid("messages: the request needs an array of messages."))
    }

    /// A member of `ccr`.
    pub(crate) fn own(&self, name: &str) -> Option<Value<'d>> {
        self.ccr?.get(name)
    }

    /// Whether the limit is not the client's, whose format needs none.
    pub(crate) fn is_unlimited(&self) -> bool {
        self.own("default_max_tokens").and_then(Value::as_bool) == Some(true)
    }

    pub(crate) fn thinking_is(&self, kind: &str) -> bool {
        self.thinking.and_then(|thinking| thinking.get("type")?.as_str()).is_some_and(|is| is == kind)
    }

    /// Structured output: `output_config.format`, in older clients `output_format`; with what it holds beside its schema.
    pub(crate) fn format(&self) -> Option<Format<'d>> {
        let all = self.output_config.and_then(|config| config.get("format")).or(self.output_format)?;
        let schema = all.get("schema").filter(|schema| schema.kind() == Kind::Object)?;
        Some(Format { all, schema })
    }
}

/// How the answer shall be formed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Format<'d> {
    all: Value<'d>,
    /// The JSON Schema of the answer; an object.
    pub(crate) schema: Value<'d>,
}

impl<'d> Format<'d> {
    /// `name`, `description`, `strict`: members of other formats that Anthropic's has no place for.
    pub(crate) fn beside(&self, name: &str) -> Option<Value<'d>> {
        self.all.get(name).filter(|value| !value.is_null())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::Body;
    use crate::shared::notes::Notes;
    use ccr_plugin::messages::json::Document;

    #[test]
    fn what_a_format_lacks_and_what_nobody_knows_is_noted() {
        let text = r#"{"model":"m","top_k":1,"top_p":null,"thread":"t","container":{},"stop_sequences":[],"betas":["b"],
            "stream":true,"ccr":{"default_max_tokens":true}}"#;
        let document = Document::parse_str(text).unwrap();
        let mut notes = Notes::default();
        let body = Body::read(document.root(), &["top_k", "stop_sequences"], &mut notes).unwrap();
        assert_eq!(notes.into_list(), ["top_k", "container"]);
        assert!(body.top_k.is_none() && body.top_p.is_none() && body.betas.is_some());
        assert!(body.streams() && body.is_unlimited() && body.conversation().is_err());
    }

    #[test]
    fn the_older_place_of_a_form_is_read() {
        for text in [
            r#"{"output_config":{"format":{"schema":{},"name":"n","strict":null}}}"#,
            r#"{"output_config":{"effort":"low"},"output_format":{"schema":{},"name":"n"}}"#,
        ] {
            let document = Document::parse_str(text).unwrap();
            let format = Body::read(document.root(), &[], &mut Notes::default()).unwrap().format().unwrap();
            assert!(format.beside("name").is_some() && format.beside("strict").is_none(), "{text}");
        }
    }
}
