//! Keys from all the places where they may be, and a signed request as it goes out.

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use serde_json::json;

use super::region;
use crate::base::wire::{Credential, WireBody, WireRequest};
use crate::config::{Config, Provider, SafeUrl, Secret};
use crate::upstream::Upstreams;
use crate::upstream::credentials::{Credentials, Machine};
use crate::upstream::tests::server::{self, Server};

fn upstreams(variables: &[(&str, &str)]) -> Upstreams {
    let mut upstreams = Upstreams::new(&Config::default()).unwrap();
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_323_045);
    upstreams.credentials = Credentials::on(Machine::with(variables, move || now));
    upstreams
}

/// The request that a provider gets, or the error.
async fn sent(upstreams: &Upstreams, server: &Server, key: &str) -> Result<String, String> {
    let mut provider = Provider::named("rock");
    provider.base_url = SafeUrl::new(server.url.parse().unwrap());
    let body = WireBody::of_pieces(vec!["{\"a\":".into(), "1}".into()]);
    let credential = Credential::Aws("bedrock".into());
    let wire =
        WireRequest { path: "/model/a-v1:0/converse-stream".into(), headers: HeaderMap::new(), body, credential };
    match upstreams.forward(&provider, Some(&Secret::new(key)), wire, true).await {
        Ok(_) => Ok(server.requests().pop().unwrap()),
        Err(error) => Err(error.to_string()),
    }
}

const REGION: (&str, &str) = ("AWS_REGION", "eu-west-1");

#[tokio::test]
async fn a_signed_request_goes_out_as_it_was_signed() {
    let server = Server::answering(|_| server::whole("{}")).await;
    let request = sent(&upstreams(&[REGION]), &server, "AKIDEXAMPLE:wJalr/XUt+nFEMI:ses/sion+1==").await.unwrap();
    assert!(request.starts_with("POST /model/a-v1%3A0/converse-stream HTTP/1.1\r\n"), "{request}");
    for line in [
        "x-amz-date: 20260102T030405Z\r\n",
        "x-amz-security-token: ses/sion+1==\r\n",
        "accept: application/vnd.amazon.eventstream\r\n",
        "authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/eu-west-1/bedrock/aws4_request, \
         SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature=",
    ] {
        assert!(request.contains(line), "{line} in {request}");
    }
    assert!(request.ends_with("\r\n\r\n{\"a\":1}") && !request.contains("wJalr"), "{request}");
}

#[tokio::test]
async fn keys_are_looked_for_in_their_order() {
    let server = Server::answering(|_| server::whole("{}")).await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join(".aws")).unwrap();
    let file = folder.path().join(".aws/credentials");
    let profiles = "[default]\naws_access_key_id = AKIDFILE\naws_secret_access_key = hush\n\
                    [work]\naws_access_key_id = AKIDWORK\naws_secret_access_key = hush\naws_session_token = s\n";
    std::fs::write(&file, profiles).unwrap();
    let home = ("HOME", folder.path().to_str().unwrap());
    let shared = ("AWS_SHARED_CREDENTIALS_FILE", file.to_str().unwrap());
    let work = ("AWS_PROFILE", "work");
    let pair = [("AWS_ACCESS_KEY_ID", "AKIDENV"), ("AWS_SECRET_ACCESS_KEY", "hush"), ("AWS_SESSION_TOKEN", "s")];
    let bearer = ("AWS_BEARER_TOKEN_BEDROCK", "bedrock-api-key-1");
    for (variables, key, expected) in [
        (vec![REGION, home], "", "Credential=AKIDFILE/"),
        (vec![REGION, shared, work], "", "Credential=AKIDWORK/"),
        ([REGION, home].into_iter().chain(pair).collect(), "", "Credential=AKIDENV/"),
        ([REGION, bearer].into_iter().chain(pair).collect(), "", "Bearer bedrock-api-key-1\r\n"),
        ([REGION, bearer].into_iter().chain(pair).collect(), "AKIDKEY:hush", "Credential=AKIDKEY/"),
        // An API key needs no region.
        (vec![home], "ABSKQmVkcm9jaw==", "Bearer ABSKQmVkcm9jaw==\r\n"),
    ] {
        let request = sent(&upstreams(&variables), &server, key).await.unwrap();
        let proof = request.split_once("\r\nauthorization: ").unwrap().1;
        assert!(proof.contains(expected) && !request.contains("hush"), "{request}");
    }
}

#[tokio::test]
async fn a_container_and_a_machine_hand_out_keys_that_end() {
    let answer = json!({
        "AccessKeyId": "ASIAROLE", "SecretAccessKey": "hush", "Token": "session-1", "Expiration": "2026-01-02T09:04:05Z",
    });
    let server = Server::answering(move |request| {
        let is = |start: &str| request.starts_with(start);
        let allowed = request.contains("x-aws-ec2-metadata-token: imds-session\r\n");
        match () {
            () if is("GET /agent ") && request.contains("authorization: agent-token\r\n") => {
                server::whole(&answer.to_string())
            }
            () if is("PUT /latest/api/token ") => server::whole("imds-session"),
            () if is("GET /latest/meta-data/iam/security-credentials/ ") && allowed => server::whole("my-role\n"),
            () if is("GET /latest/meta-data/iam/security-credentials/my-role ") && allowed => {
                server::whole(&answer.to_string())
            }
            () if is("POST /model/") => server::whole("{}"),
            () => b"HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n".to_vec(),
        }
    })
    .await;
    let agent = format!("{}/agent", server.url);
    let container = [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", agent.as_str()),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "agent-token"),
        REGION,
    ];
    let instance = [("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url.as_str()), REGION];
    for (variables, asked) in [(container.as_slice(), 1), (instance.as_slice(), 3)] {
        let upstreams = upstreams(variables);
        let before = server.requests().len();
        for _ in 0..2 {
            let request = sent(&upstreams, &server, "").await.unwrap();
            assert!(request.contains("Credential=ASIAROLE/20260102/eu-west-1/bedrock/aws4_request"), "{request}");
            assert!(request.contains("x-amz-security-token: session-1\r\n"), "{request}");
        }
        assert_eq!(server.requests().len() - before, asked + 2);
    }
}

#[tokio::test]
async fn a_web_identity_is_traded_for_keys_that_end() {
    let answer = "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>\
                  <AccessKeyId>ASIAWEB</AccessKeyId><SecretAccessKey>hush</SecretAccessKey>\
                  <SessionToken>session-2==</SessionToken><Expiration>2026-01-02T09:04:05Z</Expiration>\
                  </Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>";
    let server = Server::answering(move |request| match () {
        () if request.starts_with("POST /model/") => server::whole("{}"),
        () if request.contains("WebIdentityToken=good") => server::whole(answer),
        () => {
            let refusal = "<Error><Code>InvalidIdentityToken</Code><Message>bad-token</Message></Error>";
            format!("HTTP/1.1 400 No\r\ncontent-length: {}\r\n\r\n{refusal}", refusal.len()).into_bytes()
        }
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    let variables = [
        REGION,
        ("AWS_WEB_IDENTITY_TOKEN_FILE", file.to_str().unwrap()),
        ("AWS_ROLE_ARN", "arn:aws:iam::1:role/r"),
        ("AWS_ENDPOINT_URL_STS", server.url.as_str()),
    ];
    std::fs::write(&file, "bad-token\n").unwrap();
    let message = sent(&upstreams(&variables), &server, "").await.unwrap_err();
    assert!(message.contains("status 400, InvalidIdentityToken") && !message.contains("bad-token"), "{message}");
    std::fs::write(&file, "good\n").unwrap();
    let upstreams = upstreams(&variables);
    let before = server.requests().len();
    for _ in 0..2 {
        let request = sent(&upstreams, &server, "").await.unwrap();
        assert!(request.contains("Credential=ASIAWEB/20260102/eu-west-1/bedrock/aws4_request"), "{request}");
        assert!(request.contains("x-amz-security-token: session-2==\r\n"), "{request}");
    }
    let requests = server.requests();
    assert_eq!(requests.len() - before, 3);
    let asked = "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&\
                 RoleSessionName=ccr&WebIdentityToken=good";
    assert!(requests[before].ends_with(asked), "{}", requests[before]);
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let server = Server::answering(|_| b"HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n".to_vec()).await;
    let none = ("AWS_EC2_METADATA_DISABLED", "true");
    let machine = ("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url.as_str());
    for (variables, key, expected) in [
        (vec![REGION, none], "", "set its `api_key` to `ACCESS_KEY_ID:SECRET_ACCESS_KEY`"),
        (vec![REGION, machine], "", "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
        (vec![none], "AKIDKEY:hush", "set AWS_REGION"),
        (vec![REGION], "AK ID:hush", "its `api_key` cannot be read: write `ACCESS_KEY_ID:SECRET_ACCESS_KEY`"),
        (vec![REGION], "AKIDKEY:", "its `api_key` cannot be read"),
        (vec![REGION, ("AWS_SECRET_ACCESS_KEY", "hush")], "", "set both or neither"),
        (
            vec![REGION, ("AWS_PROFILE", "work"), ("HOME", "/no/such")],
            "",
            "/no/such/.aws/credentials of AWS credentials",
        ),
        (vec![REGION, ("AWS_WEB_IDENTITY_TOKEN_FILE", "/x")], "", "is set without AWS_ROLE_ARN"),
        (vec![REGION, ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://evil.example/")], "", "neither https://"),
    ] {
        let message = sent(&upstreams(&variables), &server, key).await.unwrap_err();
        assert!(message.starts_with("provider `rock`: ") && message.contains(expected), "{message}");
        assert!(!message.contains("hush"), "{message}");
    }
}

#[test]
fn a_region_is_in_the_hosts_name() {
    for (host, expected) in [
        ("bedrock-runtime.us-east-1.amazonaws.com", Some("us-east-1")),
        ("bedrock-runtime-fips.us-gov-west-1.amazonaws.com", Some("us-gov-west-1")),
        ("bedrock-runtime.cn-north-1.amazonaws.com.cn", Some("cn-north-1")),
        ("vpce-0a1-b2c-us-east-1a.bedrock-runtime.ap-southeast-2.vpce.amazonaws.com", Some("ap-southeast-2")),
        ("bedrock-runtime.eu-west-1.api.aws", Some("eu-west-1")),
        ("bedrock-runtime.amazonaws.com", None),
        ("us-east-1.example.com", None),
        ("localhost", None),
    ] {
        assert_eq!(region(host), expected, "{host}");
    }
}
