//! What is left out of a request, told to the host once per kind however often it occurs.

use ccr_plugin::Request;
use std::borrow::Cow;

#[derive(Debug, Default)]
pub(super) struct Notes(Vec<Cow<'static, str>>);

impl Notes {
    pub(super) fn dropped(&mut self, what: impl Into<Cow<'static, str>>) {
        let what = what.into();
        if !self.0.contains(&what) {
            self.0.push(what);
        }
    }

    pub(super) fn tell(&self, request: &dyn Request) {
        for what in &self.0 {
            request.dropped(what);
        }
    }
}
