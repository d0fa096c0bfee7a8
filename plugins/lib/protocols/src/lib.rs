//! The wire formats of providers and clients, one module each. A component of `plugins/protocols` exports one
//! of them; it is a library of its own because several components share a format (`gemini` and `vertex-gemini`), and a
//! component must not hold the exports of another.

pub mod anthropic;
pub mod bedrock;
pub mod gemini;
pub mod openai;
pub mod responses;

mod shared;
