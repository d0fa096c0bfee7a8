//! What happens on the way between two turns: failures, hang-ups, waiting.

use std::time::{Duration, Instant};

use gateway_tests::upstream::story::Failure;
use gateway_tests::{Answer, Event, FakeUpstream, Format, Gate, Script, Story, Transcript};
use serde_json::{Value, json};

use super::{FORMATS, HEARD, Stage, ask, config, echo, pair, play, setup, text, with_tools};

/// What is promised of hang-ups.
const SOON: Duration = Duration::from_secs(1);

#[tokio::test]
async fn another_target_takes_a_turn_over() {
    for format in FORMATS {
        for stream in [false, true] {
            let (up, spare) = (FakeUpstream::start().await, FakeUpstream::start().await);
            let mut config = config(format, &up, with_tools(&["echo"]));
            config["Providers"].as_array_mut().unwrap().push(format.provider("spare", &spare));
            config["fallback"] = json!({"default": [format!("spare,{}", format.model())]});
            let gateway = setup(&config).start().await;
            play(
                &up,
                format,
                [Story::says(&["I ask."]).and_calls("call-A1", "echo", json!({"x": 1})), Story::refuses(500, "no")],
            );
            play(&spare, format, [echo("call-B1"), Story::says(&["Done."])]);
            let answer = gateway.messages(&ask(stream)).await.expect(200).await;
            let message = if stream { answer.transcript().await.message() } else { answer.json().await };
            assert_eq!(message["content"], json!([text("I ask."), text("Done.")]));
            let asked: Vec<_> = spare.requests().iter().map(|seen| format.read(seen)).collect();
            assert_eq!(asked[0].results, [pair("call-A1", HEARD)]);
            // Whoever has taken over stays.
            assert_eq!(asked[1].results, [pair("call-A1", HEARD), pair("call-B1", HEARD)]);
            assert_eq!(up.requests().len(), 2);
            let stopped = gateway.stop().await;
            let record = stopped.record();
            let tried: Vec<_> = record["attempts"]
                .as_array()
                .unwrap()
                .iter()
                .map(|try_| json!([try_["provider"], try_["status"]]))
                .collect();
            assert_eq!(tried, [json!(["up", 200]), json!(["up", 500]), json!(["spare", 200]), json!(["spare", 200])]);
            assert_eq!((&record["turns"], &record["provider"]), (&json!(3), &json!("spare")));
        }
    }
}

#[tokio::test]
async fn a_turn_that_fails_everywhere_is_an_error_of_the_answer() {
    for format in FORMATS {
        for stream in [false, true] {
            let stage = Stage::new(format, with_tools(&["echo"])).await;
            let first = Story::says(&["I ask."]).and_calls("call-A1", "echo", json!({"x": 1}));
            let message = stage.fails(&ask(stream), [first, Story::refuses(400, "not so")]).await;
            assert!(message.contains("not so") && message.contains("up"), "{message}");
            let stopped = stage.gateway.stop().await;
            let record = stopped.record();
            assert_ne!(record["outcome"], "completed");
            assert_eq!((&record["turns"], &record["agent_calls"][0]["tool"]), (&json!(2), &json!("echo")));
        }
    }
}

#[tokio::test]
async fn a_turn_that_breaks_off_breaks_the_answer() {
    for format in FORMATS {
        for failure in [Failure::Reset, Failure::InStream("it broke".into())] {
            let stage = Stage::new(format, with_tools(&["echo"])).await;
            let half = Story::says(&["Half"]).and_fails(failure);
            stage.play([echo("call-A1"), half]);
            let transcript = stage.gateway.messages(&ask(true)).await.expect(200).await.transcript().await;
            transcript.broken();
            assert!(transcript.events.iter().any(|event| event.data["delta"]["text"] == "Half"));
            let stopped = stage.gateway.stop().await;
            assert_eq!(stopped.record()["outcome"], "broken_upstream");
        }
    }
}

/// Reads until this text was heard.
async fn heard(answer: &mut Answer, wanted: &str) -> Vec<Event> {
    let mut events = Vec::new();
    loop {
        let event = answer.event().await.unwrap();
        let found = event.data["delta"]["text"] == wanted;
        events.push(event);
        if found {
            return events;
        }
    }
}

/// A call that asks a model.
fn asks() -> Story {
    let request = json!({"model": "m", "max_tokens": 10, "messages": [{"role": "user", "content": "inner"}]});
    Story::says(&["I ask."]).and_calls("call-A1", "asks", json!({"request": request}))
}

#[tokio::test]
async fn a_client_that_hangs_up_ends_the_turn_and_the_tools_work() {
    for format in FORMATS {
        for (first, calls) in [(Story::says(&["I ask."]).and_calls("call-A1", "echo", json!({})), 1), (asks(), 0)] {
            let stage = Stage::new(format, with_tools(&["echo", "asks"])).await;
            stage.upstream.next(format.tell(&first, true));
            stage.upstream.next(Script::new().silence());
            let mut answer = stage.gateway.messages(&ask(true)).await.expect(200).await;
            heard(&mut answer, "I ask.").await;
            stage.upstream.request().await;
            // The second turn, or the request that the tool makes.
            let second = stage.upstream.request().await;
            let now = Instant::now();
            answer.hang_up();
            let noticed = second.gone().await.saturating_duration_since(now);
            assert!(noticed < SOON, "it took {noticed:?}");
            let stopped = stage.gateway.stop().await;
            let records = stopped.messages();
            assert_eq!(records.len(), 2 - calls);
            assert!(records.iter().all(|record| record["outcome"] == "client_gone"), "{records:?}");
            let record = records.iter().find(|record| record.get("parent").is_none()).unwrap();
            assert_eq!(record.get("agent_calls").and_then(Value::as_array).map_or(0, Vec::len), calls);
            assert_eq!(record["turns"], 1 + calls as u64);
        }
    }
}

#[tokio::test]
async fn a_client_that_waits_for_the_whole_answer_may_hang_up_too() {
    let stage = Stage::new(Format::Messages, with_tools(&["echo"])).await;
    stage.upstream.next(Format::Messages.tell(&echo("call-A1"), false));
    stage.upstream.next(Script::new().silence());
    let client = stage.gateway.client();
    let mut connection = client.connect().await.unwrap();
    assert!(connection.write(&gateway_tests::Request::messages(&ask(false)).to_bytes("localhost")).await);
    stage.upstream.request().await;
    let second = stage.upstream.request().await;
    let now = Instant::now();
    drop(connection);
    let noticed = second.gone().await.saturating_duration_since(now);
    assert!(noticed < SOON, "it took {noticed:?}");
    let stopped = stage.gateway.stop().await;
    assert_eq!(stopped.record()["outcome"], "client_gone");
}

#[tokio::test]
async fn pings_bridge_tools_and_turns() {
    for format in FORMATS {
        for (first, inner) in
            [(Story::says(&["I ask."]).and_calls("call-A1", "echo", json!({})), false), (asks(), true)]
        {
            let stage = Stage::with(format, with_tools(&["echo", "asks"]), |config| {
                config["PING_INTERVAL_MS"] = json!(20);
            });
            let stage = stage.await;
            let gate = Gate::new();
            stage.upstream.next(format.tell(&first, true));
            stage.upstream.next(Script::new().wait(&gate).then(format.tell(&Story::says(&["Later."]), !inner)));
            stage.play([Story::says(&["Done."])]);
            let mut answer = stage.gateway.messages(&ask(true)).await.expect(200).await;
            let mut events = heard(&mut answer, "I ask.").await;
            let mut pings = 0;
            while pings < 3 {
                let event = answer.event().await.unwrap();
                pings += usize::from(event.name == "ping");
                events.push(event);
            }
            gate.open();
            while let Some(event) = answer.event().await {
                events.push(event);
            }
            let message = Transcript::of(events, false).message();
            let last = if inner { "Done." } else { "Later." };
            assert_eq!(message["content"], json!([text("I ask."), text(last)]));
        }
    }
}

#[tokio::test]
async fn words_before_a_call_are_not_held_back() {
    for format in FORMATS {
        let stage = Stage::new(format, with_tools(&["echo"])).await;
        let gate = Gate::new();
        let first = Story::says(&["I ask."]).and_calls("call-A1", "echo", json!({}));
        stage.upstream.next(format.tell(&first, true));
        stage.upstream.next(Script::new().wait(&gate).then(format.tell(&Story::says(&["Done."]), true)));
        let mut answer = stage.gateway.messages(&ask(true)).await.expect(200).await;
        // The second turn has not begun.
        heard(&mut answer, "I ask.").await;
        gate.open();
        heard(&mut answer, "Done.").await;
    }
}

#[tokio::test]
async fn what_is_left_out_is_noted_once_for_all_turns_and_not_for_other_targets() {
    // Chat Completions knows no `top_k`; Anthropic's format does.
    for stream in [false, true] {
        let (up, spare) = (FakeUpstream::start().await, FakeUpstream::start().await);
        let mut config = config(Format::Chat, &up, with_tools(&["echo"]));
        config["Providers"].as_array_mut().unwrap().push(Format::Messages.provider("spare", &spare));
        config["fallback"] = json!({"default": [format!("spare,{}", Format::Messages.model())]});
        let gateway = setup(&config).start().await;
        let mut request = ask(stream);
        request["top_k"] = json!(5);
        play(&up, Format::Chat, [echo("call-A1"), Story::says(&["Done."]), Story::refuses(500, "no")]);
        play(&spare, Format::Messages, [Story::says(&["Done."])]);
        for _ in 0..2 {
            gateway.messages(&request).await.expect(200).await.bytes().await;
        }
        let stopped = gateway.stop().await;
        let records = stopped.messages();
        let dropped = records.iter().map(|record| {
            let notes = record["dropped"].as_array().unwrap();
            notes.iter().filter(|note| note.as_str().unwrap().contains("top_k")).count()
        });
        assert_eq!(dropped.collect::<Vec<_>>(), [1, 0], "{:#?}", stopped.records);
    }
}
