//! Signatures against those that AWS publishes with its own signer (its signature test suite for version 4), and the form in which
//! a path goes out.

use std::time::{Duration, SystemTime};

use super::*;
use crate::config::Secret;
use crate::upstream::aws::Keys;

/// What all of AWS's examples are signed with.
fn signer(session: Option<&str>) -> Signer {
    let secret = Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
    Signer {
        keys: Keys { id: "AKIDEXAMPLE".into(), secret, session: session.map(Secret::new) },
        region: "us-east-1".into(),
        service: "service".into(),
        // 2015-08-30T12:36:00Z
        now: SystemTime::UNIX_EPOCH + Duration::from_secs(1_440_938_160),
    }
}

/// The signature of a request all of whose headers are signed.
fn signature(method: &str, path: &str, extra: &[(&'static str, &str)], body: &[&str], session: Option<&str>) -> String {
    let signer = signer(session);
    let time = timestamp(signer.now);
    let mut headers = HeaderMap::new();
    let date = ("x-amz-date", time.as_str());
    for (name, value) in [("host", "example.amazonaws.com"), date].iter().chain(extra) {
        headers.append(HeaderName::from_static(name), value.parse().unwrap());
    }
    if let Some(session) = session {
        headers.append("x-amz-security-token", session.parse().unwrap());
    }
    let body_hash = hash(body.iter().map(|piece| piece.as_bytes()));
    if !body.is_empty() {
        headers.append("x-amz-content-sha256", body_hash.parse().unwrap());
    }
    let signed = signed_headers(&headers, |_| true);
    let authorization = signer.authorization(&time, &signed, &canonical(method, path, &signed, &body_hash));
    let (before, signature) = authorization.rsplit_once("Signature=").unwrap();
    let credential = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=";
    assert!(before.starts_with(credential), "{before}");
    signature.to_owned()
}

#[test]
fn paths_and_queries_of_awss_examples() {
    let unreserved = "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let vanilla = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
    for (path, expected) in [
        ("/", vanilla),
        ("/example1/example2/../..", vanilla),
        ("/./", vanilla),
        ("//example//", "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"),
        (unreserved, "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"),
        ("/ሴ", "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
        ("/example space/", "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"),
        ("/?ሴ=bar", "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"),
        ("/?Param1=value1", "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"),
        (
            "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1",
            "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac",
        ),
    ] {
        assert_eq!(signature("GET", path, &[], &[], None), expected, "{path}");
    }
}

#[test]
fn headers_of_awss_examples() {
    let one = |value| ("my-header1", value);
    for (headers, expected) in [
        (
            vec![one("  value1"), ("my-header2", "\"a   b   c\"")],
            "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
        ),
        (
            vec![one("value2"), one("value2"), one("value1")],
            "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
        ),
        (
            vec![one("value4"), one("value1"), one("value3"), one("value2")],
            "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01",
        ),
    ] {
        assert_eq!(signature("GET", "/", &headers, &[], None), expected, "{headers:?}");
    }
    let sorted = "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c";
    assert_eq!(signature("POST", "/", &[one("value1")], &[], None), sorted);
}

#[test]
fn bodies_and_sessions_of_awss_examples() {
    let form = [("content-type", "application/x-www-form-urlencoded"), ("content-length", "13")];
    let expected = "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b";
    assert_eq!(signature("POST", "/", &form, &["Param1=value1"], None), expected);
    // However it is cut into pieces.
    assert_eq!(signature("POST", "/", &form, &["Par", "", "am1=value1"], None), expected);
    let session = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267";
    let expected = "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8";
    assert_eq!(signature("GET", "/", &[], &[], Some(session)), expected);
}

/// Made with botocore 1.x, AWS's own library for Python, for the same requests.
#[test]
fn a_request_to_bedrock_has_the_signature_that_botocore_makes() {
    for (session, expected) in [
        (None, "host;x-amz-date, Signature=d7e4504bf9e026bf6205f311e88b744b6c5099239adb27ca65a33c34f1f2d5bf"),
        (
            Some("SESSION/token+1=="),
            "host;x-amz-date;x-amz-security-token, \
             Signature=7a5c48654bbd578dfc2adf8b3d3abece4efafa6221d4aa590c1f01f9b5f1eef1",
        ),
    ] {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_323_045);
        let signer = Signer { region: "eu-west-1".into(), service: "bedrock".into(), now, ..signer(session) };
        let mut headers = HeaderMap::new();
        headers.insert("host", "bedrock-runtime.eu-west-1.amazonaws.com".parse().unwrap());
        headers.insert("content-type", "application/json".parse().unwrap());
        headers.insert("accept-encoding", "gzip".parse().unwrap());
        let mut path = "/model/anthropic.claude-sonnet-4-5-20250929-v1:0/converse-stream".to_owned();
        let body = [Bytes::from_static(b"{\"a\":"), Bytes::from_static(b"1}")];
        signer.sign(&mut path, &mut headers, &body).unwrap();
        assert_eq!(path, "/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream");
        assert_eq!(headers["x-amz-date"], "20260102T030405Z");
        let scope = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/eu-west-1/bedrock/aws4_request";
        assert_eq!(headers["authorization"], format!("{scope}, SignedHeaders=content-type;{expected}"));
    }
}

#[test]
fn a_path_goes_out_as_it_is_signed() {
    for (path, sent, signed) in [
        ("/model/a.b-v1:0/converse-stream", "/model/a.b-v1%3A0/converse-stream", "/model/a.b-v1%253A0/converse-stream"),
        ("/model/a.b-v1%3A0/converse", "/model/a.b-v1%3A0/converse", "/model/a.b-v1%253A0/converse"),
        ("/model/arn:aws:x%2Fy/invoke", "/model/arn%3Aaws%3Ax%2Fy/invoke", "/model/arn%253Aaws%253Ax%252Fy/invoke"),
        ("/m?a=b:c", "/m?a=b:c", "/m"),
        ("/", "/", "/"),
    ] {
        assert_eq!(encoded(path), sent);
        assert_eq!(canonical_path(sent.split('?').next().unwrap()), signed);
    }
    assert_eq!(canonical_query("b=2&a=x%3ay&a=%zz&c"), "a=%25zz&a=x%3Ay&b=2&c=");
}

#[test]
fn what_proves_a_request_is_not_shown() {
    let mut headers = HeaderMap::new();
    headers.insert("host", "h".parse().unwrap());
    headers.insert("user-agent", "left out".parse().unwrap());
    signer(Some("session-token")).sign(&mut "/".into(), &mut headers, &[Bytes::from_static(b"{}")]).unwrap();
    let proof = headers["authorization"].to_str().unwrap();
    assert!(proof.contains("SignedHeaders=host;x-amz-date;x-amz-security-token, "), "{proof}");
    let shown = format!("{headers:?}");
    assert!(!shown.contains("Signature") && !shown.contains("session-token"), "{shown}");
}
