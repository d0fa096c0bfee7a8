//! Typed events between their two shapes: the plain ones of `ccr-messages`, which logic works with, and the generated ones,
//! which cross the boundary.

ccr_messages::convert_wit_types!(crate::bindings::imports::ccr::plugin::types);

/// Every event of a list turned into its other shape, in place where the sizes allow it.
pub(crate) fn all<A, B: From<A>>(events: Vec<A>) -> Vec<B> {
    events.into_iter().map(B::from).collect()
}
