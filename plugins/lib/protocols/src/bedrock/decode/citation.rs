//! A citation in Anthropic's form, from Bedrock's `Citation` or `CitationsDelta`, which is the same.

use ccr_plugin::messages::event::Event;
use ccr_plugin::messages::json::{Value, Writer};

/// Where the cited text stands: Bedrock's member and Anthropic's type, then the names that both have for the source and for
/// the two ends.
struct Location {
    member: &'static str,
    kind: &'static str,
    index: (&'static str, &'static str),
    ends: (&'static str, &'static str),
}

const LOCATIONS: &[Location] = &[
    Location {
        member: "documentChar",
        kind: "char_location",
        index: ("documentIndex", "document_index"),
        ends: ("start_char_index", "end_char_index"),
    },
    Location {
        member: "documentPage",
        kind: "page_location",
        index: ("documentIndex", "document_index"),
        ends: ("start_page_number", "end_page_number"),
    },
    Location {
        member: "documentChunk",
        kind: "content_block_location",
        index: ("documentIndex", "document_index"),
        ends: ("start_block_index", "end_block_index"),
    },
    Location {
        member: "searchResultLocation",
        kind: "search_result_location",
        index: ("searchResultIndex", "search_result_index"),
        ends: ("start_block_index", "end_block_index"),
    },
];

/// One that does not say where the text stands is noted: Anthropic has no form for it.
pub(super) fn read(citation: Value<'_>) -> Event {
    let location = citation.get("location");
    let mut out = Writer::new();
    out.begin_object();
    let place = LOCATIONS.iter().find_map(|place| Some((place, location?.get(place.member)?)));
    if let Some((place, location)) = place {
        out.key("type").string(place.kind);
        cited_text(citation, &mut out);
        let is_document = place.index.0 == "documentIndex";
        string(citation.get("title"), if is_document { "document_title" } else { "title" }, &mut out);
        if !is_document {
            string(citation.get("source"), "source", &mut out);
        }
        number(location.get(place.index.0), place.index.1, &mut out);
        number(location.get("start"), place.ends.0, &mut out);
        number(location.get("end"), place.ends.1, &mut out);
    } else if let Some(web) = location.and_then(|location| location.get("web")) {
        out.key("type").string("web_search_result_location");
        cited_text(citation, &mut out);
        string(web.get("url"), "url", &mut out);
        string(citation.get("title").or_else(|| web.get("domain")), "title", &mut out);
    } else {
        return Event::Dropped("citation".into());
    }
    out.end_object();
    Event::Citation(out.into_string())
}

fn cited_text(citation: Value<'_>, out: &mut Writer) {
    out.key("cited_text").begin_string();
    for piece in citation.get("sourceContent").into_iter().flat_map(Value::items) {
        if let Some(text) = piece.get("text").and_then(Value::as_str) {
            out.escaped_part(text.raw());
        }
    }
    out.end_string();
}

fn string(value: Option<Value<'_>>, key: &str, out: &mut Writer) {
    match value.and_then(Value::as_str) {
        Some(text) => _ = out.key(key).escaped(text.raw()),
        None => _ = out.key(key).null(),
    }
}

fn number(value: Option<Value<'_>>, key: &str, out: &mut Writer) {
    out.key(key).number(value.and_then(Value::as_u64).unwrap_or_default());
}
