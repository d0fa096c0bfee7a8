//! The client side of `openai`: golden files, what holds for any request and any answer, and forwarding.
//!
//! `fixtures/openai/client`: `requests/*.json` hold a client's request and the inner one, `answers/*.json` events and the whole
//! answer, `streams/*.json` events and the chunks, `errors/*.json` failures. With `UPDATE_GOLDEN=1` in the environment the
//! expectations are rewritten: read the difference before keeping it.
mod checker;
mod forward;
mod golden;
mod properties;
