//! The transformer `forcereasoning`: makes a model without reasoning write its thoughts down, under the name that
//! claude-code-router gave it.
//!
//! The request tells the model to think between two tags; [`tags`] takes that out of the answer's text and makes thinking of
//! it. Thinking of earlier answers goes back between the same tags ([`history`]).

mod history;
mod tags;

use ccr_plugin::prelude::*;
use dialect::thinking::Thinking;

const SETTINGS: &str = r#"{"type": "object", "properties": {}, "additionalProperties": false}"#;

/// What the thoughts stand between.
const OPEN: &str = "<reasoning_content>";
const CLOSE: &str = "</reasoning_content>";

const PROMPT: &str = "Think before you answer, and write your thoughts down first, however simple the question seems. Use exactly \
    this form:\n<reasoning_content>\nall of your thoughts\n</reasoning_content>\nAfter the closing tag comes your answer, or \
    your call of a tool.";

/// The plugin.
#[derive(Debug)]
pub struct ForceReasoning;

impl Plugin for ForceReasoning {
    fn describe() -> Description {
        Description::new(
            "forcereasoning",
            env!("CARGO_PKG_VERSION"),
            "Makes a model without reasoning write its thoughts down.",
        )
        .settings_schema(SETTINGS)
    }
}

impl RequestTransformer for ForceReasoning {
    fn transform_request(request: &mut dyn Request, _: &Settings) -> Result<(), Fault> {
        history::write_thoughts(request)?;
        if Thinking::of(request) == Thinking::Off {
            return Ok(());
        }
        // It is asked for in words: no parameter for it is left out.
        request.remove("/thinking")?;
        history::prompt(request)
    }
}

impl AnswerTransformer for ForceReasoning {
    fn answer(_: &Settings) -> Box<dyn AnswerStream> {
        Box::new(tags::Tags::default())
    }
}

register!(ForceReasoning: request_transformer, answer_transformer);
