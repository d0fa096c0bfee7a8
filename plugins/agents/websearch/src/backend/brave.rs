//! Brave Search: `GET /res/v1/web/search` (its API reference, "Web Search").
//!
//! Domains go as inline Goggles: rules that keep or discard sites. Where the user is goes in headers; the parameter `country`
//! knows only some countries and refuses the others.

use super::ask::{Ask, asking, header, is_host, parameter, secret};
use crate::domains::host_of;
use crate::source::Source;
use crate::text::{member, strings};
use crate::tool::Wanted;
use ccr_plugin::Header;
use ccr_plugin::host::HttpRequest;
use ccr_plugin::messages::json::{Kind, Value};

const ENDPOINT: &str = "https://api.search.brave.com/res/v1/web/search";

/// Excerpts beside the description that are read; Brave gives up to five, and those of some plans only.
const MORE_TEXTS: usize = 3;

pub(super) fn request(ask: &Ask<'_>) -> HttpRequest {
    let mut url = String::from(ENDPOINT);
    parameter(&mut url, "q", ask.query);
    parameter(&mut url, "count", &ask.count.to_string());
    parameter(&mut url, "result_filter", "web");
    parameter(&mut url, "text_decorations", "false");
    let goggles = goggles(ask.wanted);
    if !goggles.is_empty() {
        parameter(&mut url, "goggles", &goggles);
    }
    let key = header("x-subscription-token", &secret(ask, "BRAVE_API_KEY"));
    let mut request = asking(ask, "GET", url, Some(key), None);
    request.headers.extend(ask.wanted.location.iter().filter_map(|(member, value)| place(member, value)));
    request
}

/// The header that tells Brave where the user is; `None` for what no header can carry.
pub(super) fn place(member: &str, value: &str) -> Option<Header> {
    // Braces would ask the host for a secret.
    let legal = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'{' && byte != b'}';
    if !value.bytes().all(legal) || value.trim() != value {
        return None;
    }
    let name = match member {
        "city" => "x-loc-city",
        "region" => "x-loc-state-name",
        "country" if value.len() == 2 => "x-loc-country",
        "timezone" => "x-loc-timezone",
        _ => return None,
    };
    Some(header(name, value))
}

fn goggles(wanted: &Wanted) -> String {
    let rules = |domains: &[String], rule: &str| -> Vec<String> {
        let hosts = domains.iter().map(|domain| host_of(domain)).filter(|host| is_host(host));
        hosts.map(|host| [rule, host].concat()).collect()
    };
    let mut lines = rules(&wanted.allowed, "$site=");
    if !lines.is_empty() {
        lines.insert(0, "$discard".into());
    }
    lines.extend(rules(&wanted.blocked, "$discard,site="));
    lines.join("\n")
}

pub(super) fn read(answer: Value<'_>) -> Option<Vec<Source>> {
    // Where nothing is found, there is no `web`.
    let Some(web) = answer.get("web") else {
        return (answer.get("query").is_some() || answer.get("type").is_some()).then(Vec::new);
    };
    let results = web.get("results").filter(|results| results.kind() == Kind::Array)?;
    Some(results.items().map(result).collect())
}

fn result(result: Value<'_>) -> Source {
    let mut text = member(result, "description");
    for more in strings(result.get("extra_snippets")).iter().take(MORE_TEXTS) {
        text.extend([" ", &**more]);
    }
    // `page_age` is a time, of which the day is enough; `age` is "2 days ago", which is wrong in the next turn.
    let day = member(result, "page_age");
    let day = day.split_once('T').map_or(&*day, |(day, _)| day);
    Source {
        number: 0,
        title: plain(&member(result, "title")),
        url: member(result, "url"),
        age: if day.is_empty() { member(result, "age") } else { day.to_owned() },
        text: plain(&text),
    }
}

/// Brave's texts are HTML: entities, and `<strong>` in spite of the parameter.
fn plain(text: &str) -> String {
    const MEANINGS: [(&str, &str); 9] = [
        ("<strong>", ""),
        ("</strong>", ""),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#x27;", "'"),
        ("&#39;", "'"),
        ("&nbsp;", " "),
        // Last, so that nothing is decoded twice.
        ("&amp;", "&"),
    ];
    let mut text = text.to_owned();
    for (written, meant) in MEANINGS {
        if text.contains(written) {
            text = text.replace(written, meant);
        }
    }
    text
}
