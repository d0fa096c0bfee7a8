//! What every part of the request is written with.

use crate::bedrock::family::Model;
use crate::bedrock::options::Options;

/// The target, and what follows from it.
#[derive(Debug, Clone, Copy)]
pub(super) struct To<'o> {
    pub(super) options: &'o Options,
    pub(super) model: Model<'o>,
    /// Whether `cache_control` becomes a cache point.
    pub(super) caches: bool,
    pub(super) streaming: bool,
}
