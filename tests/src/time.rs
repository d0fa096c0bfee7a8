//! Bounds on waiting. They are there so that a test which would hang fails instead; no test depends on how long they are.

use std::time::Duration;

/// Longest wait for anything: far more than any step takes on a loaded machine.
pub const LIMIT: Duration = Duration::from_secs(30);

/// How often something is looked at that nobody announces (a file, the state of a reload).
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Waits for `future`, and fails the test naming `what` if it takes longer than [`LIMIT`].
pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(LIMIT, future).await {
        Ok(value) => value,
        Err(_) => panic!("{what}: nothing happened within {} s", LIMIT.as_secs()),
    }
}

/// Looks again and again until there is something, and fails the test naming `what` if it takes longer than [`LIMIT`].
pub async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    within(what, async {
        loop {
            ticks.tick().await;
            if let Some(found) = look().await {
                return found;
            }
        }
    })
    .await
}
