//! What `prepare` leaves for the calls and the answer of a request, as JSON.

use crate::backend::{LONGEST_TITLE, LONGEST_URL};
use crate::source::Source;
use crate::text;
use crate::tool::Wanted;
use ccr_plugin::Fault;
use ccr_plugin::messages::json::{Document, Value, Writer};

/// Sources of earlier turns that can still be cited: the newest. With the longest addresses and titles that are taken, they stay
/// below half of what a state may have (1 MiB).
const MOST_SOURCES: usize = 100;

/// What a call has to know.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    /// The gateway's id of the request, under which its searches are counted.
    pub(crate) id: String,
    /// How many searches it may make.
    pub(crate) most: u64,
    /// The hundred after which its searches have their numbers.
    pub(crate) base: u64,
    pub(crate) wanted: Wanted,
}

pub(crate) fn write(state: &State, sources: &[Source]) -> Vec<u8> {
    let wanted = &state.wanted;
    let mut out = Writer::new();
    out.begin_object().key("id").string(&state.id).key("most").number(state.most).key("base").number(state.base);
    for (key, domains) in [("allowed", &wanted.allowed), ("blocked", &wanted.blocked)] {
        out.key(key).begin_array();
        domains.iter().for_each(|domain| _ = out.string(domain));
        out.end_array();
    }
    out.key("location").begin_object();
    wanted.location.iter().for_each(|(member, place)| _ = out.key(member).string(place));
    out.end_object().key("sources").begin_array();
    for source in sources.iter().skip(sources.len().saturating_sub(MOST_SOURCES)) {
        if source.url.len() > LONGEST_URL {
            continue;
        }
        out.begin_object()
            .key("n")
            .number(source.number)
            .key("title")
            .string(text::first(&source.title, LONGEST_TITLE));
        out.key("url").string(&source.url).key("text").string(source.cited()).end_object();
    }
    out.end_array().end_object();
    out.into_bytes()
}

pub(crate) fn read(state: &[u8]) -> Result<State, Fault> {
    let document = Document::parse(state).map_err(|_| Fault::own("the state of the request is not JSON"))?;
    let root = document.root();
    let number = |name: &str| root.get(name).and_then(Value::as_u64).unwrap_or_default();
    let places = root.get("location").into_iter().flat_map(Value::members);
    let location = places
        .filter_map(|(member, place)| Some((member.decode().into_owned(), place.as_str()?.decode().into_owned())));
    Ok(State {
        id: text::member(root, "id"),
        most: number("most"),
        base: number("base"),
        wanted: Wanted {
            allowed: text::strings(root.get("allowed")),
            blocked: text::strings(root.get("blocked")),
            location: location.collect(),
            ..Wanted::default()
        },
    })
}

/// The sources of earlier turns.
pub(crate) fn sources(state: &[u8]) -> Vec<Source> {
    let Ok(document) = Document::parse(state) else { return Vec::new() };
    let sources = document.root().get("sources").into_iter().flat_map(Value::items);
    let read = |source: Value<'_>| {
        Some(Source {
            number: source.get("n").and_then(Value::as_u64)?,
            title: text::member(source, "title"),
            url: text::member(source, "url"),
            age: String::new(),
            text: text::member(source, "text"),
        })
    };
    sources.filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::{MOST_SOURCES, State, read, sources, write};
    use crate::source::Source;
    use crate::tool::Wanted;

    #[test]
    fn what_is_written_is_read() {
        let wanted = Wanted {
            allowed: vec!["a.invalid".into()],
            blocked: vec!["\"b\"".into()],
            location: vec![("city".into(), "Graz".into())],
            ..Wanted::default()
        };
        let state = State { id: "req_1".into(), most: 5, base: 200, wanted };
        let source =
            |number| Source { number, title: "t".into(), url: "u".into(), age: String::new(), text: "x".into() };
        let many: Vec<Source> = (0..150).map(source).collect();
        let bytes = write(&state, &many);
        assert_eq!(read(&bytes).unwrap(), state);
        assert_eq!(sources(&bytes), many[150 - MOST_SOURCES..]);
    }

    #[test]
    fn a_broken_state_is_a_fault() {
        assert!(read(b"{").is_err());
        assert_eq!(sources(b"{"), []);
    }
}
