//! What a client is told after everything has failed: the most useful of the errors, and which targets failed how.

use std::fmt::Write as _;

use ccr_messages::event::{ErrorKind, Failure};

use crate::base::error::GatewayError;

/// Longest list of what else failed; the record has all of it.
const MAX_LIST: usize = 1024;

/// Failures so far, with what failed as `provider,model`.
#[derive(Default)]
pub(super) struct Failures(Vec<(String, GatewayError)>);

impl Failures {
    /// One more.
    pub(super) fn push(&mut self, target: String, error: GatewayError) {
        self.0.push((target, error));
    }

    /// Nothing has failed.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The error for the client: the one that says best what to do, the last of equals.
    pub(super) fn most_useful(mut self) -> GatewayError {
        let best = self.0.iter().enumerate().max_by_key(|(at, (_, error))| (usefulness(error), *at)).map(|(at, _)| at);
        let Some(best) = best else {
            return GatewayError::NoRoute("the route has no targets".into());
        };
        let (target, error) = self.0.remove(best);
        if self.0.iter().all(|(other, _)| *other == target) {
            return error;
        }
        let failure = error.into_failure();
        let message = format!("{} (tried as `{target}`; {})", failure.message, self.list());
        GatewayError::Upstream(Failure { message, ..failure })
    }

    fn list(&self) -> String {
        let mut list = "also failed: ".to_owned();
        for (index, (target, error)) in self.0.iter().enumerate() {
            if list.len() > MAX_LIST {
                let _ = write!(list, ", and {} more", self.0.len() - index);
                break;
            }
            let comma = if index > 0 { ", " } else { "" };
            let _ = write!(list, "{comma}`{target}` with {} {}", error.status().as_u16(), error.kind().as_str());
        }
        list
    }
}

/// A wait that helps is worth more than an outage, an outage more than what only the operator can mend. Of waits the shortest.
fn usefulness(error: &GatewayError) -> (u8, std::cmp::Reverse<u64>) {
    let wait = super::class::asked_wait(error).map_or(u64::MAX, |wait| wait.as_secs());
    let rank = match error.kind() {
        ErrorKind::RateLimit => 5,
        ErrorKind::Overloaded => 4,
        ErrorKind::Timeout => 3,
        _ if matches!(error, GatewayError::Unavailable(_) | GatewayError::Plugin(_)) => 0,
        ErrorKind::Api => 2,
        _ => 1,
    };
    (rank, std::cmp::Reverse(wait))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(status: u16, wait: Option<u64>) -> GatewayError {
        let kind = ErrorKind::from_status(status);
        let message = format!("words of {status}");
        GatewayError::Upstream(Failure { kind, message, status: Some(status), retry_after_ms: wait })
    }

    fn told(errors: Vec<(&str, GatewayError)>) -> GatewayError {
        let mut failures = Failures::default();
        for (target, error) in errors {
            failures.push(target.to_owned(), error);
        }
        failures.most_useful()
    }

    #[test]
    fn the_shortest_wait_is_told_and_the_others_are_named() {
        let error = told(vec![
            ("a,m", failure(401, None)),
            ("b,m", failure(429, Some(9000))),
            ("c,m", failure(429, Some(3000))),
            ("d,m", failure(500, None)),
        ]);
        assert_eq!(error.status().as_u16(), 429);
        assert_eq!(super::super::class::asked_wait(&error).map(|wait| wait.as_secs()), Some(3));
        let text = error.to_string();
        assert!(
            text.starts_with("words of 429 (tried as `c,m`; also failed: `a,m` with 401 authentication_error"),
            "{text}"
        );
        assert!(text.contains("`d,m` with 500 api_error"), "{text}");
    }

    #[test]
    fn a_single_target_speaks_for_itself() {
        assert_eq!(told(vec![("a,m", failure(500, None)), ("a,m", failure(503, None))]).to_string(), "words of 503");
        assert_eq!(told(Vec::new()).status().as_u16(), 404);
    }
}
