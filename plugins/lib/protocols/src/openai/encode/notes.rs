//! What is left out of a request, and what the options say shall not be.

use crate::shared::notes;
use ccr_plugin::Request;
use std::borrow::Cow;

#[derive(Debug, Default)]
pub(in crate::openai) struct Notes {
    /// What was left out so far.
    pub(in crate::openai) list: notes::Notes,
    /// `cache_control` is not left out where it usually stands.
    pub(in crate::openai) keep_cache_control: bool,
    /// Images are left out: the model takes text only.
    pub(in crate::openai) omit_images: bool,
    /// Documents that are no text are not left out.
    pub(in crate::openai) send_files: bool,
}

impl Notes {
    pub(in crate::openai) fn dropped(&mut self, what: impl Into<Cow<'static, str>>) {
        self.list.dropped(what);
    }

    /// There is a `cache_control` in a place where it can be kept.
    pub(in crate::openai) fn cache_control(&mut self) {
        if !self.keep_cache_control {
            self.dropped("cache_control");
        }
    }

    /// What was left out, for a client's request.
    pub(in crate::openai) fn into_list(self) -> Vec<String> {
        self.list.into_list()
    }

    pub(in crate::openai) fn tell(&self, request: &dyn Request) {
        self.list.tell(request);
    }
}
