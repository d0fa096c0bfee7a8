//! Messages and tools of a request.

use super::block::Blocks;
use crate::json::{Items, Str, Value};

/// The role of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role<'d> {
    /// `user`
    User,
    /// `assistant`
    Assistant,
    /// `system`, which newer clients send in mid-conversation.
    System,
    /// Any other role; whether it is taken is each protocol's to say.
    Other(Str<'d>),
}

impl<'d> Role<'d> {
    fn of(role: Str<'d>) -> Self {
        match &*role.decode() {
            "user" => Self::User,
            "assistant" => Self::Assistant,
            "system" => Self::System,
            _ => Self::Other(role),
        }
    }
}

/// One entry of `messages`.
#[derive(Debug, Clone, Copy)]
pub struct Message<'d> {
    /// Whose message it is.
    pub role: Role<'d>,
    /// The message as it stands in the request.
    pub value: Value<'d>,
    content: Value<'d>,
}

impl<'d> Message<'d> {
    /// `None` when a part is missing or of a wrong type.
    fn of(value: Value<'d>) -> Option<Self> {
        let role = Role::of(value.get("role")?.as_str()?);
        Some(Self { role, value, content: value.get("content")? })
    }

    /// The blocks of its content; a plain string counts as one text block.
    #[must_use]
    pub fn content(&self) -> Blocks<'d> {
        Blocks::of(Some(self.content))
    }

    /// Its content as it stands in the request: a string or an array.
    #[must_use]
    pub fn content_value(&self) -> Value<'d> {
        self.content
    }
}

/// The messages of a request.
#[derive(Debug, Clone)]
pub struct Messages<'d> {
    items: Items<'d>,
}

impl<'d> Messages<'d> {
    pub(super) fn of(messages: Value<'d>) -> Self {
        Self { items: messages.items() }
    }
}

impl<'d> Iterator for Messages<'d> {
    type Item = Message<'d>;

    fn next(&mut self) -> Option<Message<'d>> {
        Message::of(self.items.next()?)
    }
}

/// A tool that the model may call.
#[derive(Debug, Clone, Copy)]
pub struct Tool<'d> {
    /// What the model calls it by. A server tool without a name (`mcp_toolset`) has its type here.
    pub name: Str<'d>,
    /// What it is for.
    pub description: Option<Str<'d>>,
    /// JSON Schema of its input; server tools have none.
    pub input_schema: Option<Value<'d>>,
    /// `type`: none or `custom` for the client's own tools, else a server tool such as `web_search_20250305`.
    pub kind: Option<Str<'d>>,
    /// The tool as it stands in the request.
    pub value: Value<'d>,
}

impl<'d> Tool<'d> {
    /// `None` when it has neither a name nor a type.
    pub(super) fn of(value: Value<'d>) -> Option<Self> {
        let (mut name, mut kind, mut description, mut input_schema) = (None, None, None, None);
        for (key, value) in value.members() {
            match &*key.decode() {
                "name" => name = value.as_str(),
                "type" => kind = value.as_str(),
                "description" => description = value.as_str(),
                "input_schema" => input_schema = (!value.is_null()).then_some(value),
                _ => {}
            }
        }
        Some(Self { name: name.or(kind)?, description, input_schema, kind, value })
    }

    /// Whether the provider runs it, not the client.
    #[must_use]
    pub fn is_server_tool(&self) -> bool {
        self.kind.is_some_and(|kind| kind != "custom")
    }
}

/// The tools of a request.
#[derive(Debug, Clone)]
pub struct Tools<'d> {
    items: Option<Items<'d>>,
}

impl<'d> Tools<'d> {
    pub(super) fn of(tools: Option<Value<'d>>) -> Self {
        Self { items: tools.map(Value::items) }
    }
}

impl<'d> Iterator for Tools<'d> {
    type Item = Tool<'d>;

    fn next(&mut self) -> Option<Tool<'d>> {
        Tool::of(self.items.as_mut()?.next()?)
    }
}
