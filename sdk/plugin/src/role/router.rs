//! The role `router`: where a request goes.

use crate::bindings::router::exports::ccr::plugin::router as wit;
use crate::request::Lent;
use crate::{Fault, Request, Settings, Target};
use std::marker::PhantomData;

pub use wit::Decision;

/// Chooses where requests go. Registered as `router`.
pub trait Router: 'static {
    /// `None` is "no opinion": the next rule decides. The request may only be read.
    ///
    /// # Errors
    /// Routing goes on without this router, and the failure is seen in the log and the record.
    fn route(request: &dyn Request, settings: &Settings) -> Result<Option<Decision>, Fault>;
}

impl Decision {
    /// Both names of `target` are as in the config; `reason` is shown to the user in `x-ccr-route-reason`.
    pub fn new(target: Target, reason: impl Into<String>) -> Self {
        Self { target, reason: reason.into() }
    }
}

/// The component's side of [`Router`].
#[doc(hidden)]
#[derive(Debug)]
pub struct Export<T>(PhantomData<T>);

impl<T: Router> wit::Guest for Export<T> {
    fn route(request: &wit::Request) -> Result<Option<Decision>, Fault> {
        T::route(&Lent(request), &Settings::default())
    }
}
