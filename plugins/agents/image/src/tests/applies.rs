//! When the agent has something to do.

use super::*;

fn applies(target: (&str, &str), settings: &str) -> bool {
    let mut request = request(&json!([user(&[block(b"a")])]));
    let target_of = request.target.as_mut().unwrap();
    (target_of.provider, target_of.model) = (target.0.into(), target.1.into());
    Image::applies(&request, &Settings::of(settings)).unwrap()
}

#[test]
fn only_where_the_target_is_not_the_model_that_sees() {
    configure();
    assert!(applies(("p", "m"), "{}"));
    assert!(applies(("there", "other"), "{}"));
    assert!(applies(("p", "sees-all"), "{}"));
    assert!(!applies(("there", "sees-all"), "{}"));
    assert!(!applies(("There", "Sees-All"), "{}"));
}

#[test]
fn not_without_images_or_without_a_model_that_sees() {
    configure();
    assert!(!Image::applies(&request(&json!([user(&[text("hi")])])), &Settings::of("{}")).unwrap());
    for config in ["{}", r#"{"Router":{"image":null}}"#, r#"{"Router":{"image":" "}}"#, "no JSON"] {
        host::set_config(config);
        assert!(!applies(("p", "m"), "{}"), "{config}");
    }
}

#[test]
fn not_for_targets_that_the_options_say_see() {
    configure();
    let settings = r#"{"vision": ["P , M", "openrouter"]}"#;
    assert!(!applies(("p", "m"), settings));
    assert!(!applies(("OpenRouter", "anything"), settings));
    assert!(applies(("p", "n"), settings));
    let wrong = Settings::of(r#"{"vision": "p,m"}"#);
    assert!(Image::applies(&request(&json!([user(&[block(b"a")])])), &wrong).is_err());
}

#[test]
fn all_targets_of_an_alias_see() {
    let config = json!({"Router": {"image": "eyes"}, "aliases": {"Eyes": ["a,m", "b,n"]}});
    host::set_config(&config.to_string());
    assert!(!applies(("a", "m"), "{}"));
    assert!(!applies(("b", "n"), "{}"));
    assert!(applies(("b", "m"), "{}"));
}

#[test]
fn not_for_its_own_questions() {
    configure();
    let state = prepared(&json!([user(&[block(&file(&gradient(2, 2), ImageFormat::Png))])])).1.state;
    let asked = eyes_say(message(&[text("seen")]));
    call(&state, r#"{"imageId": 1, "task": "a"}"#);
    let mut request = FakeRequest::new(asked.borrow()[0].clone());
    assert!(!Image::applies(&request, &Settings::of("{}")).unwrap());
    request.body["system"] = json!([text("else")]);
    assert!(Image::applies(&request, &Settings::of("{}")).unwrap());
}
