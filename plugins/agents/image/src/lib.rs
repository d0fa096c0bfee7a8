//! The agent `image`: a model that reads only text is given `[Image #n]` in the place of each image, and a tool with which it
//! asks the model of `Router.image` about them.
//!
//! - [`config`] says which model sees, and for which targets there is nothing to do;
//! - [`conversation`] puts the placeholders into the messages, with numbers that [`numbers`] gives to what [`source`] finds;
//! - [`store`] keeps images until the tool is called;
//! - [`call`] reads a call of the tool, [`analyze`] answers it, with what [`pixels`] makes of the images.
//!
//! That an image in the last message goes to `Router.image` at once is the router's part, not this agent's.

mod analyze;
mod call;
mod config;
mod conversation;
mod numbers;
mod pixels;
mod prompts;
mod source;
mod store;
#[cfg(test)]
mod tests;

use ccr_plugin::host::Scope;
use ccr_plugin::prelude::*;
use ccr_plugin::{Capability, Preparation, ToolCall, ToolDefinition, ToolResult, error_result, text_result};

/// The plugin.
#[derive(Debug)]
pub struct Image;

impl Plugin for Image {
    fn describe() -> Description {
        let summary = "Lets a model that reads only text ask the model of Router.image about images.";
        Description::new("image", env!("CARGO_PKG_VERSION"), summary)
            .settings_schema(prompts::SETTINGS)
            .asks_for(Capability::Kv)
            .asks_for(Capability::Model)
    }
}

impl Image {
    /// Whether there are images in the request that the target cannot see.
    fn applies(request: &dyn Request, settings: &Settings) -> Result<bool, Fault> {
        if !request.summary().has_images {
            return Ok(false);
        }
        let (Some(target), Some(eyes)) = (request.target(), config::VisionModel::read()) else {
            return Ok(false);
        };
        if eyes.is(&target) || config::sees(settings, &target)? {
            return Ok(false);
        }
        // The agent's own question, on its way to a fallback of the model that sees, is not one to ask it about again.
        Ok(!request.get("/system").is_some_and(|system| system.contains(prompts::EYES_SYSTEM)))
    }
}

impl Agent for Image {
    fn prepare(request: &mut dyn Request, settings: &Settings) -> Result<Option<Preparation>, Fault> {
        if !Self::applies(request, settings)? {
            return Ok(None);
        }
        let scope = if request.session().is_some() { Scope::Session } else { Scope::Global };
        let messages = request.get("/messages").unwrap_or_default();
        let Some(edited) = conversation::without_images(&messages, scope)? else {
            return Ok(None);
        };
        request.set("/messages", &edited.messages)?;
        Ok(Some(Preparation {
            tools: vec![ToolDefinition {
                name: prompts::TOOL.into(),
                description: prompts::TOOL_DESCRIPTION.into(),
                input_schema: prompts::TOOL_SCHEMA.into(),
            }],
            system: Some(prompts::SYSTEM.into()),
            state: edited.known.to_state().into_bytes(),
        }))
    }

    fn call_tool(call: ToolCall, state: &[u8], settings: &Settings) -> Result<ToolResult, Fault> {
        Ok(match analyze::answer(&call, state, settings) {
            Ok(text) => text_result(&text),
            Err(reason) => error_result(&reason),
        })
    }
}

register!(Image: agent);
