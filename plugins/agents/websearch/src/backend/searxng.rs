//! SearXNG: `GET /search?format=json` of an instance that the operator names (its documentation, "Search API"). The format must be
//! switched on there, else it answers 403. It knows no domains and no number of results; operators in the query are passed to the
//! engines, most of which understand them.

use super::ask::{Ask, asking, header, parameter, secret, with_sites};
use crate::source::Source;
use crate::text::member;
use ccr_plugin::host::HttpRequest;
use ccr_plugin::messages::json::{Kind, Value};

pub(super) fn request(ask: &Ask<'_>) -> HttpRequest {
    let base = ask.options.url.as_deref().unwrap_or_default().trim_end_matches('/');
    let mut url = if base.ends_with("/search") { base.to_owned() } else { [base, "/search"].concat() };
    parameter(&mut url, "q", &with_sites(ask));
    parameter(&mut url, "format", "json");
    let key = ask.options.secret.as_ref().map(|_| header("authorization", &["Bearer ", &*secret(ask, "")].concat()));
    asking(ask, "GET", url, key, None)
}

pub(super) fn read(answer: Value<'_>) -> Option<Vec<Source>> {
    let results = answer.get("results").filter(|results| results.kind() == Kind::Array)?;
    Some(results.items().map(result).collect())
}

fn result(result: Value<'_>) -> Source {
    let day = member(result, "publishedDate");
    Source {
        number: 0,
        title: member(result, "title"),
        url: member(result, "url"),
        age: day.split_once('T').map_or(&*day, |(day, _)| day).to_owned(),
        text: member(result, "content"),
    }
}
