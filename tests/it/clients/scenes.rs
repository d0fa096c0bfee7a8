//! What the upstream says to the programs of `tests/clients`, told by the first word of the conversation. The programs repeat
//! it as what must come out, whatever the client's format and the upstream's.

use gateway_tests::upstream::story::{End, Failure, Part};
use gateway_tests::{Asked, Format, Story};
use serde_json::json;

const PIECES: [&str; 3] = ["Hello, ", "wörld ", "🦀."];
const THOUGHT: &str = "First I add, then I answer. Größe zählt.";

/// Base64, as all real ones, and of a length that no limit of names or ids takes.
const PROOF: &str = "RXJVQkNrWUlCeGdDS2tEbWFkZSB1cCBmb3IgdGhpcyB0ZXN0LCBidXQgb2YgYSBsaWtlbHkgbGVuZ3RoIGFuZCBzaGFwZQ==";

/// Ids of calls; shorter ones are taken for counters and made longer.
const FIRST: &str = "kT3vQz8wLm01";
const SECOND: &str = "Yb6uRn2cPx02";

/// The answer to a request.
pub(super) fn play(format: Format, asked: &Asked) -> Story {
    match asked.prompt() {
        "system" => Story::says(&[&asked.system]),
        "tool" => tool(asked),
        "parallel" => parallel(asked),
        "image" => Story::says(&[&pictures(asked)]),
        "thinking" => Story::thinks(THOUGHT, PROOF).and_says(&["It ", "is 3."]),
        "thinking-tool" => thinking_tool(format, asked),
        "effort" => Story::says(&[if asked.thinking.is_some() { "told to think" } else { "not told to think" }]),
        "force" => Story::says(&[asked.forced.as_deref().unwrap_or("not forced")]),
        "stop" if asked.stops == ["END"] => Story::says(&["up ", "to"]).and_ends(End::Sequence("END".to_owned())),
        "length" => Story::says(&["So ", "far"]).and_ends(End::Length),
        "sampling" => Story::says(&[&sampling(asked)]),
        "schema" => match &asked.schema {
            Some(schema) if schema["properties"]["answer"]["type"].is_string() => Story::says(&["{\"answer\"", ":42}"]),
            other => Story::says(&[&format!("no schema but {other:?}")]),
        },
        "text" => Story::says(&PIECES),
        "limit" => Story::refuses_for(429, "slow down", 7),
        "bad" => Story::refuses(400, "there is no such thing"),
        "missing" => Story::refuses(404, "no such model"),
        "server" => Story::refuses(500, "out of order"),
        "break" => Story::says(&["So far"]).and_fails(Failure::InStream("out of order".to_owned())),
        "broken" => Story::default().and_fails(Failure::InStream("out of order".to_owned())),
        "reset" => Story::says(&["So far"]).and_fails(Failure::Reset),
        other => Story::refuses(400, &format!("there is no scene {other:?}")),
    }
}

fn tool(asked: &Asked) -> Story {
    let Some((_, result)) = asked.results.first() else {
        return Story::default().and_calls(FIRST, "add", json!({"a": 1, "b": 2}));
    };
    if asked.images.is_empty() { Story::says(&[result]) } else { Story::says(&[result, " with ", &pictures(asked)]) }
}

fn parallel(asked: &Asked) -> Story {
    if asked.results.is_empty() {
        let story = Story::says(&["Both."]).and_calls(FIRST, "add", json!({"a": 1, "b": 2}));
        return story.and_calls(SECOND, "add", json!({"a": 3, "b": 4}));
    }
    let result = |index: usize, id: &str| {
        // Where the client's calls have no ids, the gateway made some up, and it is their order that counts.
        let made_up = |(id, _): &&(String, String)| id != FIRST && id != SECOND;
        let by_order = asked.results.get(index).filter(made_up).map(|(_, text)| text.as_str());
        asked.result(id).or(by_order)
    };
    match (result(0, FIRST), result(1, SECOND)) {
        (Some(first), Some(second)) => Story::says(&[first, " and ", second]),
        _ => Story::says(&[&format!("results {:?}", asked.results)]),
    }
}

fn thinking_tool(format: Format, asked: &Asked) -> Story {
    let story = Story::thinks(THOUGHT, PROOF).and_calls(FIRST, "add", json!({"a": 1, "b": 2}));
    let Some((_, result)) = asked.results.first() else { return story };
    let expected: Vec<String> = story.parts.iter().filter_map(|part: &Part| format.proof(part)).collect();
    if asked.proofs == expected {
        Story::says(&["proof intact, ", result])
    } else {
        Story::says(&[&format!("proofs {:?}, {result}", asked.proofs)])
    }
}

fn pictures(asked: &Asked) -> String {
    let pictures: Vec<String> = asked.images.iter().map(|(kind, data)| format!("{kind} {data}")).collect();
    pictures.join(", ")
}

fn sampling(asked: &Asked) -> String {
    let temperature = asked.temperature.map_or_else(|| "None".to_owned(), |it| it.to_string());
    let most = asked.max_tokens.map_or_else(|| "None".to_owned(), |it| it.to_string());
    format!("{temperature}, {most}")
}
