//! The ids of calls on the wire: each stands for one call only, although some providers count from 0 in every answer.

use std::borrow::Cow;
use std::collections::HashSet;

/// All ids of a conversation so far.
#[derive(Debug, Default)]
pub(crate) struct Ids<'d>(HashSet<Cow<'d, str>>);

impl<'d> Ids<'d> {
    /// The id, or one made from it for its second, third, … copy.
    pub(crate) fn unique(&mut self, id: Cow<'d, str>, copy: impl Fn(u32) -> String) -> Cow<'d, str> {
        let mut wire = id;
        let mut number = 2_u32;
        while !self.0.insert(wire.clone()) {
            wire = Cow::Owned(copy(number));
            number += 1;
        }
        wire
    }

    /// The same for who takes any id, with a number behind the copies.
    pub(crate) fn numbered(&mut self, id: Cow<'d, str>) -> Cow<'d, str> {
        let id = if id.is_empty() { Cow::Borrowed("call") } else { id };
        self.unique(id.clone(), |copy| format!("{id}_{copy}"))
    }
}

#[cfg(test)]
mod tests {
    use super::Ids;
    use std::borrow::Cow;

    #[test]
    fn copies_get_numbers() {
        let mut ids = Ids::default();
        let sent = ["a", "a", "", "a_2", "a", ""].map(|id| ids.numbered(Cow::Borrowed(id)).into_owned());
        assert_eq!(sent, ["a", "a_2", "call", "a_2_2", "a_3", "call_2"]);
    }
}
