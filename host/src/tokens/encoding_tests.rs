//! Our count held against the crate that everybody counts with.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use proptest::prelude::*;
use tiktoken_rs::CoreBPE;

use super::encoding::Encoding;
use super::merge::{MOST_WINDOWS, WINDOW};

fn reference(encoding: Encoding) -> &'static CoreBPE {
    match encoding {
        Encoding::Cl100kBase => tiktoken_rs::cl100k_base_singleton(),
        Encoding::O200kBase => tiktoken_rs::o200k_base_singleton(),
        Encoding::P50kBase => tiktoken_rs::p50k_base_singleton(),
        Encoding::R50kBase => tiktoken_rs::r50k_base_singleton(),
    }
}

/// Both counts must be the same in every encoding.
fn compare(text: &str) {
    for encoding in Encoding::ALL {
        let expected = reference(encoding).encode_ordinary(text).len() as u64;
        assert_eq!(encoding.count(text), expected, "{encoding}: {text:?}");
    }
}

/// Texts whose pieces are easily cut in the wrong place.
const HARD: [&str; 24] = [
    "",
    " ",
    "  \n  ",
    "a  \n\n  b  ",
    "\r\n\r\n\tx",
    "it's IT'S 'ſ 'S'll 'LL've're'd'x'",
    " 's 't x'Re'",
    "<|endoftext|><|fim_prefix|>hello<|im_start|>",
    "don’t naïve café ÀÉÎ ǅungla",
    "１２３４５ ⅷ 12345678 ½¾",
    "中文字符没有空格，但是有标点。日本語のテキスト。한국어 텍스트",
    "हिन्दी में लिखा हुआ पाठ ไทยไม่มีช่องว่าง العربية עברית",
    "👩‍👩‍👧‍👦 🇩🇪🏳️‍🌈 emoji🙂mix",
    "e\u{301}A\u{308}B\u{20dd}\u{301}x \u{301}",
    "\u{301}ABC \u{301}ABCdef \u{301}\u{301}'s",
    "\u{a0}\u{2003}word\u{2028}\u{3000}\u{85}x\u{85}",
    "camelCaseHTTPServerV2 snake_case_name SCREAMING",
    "fn main() {\n    println!(\"{}\", x);\n}\n\n\n// ---- //\n/* */\n",
    "https://example.com/a/b?c=d&e=%20/\n//\n/",
    "{\"a\":[1,2.50,-3e10,null,true],\"b\":\"\\n\\u00e9\"}",
    "===========================================================================",
    "\t\t\t\treturn;\r\n\t\t}\r\n",
    "\u{0}\u{1}\u{7f}\u{ffff}\u{10ffff}",
    "aʰbʰ Cʰ ʰ ªº Ⅷ ﬁ",
];

#[test]
fn hard_texts() {
    HARD.iter().for_each(|text| compare(text));
    compare(&HARD.concat());
    compare(&HARD.join(" "));
}

#[test]
fn long_pieces() {
    for unit in ["a", " ", "\n", "=", "中", "ab", "é", "-=", "🙂", "xyzzy", " \n"] {
        for repeat in [2, 31, 63, 64, 65, 100, 129, 1000] {
            compare(&unit.repeat(repeat));
        }
    }
}

/// Letters without a pattern, as long as wanted.
fn letters(length: usize) -> String {
    let mut state = 0x9e37_79b9_u32;
    let letter = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from(b'a' + (state >> 24) as u8 % 26)
    };
    (0..length).map(letter).collect()
}

/// Exact up to the size of a window, and nearly so beyond it.
#[test]
fn giant_pieces() {
    for unit in [letters(WINDOW), "a".repeat(WINDOW), "=".repeat(WINDOW), "word".repeat(WINDOW / 4)] {
        for encoding in Encoding::ALL {
            let reference = |text: &str| reference(encoding).encode_ordinary(text).len() as u64;
            assert_eq!(encoding.count(&unit), reference(&unit), "{encoding}");
            let giant = unit.repeat(3) + &unit[..1000];
            let (ours, exact) = (encoding.count(&giant), reference(&giant));
            assert!(ours.abs_diff(exact) * 1000 <= exact, "{encoding}: {ours} and not {exact}");
        }
    }
}

/// Of a word beyond all measure, some windows stand for the rest.
#[test]
fn words_without_end() {
    let unit = letters(WINDOW);
    for times in [MOST_WINDOWS, MOST_WINDOWS + 1, 2 * MOST_WINDOWS + 5] {
        let (ours, exact) = (Encoding::Cl100kBase.count(&unit.repeat(times)), Encoding::Cl100kBase.count(&unit));
        let exact = exact * times as u64;
        assert!(ours.abs_diff(exact) * 1000 <= exact, "{times}: {ours} and not {exact}");
    }
}

#[test]
fn code_and_prose() {
    compare(include_str!("encoding.rs"));
    compare(include_str!("split/o200k.rs"));
    compare(include_str!("../../../ARCHITECTURE.md"));
    compare(include_str!("../../../Cargo.lock"));
}

#[test]
fn the_longest_token_is_as_long_as_the_bounds_say() {
    for encoding in Encoding::ALL {
        assert!(encoding.longest_in_vocabulary() <= encoding.longest_token(), "{encoding}");
    }
}

#[test]
fn encodings_are_found_by_name() {
    for encoding in Encoding::ALL {
        assert_eq!(encoding.as_str().parse(), Ok(encoding));
    }
    assert_eq!("O200k_harmony".parse(), Ok(Encoding::O200kBase));
    assert!("cl100k".parse::<Encoding>().unwrap_err().contains("cl100k_base"));
}

/// A part of a text: words of many scripts, code, white space, anything at all.
fn part() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z]{1,12}",
        "[ \t\r\n\u{a0}\u{3000}]{1,6}",
        "[0-9٠-٩²½Ⅷ]{1,7}",
        "[!-/:-@\\[-`{-~]{1,5}",
        "'[sSdDmMtTlLvVeErRſ]{1,3}",
        "[\u{4e00}-\u{4fff}ぁ-んァ-ン가-각。、]{1,8}",
        "[а-яА-Яα-ωΑ-Ωא-תء-ي]{1,9}",
        "[\u{900}-\u{97f}\u{e00}-\u{e7f}]{1,8}",
        "[\u{300}-\u{310}ʰ-ʸǅªaA]{1,5}",
        "[\u{1f600}-\u{1f64f}\u{1f1e6}-\u{1f1ff}\u{200d}\u{fe0f}]{1,4}",
        "\\PC{1,6}",
        any::<String>(),
        prop::sample::select(HARD.to_vec()).prop_map(str::to_owned),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn any_text(parts in prop::collection::vec(part(), 0..40)) {
        compare(&parts.concat());
    }

    /// With what has been counted before in the slots.
    #[test]
    fn one_counter_for_many_texts(texts in prop::collection::vec(prop::collection::vec(part(), 0..20), 1..5)) {
        let mut counter = Encoding::Cl100kBase.counter(1_000_000);
        counter.count(&"to fill the slots ".repeat(500));
        for text in texts {
            let text = text.concat();
            let expected = reference(Encoding::Cl100kBase).encode_ordinary(&text).len() as u64;
            prop_assert_eq!(counter.count(&text), expected, "{:?}", text);
        }
    }
}
