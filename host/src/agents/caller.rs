//! In whose name agents act: the client's request, and models that agents call within it.

use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;

use super::spend::Spend;
use crate::base::error::{GatewayError, PluginFault};
use crate::plugins::bindings::Fault;
use crate::plugins::model::{Completing, Models};
use crate::plugins::{PluginEngine, Surroundings};
use crate::snapshot::{PluginUse, Snapshot};

/// The answer to a request that an agent makes: Anthropic's message as JSON.
pub type Completion<'a> = Pin<Box<dyn Future<Output = Result<Bytes, GatewayError>> + Send + 'a>>;

/// Answers requests that agents make. The whole gateway does, from above this folder.
pub trait Completer: Send + Sync {
    /// Answers an Anthropic Messages request in the name of a client, within the client's bounds.
    fn complete<'a>(&'a self, caller: &'a Caller, request: String) -> Completion<'a>;
}

/// Whose request it is, and within which bounds agents may act for it.
#[derive(Clone)]
pub struct Caller {
    /// Runs the agents.
    pub engine: Arc<PluginEngine>,
    /// What the client's request began with; it holds for all that happens within it.
    pub snapshot: Arc<Snapshot>,
    /// Answers requests that agents make.
    pub completer: Arc<dyn Completer>,
    /// The name of the client's key.
    pub client_key: Option<String>,
    /// The session that the client names.
    pub session: Option<Arc<str>>,
    /// The gateway's id of the request.
    pub request: String,
    /// The agents in whose calls the request was made, the outermost first; none of them is asked again.
    pub above: Vec<Arc<str>>,
    /// What was spent so far.
    pub spend: Arc<Spend>,
}

impl Caller {
    /// What an agent gets to see in this request; models only as it answers a call.
    pub(super) fn surroundings(self: &Arc<Self>, agent: &PluginUse, may_call_models: bool) -> Surroundings {
        let mut surroundings = agent.in_session(self.session.as_ref());
        if may_call_models && agent.may_call_models {
            let (caller, agent) = (Arc::clone(self), Arc::clone(&agent.plugin.name));
            surroundings.models = Some(Arc::new(CallsModels { caller, agent }));
        }
        surroundings
    }

    /// Whether an agent may be asked about this request.
    pub(super) fn may_ask(&self, agent: &PluginUse) -> bool {
        !self.above.iter().any(|above| **above == *agent.plugin.name)
    }
}

/// Calls models for one agent.
struct CallsModels {
    caller: Arc<Caller>,
    agent: Arc<str>,
}

impl Models for CallsModels {
    fn complete(&self, request: String) -> Completing<'_> {
        Box::pin(async move {
            let limits = &self.caller.snapshot.config.agent_limits;
            let mut caller = (*self.caller).clone();
            caller.above.push(Arc::clone(&self.agent));
            caller.spend.call_model(limits, caller.above.len()).map_err(Fault::Denied)?;
            let left = caller.spend.time_left(limits);
            match tokio::time::timeout(left, caller.completer.complete(&caller, request)).await {
                Ok(Ok(answer)) => String::from_utf8(answer.into()).map_err(|error| Fault::Other(error.to_string())),
                Ok(Err(error)) => Err(fault(&error)),
                Err(_) => Err(Fault::Unavailable("the time of agentLimits.time_ms is over".into())),
            }
        })
    }
}

/// An error as an agent reads it: the kinds of `wit/0.2.0/types.wit`, by whose fault it is.
fn fault(error: &GatewayError) -> Fault {
    let said = error.to_string();
    match error {
        GatewayError::InvalidRequest(_) | GatewayError::TooLarge { .. } | GatewayError::NoRoute(_) => {
            Fault::InvalidRequest(said)
        }
        GatewayError::Unsupported { .. } => Fault::Unsupported(said),
        GatewayError::Plugin(failure) => match &failure.fault {
            PluginFault::InvalidRequest => Fault::InvalidRequest(said),
            PluginFault::Unsupported => Fault::Unsupported(said),
            PluginFault::Denied => Fault::Denied(said),
            PluginFault::Upstream(failure) => Fault::Upstream(failure.clone().into()),
            PluginFault::BadAnswer => Fault::BadAnswer(said),
            PluginFault::Other => Fault::Other(said),
            _ => Fault::Unavailable(said),
        },
        GatewayError::Unavailable(_) | GatewayError::Overloaded(_) => Fault::Unavailable(said),
        other => Fault::Upstream(other.as_failure().into()),
    }
}
