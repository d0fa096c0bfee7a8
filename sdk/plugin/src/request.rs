//! The request as a plugin sees it: lent by the host, or a stand-in of [`crate::testing`].

use crate::Fault;
use crate::bindings::imports::ccr::plugin::host as wit;
use serde::de::DeserializeOwned;

pub use crate::bindings::imports::ccr::plugin::types::Target;
pub use wit::RequestSummary as Summary;

impl Target {
    /// A provider and one of its models, by the names that the config has for them.
    pub fn new(provider: impl Into<String>, model: impl Into<String>) -> Self {
        Self { provider: provider.into(), model: model.into() }
    }

    /// Reads `provider,model`, as options and configs write it; `None` without a comma. Both names lose the white space around
    /// them.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (provider, model) = text.split_once(',')?;
        Some(Self::new(provider.trim(), model.trim()))
    }
}

/// A request in the inner form (Anthropic Messages JSON), lent for one call. Pointers are JSON pointers (RFC 6901).
///
/// Ask for what is needed: the body stays in the host, and may be large.
pub trait Request {
    /// The gateway's id of the request, for messages and logs.
    fn id(&self) -> String;
    /// The model's name as the client asked for it.
    fn model(&self) -> String;
    /// Where the request goes; `None` before it is routed.
    fn target(&self) -> Option<Target>;
    /// Path and query of the provider's `api_base_url`, which may be the whole endpoint or only the base; `None` before it is routed.
    fn base_path(&self) -> Option<String>;
    /// A header of the client's request by its lower-case name. Credentials and cookies are never shown.
    fn header(&self, name: &str) -> Option<String>;
    /// The session that the client names, if it names one.
    fn session(&self) -> Option<String>;
    /// Figures that cost nothing to ask for.
    fn summary(&self) -> Summary;
    /// The JSON text of the value at the pointer.
    fn get(&self, pointer: &str) -> Option<String>;
    /// Replaces or adds the value at the pointer (`-` appends to an array).
    ///
    /// # Errors
    /// `json` is not one JSON value, the pointer leads nowhere, or this role may only read.
    fn set(&mut self, pointer: &str, json: &str) -> Result<(), Fault>;
    /// Removes the value at the pointer; nothing happens where there is none.
    ///
    /// # Errors
    /// This role may only read.
    fn remove(&mut self, pointer: &str) -> Result<(), Fault>;
    /// The whole body, with all edits so far.
    fn body(&self) -> Vec<u8>;
    /// The body as text, white space around it left out. To read all of it, take this: it need not be checked for UTF-8
    /// again, which costs as much as reading it
    /// ([`Document::parse_str`](ccr_messages::json::Document::parse_str)).
    fn text(&self) -> String {
        self.get("").unwrap_or_default()
    }
    /// Notes that something is left out for this target; seen in `x-ccr-dropped` and in the record.
    fn dropped(&self, what: &str);
    /// Number of input tokens; counted when first asked for.
    fn token_count(&self) -> u64;
}

impl dyn Request + '_ {
    /// The whole number from 0 to 2^64 - 1 at the pointer; `None` where there is none. Needs no `serde_json`, which makes a
    /// component some 80 kB larger.
    pub fn number(&self, pointer: &str) -> Option<u64> {
        self.get(pointer)?.parse().ok()
    }

    /// The value at the pointer, read into a type; `None` where there is none or where it does not fit.
    pub fn read<T: DeserializeOwned>(&self, pointer: &str) -> Option<T> {
        serde_json::from_str(&self.get(pointer)?).ok()
    }
}

/// A request as it will go over the wire, lent for one call. Credentials are not in it: the host adds them last.
pub trait WireRequest {
    /// Where it goes.
    fn target(&self) -> Target;
    /// Path and query.
    fn path(&self) -> String;
    /// Sets path and query.
    ///
    /// # Errors
    /// It is not a path, or would leave the provider's host.
    fn set_path(&mut self, path: &str) -> Result<(), Fault>;
    /// A header by its lower-case name.
    fn header(&self, name: &str) -> Option<String>;
    /// Sets a header.
    ///
    /// # Errors
    /// A protected name (`host`, `content-length`, `authorization`, …) or an illegal value.
    fn set_header(&mut self, name: &str, value: &str) -> Result<(), Fault>;
    /// Removes a header.
    fn remove_header(&mut self, name: &str);
    /// The JSON text of the value at the pointer.
    fn get(&self, pointer: &str) -> Option<String>;
    /// Replaces or adds the value at the pointer.
    ///
    /// # Errors
    /// `json` is not one JSON value, or the pointer leads nowhere.
    fn set(&mut self, pointer: &str, json: &str) -> Result<(), Fault>;
    /// Removes the value at the pointer.
    ///
    /// # Errors
    /// The body is not JSON.
    fn remove(&mut self, pointer: &str) -> Result<(), Fault>;
    /// The whole body.
    fn body(&self) -> Vec<u8>;
    /// Replaces the whole body.
    ///
    /// # Errors
    /// It is larger than the host's limit.
    fn set_body(&mut self, body: &[u8]) -> Result<(), Fault>;
    /// Notes that something is left out for this target.
    fn dropped(&self, what: &str);
}

/// The host's request: every method is one call out of the sandbox.
#[derive(Debug)]
pub(crate) struct Lent<'a, T>(pub(crate) &'a T);

macro_rules! forward {
    ($(fn $name:ident(&$self:ident $(, $arg:ident: $type:ty)*) $(-> $result:ty)?;)*) => {
        $(fn $name(&$self $(, $arg: $type)*) $(-> $result)? { $self.0.$name($($arg),*) })*
    };
}

impl Request for Lent<'_, wit::Request> {
    forward! {
        fn id(&self) -> String;
        fn model(&self) -> String;
        fn target(&self) -> Option<Target>;
        fn base_path(&self) -> Option<String>;
        fn header(&self, name: &str) -> Option<String>;
        fn session(&self) -> Option<String>;
        fn summary(&self) -> Summary;
        fn get(&self, pointer: &str) -> Option<String>;
        fn body(&self) -> Vec<u8>;
        fn dropped(&self, what: &str);
        fn token_count(&self) -> u64;
    }

    fn set(&mut self, pointer: &str, json: &str) -> Result<(), Fault> {
        self.0.set(pointer, json)
    }

    fn remove(&mut self, pointer: &str) -> Result<(), Fault> {
        self.0.remove(pointer)
    }
}

impl WireRequest for Lent<'_, wit::WireRequest> {
    forward! {
        fn target(&self) -> Target;
        fn path(&self) -> String;
        fn header(&self, name: &str) -> Option<String>;
        fn get(&self, pointer: &str) -> Option<String>;
        fn body(&self) -> Vec<u8>;
        fn dropped(&self, what: &str);
    }

    fn set_path(&mut self, path: &str) -> Result<(), Fault> {
        self.0.set_path(path)
    }

    fn set_header(&mut self, name: &str, value: &str) -> Result<(), Fault> {
        self.0.set_header(name, value)
    }

    fn remove_header(&mut self, name: &str) {
        self.0.remove_header(name);
    }

    fn set(&mut self, pointer: &str, json: &str) -> Result<(), Fault> {
        self.0.set(pointer, json)
    }

    fn remove(&mut self, pointer: &str) -> Result<(), Fault> {
        self.0.remove(pointer)
    }

    fn set_body(&mut self, body: &[u8]) -> Result<(), Fault> {
        self.0.set_body(body)
    }
}
