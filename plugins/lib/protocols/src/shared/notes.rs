//! What is left out of a request, told to the host once per kind however often it occurs.

use ccr_plugin::Request;
use std::borrow::Cow;

#[derive(Debug, Default)]
pub(crate) struct Notes(Vec<Cow<'static, str>>);

impl Notes {
    pub(crate) fn dropped(&mut self, what: impl Into<Cow<'static, str>>) {
        let what = what.into();
        if !self.0.contains(&what) {
            self.0.push(what);
        }
    }

    /// What was left out, for a client's request.
    pub(crate) fn into_list(self) -> Vec<String> {
        self.0.into_iter().map(Cow::into_owned).collect()
    }

    pub(crate) fn tell(&self, request: &dyn Request) {
        for what in &self.0 {
            request.dropped(what);
        }
    }
}
