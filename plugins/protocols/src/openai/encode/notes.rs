//! What is left out of a request, told to the host once per kind however often it occurs.

use ccr_plugin::Request;
use std::borrow::Cow;

#[derive(Debug, Default)]
pub(super) struct Notes {
    list: Vec<Cow<'static, str>>,
    /// `cache_control` is not left out where it usually stands.
    pub(super) keep_cache_control: bool,
}

impl Notes {
    pub(super) fn dropped(&mut self, what: impl Into<Cow<'static, str>>) {
        let what = what.into();
        if !self.list.contains(&what) {
            self.list.push(what);
        }
    }

    /// There is a `cache_control` in a place where it can be kept.
    pub(super) fn cache_control(&mut self) {
        if !self.keep_cache_control {
            self.dropped("cache_control");
        }
    }

    pub(super) fn tell(&self, request: &dyn Request) {
        for what in &self.list {
            request.dropped(what);
        }
    }
}
