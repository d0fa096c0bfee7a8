//! What holds however the arguments are cut up and mixed.

use super::*;
use proptest::prelude::*;

/// Any JSON object, as text with white space in odd places.
fn object() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        (-999_i32..999).prop_map(|n| n.to_string()),
        "[a-z{}\\[\\]:,\"\\\\ \u{e9}\u{1F600}\n]{0,8}".prop_map(|text| Value::String(text).to_string()),
    ];
    let value = leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(" ,"))),
            prop::collection::vec((key(), inner), 0..4).prop_map(members),
        ]
    });
    prop::collection::vec((key(), value), 0..4).prop_map(members)
}

fn key() -> impl Strategy<Value = String> {
    "[a-b{\":]{0,3}".prop_map(|text| Value::String(text).to_string())
}

fn members(members: Vec<(String, String)>) -> String {
    let members: Vec<_> = members.into_iter().map(|(key, value)| format!("{key}: {value}")).collect();
    format!("{{{}}}", members.join(",\n"))
}

/// Cuts `text` at the given places, moved to the next character.
fn cut(text: &str, places: &[usize]) -> Vec<String> {
    let mut places: Vec<_> = places.iter().map(|place| place % (text.len() + 1)).collect();
    places.sort_unstable();
    let mut pieces = Vec::new();
    let mut rest = 0;
    for place in places {
        let place = (place..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap();
        pieces.push(text[rest..place.max(rest)].to_owned());
        rest = rest.max(place);
    }
    pieces.push(text[rest..].to_owned());
    pieces
}

proptest! {
    #[test]
    fn any_split_gives_the_same_input(text in object(), places in prop::collection::vec(any::<usize>(), 0..12)) {
        let pieces = cut(&text, &places).into_iter().map(|piece| delta(0, "", "", &piece));
        let out = assemble([delta(0, "call_aaaaaa", "A", "")].into_iter().chain(pieces));
        let expected: Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(inputs(&out), vec![("A".to_owned(), expected)]);
    }

    #[test]
    fn double_encoding_in_any_split(text in object(), places in prop::collection::vec(any::<usize>(), 0..6)) {
        let twice = Value::String(text.clone()).to_string();
        let pieces = cut(&twice, &places).into_iter().map(|piece| delta(0, "", "", &piece));
        let out = assemble([delta(0, "call_aaaaaa", "A", "")].into_iter().chain(pieces));
        let expected: Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(inputs(&out), vec![("A".to_owned(), expected)]);
    }

    #[test]
    fn any_interleaving_gives_the_same_calls(
        texts in prop::collection::vec(object(), 1..5),
        places in prop::collection::vec(any::<usize>(), 0..6),
        turns in prop::collection::vec(any::<usize>(), 0..40),
    ) {
        let mut events = Vec::new();
        let mut waiting: Vec<Vec<String>> = texts.iter().map(|text| cut(text, &places)).collect();
        for n in 0..texts.len() {
            events.push(delta(n as i64, &format!("call_number_{n}"), &format!("T{n}"), ""));
        }
        for turn in turns.into_iter().chain((0..texts.len()).flat_map(|n| [n; 7])) {
            let n = turn % texts.len();
            if !waiting[n].is_empty() {
                events.push(delta(n as i64, "", "", &waiting[n].remove(0)));
            }
        }
        let expected: Vec<(String, Value)> =
            texts.iter().enumerate().map(|(n, text)| (format!("T{n}"), serde_json::from_str(text).unwrap())).collect();
        prop_assert_eq!(inputs(&assemble(events)), expected);
    }

    #[test]
    fn no_sequence_of_fragments_breaks_the_order(
        fragments in prop::collection::vec(
            (-1_i64..3, "(|0|call_[ab]{6})", "(|A|AB|B)", r#"(|\{|\}|\{"a":|1\}|\{\}|null|"x"|[{}"\\a:1, \[\]]{0,4})"#, any::<bool>()),
            0..12,
        ),
        cut in any::<bool>(),
    ) {
        let mut events = Vec::new();
        for (index, id, name, arguments, spoken) in fragments {
            events.push(delta(index, &id, &name, &arguments));
            if spoken {
                events.push(text("x"));
            }
        }
        events.push(Event::Finish(if cut { FinishReason::MaxTokens } else { FinishReason::EndTurn }));
        let mut out = assemble(events);
        // After a cut-off call something else may follow; the checker wants ends.
        if cut {
            out.retain(|event| !matches!(event, Event::Text(_)));
        }
        let seen = calls(&out);
        let legal = |id: &str| id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-') && !id.is_empty();
        prop_assert!(seen.iter().all(|call| legal(&call.id) && !call.name.is_empty()));
        let ids: std::collections::HashSet<_> = seen.iter().map(|call| &call.id).collect();
        prop_assert_eq!(ids.len(), seen.len());
    }
}
