//! The parser against `serde_json`, on documents that are right and on bytes that are anything.
//!
//! Both accept RFC 8259 with these differences, which the tests leave out: `serde_json` refuses lone surrogate escapes,
//! numbers beyond `f64`, nesting beyond 128 and a byte order mark.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use proptest::prelude::*;
use serde_json::Value as Tree;

use super::{Document, Kind, MAX_DEPTH, Value, Writer, edit};

/// Any JSON value, with keys and strings that need escaping, and short keys so that pointers meet.
pub(super) fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        Just(Tree::Null),
        any::<bool>().prop_map(Tree::from),
        any::<u64>().prop_map(Tree::from),
        any::<i64>().prop_map(Tree::from),
        // Fractions that every reader gets exactly; serde_json may be off by the last bit of others.
        any::<i32>().prop_map(|number| (f64::from(number) / 16.0).into()),
        text().prop_map(Tree::from),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Tree::from),
            proptest::collection::vec((text(), inner), 0..6).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        proptest::string::string_regex("[a-c~/0-1]{0,2}").unwrap(),
        any::<String>(),
        proptest::collection::vec(any::<char>(), 0..80).prop_map(String::from_iter),
    ]
}

/// The tree that a value stands for.
fn decoded(value: Value<'_>) -> Tree {
    match value.kind() {
        Kind::Null => Tree::Null,
        Kind::Bool => value.as_bool().unwrap().into(),
        Kind::Number => value
            .as_u64()
            .map(Tree::from)
            .or_else(|| value.as_i64().map(Tree::from))
            .or_else(|| value.as_f64().map(Tree::from))
            .unwrap(),
        Kind::String => value.as_str().unwrap().decode().into(),
        Kind::Array => value.items().map(decoded).collect(),
        Kind::Object => value.members().map(|(key, value)| (key.decode().into_owned(), decoded(value))).collect(),
    }
}

/// All pointers of a tree.
pub(super) fn pointers(tree: &Tree) -> Vec<String> {
    let below = |token: String, child: &Tree| {
        let token = token.replace('~', "~0").replace('/', "~1");
        pointers(child).into_iter().map(move |rest| format!("/{token}{rest}")).collect::<Vec<_>>()
    };
    let mut all = vec![String::new()];
    match tree {
        Tree::Object(members) => all.extend(members.iter().flat_map(|(key, child)| below(key.clone(), child))),
        Tree::Array(items) => all.extend(items.iter().enumerate().flat_map(|(i, child)| below(i.to_string(), child))),
        _ => {}
    }
    all
}

fn write(writer: &mut Writer, tree: &Tree) {
    match tree {
        Tree::Object(members) => {
            writer.begin_object();
            for (key, value) in members {
                write(writer.key(key), value);
            }
            writer.end_object();
        }
        Tree::Array(items) => {
            writer.begin_array();
            items.iter().for_each(|item| write(writer, item));
            writer.end_array();
        }
        Tree::String(text) => drop(writer.string(text)),
        other => drop(writer.raw(&other.to_string())),
    }
}

fn remove_from(tree: &mut Tree, pointer: &str) {
    let (parent, token) = pointer.rsplit_once('/').unwrap();
    match tree.pointer_mut(parent).unwrap() {
        Tree::Object(members) => drop(members.shift_remove(&token.replace("~1", "/").replace("~0", "~"))),
        Tree::Array(items) => drop(items.remove(token.parse().unwrap())),
        _ => panic!("a scalar has no children"),
    }
}

/// JSON-like noise: bytes that meet the grammar's branches far more often than any bytes do.
fn noise() -> impl Strategy<Value = Vec<u8>> {
    let pieces = proptest::sample::select(vec![
        "{", "}", "[", "]", ",", ":", "\"", "\\", " ", "\n", "0", "1", "-", "+", ".", "e", "E", "true", "false",
        "null", "\"a\"", "\"\\n\"", "\\u00e9", "\\u12", "{}", "[]", "\"k\":", "\u{e9}", "\u{0}", "\t", "nul", "01",
        "1.5", "2e9", "\\/", "\"\\q\"",
    ]);
    proptest::collection::vec(pieces, 0..12).prop_map(|pieces| pieces.concat().into_bytes())
}

/// Whether two trees are equal, but for the last bits of fractions, which `serde_json` does not always get right.
fn same(ours: &Tree, theirs: &Tree) -> bool {
    match (ours, theirs) {
        (Tree::Number(a), Tree::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            a == b || (a - b).abs() <= 4.0 * f64::EPSILON * a.abs()
        }
        (Tree::Array(a), Tree::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Tree::Object(a), Tree::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => ours == theirs,
    }
}

/// Whether the two agree on these bytes, or differ by what the module's comment names.
fn agree(bytes: &[u8]) -> bool {
    let ours = Document::parse(bytes);
    match serde_json::from_slice::<Tree>(bytes) {
        Ok(tree) => ours.is_ok_and(|document| same(&decoded(document.root()), &tree)),
        Err(error) => {
            let reason = error.to_string();
            let known = ["surrogate", "unexpected end of hex escape", "number out of range", "recursion limit"];
            let byte_order_mark = bytes.starts_with("\u{feff}".as_bytes());
            ours.is_err() || byte_order_mark || known.iter().any(|difference| reason.contains(difference))
        }
    }
}

proptest! {
    #[test]
    fn every_pointer_gives_the_same_value(tree in tree(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_vec_pretty(&tree) } else { serde_json::to_vec(&tree) }.unwrap();
        let document = Document::parse(&text).unwrap();
        for pointer in pointers(&tree) {
            let value = document.root().pointer(&pointer).unwrap();
            let expected = tree.pointer(&pointer).unwrap();
            prop_assert_eq!(&decoded(value), expected);
            prop_assert_eq!(&serde_json::from_str::<Tree>(value.raw()).unwrap(), expected);
            prop_assert_eq!(value.raw().as_bytes(), &text[value.span()]);
            prop_assert_eq!(value.len(), expected.as_array().map_or(0, Vec::len) + expected.as_object().map_or(0, |o| o.len()));
        }
    }

    #[test]
    fn any_bytes_are_taken_or_refused_as_serde_json_does(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        prop_assert!(agree(&bytes));
    }

    #[test]
    fn json_like_bytes_are_taken_or_refused_as_serde_json_does(bytes in noise()) {
        prop_assert!(agree(&bytes));
    }

    #[test]
    fn damaged_documents_are_taken_or_refused_as_serde_json_does(tree in tree(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut text = serde_json::to_vec(&tree).unwrap();
        let at = at.index(text.len());
        prop_assert!(agree(&text[..at]));
        text[at] = byte;
        prop_assert!(agree(&text));
    }

    #[test]
    fn what_is_written_reads_back(tree in tree()) {
        let mut writer = Writer::new();
        write(&mut writer, &tree);
        prop_assert_eq!(&serde_json::from_str::<Tree>(writer.as_str()).unwrap(), &tree);
        prop_assert_eq!(decoded(Document::parse(writer.as_str().as_bytes()).unwrap().root()), tree);
    }

    #[test]
    fn strings_joined_from_parts(parts in proptest::collection::vec(text(), 0..4)) {
        let sources: Vec<String> = parts.iter().map(|part| serde_json::to_string(part).unwrap()).collect();
        let mut writer = Writer::new();
        writer.begin_string();
        for (source, part) in sources.iter().zip(&parts) {
            let document = Document::parse(source.as_bytes()).unwrap();
            let text = document.root().as_str().unwrap();
            prop_assert!(text == part.as_str());
            writer.escaped_part(text.raw()).string_part("\n").string_part(part);
        }
        writer.end_string();
        let expected: String = parts.iter().map(|part| format!("{part}\n{part}")).collect();
        prop_assert_eq!(serde_json::from_str::<String>(writer.as_str()).unwrap(), expected);
    }

    #[test]
    fn setting_agrees_with_the_tree(tree in tree(), new in tree(), at in any::<prop::sample::Index>(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_vec_pretty(&tree) } else { serde_json::to_vec(&tree) }.unwrap();
        let document = Document::parse(&text).unwrap();
        let all = pointers(&tree);
        let pointer = at.get(&all);
        let edited = edit::set(&document, pointer, &new.to_string()).unwrap();
        let mut expected = tree.clone();
        *expected.pointer_mut(pointer).unwrap() = new.clone();
        prop_assert_eq!(&serde_json::from_str::<Tree>(edited.text()).unwrap(), &expected);

        let (added, expected) = match tree.pointer(pointer).unwrap() {
            Tree::Object(members) if !members.contains_key("new\"") => (format!("{pointer}/new\"/in"), serde_json::json!({"in": new})),
            Tree::Array(_) => (format!("{pointer}/-"), new),
            _ => return Ok(()),
        };
        let edited = edit::set(&document, &added, &expected.get("in").unwrap_or(&expected).to_string()).unwrap();
        let edited = serde_json::from_str::<Tree>(edited.text()).unwrap();
        let child = match edited.pointer(pointer).unwrap() {
            Tree::Array(items) => items.last(),
            object => object.get("new\""),
        };
        if added.ends_with("/in") {
            prop_assert_eq!(child.unwrap(), &expected);
        } else {
            prop_assert_eq!(child.unwrap(), expected.get("in").unwrap_or(&expected));
        }
    }

    #[test]
    fn removing_agrees_with_the_tree(tree in tree(), at in any::<prop::sample::Index>(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_vec_pretty(&tree) } else { serde_json::to_vec(&tree) }.unwrap();
        let document = Document::parse(&text).unwrap();
        let all = pointers(&tree);
        let pointer = at.get(&all);
        let edited = edit::remove(&document, pointer);
        if pointer.is_empty() {
            prop_assert!(edited.is_none());
            return Ok(());
        }
        let mut expected = tree.clone();
        remove_from(&mut expected, pointer);
        prop_assert_eq!(serde_json::from_str::<Tree>(edited.unwrap().text()).unwrap(), expected);
    }
}

#[test]
fn depth_is_bounded_and_does_not_recurse() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(Document::parse(nested(MAX_DEPTH as usize).as_bytes()).is_ok());
    let error = Document::parse(nested(MAX_DEPTH as usize + 1).as_bytes()).unwrap_err();
    assert_eq!(error.offset(), MAX_DEPTH as usize);
    assert!(error.to_string().contains("256"), "{error}");
    assert!(Document::parse("{\"a\":".repeat(1_000_000).as_bytes()).is_err());
    assert!(Document::parse(format!("[{}]", "[[]],".repeat(1000) + "1").as_bytes()).is_ok());
}

#[test]
fn the_last_of_a_repeated_key_counts() {
    let document = Document::parse(br#"{"a":1,"b":{"a":9},"\u0061":2,"c":3}"#).unwrap();
    assert_eq!(document.root().get("a").unwrap().as_u64(), Some(2));
    assert_eq!(document.root().len(), 4);
}

#[test]
fn a_byte_order_mark_counts_in_spans() {
    let text = "\u{feff} [1, 22]".as_bytes();
    let document = Document::parse(text).unwrap();
    let second = document.root().items().nth(1).unwrap();
    assert_eq!(&text[second.span()], b"22");
    assert_eq!(document.text().as_bytes(), text);
    assert!(Document::parse("\u{feff}\u{feff}1".as_bytes()).is_err());
}

#[test]
fn lone_surrogates_are_grammatical() {
    let document = Document::parse(br#"["\ud800","\udc00 x"]"#).unwrap();
    let strings: Vec<_> = document.root().items().map(|item| item.as_str().unwrap().decode().into_owned()).collect();
    assert_eq!(strings, ["\u{FFFD}", "\u{FFFD} x"]);
}

#[test]
fn errors_say_where_and_why() {
    let say = |text: &[u8]| Document::parse(text).unwrap_err().to_string();
    assert_eq!(say(b"{\n \"a\": 1\n \"b\": 2}"), "line 3, column 2: expected ',' or '}' after a member of an object");
    assert_eq!(say("[\"\u{e9}\u{e9}\", x]".as_bytes()), "line 1, column 8: expected a value");
    assert_eq!(say(b"[1,2"), "line 1, column 5: the text ends before the value does; it may have been cut");
    assert_eq!(
        say(b"\"a\nb\""),
        "line 1, column 3: a control character in a string must be escaped, a line break as \\n"
    );
    assert_eq!(say(b"\"ab\xFF\""), "line 1, column 4: the text is not UTF-8 from here on; send JSON in UTF-8");
    assert_eq!(say(b"01"), "line 1, column 1: a number must not begin with a zero");
    assert_eq!(say(b"{} {}"), "line 1, column 4: expected the end of the text after the outermost value");
    for bad in [
        "",
        " ",
        "[1,]",
        "{\"a\":1,}",
        "{,}",
        "{\"a\"}",
        "{1:2}",
        "[1}",
        "{\"a\":1]",
        "tru",
        "-",
        "1.",
        "1e",
        ".5",
        "'a'",
    ] {
        assert!(Document::parse(bad.as_bytes()).is_err(), "{bad}");
    }
}

#[test]
fn an_owning_document_gives_its_text_back() {
    let document = Document::from_vec(b"{\"a\":1}".to_vec()).unwrap();
    assert_eq!(document.root().get("a").unwrap().as_i64(), Some(1));
    assert_eq!(document.into_text(), "{\"a\":1}");
    assert_eq!(Document::from_vec(b"\"\xC3".to_vec()).unwrap_err().offset(), 1);
}

#[test]
fn kinds_do_not_mix() {
    let document = Document::parse(br#"["12",12,1.5,-3,1e999,true,null,{}]"#).unwrap();
    let items: Vec<_> = document.root().items().collect();
    assert_eq!(items.iter().filter_map(|item| item.as_u64()).collect::<Vec<_>>(), [12]);
    assert_eq!(items.iter().filter_map(|item| item.as_i64()).collect::<Vec<_>>(), [12, -3]);
    assert_eq!(items.iter().filter_map(|item| item.as_f64()).collect::<Vec<_>>(), [12.0, 1.5, -3.0]);
    assert_eq!(items.iter().filter_map(|item| item.as_bool()).collect::<Vec<_>>(), [true]);
    assert_eq!(items.iter().filter(|item| item.is_null()).count(), 1);
    assert_eq!(items.iter().filter(|item| item.as_str().is_some()).count(), 1);
    assert!(items.iter().all(|item| item.get("a").is_none() && item.is_empty()));
}
