//! Tavily: `POST /search` (its API reference, "Tavily Search"). Its countries are English names out of a list of its own, so where
//! the user is cannot be told.

use super::ask::{Ask, asking, header, is_host, secret};
use crate::domains::host_of;
use crate::source::Source;
use crate::text::member;
use ccr_plugin::host::HttpRequest;
use ccr_plugin::messages::json::{Kind, Value, Writer};

const ENDPOINT: &str = "https://api.tavily.com/search";

pub(super) fn request(ask: &Ask<'_>) -> HttpRequest {
    let mut body = Writer::new();
    body.begin_object().key("query").string(ask.query).key("max_results").number(ask.count as u64);
    for (key, domains) in [("include_domains", &ask.wanted.allowed), ("exclude_domains", &ask.wanted.blocked)] {
        let hosts: Vec<&str> = domains.iter().map(|domain| host_of(domain)).filter(|host| is_host(host)).collect();
        if !hosts.is_empty() {
            body.key(key).begin_array();
            hosts.iter().for_each(|host| _ = body.string(host));
            body.end_array();
        }
    }
    body.end_object();
    let key = header("authorization", &["Bearer ", &*secret(ask, "TAVILY_API_KEY")].concat());
    asking(ask, "POST", ENDPOINT.into(), Some(key), Some(body.into_string()))
}

pub(super) fn read(answer: Value<'_>) -> Option<Vec<Source>> {
    let results = answer.get("results").filter(|results| results.kind() == Kind::Array)?;
    let result = |result: Value<'_>| Source {
        number: 0,
        title: member(result, "title"),
        url: member(result, "url"),
        age: member(result, "published_date"),
        text: member(result, "content"),
    };
    Some(results.items().map(result).collect())
}
