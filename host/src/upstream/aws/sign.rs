//! AWS signature version 4 ("Create a signed AWS API request" in the IAM user guide), with ring's HMAC and SHA-256.

use std::fmt::Write as _;
use std::time::SystemTime;

use bytes::Bytes;
use data_encoding::HEXLOWER;
use http::header::{self, HeaderMap, HeaderName, HeaderValue, InvalidHeaderValue};
use percent_encoding::{AsciiSet, percent_decode_str, percent_encode, utf8_percent_encode};
use ring::{digest, hmac};

use super::Signer;
use crate::base::wire::UNRESERVED;
use crate::upstream::request::sensitive;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// When the request is made, in the form that AWS wants.
const DATE: HeaderName = HeaderName::from_static("x-amz-date");

/// The session of keys that end.
const SESSION: HeaderName = HeaderName::from_static("x-amz-security-token");

impl Signer {
    /// Signs a POST as it will go out: nothing may be changed afterwards. The path is brought into the form that AWS signs.
    pub(in crate::upstream) fn sign(
        &self,
        path: &mut String,
        headers: &mut HeaderMap,
        body: &[Bytes],
    ) -> Result<(), InvalidHeaderValue> {
        *path = encoded(path);
        let time = timestamp(self.now);
        headers.insert(DATE, HeaderValue::from_str(&time)?);
        match &self.keys.session {
            Some(session) => headers.insert(SESSION, sensitive(session.expose())?),
            None => headers.remove(SESSION),
        };
        let signed = signed_headers(headers, is_signed);
        let request = canonical("POST", path, &signed, &hash(body.iter().map(AsRef::as_ref)));
        headers.insert(header::AUTHORIZATION, sensitive(&self.authorization(&time, &signed, &request))?);
        Ok(())
    }

    /// The header that proves it all.
    fn authorization(&self, time: &str, signed: &[(String, String)], request: &str) -> String {
        let day = time.get(..8).unwrap_or_default();
        let scope = format!("{day}/{}/{}/aws4_request", self.region, self.service);
        let text = format!("{ALGORITHM}\n{time}\n{scope}\n{}", hash([request.as_bytes()]));
        let mut key = hmac::Key::new(hmac::HMAC_SHA256, format!("AWS4{}", self.keys.secret.expose()).as_bytes());
        for part in [day, &self.region, &self.service, "aws4_request"] {
            key = hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&key, part.as_bytes()).as_ref());
        }
        let signature = HEXLOWER.encode(hmac::sign(&key, text.as_bytes()).as_ref());
        let (id, names) = (&self.keys.id, names(signed));
        format!("{ALGORITHM} Credential={id}/{scope}, SignedHeaders={names}, Signature={signature}")
    }
}

/// `20150830T123600Z`
fn timestamp(now: SystemTime) -> String {
    let time = jiff::Timestamp::try_from(now).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    time.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// In hexadecimal, of pieces that are not joined for it.
fn hash<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    for piece in pieces {
        context.update(piece);
    }
    HEXLOWER.encode(context.finish().as_ref())
}

/// The headers that AWS wants signed. What a proxy may change is left out.
fn is_signed(name: &HeaderName) -> bool {
    *name == header::HOST || *name == header::CONTENT_TYPE || name.as_str().starts_with("x-amz")
}

/// Those headers in order, several values of one joined.
fn signed_headers(headers: &HeaderMap, wanted: impl Fn(&HeaderName) -> bool) -> Vec<(String, String)> {
    let value = |name: &HeaderName| {
        let values: Vec<String> = headers.get_all(name).iter().map(|value| trimmed(value.as_bytes())).collect();
        values.join(",")
    };
    let names = headers.keys().filter(|name| wanted(name));
    let mut signed: Vec<(String, String)> = names.map(|name| (name.as_str().to_owned(), value(name))).collect();
    signed.sort();
    signed
}

/// A value without spaces around it, and with one for several within it.
fn trimmed(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value);
    text.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

fn names(signed: &[(String, String)]) -> String {
    signed.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(";")
}

/// The request in the one form that both sides make of it.
fn canonical(method: &str, path: &str, signed: &[(String, String)], body_hash: &str) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let mut text = format!("{method}\n{}\n{}\n", canonical_path(path), canonical_query(query));
    for (name, value) in signed {
        let _ = writeln!(text, "{name}:{value}");
    }
    let _ = write!(text, "\n{}\n{body_hash}", names(signed));
    text
}

/// The path as it is sent, encoded once more, without empty segments and dots.
fn canonical_path(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    let mut last = "";
    for segment in path.split('/') {
        last = segment;
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            segment => segments.push(segment),
        }
    }
    let mut canonical = String::with_capacity(path.len() + 16);
    for segment in &segments {
        canonical.push('/');
        canonical.extend(utf8_percent_encode(segment, UNRESERVED));
    }
    if segments.is_empty() || matches!(last, "" | "." | "..") {
        canonical.push('/');
    }
    canonical
}

/// The parameters in order, encoded in the only way that counts.
fn canonical_query(query: &str) -> String {
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (reencoded(name), reencoded(value)))
        .collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

fn reencoded(text: &str) -> String {
    percent_encode(&percent_decode_str(text).collect::<Vec<u8>>(), UNRESERVED).to_string()
}

/// What is escaped in a path whose own slashes and escapes stay.
const IN_PATH: &AsciiSet = &UNRESERVED.remove(b'/').remove(b'%');

/// The path and query as they are sent. AWS's servers encode what they have decoded before they check, so whatever else may
/// stand in a path must be encoded in it: the colon in a model's name above all. What is encoded stays so.
fn encoded(whole: &str) -> String {
    let (path, query) = whole.split_once('?').map_or((whole, None), |(path, query)| (path, Some(query)));
    let mut out = String::with_capacity(whole.len() + 16);
    out.extend(utf8_percent_encode(path, IN_PATH));
    if let Some(query) = query {
        out.push('?');
        out.push_str(query);
    }
    out
}

#[cfg(test)]
mod tests;
