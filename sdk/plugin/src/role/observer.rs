//! The role `observer`: sees what happened.

use crate::bindings::observer::exports::ccr::plugin::observer as wit;
use crate::{Fault, Settings};
use std::marker::PhantomData;

/// Sees every finished request. Registered as `observer`. The host does not call it yet.
pub trait Observer: 'static {
    /// `record` is the request record as a JSON object, the same as a line of the log under `logs/`.
    ///
    /// # Errors
    /// Seen in the log; the request itself has long been answered.
    fn observe(record: &str, settings: &Settings) -> Result<(), Fault>;
}

/// The component's side of [`Observer`].
#[doc(hidden)]
#[derive(Debug)]
pub struct Export<T>(PhantomData<T>);

impl<T: Observer> wit::Guest for Export<T> {
    fn observe(record: String) -> Result<(), Fault> {
        T::observe(&record, &Settings::default())
    }
}
