//! A request as it goes over the wire to a provider: path, headers, body, and how the key is added.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use ccr_messages::json::{self, Document};
use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};

use super::request::SharedText;

/// What is sent to a provider, without its credentials.
#[derive(Debug, Clone)]
pub struct WireRequest {
    /// Path and query on the provider's host.
    pub path: String,
    /// Headers, the protected ones excepted.
    pub headers: HeaderMap,
    /// The JSON body.
    pub body: WireBody,
    /// How the provider's key is added.
    pub credential: Credential,
}

/// How a provider wants its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// `authorization: Bearer KEY`
    Bearer,
    /// The key alone, in this header.
    Header(HeaderName),
    /// The key as a query parameter of this name.
    Query(String),
    /// A Google OAuth access token, of a service account or the machine's own.
    Google,
    /// AWS signature version 4 for this service.
    Aws(String),
    /// No key.
    None,
}

/// A wire body: in one or several pieces, so that a body of which only one value is replaced is not copied, and read once
/// something asks for a part of it.
#[derive(Debug, Clone)]
pub struct WireBody(Form);

#[derive(Debug, Clone)]
enum Form {
    Pieces(Vec<Bytes>),
    Read(Arc<Document<'static>>),
}

impl WireBody {
    /// A body in one piece.
    pub fn new(body: Bytes) -> Self {
        Self::of_pieces(vec![body])
    }

    /// A body in pieces.
    pub fn of_pieces(pieces: Vec<Bytes>) -> Self {
        Self(Form::Pieces(pieces))
    }

    /// The pieces, in order.
    pub fn into_pieces(self) -> Vec<Bytes> {
        match self.0 {
            Form::Pieces(pieces) => pieces,
            Form::Read(document) => vec![Bytes::from_owner(SharedText(document))],
        }
    }

    /// Number of bytes.
    pub fn len(&self) -> usize {
        match &self.0 {
            Form::Pieces(pieces) => pieces.iter().map(Bytes::len).sum(),
            Form::Read(document) => document.text().len(),
        }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All pieces as one text; copied only if there are several.
    pub fn bytes(&self) -> Cow<'_, [u8]> {
        match &self.0 {
            Form::Pieces(pieces) => match pieces.as_slice() {
                [only] => Cow::Borrowed(only),
                pieces => Cow::Owned(pieces.concat()),
            },
            Form::Read(document) => Cow::Borrowed(document.text().as_bytes()),
        }
    }

    /// The JSON text of the value at a pointer.
    pub fn get(&mut self, pointer: &str) -> Option<String> {
        self.read().ok()?.root().pointer(pointer).map(|value| value.raw().to_owned())
    }

    /// Replaces or adds the value at a pointer.
    pub fn set(&mut self, pointer: &str, json: &str) -> Result<(), String> {
        let edited = json::edit::set(&*self.read()?, pointer, json).map_err(|error| error.to_string())?;
        self.0 = Form::Read(Arc::new(edited));
        Ok(())
    }

    /// Sets members of the body's object: each takes the place of the one of its name, or goes behind the last one.
    pub fn merge(&mut self, members: &serde_json::Map<String, serde_json::Value>) -> Result<(), String> {
        for (name, value) in members {
            let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
            self.set(&pointer, &value.to_string())?;
        }
        Ok(())
    }

    /// Removes the value at a pointer; nothing happens where there is none.
    pub fn remove(&mut self, pointer: &str) -> Result<(), String> {
        if let Some(edited) = json::edit::remove(&*self.read()?, pointer) {
            self.0 = Form::Read(Arc::new(edited));
        }
        Ok(())
    }

    /// The body as JSON; it stays so, for what is asked next.
    fn read(&mut self) -> Result<Arc<Document<'static>>, String> {
        let document = match &self.0 {
            Form::Read(document) => Arc::clone(document),
            Form::Pieces(pieces) => {
                let document = Document::from_vec(pieces.concat());
                Arc::new(document.map_err(|error| format!("the body is not valid JSON: {error}"))?)
            }
        };
        self.0 = Form::Read(Arc::clone(&document));
        Ok(document)
    }
}

/// What is escaped where only RFC 3986's unreserved characters stand for themselves.
pub const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Headers that belong to the connection or to the host's own work; nobody else sets them.
const PROTECTED: [&str; 16] = [
    "host",
    "content-length",
    "content-encoding",
    "accept-encoding",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "authorization",
    "cookie",
];

/// Whether a header is the host's own business.
pub fn is_protected(name: &str) -> bool {
    PROTECTED.contains(&name) || name.starts_with("x-ccr-") || name.starts_with("x-forwarded-") || name == "forwarded"
}

/// Sets a header for a plugin, unless it is protected or illegal.
pub fn set_header(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), String> {
    let name = HeaderName::try_from(name).map_err(|_| format!("`{name}` is not a legal header name"))?;
    if is_protected(name.as_str()) || super::request::is_secret(name.as_str()) {
        return Err(format!("the header `{name}` is set by the host alone"));
    }
    let value = HeaderValue::try_from(value).map_err(|_| format!("the value for header `{name}` is not legal"))?;
    headers.insert(name, value);
    Ok(())
}

/// Checks that what a plugin calls a path stays one on the provider's own host.
pub fn check_path(path: &str) -> Result<(), String> {
    let legal = path.starts_with('/')
        && !path.starts_with("//")
        && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\' && byte != b'#');
    if legal { Ok(()) } else { Err(format!("`{path}` is not a path on the provider's host")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugin_cannot_leave_the_host_nor_set_its_headers() {
        for bad in ["", "x", "//evil.example/x", "https://evil.example", "/a b", "/a\r\nx: y", "/\\evil", "/a#b"] {
            assert!(check_path(bad).is_err(), "{bad:?}");
        }
        assert!(check_path("/v1/chat/completions?a=b").is_ok());
        let mut headers = HeaderMap::new();
        for bad in ["host", "authorization", "x-api-key", "content-length", "x-ccr-provider", "x-forwarded-for", "a b"]
        {
            assert!(set_header(&mut headers, bad, "v").is_err(), "{bad}");
        }
        assert!(set_header(&mut headers, "x-title", "v\n").is_err());
        assert!(set_header(&mut headers, "x-title", "v").is_ok());
    }

    #[test]
    fn a_body_in_pieces_is_edited_as_one() {
        let mut body = WireBody::of_pieces(vec![Bytes::from_static(b"{\"a\":"), Bytes::from_static(b"1}")]);
        assert_eq!(body.get("/a").as_deref(), Some("1"));
        body.set("/b", "[2]").expect("legal");
        assert_eq!(body.get("/b/0").as_deref(), Some("2"));
        assert!(body.set("/b", "[").is_err());
        body.remove("/a").expect("JSON");
        assert_eq!(&*body.bytes(), b"{\"b\":[2]}");
        assert_eq!(body.into_pieces().concat(), b"{\"b\":[2]}");
        assert!(WireBody::new(Bytes::from_static(b"{")).set("/a", "1").is_err());
    }

    #[test]
    fn members_are_merged_in_their_order() {
        let mut body = WireBody::new(Bytes::from_static(b"{\"model\":\"m\",\"top_p\":1,\"messages\":[]}"));
        let members = serde_json::json!({"top_p": 0.5, "z": {"deep": [1]}, "a/b~c": null});
        body.merge(members.as_object().expect("an object")).expect("legal");
        let expected = r#"{"model":"m","top_p":0.5,"messages":[],"z":{"deep":[1]},"a/b~c":null}"#;
        assert_eq!(String::from_utf8_lossy(&body.bytes()), expected);
    }
}
