//! Stand-ins for what the host lends, so that a plugin's logic is tested with plain `cargo test`.

#[cfg(not(target_family = "wasm"))]
pub mod host;

use crate::{Fault, Request, Summary, Target};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// A request that lives in the test.
#[derive(Debug, Clone)]
pub struct FakeRequest {
    /// The body.
    pub body: Value,
    /// Where it goes.
    pub target: Option<Target>,
    /// Path and query of the provider's base URL.
    pub base_path: String,
    /// The client's headers, by lower-case name.
    pub headers: BTreeMap<String, String>,
    /// What the plugin noted as left out.
    pub dropped: RefCell<Vec<String>>,
    /// The answer to `token_count`.
    pub tokens: u64,
    /// The session that the client names.
    pub session: Option<String>,
    /// The bytes that `body` gives as long as nothing has been edited; without them it writes `body` compactly.
    raw: Option<Vec<u8>>,
}

impl FakeRequest {
    /// A request with this body that goes to model `m` of provider `p` at `/v1`.
    #[must_use]
    pub fn new(body: Value) -> Self {
        Self {
            body,
            target: Some(Target::new("p", "m")),
            base_path: "/v1".into(),
            headers: BTreeMap::new(),
            dropped: RefCell::default(),
            tokens: 0,
            session: None,
            raw: None,
        }
    }

    /// A request whose body is these bytes, spelled as they are; what is not JSON counts as `null`.
    #[must_use]
    pub fn from_bytes(body: Vec<u8>) -> Self {
        let value = serde_json::from_slice(&body).unwrap_or_default();
        Self { raw: Some(body), ..Self::new(value) }
    }

    fn list_len(&self, key: &str) -> u32 {
        let length = self.body.get(key).and_then(Value::as_array).map_or(0, Vec::len);
        u32::try_from(length).unwrap_or(u32::MAX)
    }
}

impl Request for FakeRequest {
    fn id(&self) -> String {
        "req_test".into()
    }

    fn model(&self) -> String {
        self.body.get("model").and_then(Value::as_str).unwrap_or_default().into()
    }

    fn target(&self) -> Option<Target> {
        self.target.clone()
    }

    fn base_path(&self) -> Option<String> {
        self.target.as_ref().map(|_| self.base_path.clone())
    }

    fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name).cloned()
    }

    fn session(&self) -> Option<String> {
        self.session.clone()
    }

    fn summary(&self) -> Summary {
        Summary {
            body_bytes: self.body.to_string().len() as u64,
            messages: self.list_len("messages"),
            tools: self.list_len("tools"),
            has_images: self.body.to_string().contains(r#""type":"image""#),
            thinking: self.body.get("thinking").is_some_and(|thinking| thinking["type"] != "disabled"),
            streaming: self.body.get("stream") == Some(&Value::Bool(true)),
            max_tokens: self.body.get("max_tokens").and_then(Value::as_u64),
        }
    }

    fn get(&self, pointer: &str) -> Option<String> {
        self.body.pointer(pointer).map(Value::to_string)
    }

    fn set(&mut self, pointer: &str, json: &str) -> Result<(), Fault> {
        self.raw = None;
        let value: Value = serde_json::from_str(json).map_err(|error| Fault::own(error.to_string()))?;
        let (parent, key) = split(pointer)?;
        match self.body.pointer_mut(parent) {
            Some(Value::Object(members)) => {
                members.insert(unescape(key), value);
            }
            Some(Value::Array(items)) if key == "-" => items.push(value),
            Some(Value::Array(items)) => {
                let slot = key.parse::<usize>().ok().and_then(|index| items.get_mut(index));
                *slot.ok_or_else(|| Fault::own(format!("nothing at {pointer}")))? = value;
            }
            _ => return Err(Fault::own(format!("nothing at {parent}"))),
        }
        Ok(())
    }

    fn remove(&mut self, pointer: &str) -> Result<(), Fault> {
        self.raw = None;
        let (parent, key) = split(pointer)?;
        match self.body.pointer_mut(parent) {
            Some(Value::Object(members)) => {
                members.remove(&unescape(key));
            }
            Some(Value::Array(items)) => {
                if let Some(index) = key.parse::<usize>().ok().filter(|index| *index < items.len()) {
                    items.remove(index);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn body(&self) -> Vec<u8> {
        self.raw.clone().unwrap_or_else(|| self.body.to_string().into_bytes())
    }

    fn text(&self) -> String {
        let raw = self.raw.as_ref().and_then(|raw| std::str::from_utf8(raw).ok());
        raw.map_or_else(|| self.body.to_string(), |raw| raw.trim().into())
    }

    fn dropped(&self, what: &str) {
        self.dropped.borrow_mut().push(what.into());
    }

    fn token_count(&self) -> u64 {
        self.tokens
    }
}

fn split(pointer: &str) -> Result<(&str, &str), Fault> {
    pointer.rsplit_once('/').ok_or_else(|| Fault::own("the whole body cannot be replaced by a pointer"))
}

fn unescape(key: &str) -> String {
    key.replace("~1", "/").replace("~0", "~")
}

/// A request over the wire that lives in the test.
#[derive(Debug, Clone)]
pub struct FakeWireRequest {
    /// The body.
    pub body: Value,
    /// Where it goes.
    pub target: Target,
    /// Path and query.
    pub path: String,
    /// The headers, by lower-case name.
    pub headers: BTreeMap<String, String>,
    /// What the plugin noted as left out.
    pub dropped: RefCell<Vec<String>>,
}

impl FakeWireRequest {
    /// A request with this body that goes to model `m` of provider `p` at `/v1/chat/completions`.
    #[must_use]
    pub fn new(body: Value) -> Self {
        Self {
            body,
            target: Target::new("p", "m"),
            path: "/v1/chat/completions".into(),
            headers: BTreeMap::new(),
            dropped: RefCell::default(),
        }
    }
}

impl crate::WireRequest for FakeWireRequest {
    fn target(&self) -> Target {
        self.target.clone()
    }

    fn path(&self) -> String {
        self.path.clone()
    }

    fn set_path(&mut self, path: &str) -> Result<(), Fault> {
        if !path.starts_with('/') || path.starts_with("//") {
            return Err(Fault::own(format!("`{path}` is not a path on the provider's host")));
        }
        self.path = path.into();
        Ok(())
    }

    fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name).cloned()
    }

    fn set_header(&mut self, name: &str, value: &str) -> Result<(), Fault> {
        self.headers.insert(name.to_ascii_lowercase(), value.into());
        Ok(())
    }

    fn remove_header(&mut self, name: &str) {
        self.headers.remove(name);
    }

    fn get(&self, pointer: &str) -> Option<String> {
        self.body.pointer(pointer).map(Value::to_string)
    }

    fn set(&mut self, pointer: &str, json: &str) -> Result<(), Fault> {
        let mut inner = FakeRequest::new(self.body.take());
        let outcome = inner.set(pointer, json);
        self.body = inner.body;
        outcome
    }

    fn remove(&mut self, pointer: &str) -> Result<(), Fault> {
        let mut inner = FakeRequest::new(self.body.take());
        let outcome = inner.remove(pointer);
        self.body = inner.body;
        outcome
    }

    fn body(&self) -> Vec<u8> {
        self.body.to_string().into_bytes()
    }

    fn set_body(&mut self, body: &[u8]) -> Result<(), Fault> {
        self.body = serde_json::from_slice(body).map_err(|error| Fault::own(error.to_string()))?;
        Ok(())
    }

    fn dropped(&self, what: &str) {
        self.dropped.borrow_mut().push(what.into());
    }
}
