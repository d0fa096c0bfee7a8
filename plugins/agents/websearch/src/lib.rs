//! The agent `websearch`: stands in for Anthropic's server tool `web_search_*` on upstreams that have none.
//!
//! [`tool`] reads the client's tool and [`target`] says who searches by himself; [`prepare`] offers a plain tool in its place and
//! turns earlier searches into calls and results that any upstream understands ([`history`]). [`call`] answers the model's calls
//! by asking a search service ([`backend`]), and [`answer`] makes citations of the markers that the model put into its text
//! ([`marker`]). What crosses from one to another, as each runs in an instance of its own, is in [`state`], in the store
//! ([`counter`]) and in the blocks that the client sees ([`envelope`]).

mod answer;
mod backend;
mod call;
mod counter;
mod domains;
mod envelope;
mod history;
mod marker;
mod options;
mod prepare;
mod report;
mod source;
mod state;
mod target;
mod text;
mod tool;

#[cfg(test)]
mod tests;

use ccr_plugin::prelude::*;
use ccr_plugin::{Capability, Preparation, ToolCall, ToolResult};
use options::Options;

/// The plugin.
#[derive(Debug)]
pub struct WebSearch;

/// `*` stands for the host of a SearXNG, which only the operator knows.
const HOSTS: [&str; 4] = ["api.search.brave.com", "api.tavily.com", "google.serper.dev", "*"];

impl Plugin for WebSearch {
    fn describe() -> Description {
        let summary = "Searches the web for models whose providers do not: Brave, Tavily, Serper or SearXNG.";
        Description::new("websearch", env!("CARGO_PKG_VERSION"), summary)
            .settings_schema(options::SCHEMA)
            .asks_for(Capability::Kv)
            .asks_for(Capability::Http(HOSTS.map(String::from).to_vec()))
    }
}

impl WebSearch {
    /// Whether the client asks for a web search that the target does not make itself.
    fn applies(request: &dyn Request, settings: &Settings) -> Result<bool, Fault> {
        if request.summary().tools == 0 {
            return Ok(false);
        }
        let Some(tools) = request.get("/tools").filter(|tools| tool::may_be_in(tools)) else {
            return Ok(false);
        };
        target::applies(&tools, request, settings)
    }
}

impl Agent for WebSearch {
    fn prepare(request: &mut dyn Request, settings: &Settings) -> Result<Option<Preparation>, Fault> {
        if !Self::applies(request, settings)? {
            return Ok(None);
        }
        prepare::prepare(request, &Options::read(settings)?).map(Some)
    }

    fn call_tool(call: ToolCall, state: &[u8], settings: &Settings) -> Result<ToolResult, Fault> {
        call::answer(&call, state, &Options::read(settings)?)
    }
}

impl AgentAnswer for WebSearch {
    fn answer(state: &[u8], _: &Settings) -> Box<dyn AnswerStream> {
        Box::new(answer::Citing::new(state::sources(state)))
    }
}

register!(WebSearch: agent, agent_answer);
