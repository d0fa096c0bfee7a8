//! What the transformers for providers' dialects share: a plain library, no plugin of its own.
//!
//! [`options`] reads what the user wrote, [`Edits`] and [`merge`] change the top level of a body in one copy, [`Hints`] asks the
//! protocol for what only it can write, [`thinking`] reads how much the client wants the model to think, [`cache_control`]
//! takes the marks of prompt caching out, and [`aggregator`] is what OpenRouter and Vercel have in common.
//! Nothing here uses serde: it would make each component half as large again.
#![deny(missing_docs)]

pub mod aggregator;
pub mod cache_control;
mod edits;
mod hints;
pub mod merge;
mod options;
pub mod thinking;

pub use edits::Edits;
pub use hints::Hints;
pub use options::{flag, options};
