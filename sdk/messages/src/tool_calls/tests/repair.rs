//! Arguments that are not valid JSON, where repairing them is wanted.

use super::*;
use proptest::prelude::*;
use serde_json::json;

fn repaired(events: impl IntoIterator<Item = Event>) -> Vec<Event> {
    let mut assembler = Assembler::repairing("seed");
    let mut out = Vec::new();
    for event in events {
        assembler.push(event, &mut out);
    }
    assembler.finish(&mut out);
    out
}

const BROKEN: &str = "{'file_path': \"/a\", content: \"x\",}";

#[test]
fn broken_arguments_become_what_they_were_meant_to_be() {
    let events = [delta(0, "a", "Write", "{'file_path': "), delta(0, "", "", "\"/a\", content: \"x\",}")];
    assert_eq!(inputs(&repaired(events.clone())), [named("Write", json!({"file_path": "/a", "content": "x"}))]);
    assert!(error(&assemble(events)).is_some(), "without repair it is an error");
}

#[test]
fn a_missing_end_is_mended_only_if_the_answer_ended_well() {
    let call = || delta(0, "a", "Write", "{\"file_path\": \"/a\"");
    assert_eq!(
        inputs(&repaired([call(), Event::Finish(FinishReason::ToolUse)])),
        [named("Write", json!({"file_path": "/a"}))]
    );
    let cut = repaired([call(), Event::Finish(FinishReason::MaxTokens)]);
    assert!(calls(&cut).iter().all(|call| !call.complete), "{cut:?}");
    assert!(cut.iter().any(|event| matches!(event, Event::Dropped(_))), "{cut:?}");
}

#[test]
fn calls_after_a_broken_one_keep_their_order() {
    let events =
        [delta(0, "a", "Write", BROKEN), delta(1, "b", "Read", "{\"x\":1}"), Event::Finish(FinishReason::ToolUse)];
    let expected = [named("Write", json!({"file_path": "/a", "content": "x"})), named("Read", json!({"x": 1}))];
    assert_eq!(inputs(&repaired(events)), expected);
}

#[test]
fn what_cannot_be_repaired_stays_an_error() {
    let events = repaired([delta(0, "a", "Write", "no object at all"), Event::Finish(FinishReason::ToolUse)]);
    assert!(error(&events).is_some(), "{events:?}");
}

proptest! {
    #[test]
    fn any_split_of_broken_arguments_is_mended_the_same(cuts in prop::collection::vec(0..BROKEN.len(), 0..6)) {
        let mut cuts = cuts;
        cuts.push(0);
        cuts.push(BROKEN.len());
        cuts.sort_unstable();
        let events: Vec<Event> = cuts.windows(2).map(|pair| delta(0, "a", "Write", &BROKEN[pair[0]..pair[1]])).collect();
        prop_assert_eq!(inputs(&repaired(events)), [named("Write", json!({"file_path": "/a", "content": "x"}))]);
    }
}
