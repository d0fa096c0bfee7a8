//! Answers one call of the model: counts it, asks the service, numbers what it found.

use crate::backend::{self, Ask};
use crate::envelope::ID;
use crate::options::{MOST_RESULTS, Options};
use crate::report::{self, Failed};
use crate::source::{NUMBERS, Source};
use crate::state::{self, State};
use crate::text::{one_line, text_blocks};
use crate::{counter, domains};
use ccr_plugin::messages::json::{Document, Kind, Value};
use ccr_plugin::{Fault, ToolCall, ToolResult};

/// How much of the request's id is in that of a search. OpenAI takes ids of calls up to 40 characters, which this leaves room for.
const ID_CHARACTERS: usize = 24;

pub(crate) fn answer(call: &ToolCall, state: &[u8], options: &Options) -> Result<ToolResult, Fault> {
    let state = state::read(state)?;
    let number = counter::take(&state.id)?;
    let document = Document::parse_str(&call.input).ok();
    let input = document.as_ref().map(Document::root).filter(|input| input.kind() == Kind::Object);
    let outcome = if number > state.most {
        Err(used_up(&state))
    } else {
        query(input).and_then(|query| search(&query, &state, number, options))
    };
    let id = id_of(&state.id, number);
    let shown = report::to_client(&id, input.map_or("{}", Value::raw), outcome.as_deref());
    let (text, is_error) = match &outcome {
        Ok(sources) => (report::to_model(sources), false),
        Err(failed) => (failed.words.clone(), true),
    };
    Ok(ToolResult { content: text_blocks(&text), is_error, shown: Some(shown) })
}

fn used_up(state: &State) -> Failed {
    let most = state.most.to_string();
    let words = ["This request may search ", &*most, " times and has done so. Answer with what you have."];
    Failed::new("max_uses_exceeded", words.concat())
}

fn id_of(request: &str, number: u64) -> String {
    let characters = request.rsplit_once('_').map_or(request, |(_, id)| id).chars();
    let legal = characters.filter(char::is_ascii_alphanumeric).take(ID_CHARACTERS);
    [ID, &*legal.collect::<String>(), "_", &*number.to_string()].concat()
}

fn query(input: Option<Value<'_>>) -> Result<String, Failed> {
    let query = input.and_then(|input| input.get("query")?.as_str()).map(|query| one_line(&query.decode()));
    query.filter(|query| !query.is_empty()).ok_or_else(|| {
        let words = "The input must be a JSON object with what to search for in `query`, for example {\"query\": \"rust 2024 edition\"}.";
        Failed::new("invalid_tool_input", words)
    })
}

fn search(query: &str, state: &State, number: u64, options: &Options) -> Result<Vec<Source>, Failed> {
    let wanted = &state.wanted;
    let filtered = !wanted.allowed.is_empty() || !wanted.blocked.is_empty();
    let ask = Ask {
        query,
        // Services know no paths, and some no domains either: of many results more are left.
        count: if filtered { MOST_RESULTS } else { options.count },
        wanted,
        options,
    };
    let found = backend::search(&ask)?;
    let is_wanted = |url: &str| {
        let within = |domains: &[String]| domains.iter().any(|domain| domains::covers(domain, url));
        (wanted.allowed.is_empty() || within(&wanted.allowed)) && !within(&wanted.blocked)
    };
    let first = state.base.saturating_add(number.saturating_mul(NUMBERS)).saturating_add(1);
    let found = found.into_iter().filter(|source| is_wanted(&source.url)).take(options.count);
    Ok((first..).zip(found).map(|(number, source)| Source { number, ..source }).collect())
}
