//! Whatever comes in: nothing traps, no image is left, and numbers stay.

use proptest::prelude::*;

use super::*;

/// Any JSON, with words of the format in it.
fn anything() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec![
        "image",
        "text",
        "tool_result",
        "base64",
        "url",
        "aGk=",
        "[Image #2]",
        "data:,",
        "%",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word.prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    let key = prop::sample::select(vec![
        "type",
        "source",
        "content",
        "data",
        "media_type",
        "text",
        "url",
        "imageId",
        "task",
        "regions",
        "x",
        "y",
        "w",
        "h",
        "units",
    ]);
    leaf.prop_recursive(5, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map(key.clone(), inner, 0..6)
                .prop_map(|members| members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

/// A message: images beside text, within results and within documents.
fn a_message() -> impl Strategy<Value = Value> {
    let image = (0u8..6).prop_map(|name| block(&[name]));
    let words =
        prop::sample::select(vec!["look", "[Image #1]", "[Image #4] [Image #2]", "\\ \"[Image #3]"]).prop_map(text);
    let leaf = prop_oneof![image, words];
    let block = leaf.prop_recursive(3, 20, 4, |inner| {
        prop::collection::vec(inner, 0..4).prop_flat_map(|content| {
            prop_oneof![
                Just(json!({"type": "tool_result", "tool_use_id": "t", "content": content})),
                Just(json!({"type": "document", "source": {"type": "content", "content": content}})),
            ]
        })
    });
    prop::collection::vec(block, 0..5).prop_map(|content| user(&content))
}

/// All blocks that stand in the place of an image.
fn holds_image(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(holds_image),
        Value::Object(members) => value["type"] == "image" || members.values().any(holds_image),
        _ => false,
    }
}

proptest! {
    #[test]
    fn any_body_and_any_call_are_answered(messages in anything(), input in anything(), state in any::<Vec<u8>>()) {
        configure();
        eyes_say(message(&[text("seen")]));
        let mut body = request(&json!([]));
        body.body["messages"] = messages;
        let _ = Image::applies(&body, &Settings::of("{}"));
        let prepared = Image::prepare(&mut body, &Settings::of("{}")).unwrap().unwrap_or_default();
        call(&prepared.state, &input.to_string());
        call(&state, &input.to_string());
        call(&prepared.state, &String::from_utf8_lossy(&state));
        call(&prepared.state, r#"{"imageId": [1, 2], "task": "a", "regions": [{"x": 0, "y": 0, "w": 1, "h": 1, "units": "px"}]}"#);
    }

    #[test]
    fn no_image_is_left(messages in prop::collection::vec(a_message(), 0..6)) {
        configure();
        let had = holds_image(&json!(messages));
        let (after, preparation) = prepared(&json!(messages));
        prop_assert!(!holds_image(&after));
        prop_assert_eq!(had, !preparation.tools.is_empty());
    }

    #[test]
    fn numbers_stay_as_the_conversation_grows(messages in prop::collection::vec(a_message(), 1..6), kept in any::<bool>()) {
        configure();
        host::forget();
        let (whole, _) = prepared(&json!(messages));
        for length in 0..messages.len() {
            if !kept {
                host::forget();
            }
            let (part, _) = prepared(&json!(messages[..length]));
            prop_assert_eq!(part.as_array().unwrap().as_slice(), &whole.as_array().unwrap()[..length]);
        }
        // What the client forgets of the beginning changes nothing either, as long as the gateway remembers.
        prepared(&json!(messages));
        let (rest, _) = prepared(&json!(messages[messages.len() / 2..]));
        prop_assert_eq!(rest.as_array().unwrap().as_slice(), &whole.as_array().unwrap()[messages.len() / 2..]);
    }

    #[test]
    fn any_file_is_answered(bytes in prop::collection::vec(any::<u8>(), 1..200), kind in 0usize..6, cut in 0usize..400) {
        configure();
        host::forget();
        let formats = [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif, ImageFormat::WebP, ImageFormat::Bmp];
        let mut broken = formats.get(kind).map(|format| file(&gradient(9, 9), *format)).unwrap_or_default();
        broken.truncate(cut);
        broken.extend(bytes);
        let state = prepared(&json!([user(&[block(&broken)])])).1.state;
        eyes_say(message(&[text("seen")]));
        call(&state, r#"{"imageId": 1, "task": "a"}"#);
        call(&state, r#"{"imageId": 1, "task": "a", "regions": [{"x": 0, "y": 0, "w": 50, "h": 50, "units": "pct"}]}"#);
    }
}
