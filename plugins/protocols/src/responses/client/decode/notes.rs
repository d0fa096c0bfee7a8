//! What is left out of a request, named once per kind however often it occurs.

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

    pub(super) fn into_list(self) -> Vec<String> {
        self.0.into_iter().map(Cow::into_owned).collect()
    }
}
