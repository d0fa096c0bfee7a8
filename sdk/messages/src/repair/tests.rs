//! Broken arguments as models write them.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use super::repair;
use proptest::prelude::*;
use serde_json::{Value, json};

fn repaired(text: &str) -> Value {
    let repaired = repair(text).unwrap_or_else(|| panic!("not repaired: {text}"));
    serde_json::from_str(&repaired).unwrap()
}

#[test]
fn commas() {
    assert_eq!(repaired(r#"{"a":1,}"#), json!({"a": 1}));
    assert_eq!(repaired(r#"{"a":[1,2,],,"b":2}"#), json!({"a": [1, 2], "b": 2}));
    assert_eq!(repaired("{\"a\":\"x\"\n\"b\":\"y\"}"), json!({"a": "x", "b": "y"}));
    assert_eq!(repaired(r#"{"a":["x" "y"]}"#), json!({"a": ["x", "y"]}));
    assert_eq!(repaired(r#"{,"a":1}"#), json!({"a": 1}));
}

#[test]
fn quotes() {
    assert_eq!(repaired("{'a':'it\\'s', 'b': 'x'}"), json!({"a": "it's", "b": "x"}));
    assert_eq!(repaired("{'a':'it's', 'b': 'x'}"), json!({"a": "it's", "b": "x"}));
    assert_eq!(repaired("{a:1, b_c-d:'x', $e: [y, z]}"), json!({"a": 1, "b_c-d": "x", "$e": ["y", "z"]}));
    assert_eq!(repaired("{“a”: “x”, 'b': `y`}"), json!({"a": "x", "b": "y"}));
    assert_eq!(repaired("{path: src/main.rs, n: 1}"), json!({"path": "src/main.rs", "n": 1}));
}

#[test]
fn strings_that_should_have_been_escaped() {
    assert_eq!(repaired("{\"a\":\"one\ntwo\tthree\"}"), json!({"a": "one\ntwo\tthree"}));
    assert_eq!(repaired(r#"{"a":"say "hi" now","b":1}"#), json!({"a": "say \"hi\" now", "b": 1}));
    assert_eq!(repaired(r#"{"a":"say "hi", he said"}"#), json!({"a": "say \"hi\", he said"}));
    assert_eq!(repaired(r#"{"pattern":"\d+\.\w","x":"\n"}"#), json!({"pattern": r"\d+\.\w", "x": "\n"}));
    assert_eq!(repaired(r#"{"a":"\u00e9\ud83d\ude00\ud800\uzz",}"#), json!({"a": "é😀\u{FFFD}\\uzz"}));
}

#[test]
fn closers() {
    assert_eq!(repaired(r#"{"a":{"b":[1,2"#), json!({"a": {"b": [1, 2]}}));
    assert_eq!(repaired(r#"{"a":"unfinished"#), json!({"a": "unfinished"}));
    assert_eq!(repaired(r#"{"a":[1,2}"#), json!({"a": [1, 2]}));
    assert_eq!(repaired(r#"{"a":[{"b":1]}"#), json!({"a": [{"b": 1}]}));
    assert_eq!(repaired(r#"{"a":"#), json!({"a": null}));
    assert_eq!(repaired("{"), json!({}));
}

#[test]
fn what_stands_around() {
    assert_eq!(repaired("```json\n{\"a\":1}\n```"), json!({"a": 1}));
    assert_eq!(repaired("Here you are: {\"a\":1} Enjoy!"), json!({"a": 1}));
    assert_eq!(repaired("{\"a\":1, // one\n/* two */ \"b\":2}"), json!({"a": 1, "b": 2}));
    assert_eq!(
        repaired("{\"u\": https://example.com/x, \"b\":2 // two\n}"),
        json!({"u": "https://example.com/x", "b": 2})
    );
}

#[test]
fn literals_and_numbers_of_other_languages() {
    assert_eq!(
        repaired("{'a': True, 'b': False, 'c': None, 'd': undefined}"),
        json!({"a": true, "b": false, "c": null, "d": null})
    );
    assert_eq!(
        repaired("{a:+1,b:.5,c:5.,d:0x1F,e:-.5,f:1_000,g:NaN,}"),
        json!({"a": 1, "b": 0.5, "c": 5, "d": 31, "e": -0.5, "f": 1000, "g": null})
    );
    assert_eq!(repaired("{a:007,b:1.2.3}"), json!({"a": "007", "b": "1.2.3"}));
}

#[test]
fn what_is_right_stays_as_it_is() {
    let text = "{ \"a\" : [1.0, \"\\u00e4 {'x'}\"] }";
    assert_eq!(repair(text).as_deref(), Some(text));
    assert_eq!(repaired(r#""{\"a\":1}""#), json!({"a": 1}));
    assert_eq!(repaired(r#""{'a':1}""#), json!({"a": 1}));
}

#[test]
fn what_is_no_object_is_refused() {
    for text in
        ["", "null", "[1]", "12", "I will read the file.", "{he said so, and left}", "\"text\"", "\"{\\\"a\\\"\""]
    {
        assert_eq!(repair(text).filter(|_| !text.starts_with("\"{")), None, "{text}");
    }
    let deep = "{a:".repeat(10_000);
    assert_eq!(repair(&deep), None);
}

#[test]
fn a_megabyte_of_quotes_takes_no_time() {
    let text = format!("{{\"a\": \"{}\"", "\" , \"".repeat(200_000));
    let start = std::time::Instant::now();
    let _ = repair(&text);
    assert!(start.elapsed().as_secs() < 5, "the search for the end of a string is not linear");
}

proptest! {
    #[test]
    fn the_result_is_always_an_object(text in r#"[\{\}\[\]"':,a-c0-2\\ \n/“’]{0,40}"#) {
        if let Some(repaired) = repair(&text) {
            prop_assert!(serde_json::from_str::<Value>(&repaired).unwrap().is_object());
        }
    }

    #[test]
    fn every_beginning_of_an_object_can_be_completed(number in any::<i32>(), text in "[ -~]{0,20}", cut in 1_usize..200) {
        let whole = json!({"key": text, "list": [number, {"inner": true}]}).to_string();
        let cut = cut.min(whole.len());
        // Within a literal the end is a guess like any other; only the shape is promised.
        let repaired = repair(&whole[..cut]);
        if let Some(repaired) = repaired {
            prop_assert!(serde_json::from_str::<Value>(&repaired).unwrap().is_object());
        } else {
            // A key without a colon is no member.
            prop_assert!(whole[..cut].rfind(':').is_none_or(|colon| whole[colon..cut].contains(',')), "{}", &whole[..cut]);
        }
    }
}
