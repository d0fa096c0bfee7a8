//! Typed events between their two shapes: the plain ones of `ccr-messages`, which the host works with, and the generated ones,
//! which cross the boundary.

ccr_messages::convert_wit_types!(crate::plugins::bindings::imports::ccr::plugin::types);
