//! How far the attempts of a request have come, told to the head of a stream that is sent before its answer has begun.

use std::sync::{Arc, Mutex, PoisonError};

/// The attempt that is going on.
#[derive(Debug, Default)]
pub struct Progress(Mutex<Option<Trying>>);

/// One attempt.
#[derive(Debug, Clone)]
pub struct Trying {
    /// The provider's name.
    pub provider: Arc<str>,
    /// The model, in the provider's words; of an alias, the member's.
    pub model: Arc<str>,
    /// How many attempts there have been, this one included.
    pub attempts: u32,
}

impl Progress {
    /// An attempt begins.
    pub fn tries(&self, provider: &Arc<str>, model: &Arc<str>, attempts: u32) {
        let trying = Trying { provider: Arc::clone(provider), model: Arc::clone(model), attempts };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(trying);
    }

    /// The attempt that began last.
    pub fn trying(&self) -> Option<Trying> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
