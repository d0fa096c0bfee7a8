#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
use super::Citing;
use crate::report::to_client;
use crate::source::Source;
use ccr_plugin::AnswerStream;
use ccr_plugin::messages::event::{Event, FinishReason, Usage};
use proptest::prelude::*;
use serde_json::Value;

fn sources(numbers: &[u64]) -> Vec<Source> {
    let source = |number: &u64| Source {
        number: *number,
        title: format!("T{number}"),
        url: format!("https://a.invalid/{number}"),
        age: String::new(),
        text: format!("{number} {}", "x".repeat(200)),
    };
    numbers.iter().map(source).collect()
}

/// The two blocks of a search that found these.
fn search(id: &str, numbers: &[u64]) -> Vec<Event> {
    let blocks: Vec<Value> = serde_json::from_str(&to_client(id, "{}", Ok(&sources(numbers)))).unwrap();
    blocks.iter().map(|block| Event::Block(block.to_string())).collect()
}

fn run(stream: &mut Citing, events: impl IntoIterator<Item = Event>) -> Vec<Event> {
    let mut out = Vec::new();
    for event in events {
        stream.push(event, &mut out).unwrap();
    }
    stream.finish(&mut out).unwrap();
    joined(out)
}

/// Neighbouring texts as one.
fn joined(events: Vec<Event>) -> Vec<Event> {
    let mut out: Vec<Event> = Vec::new();
    for event in events {
        match (out.last_mut(), event) {
            (Some(Event::Text(before)), Event::Text(text)) => before.push_str(&text),
            (_, event) => out.push(event),
        }
    }
    out
}

/// Texts as they are, citations as their numbers, `/` for a new block.
fn said(events: &[Event]) -> String {
    let mut out = String::new();
    for event in events {
        match event {
            Event::Text(text) => out.push_str(text),
            Event::Citation(json) => {
                let citation: Value = serde_json::from_str(json).unwrap();
                out.push_str(&format!("<{}>", citation["title"].as_str().unwrap()));
            }
            Event::NewBlock => out.push('/'),
            other => out.push_str(&format!("{{{other:?}}}")),
        }
    }
    out
}

fn of_text(text: &str) -> String {
    said(&run(&mut Citing::new(sources(&[101, 102])), [Event::Text(text.into())]))
}

#[test]
fn marks_become_citations() {
    for (text, expected) in [
        ("A [[101]].", "A<T101>/."),
        ("A[[101]] B", "A<T101> /B"),
        ("A [[101]][[102]] B [[102]]", "A<T101><T102> /B<T102>"),
        ("A [[101, 102]]\n\nB", "A<T101><T102>\n\n/B"),
        ("A [[101]] [[102]]\n", "A<T101><T102>\n"),
        ("A 【101†L3】, B", "A<T101>/, B"),
        ("[[101]] A. B", " A. B<T101>"),
        ("\n[[101]]\nA", "\n\nA<T101>"),
    ] {
        assert_eq!(of_text(text), expected, "{text}");
    }
}

#[test]
fn what_is_no_mark_stays() {
    for text in [
        "A [[999]] B",
        "A [[101, 999]]",
        "if [[ -f x ]]; then",
        "a[101] b[[0]]",
        "A [",
        "A [[101",
        "A 【",
        "A  ",
        "日本【語】",
    ] {
        assert_eq!(of_text(text), text, "{text}");
    }
}

#[test]
fn a_citation_has_all_that_anthropics_have() {
    let events = run(&mut Citing::new(sources(&[101])), [Event::Text("A [[101]]".into())]);
    let Event::Citation(json) = &events[1] else { panic!("{events:?}") };
    let citation: Value = serde_json::from_str(json).unwrap();
    assert_eq!(citation["type"], "web_search_result_location");
    assert_eq!((citation["url"].as_str(), citation["title"].as_str()), (Some("https://a.invalid/101"), Some("T101")));
    assert_eq!(citation["cited_text"].as_str().unwrap().chars().count(), 150);
    assert!(citation["encrypted_index"].as_str().unwrap().starts_with("ccr1:websearch:"));
}

#[test]
fn searches_teach_their_numbers_and_are_counted() {
    let mut events = vec![Event::Text("Let me look [[101]]".into())];
    events.extend(search("srvtoolu_ccrx_1", &[101]));
    events.push(Event::Text("A [[101]]".into()));
    events.extend(search("srvtoolu_ccrx_2", &[201, 202]));
    events.push(Event::Text("B [[202]] C [[101]]".into()));
    events.push(Event::Finish(FinishReason::EndTurn));
    let out = run(&mut Citing::new(Vec::new()), events.clone());
    let counted = |count| Event::Usage(Usage { web_search_requests: Some(count), ..Usage::default() });
    assert_eq!(out[0], events[0]);
    assert_eq!(out[1..4], [events[1].clone(), events[2].clone(), counted(1)]);
    assert_eq!(said(&out[4..6]), "A<T101>");
    assert_eq!(out[6..9], [events[4].clone(), events[5].clone(), counted(2)]);
    assert_eq!(said(&out[9..15]), "B<T202> /C<T101>");
    assert_eq!(out[15..], [Event::Finish(FinishReason::EndTurn)]);
}

#[test]
fn searches_that_failed_and_those_of_others_are_not_counted() {
    let failed = crate::report::Failed::new("unavailable", "");
    let blocks: Vec<Value> = serde_json::from_str(&to_client("srvtoolu_ccrx_1", "{}", Err(&failed))).unwrap();
    let mut events: Vec<Event> = blocks.iter().map(|block| Event::Block(block.to_string())).collect();
    events.extend(search("srvtoolu_google1", &[101]));
    assert_eq!(run(&mut Citing::new(Vec::new()), events.clone()), events);
}

#[test]
fn searches_of_the_provider_are_counted_too() {
    let theirs = |count| Event::Usage(Usage { output_tokens: Some(7), web_search_requests: count, ..Usage::default() });
    let mut events = search("srvtoolu_ccrx_1", &[101]);
    events.extend([theirs(Some(2)), theirs(None)]);
    let out = run(&mut Citing::new(Vec::new()), events);
    assert_eq!(out[3..], [theirs(Some(3)), theirs(None)]);
}

#[test]
fn what_is_held_comes_before_other_events() {
    let thought = Event::Thinking("t".into());
    let out = run(
        &mut Citing::new(sources(&[101])),
        [Event::Text("A [[10".into()), thought.clone(), Event::Text("1]]".into())],
    );
    assert_eq!(out, [Event::Text("A [[10".into()), thought, Event::Text("1]]".into())]);
}

#[test]
fn a_mark_without_any_text_is_noted() {
    let out = run(&mut Citing::new(sources(&[101])), [Event::Text("[[101]]".into())]);
    assert_eq!(out, [Event::Dropped("citations without a text".into())]);
}

#[test]
fn blocks_that_cannot_be_read_pass() {
    let events: Vec<Event> =
        ["", "{", "[]", r#"{"type":"web_search_tool_result"}"#].map(|json| Event::Block(json.into())).into();
    assert_eq!(run(&mut Citing::new(Vec::new()), events.clone()), events);
}

/// Texts that meet every branch.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("[[101]]"),
        Just("[[102, 101]]"),
        Just("【101†a】"),
        Just("[[7]]"),
        Just("["),
        Just("]"),
        Just("【"),
        Just("】"),
        Just(" "),
        Just("\n"),
        Just("word"),
        Just("é日"),
        Just("101"),
        Just(", "),
        Just("†"),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_cut_gives_the_same(text in text(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8)) {
        let whole = run(&mut Citing::new(sources(&[101, 102])), [Event::Text(text.clone())]);
        let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).filter(|at| text.is_char_boundary(*at)).collect();
        places.extend([0, text.len()]);
        places.sort_unstable();
        let pieces = places.windows(2).map(|ends| Event::Text(text[ends[0]..ends[1]].to_owned()));
        prop_assert_eq!(run(&mut Citing::new(sources(&[101, 102])), pieces), whole);
    }

    #[test]
    fn only_a_marks_beginning_is_held(text in text()) {
        let mut stream = Citing::new(sources(&[101]));
        stream.push(Event::Text(text), &mut Vec::new()).unwrap();
        prop_assert!(stream.held.len() < 80);
    }

    #[test]
    fn text_without_marks_is_not_touched(text in "[a-z\\[\\] \n【】é]{0,60}") {
        prop_assert_eq!(of_text(&text), text);
    }
}
