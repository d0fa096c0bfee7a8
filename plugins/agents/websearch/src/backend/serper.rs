//! Serper, which asks Google: `POST /search`. It has no parameter for domains, so they go as Google's operators into the query.

use super::ask::{Ask, asking, header, secret, with_sites};
use crate::source::Source;
use crate::text::member;
use ccr_plugin::host::HttpRequest;
use ccr_plugin::messages::json::{Kind, Value, Writer};

const ENDPOINT: &str = "https://google.serper.dev/search";

pub(super) fn request(ask: &Ask<'_>) -> HttpRequest {
    let mut body = Writer::new();
    body.begin_object().key("q").string(&with_sites(ask)).key("num").number(ask.count as u64);
    if let Some(country) = ask.wanted.location.iter().find_map(|(member, place)| country(member, place)) {
        body.key("gl").string(&country);
    }
    body.end_object();
    let key = header("x-api-key", &secret(ask, "SERPER_API_KEY"));
    asking(ask, "POST", ENDPOINT.into(), Some(key), Some(body.into_string()))
}

/// Google's code of a country; the other members of a place have no parameter.
pub(super) fn country(member: &str, place: &str) -> Option<String> {
    let is_code = place.len() == 2 && place.bytes().all(|byte| byte.is_ascii_alphabetic());
    (member == "country" && is_code).then(|| place.to_ascii_lowercase())
}

pub(super) fn read(answer: Value<'_>) -> Option<Vec<Source>> {
    let Some(organic) = answer.get("organic") else {
        return answer.get("searchParameters").map(|_| Vec::new());
    };
    let result = |result: Value<'_>| Source {
        number: 0,
        title: member(result, "title"),
        url: member(result, "link"),
        age: member(result, "date"),
        text: member(result, "snippet"),
    };
    (organic.kind() == Kind::Array).then(|| organic.items().map(result).collect())
}
