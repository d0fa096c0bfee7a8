//! Two thousand connections at once.

use std::time::Instant;

use gateway_tests::upstream::openai;
use gateway_tests::{FakeUpstream, Setup, within};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::support::ask_stream;

/// As many as the issue asks for.
const CONNECTIONS: usize = 2000;

/// This process holds both ends of everything but the gateway's own.
fn allow_many_files() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    setrlimit(Resource::Nofile, raised).expect("the soft limit may be raised to the hard one");
    let enough = limit.maximum.is_none_or(|most| most >= 3 * CONNECTIONS as u64);
    assert!(enough, "this test needs {} open files (ulimit -Hn)", 3 * CONNECTIONS);
}

#[tokio::test]
async fn two_thousand_connections_at_once_are_all_answered() {
    allow_many_files();
    let upstream = FakeUpstream::always(openai::text_stream(&["hi"])).await;
    let gateway = Setup::openai(&upstream).start().await;
    let client = gateway.client();
    let started = Instant::now();
    let mut connecting = tokio::task::JoinSet::new();
    for _ in 0..CONNECTIONS {
        let client = client.clone();
        connecting.spawn(async move { client.connect().await });
    }
    let connections = within("the connections", connecting.join_all()).await;
    let connected = started.elapsed();
    let connections: Vec<_> = connections.into_iter().flatten().collect();
    assert_eq!(connections.len(), CONNECTIONS, "some were refused");
    // A queue that is too short costs a second SYN, which comes after a second.
    assert!(connected.as_secs_f64() < 1.0, "it took {connected:?} to be let in");

    let request = gateway_tests::Request::messages(&ask_stream("hi")).to_bytes("localhost");
    let mut asking = tokio::task::JoinSet::new();
    for connection in connections {
        let request = request.clone();
        asking.spawn(async move {
            let answer = connection.exchange(&request, "POST").await.expect("an answer");
            if answer.status == 200 {
                answer.transcript().await.message();
                return None;
            }
            // An instance of a plugin may have to be waited for, and that wait is bounded: then it says so.
            Some(answer.error().await)
        });
    }
    let refusals: Vec<_> = within("the answers", asking.join_all()).await.into_iter().flatten().collect();
    let unexpected: Vec<_> = refusals.iter().filter(|(kind, _)| kind != "overloaded_error").collect();
    assert!(unexpected.is_empty(), "{} of {CONNECTIONS} failed otherwise: {:?}", unexpected.len(), unexpected[0]);
    let served = CONNECTIONS - refusals.len();
    assert!(served > CONNECTIONS / 2, "only {served} of {CONNECTIONS} were served");
    let stopped = gateway.stop().await;
    assert_eq!(stopped.code, Some(0), "{}", stopped.log);
    assert_eq!(stopped.records.len(), CONNECTIONS);
}
