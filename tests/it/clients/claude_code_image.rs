//! A session of Claude Code that reads a picture with a model that reads only text: what the picture shows only the upstream of
//! `Router.image` has seen.

use gateway_tests::upstream::openai;
use gateway_tests::{FakeUpstream, Format, Script, SeenRequest, Setup};
use serde_json::{Value, json};

use super::claude_code::session;

/// A red pixel.
const RED: &[u8] = include_bytes!("../../fixtures/red.png");

/// What only the model that sees says.
const SEEN: &str = "a crimson square with the word XYZZY-4711";

/// The model that reads: first it reads the file, then it asks about the image, then it answers with what it was told.
fn reading(request: &SeenRequest, file: &str) -> Script {
    let asked = Format::Chat.read(request);
    if asked.tools.is_empty() {
        return if asked.streaming { openai::text_stream(&["A title"]) } else { openai::text("A title") };
    }
    let told = asked.results.iter().find(|(_, result)| result.contains(SEEN));
    let call = |id: &str, name: &str, input: Value| {
        openai::stream(&openai::tool_call_chunks(0, id, name, &input), "tool_calls")
    };
    let has_image = String::from_utf8_lossy(&request.body).contains("[Image #1]");
    match told {
        Some((_, result)) => openai::text_stream(&["The picture shows ", result]),
        None if has_image => {
            call("call_look_0001", "analyzeImage", json!({"imageId": ["1"], "task": "What is in it?"}))
        }
        None => call("call_read_0001", "Read", json!({"file_path": file})),
    }
}

#[tokio::test]
async fn it_answers_what_only_the_model_that_sees_has_seen() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("project");
    std::fs::create_dir(&folder).unwrap();
    let file = folder.join("picture.png");
    std::fs::write(&file, RED).unwrap();
    let (reads, sees) = (FakeUpstream::start().await, FakeUpstream::start().await);
    let path = file.display().to_string();
    reads.otherwise(move |request| reading(request, &path));
    sees.otherwise(|_| openai::text(SEEN));
    let provider = |name: &str, upstream: &FakeUpstream| json!({"name": name, "api_base_url": upstream.base_url(), "api_key": "sk-secret", "models": ["m"]});
    let config = json!({
        "Providers": [provider("reads", &reads), provider("sees", &sees)],
        "Router": {"default": "reads,m", "image": "sees,m"},
        "forceUseImageAgent": true,
    });
    let gateway = Setup::config(&config).start().await;
    let address = format!("http://{}", gateway.address());
    let lines = session(&address, &folder, home.path(), "What does picture.png show?").await;

    let result = lines.last().unwrap();
    assert_eq!((&result["type"], &result["is_error"]), (&json!("result"), &json!(false)), "{result}");
    assert_eq!(result["result"], format!("The picture shows {SEEN}"));
    let told = lines.iter().map(Value::to_string).collect::<String>();
    assert!(!told.contains("analyzeImage"), "the client saw the agent's tool: {told}");

    let looked: Vec<_> = sees.requests().iter().map(|request| Format::Chat.read(request)).collect();
    assert_eq!(looked.len(), 1);
    assert_eq!(looked[0].images.len(), 1);
    for request in reads.requests() {
        assert!(Format::Chat.read(&request).images.is_empty(), "an image went to the model that reads");
    }
    let stopped = gateway.stop().await;
    let calls = stopped.messages().into_iter().filter(|record| record["agent_calls"].is_array()).count();
    assert_eq!(calls, 1);
}
