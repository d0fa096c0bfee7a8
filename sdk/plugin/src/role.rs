//! One module per role: the trait that an author implements, and beside it `Export`, the component's side of it.

pub mod agent;
pub mod client;
pub mod observer;
pub mod router;
pub mod transformer;
pub mod upstream;
