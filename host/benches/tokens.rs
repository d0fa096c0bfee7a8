//! What counting tokens costs: a whole conversation, its next turn, and a question that bounds answer. `cargo bench -p gateway`.

use std::fmt::Write as _;

use divan::Bencher;
use divan::counter::BytesCount;
use gateway::base::request::InnerRequest;
use gateway::tokens::{Encoding, TokenCounts, Tokenizer};

fn main() {
    // The vocabulary is read once in a process' life; that is not what is measured.
    Encoding::Cl100kBase.count("");
    divan::main();
}

/// A long session, as long as the model's context.
const SESSION: usize = 440_000;

/// What a turn adds to it.
const TURN: usize = 2_000;

fn request(body: Vec<u8>) -> InnerRequest {
    InnerRequest::parse(body, "req", http::HeaderMap::new(), None).expect("legal")
}

/// The session with one message more, other words for each turn.
fn next_turn(turn: usize) -> InnerRequest {
    let mut text = String::new();
    while text.len() < TURN {
        let _ =
            write!(text, "{} follows {turn}; let value_{} = compute(\\\"{turn}\\\");\\n", text.len(), text.len() / 7);
    }
    let mut body = gateway_load::body(SESSION);
    body.truncate(body.len() - "]}".len());
    body.extend_from_slice(format!(",{{\"role\":\"user\",\"content\":\"{text}\"}}]}}").as_bytes());
    request(body)
}

#[divan::bench]
fn fresh_session(bencher: Bencher) {
    let request = request(gateway_load::body(SESSION));
    bencher
        .counter(BytesCount::new(SESSION))
        .with_inputs(TokenCounts::default)
        .bench_local_values(|counts| counts.count(&request, &Tokenizer::default()));
}

#[divan::bench]
fn next_turn_of_the_session(bencher: Bencher) {
    let counts = TokenCounts::default();
    counts.count(&request(gateway_load::body(SESSION)), &Tokenizer::default());
    let mut turn = 0;
    bencher
        .with_inputs(|| {
            turn += 1;
            next_turn(turn)
        })
        .bench_local_refs(|request| counts.count(request, &Tokenizer::default()));
}

#[divan::bench]
fn a_threshold_that_bounds_settle(bencher: Bencher) {
    let request = request(gateway_load::body(SESSION));
    let counts = TokenCounts::default();
    bencher.bench_local(|| counts.exceeds(&request, &Tokenizer::default(), 1_000_000));
}

/// A word of this many letters, which nobody writes: it shall not hold up the others.
const GIANT: usize = 5_000_000;

#[divan::bench(sample_count = 3, sample_size = 1)]
fn a_giant_word(bencher: Bencher) {
    let mut state = 0x9e37_79b9_u32;
    let letter = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from(b'a' + (state >> 24) as u8 % 26)
    };
    let word: String = (0..GIANT).map(letter).collect();
    bencher.counter(BytesCount::new(GIANT)).bench_local(|| Encoding::Cl100kBase.count(&word));
}

/// What is told to a client at an answer's beginning, where the provider has not counted yet.
#[divan::bench(args = [1_000, 67_000, 440_000])]
fn an_estimate(bencher: Bencher, size: usize) {
    let request = request(gateway_load::body(size));
    bencher.counter(BytesCount::new(size)).bench_local(|| gateway::tokens::estimate(&request));
}
