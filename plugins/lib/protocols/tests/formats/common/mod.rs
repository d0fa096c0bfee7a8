//! What the golden tests of all formats have in common.

pub(crate) mod cases;
pub(crate) mod events;
pub(crate) mod given;
pub(crate) mod golden;
