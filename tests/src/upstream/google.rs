//! Google's token server, beside the provider at the same upstream: whoever has a service account's key gets a token.

use serde_json::{Value, json};

use super::{FakeUpstream, Script, SeenRequest};

/// A key that was made for the tests of the gateway's own code; it opens nothing.
const KEY: &str = include_str!("../../../host/src/upstream/google/tests/key.pem");

/// The token that everybody gets.
pub const TOKEN: &str = "ya29.a-token-that-is-secret";

const PATH: &str = "/token";

/// The JSON of a service account whose tokens come from this upstream.
pub fn service_account(upstream: &FakeUpstream) -> Value {
    json!({
        "type": "service_account",
        "project_id": "p",
        "private_key_id": "kid-1",
        "private_key": KEY,
        "client_email": "gateway@p.iam.gserviceaccount.com",
        "token_uri": format!("http://{}{PATH}", upstream.address()),
    })
}

/// Whether a request is for a token.
pub fn asks_for_token(request: &SeenRequest) -> bool {
    request.target == PATH
}

/// The answer to it.
pub fn token() -> Script {
    Script::json(200, &json!({"access_token": TOKEN, "expires_in": 3600, "token_type": "Bearer"}))
}
