//! Counts held against those of the `tokenizers` library (0.23), which made the tokenizers and the counts in `fixtures`.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Model, load};

/// GPT-2's way with digits and a prefix; a long expression with `ignore_merges`; characters with bytes for the unknown ones; words
/// with nearly all else that is read.
const KINDS: [(&str, &str); 4] = [
    ("bytes", include_str!("fixtures/bytes.json")),
    ("split", include_str!("fixtures/split.json")),
    ("fallback", include_str!("fixtures/fallback.json")),
    ("words", include_str!("fixtures/words.json")),
];

fn model(text: &str) -> Model {
    Model::parse(text.as_bytes()).unwrap()
}

#[test]
fn counts_are_those_of_the_library() {
    let expected: Value = serde_json::from_str(include_str!("fixtures/counts.json")).unwrap();
    for (kind, file) in KINDS {
        let model = model(file);
        let mut counter = model.counter(100_000);
        for (text, count) in
            expected["texts"].as_array().unwrap().iter().zip(expected["counts"][kind].as_array().unwrap())
        {
            let text = text.as_str().unwrap();
            assert_eq!(Value::from(model.counter(0).count(text)), *count, "{kind}: {text:?}");
            // With pieces that are known.
            assert_eq!(Value::from(counter.count(text)), *count, "{kind}: {text:?}");
        }
    }
}

/// Read once for all cases.
fn models() -> &'static [Model] {
    static MODELS: std::sync::LazyLock<Vec<Model>> =
        std::sync::LazyLock::new(|| KINDS.iter().map(|(_, file)| model(file)).collect());
    &MODELS
}

proptest! {
    /// Whatever comes: no more tokens than the bound says, and a long piece is counted like a short one.
    #[test]
    fn any_text(text in any::<String>(), letters in "[ab=\n ]{0,120}") {
        for (model, (kind, _)) in models().iter().zip(KINDS) {
            let (whole, mut known) = (text.clone() + &letters, model.counter(100_000));
            let count = model.counter(0).count(&whole);
            prop_assert!(count <= model.most(whole.len()), "{}", kind);
            prop_assert_eq!(known.count(&whole), count);
        }
    }

    /// Both ways to merge do the same.
    #[test]
    fn small_is_large(text in "[a-f =-]{1,200}") {
        let model = &models()[1];
        let symbols: Vec<u32> = model.bpe.symbols(&text);
        prop_assert_eq!(model.bpe.small(&symbols), model.bpe.large(&symbols));
    }
}

#[test]
fn what_cannot_be_counted_with_is_named() {
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut file: Value = serde_json::from_str(KINDS[0].1).unwrap();
        change(&mut file);
        Model::parse(file.to_string().as_bytes()).unwrap_err()
    };
    assert!(Model::parse(b"{").unwrap_err().contains("is not valid JSON"));
    assert!(Model::parse(b"{}").unwrap_err().contains("tokenizer.json"));
    assert!(refused(&|file| file["model"]["type"] = json!("Unigram")).contains("`Unigram`"));
    assert!(refused(&|file| file["model"]["merges"] = json!(["zzz yyy"])).contains("merge 0"));
    assert!(refused(&|file| file["model"]["end_of_word_suffix"] = json!("</w>")).contains("end_of_word_suffix"));
    assert!(refused(&|file| file["normalizer"] = json!({"type": "Precompiled"})).contains("`Precompiled`"));
    assert!(
        refused(&|file| file["pre_tokenizer"] = json!({"type": "BertPreTokenizer"})).contains("`BertPreTokenizer`")
    );
    let broken = json!({"type": "Split", "pattern": {"Regex": "("}, "behavior": "Isolated"});
    assert!(refused(&|file| file["pre_tokenizer"] = broken.clone()).contains("expression"));
}

#[test]
fn files_of_one_content_share_a_tokenizer() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (folder.path().join("a.json"), folder.path().join("b.json"));
    std::fs::write(&one, KINDS[1].1).unwrap();
    std::fs::write(&other, KINDS[1].1).unwrap();
    let (first, second) = (load(&one).unwrap(), load(&other).unwrap());
    assert!(std::sync::Arc::ptr_eq(&first, &second));
    assert!(load(&folder.path().join("c.json")).unwrap_err().contains("cannot be read"));
}
