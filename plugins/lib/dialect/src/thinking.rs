//! How much the client wants the model to think.

use ccr_plugin::Request;
use ccr_plugin::messages::effort::Effort;
use ccr_plugin::messages::json::{Document, Value};

/// What a request says about thinking (`thinking`, `output_config.effort`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thinking {
    /// Nothing: the model does as it does.
    Unsaid,
    /// It shall not think.
    Off,
    /// The client wants the model to think.
    On {
        /// For at most so many tokens, where the client says it.
        budget: Option<u64>,
        /// As hard as this, where the client says it.
        effort: Option<&'static str>,
    },
}

impl Thinking {
    /// Reads it from the request. The budget is kept below `max_tokens`, from which thinking is paid.
    #[must_use]
    pub fn of(request: &dyn Request) -> Self {
        let Some(text) = request.get("/thinking") else { return Self::Unsaid };
        let Ok(document) = Document::parse(text.as_bytes()) else { return Self::Unsaid };
        let root = document.root();
        let kind = root.get("type").and_then(Value::as_str).map(|kind| kind.decode().into_owned());
        match kind.as_deref() {
            None => Self::Unsaid,
            Some("disabled") => Self::Off,
            Some(_) => Self::On {
                budget: root.get("budget_tokens").and_then(Value::as_u64).map(|budget| fitting(budget, request)),
                effort: effort(request),
            },
        }
    }
}

fn fitting(budget: u64, request: &dyn Request) -> u64 {
    let most = request.get("/max_tokens").and_then(|most| most.parse::<u64>().ok());
    most.map_or(budget, |most| budget.min(most.saturating_sub(1)))
}

/// What providers of OpenAI's form call it: their highest step is Anthropic's last but one.
fn effort(request: &dyn Request) -> Option<&'static str> {
    let named = request.get("/output_config/effort")?;
    Effort::by_name(named.trim_matches('"')).map(|effort| effort.min(Effort::Xhigh).as_str())
}

#[cfg(test)]
mod tests {
    use super::Thinking;
    use ccr_plugin::testing::FakeRequest;
    use serde_json::json;

    #[test]
    fn every_way_to_say_it() {
        let of = |body| Thinking::of(&FakeRequest::new(body));
        assert_eq!(of(json!({})), Thinking::Unsaid);
        assert_eq!(of(json!({"thinking": null})), Thinking::Unsaid);
        assert_eq!(of(json!({"output_config": {"effort": "high"}})), Thinking::Unsaid);
        assert_eq!(of(json!({"thinking": {"type": "disabled"}})), Thinking::Off);
        assert_eq!(
            of(json!({"thinking": {"type": "enabled", "budget_tokens": 5000}, "max_tokens": 9000})),
            Thinking::On { budget: Some(5000), effort: None }
        );
        assert_eq!(
            of(json!({"thinking": {"type": "enabled", "budget_tokens": 5000}, "max_tokens": 5000})),
            Thinking::On { budget: Some(4999), effort: None }
        );
        assert_eq!(
            of(json!({"thinking": {"type": "adaptive"}, "output_config": {"effort": "max"}})),
            Thinking::On { budget: None, effort: Some("xhigh") }
        );
        assert_eq!(of(json!({"thinking": {"type": "adaptive"}})), Thinking::On { budget: None, effort: None });
    }
}
