//! Calls of the tool.

use super::*;

/// The state after a conversation with these images.
fn state(blocks: &[Value]) -> Vec<u8> {
    configure();
    prepared(&json!([user(blocks)])).1.state
}

#[test]
fn the_model_that_sees_gets_images_and_task() {
    let png = file(&gradient(20, 10), ImageFormat::Png);
    let state = state(&[block(&png)]);
    let asked = eyes_say(message(&[
        json!({"type": "thinking", "thinking": "hm", "signature": ""}),
        text("a gradient"),
        text("of two colours"),
    ]));
    let result = call(&state, r#"{"imageId": ["1"], "task": "What is \"it\"?"}"#);
    assert_eq!((said(&result).as_str(), result.is_error), ("a gradient\nof two colours", false));
    let asked = asked.borrow();
    assert_eq!(asked[0]["model"], EYES);
    assert_eq!(asked[0]["max_tokens"], 8192);
    assert!(asked[0].get("stream").is_none());
    let expected = json!([{"role": "user", "content": [text("[Image #1], 20 × 10 pixels:"), block(&png), text("What is \"it\"?")]}]);
    assert_eq!(asked[0]["messages"], expected);
}

#[test]
fn the_same_call_is_asked_once_in_a_session() {
    let state = state(&[block(&file(&gradient(2, 2), ImageFormat::Png))]);
    let asked = eyes_say(message(&[text("seen")]));
    for input in [r#"{"imageId": ["1"], "task": "a"}"#, r##"{"task": " a ", "imageId": "#1"}"##] {
        assert_eq!(said(&call(&state, input)), "seen");
    }
    assert_eq!(asked.borrow().len(), 1);
    call(&state, r#"{"imageId": ["1"], "task": "b"}"#);
    call(&state, r#"{"imageId": ["1"], "task": "a", "regions": [{"x": 0, "y": 0, "w": 1, "h": 1, "units": "px"}]}"#);
    assert_eq!(asked.borrow().len(), 3);
}

#[test]
fn nothing_is_kept_of_an_answer_without_a_session() {
    configure();
    host::set_session(false);
    let mut request = request(&json!([user(&[block(&file(&gradient(2, 2), ImageFormat::Png))])]));
    request.session = None;
    let state = Image::prepare(&mut request, &Settings::of("{}")).unwrap().unwrap_or_default().state;
    let asked = eyes_say(message(&[text("seen")]));
    for _ in 0..2 {
        assert_eq!(said(&call(&state, r#"{"imageId": [1], "task": "a"}"#)), "seen");
    }
    assert_eq!(asked.borrow().len(), 2);
}

#[test]
fn a_declared_type_that_is_wrong_is_put_right() {
    let jpeg = file(&gradient(20, 10), ImageFormat::Jpeg);
    let state = state(&[block(&jpeg)]);
    let asked = eyes_say(message(&[text("seen")]));
    call(&state, r#"{"imageId": ["1"], "task": "a"}"#);
    let source = asked.borrow()[0]["messages"][0]["content"][1]["source"].clone();
    assert_eq!(source, json!({"type": "base64", "media_type": "image/jpeg", "data": encoded(&jpeg)}));
}

#[test]
fn an_unknown_format_goes_as_it_is_but_is_not_cut() {
    let heic = json!({"type": "image", "source": {"type": "base64", "media_type": "image/heic", "data": encoded(b"ftypheic")}});
    let state = state(std::slice::from_ref(&heic));
    let asked = eyes_say(message(&[text("seen")]));
    assert!(!call(&state, r#"{"imageId": ["1"], "task": "a"}"#).is_error);
    assert_eq!(asked.borrow()[0]["messages"][0]["content"][1], heic);
    let region = r#"{"imageId": ["1"], "task": "a", "regions": [{"x": 0, "y": 0, "w": 9, "h": 9, "units": "pct"}]}"#;
    let result = call(&state, region);
    assert!(result.is_error && said(&result).contains("no PNG"), "{result:?}");
}

#[test]
fn a_url_goes_as_it_is_but_is_not_cut() {
    let url = json!({"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}});
    let state = state(std::slice::from_ref(&url));
    let asked = eyes_say(message(&[text("seen")]));
    assert_eq!(said(&call(&state, r#"{"imageId": ["1"], "task": "a"}"#)), "seen");
    assert_eq!(asked.borrow()[0]["messages"][0]["content"][1], url);
    let region = r#"{"imageId": ["1"], "task": "a", "regions": [{"x": 0, "y": 0, "w": 9, "h": 9, "units": "pct"}]}"#;
    let result = call(&state, region);
    assert!(result.is_error && said(&result).contains("without `regions`"), "{result:?}");
}

#[test]
fn a_large_image_is_kept_in_parts() {
    let mut large = file(&gradient(4, 4), ImageFormat::Png);
    // What follows the end of a PNG is no concern of its readers.
    large.resize(17 * 1024 * 1024, 7);
    let state = state(&[block(&large)]);
    let asked = eyes_say(message(&[text("seen")]));
    assert_eq!(said(&call(&state, r#"{"imageId": ["1"], "task": "a"}"#)), "seen");
    let sent = asked.borrow()[0]["messages"][0]["content"][1]["source"].clone();
    assert!(sent["data"].as_str().unwrap().len() < 1000);
    assert_eq!(ccr_plugin::host::kv_keys(ccr_plugin::host::Scope::Session, "image/").unwrap().len(), 3);
}

#[test]
fn what_is_wrong_is_told_with_what_to_do() {
    let state = state(&[
        block(&file(&gradient(2, 2), ImageFormat::Png)),
        block(b"no image"),
        json!({"type": "image", "source": {}}),
    ]);
    eyes_say(message(&[text("seen")]));
    let cases = [
        (r#"{"imageId": ["1"#, "not JSON"),
        (r#"{"imageId": ["9"], "task": "a"}"#, "[Image #1], [Image #2], [Image #3]"),
        (r#"{"imageId": ["1"], "task": ""}"#, "`task`"),
        (
            r#"{"imageId": ["1"], "task": "a", "regions": [{"x": 2, "y": 0, "w": 1, "h": 1, "units": "px"}]}"#,
            "2 × 2 pixels",
        ),
    ];
    for (input, expected) in cases {
        let result = call(&state, input);
        assert!(result.is_error && said(&result).contains(expected), "{input}: {}", said(&result));
    }
}

#[test]
fn what_could_not_be_kept_is_told() {
    let broken = json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "%%%"}});
    let missing = json!({"type": "image", "source": {"type": "base64"}});
    let huge = json!({"type": "image", "source": {"type": "base64", "data": "A".repeat(40_000_000)}});
    let state = state(&[broken, missing, huge]);
    for (number, expected) in [(1, "no base64"), (2, "without any content"), (3, "larger than")] {
        let result = call(&state, &format!(r#"{{"imageId": {number}, "task": "a"}}"#));
        assert!(result.is_error && said(&result).contains(expected), "{}", said(&result));
    }
}

#[test]
fn too_much_for_one_request_is_told() {
    let mut small = file(&gradient(2, 2), ImageFormat::Png);
    small.resize(crate::pixels::MAX_BYTES, 7);
    let large = |number: u8| block(&[&small[..small.len() - 1], &[number]].concat());
    let state = state(&(0..7).map(large).collect::<Vec<_>>());
    eyes_say(message(&[text("seen")]));
    let result = call(&state, r#"{"imageId": [1, 2, 3, 4, 5, 6, 7], "task": "a"}"#);
    assert!(result.is_error && said(&result).contains("fewer"), "{result:?}");
    assert!(!call(&state, r#"{"imageId": [1, 2, 3, 4, 5], "task": "a"}"#).is_error);
}

#[test]
fn an_image_that_the_client_has_forgotten_can_be_asked_about() {
    state(&[block(&file(&gradient(2, 2), ImageFormat::Png))]);
    let later = state(&[block(&file(&gradient(3, 3), ImageFormat::Png))]);
    let asked = eyes_say(message(&[text("seen")]));
    assert_eq!(said(&call(&later, r#"{"imageId": ["1", "2"], "task": "compare"}"#)), "seen");
    let content = asked.borrow()[0]["messages"][0]["content"].clone();
    assert_eq!((&content[0], &content[2]), (&text("[Image #1], 2 × 2 pixels:"), &text("[Image #2], 3 × 3 pixels:")));
}

#[test]
fn an_image_that_is_gone_is_told() {
    let state = state(&[block(b"one")]);
    host::forget();
    let result = call(&state, r#"{"imageId": ["1"], "task": "a"}"#);
    assert!(result.is_error && said(&result).contains("no longer"), "{result:?}");
}

#[test]
fn a_model_that_fails_is_named() {
    let state = state(&[block(&file(&gradient(2, 2), ImageFormat::Png))]);
    let input = r#"{"imageId": ["1"], "task": "a"}"#;
    eyes_fail(Fault::Unavailable("it is resting".into()));
    let told = said(&call(&state, input));
    assert!(told.contains(EYES) && told.contains("resting"), "{told}");
    let nothing = json!({"content": [], "stop_reason": "refusal"});
    for (answer, expected) in [(nothing, "refusal"), (json!([]), "said nothing"), (json!("a"), "said nothing")] {
        eyes_say(answer);
        let result = call(&state, input);
        assert!(result.is_error && said(&result).contains(expected), "{result:?}");
    }
    eyes_say(json!({"content": [text("a long")], "stop_reason": "max_tokens"}));
    let cut = call(&state, input);
    assert!(!cut.is_error && said(&cut).starts_with("a long\n[This answer was cut off"), "{cut:?}");
}

#[test]
fn another_tool_and_a_config_without_eyes_are_told() {
    let state = state(&[block(&file(&gradient(2, 2), ImageFormat::Png))]);
    let other = ToolCall { id: "t".into(), name: "other".into(), input: "{}".into() };
    assert!(Image::call_tool(other, &state, &Settings::of("{}")).unwrap().is_error);
    host::set_config("{}");
    let result = call(&state, r#"{"imageId": ["1"], "task": "a"}"#);
    assert!(result.is_error && said(&result).contains("Router.image"));
}
