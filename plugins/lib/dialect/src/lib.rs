//! What the transformers for providers' dialects share: a plain library, no plugin of its own.
//!
//! [`options()`] reads what the user wrote, [`Top`] and [`merge`] change the top level of a body in one copy, [`Hints`] asks the
//! protocol for what only it can write, [`limit`] caps the tokens of an answer, [`thinking`] reads how much the client wants the
//! model to think, and [`aggregator`] is what OpenRouter and Vercel have in common.
//! Nothing here uses serde: it would make each component half as large again.
#![deny(missing_docs)]

pub mod aggregator;
mod hints;
pub mod limit;
pub mod merge;
mod options;
pub mod thinking;
mod top;

pub use hints::Hints;
pub use options::options;
pub use top::Top;
