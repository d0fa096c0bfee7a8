//! The limit of output tokens: capped, and told apart from one that the gateway made up.

use ccr_plugin::{Fault, Request};

/// Where a client protocol says that its client named no limit, so that the one in the request is the gateway's own.
const MADE_UP: &str = "/ccr/default_max_tokens";

/// Lowers `max_tokens` to `cap`; a request that names no limit gets it only if `adds` says so. Gives the new limit if there is one.
///
/// # Errors
/// The host refuses the edit.
pub fn cap(request: &mut dyn Request, cap: u64, adds: bool) -> Result<Option<u64>, Fault> {
    let made_up = request.get(MADE_UP).as_deref() == Some("true");
    match request.number("/max_tokens").filter(|_| !made_up) {
        Some(asked) if asked <= cap => return Ok(None),
        None if !adds => return Ok(None),
        _ => {}
    }
    if made_up {
        // Else protocols that need no limit would leave this one out.
        request.remove(MADE_UP)?;
    }
    request.set("/max_tokens", &cap.to_string())?;
    Ok(Some(cap))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::cap;
    use ccr_plugin::testing::FakeRequest;
    use serde_json::{Value, json};

    fn capped(body: Value, adds: bool) -> Value {
        let mut request = FakeRequest::new(body);
        cap(&mut request, 100, adds).unwrap();
        request.body
    }

    #[test]
    fn a_limit_is_lowered_and_never_raised() {
        for adds in [true, false] {
            assert_eq!(capped(json!({"max_tokens": 500}), adds), json!({"max_tokens": 100}));
            assert_eq!(capped(json!({"max_tokens": 50}), adds), json!({"max_tokens": 50}));
        }
    }

    #[test]
    fn a_limit_that_was_made_up_is_none() {
        let made_up = json!({"max_tokens": 8192, "ccr": {"default_max_tokens": true}});
        assert_eq!(capped(made_up.clone(), true), json!({"max_tokens": 100, "ccr": {}}));
        assert_eq!(capped(made_up.clone(), false), made_up);
        assert_eq!(capped(json!({}), true), json!({"max_tokens": 100}));
        assert_eq!(capped(json!({}), false), json!({}));
    }
}
