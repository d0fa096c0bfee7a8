//! Puts a plain tool in the place of the server tool, and calls and results in the place of earlier searches.

use crate::options::Options;
use crate::state::{self, State};
use crate::tool::{self, Wanted};
use crate::{backend, history};
use ccr_plugin::messages::json::{Document, Value};
use ccr_plugin::{Fault, Preparation, Request, ToolDefinition};

/// Told to the model. It stays the same from request to request, so that prompt caches stay warm.
const SYSTEM: &str = "The results of the web search tool are numbered. Where a statement of your answer rests on such a result, put \
its number in double square brackets directly behind the statement, for example [[101]], or [[101]][[203]] for two of them. Use only \
numbers that a search gave you. Do not list the sources yourself: the numbers are turned into references for the reader.";

const DESCRIPTION: &str = "Searches the web and gives numbered results with title, address, age and an excerpt. Use it for what is \
recent, and for what you do not know for certain.";

const SCHEMA: &str = r#"{"type":"object","properties":{"query":{"type":"string","description":"What to search for, in at most 400 characters."}},"required":["query"],"additionalProperties":false}"#;

pub(crate) fn prepare(request: &mut dyn Request, options: &Options) -> Result<Preparation, Fault> {
    let tools = request.get("/tools").unwrap_or_default();
    let document = Document::parse_str(&tools).map_err(|_| Fault::invalid("tools: this is not JSON"))?;
    let searches = document.root().items().enumerate().filter(|(_, tool)| tool::is_search(*tool));
    let searches: Vec<(usize, Value<'_>)> = searches.collect();
    let wanted = match searches.first() {
        Some((_, tool)) => Wanted::read(*tool, |member| request.dropped(&["tools.web_search.", member].concat())),
        None => Wanted::read(document.root(), |_| ()),
    };
    if searches.len() > 1 {
        request.dropped("tools.web_search, all but the first");
    }
    for (index, _) in searches.iter().rev() {
        request.remove(&["/tools/", &*index.to_string()].concat())?;
    }
    note_places(&wanted, request, options);
    let past = history::rewrite(request, &wanted.name)?;
    let tool =
        ToolDefinition { name: wanted.name.clone(), description: describe(&wanted), input_schema: SCHEMA.into() };
    let most = wanted.most.unwrap_or(u64::MAX).min(options.max_uses);
    let state = State { id: request.id(), most, base: past.base, wanted };
    Ok(Preparation { tools: vec![tool], system: Some(SYSTEM.into()), state: state::write(&state, &past.sources) })
}

/// The model searches better if it knows where.
fn describe(wanted: &Wanted) -> String {
    let mut description = String::from(DESCRIPTION);
    for (words, domains) in
        [(" It finds only pages of: ", &wanted.allowed), (" It leaves out pages of: ", &wanted.blocked)]
    {
        if !domains.is_empty() {
            description.push_str(words);
            description.push_str(&domains.join(", "));
            description.push('.');
        }
    }
    description
}

/// Notes what the service has no place for of where the user is.
fn note_places(wanted: &Wanted, request: &dyn Request, options: &Options) {
    for (member, place) in &wanted.location {
        if !options.backend.is_some_and(|backend| backend::takes_place(backend, member, place)) {
            request.dropped(&["tools.web_search.user_location.", member].concat());
        }
    }
}
