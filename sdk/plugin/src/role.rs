//! One module per role: the traits that an author implements, and beside them `Export`, the component's side of them.

pub mod agent;
pub(crate) mod answer;
pub mod client;
pub mod observer;
pub mod router;
pub mod transformer;
pub mod upstream;
