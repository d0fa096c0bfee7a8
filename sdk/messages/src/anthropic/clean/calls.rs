//! The calls of the assistant's last turn and the results that answer them.

/// How many calls may be open at once. A history with more is taken for one that needs cleaning: results are looked up among the
/// open calls, and the walk shall stay linear.
const MOST_OPEN: usize = 64;

/// The calls since the assistant began to speak, compared with their results as these come. Usually that is their own order, and
/// the first call without a result is the one that is answered; tools that ran side by side may also come in another.
pub(super) struct Calls<'d> {
    ids: [&'d str; MOST_OPEN],
    count: usize,
    /// A bit for each call that has its result, the lowest for the first.
    answered: u64,
    /// Somebody else than the assistant has spoken since: another message of the assistant's begins a new turn.
    others_spoke: bool,
}

impl<'d> Calls<'d> {
    pub(super) fn new() -> Self {
        Self { ids: [""; MOST_OPEN], count: 0, answered: 0, others_spoke: false }
    }

    /// Whether every call has its result.
    pub(super) fn are_answered(&self) -> bool {
        self.answered.count_ones() as usize == self.count
    }

    /// The assistant speaks; whether every call of its turn before has its result.
    pub(super) fn assistant_begins(&mut self) -> bool {
        if !self.others_spoke {
            return true;
        }
        let answered = self.are_answered();
        (self.count, self.answered, self.others_spoke) = (0, 0, false);
        answered
    }

    pub(super) fn others_begin(&mut self) {
        self.others_spoke = true;
    }

    /// A call; `false` if there are too many.
    pub(super) fn open(&mut self, id: &'d str) -> bool {
        let Some(place) = self.ids.get_mut(self.count) else { return false };
        *place = id;
        self.count += 1;
        true
    }

    /// A result; `false` if it answers no open call.
    pub(super) fn answer(&mut self, id: &str) -> bool {
        let first = self.answered.trailing_ones() as usize;
        let open = self.ids.get(first..self.count).unwrap_or_default();
        let is_open = |at: usize| self.answered & (1 << at) == 0;
        let found = open.iter().zip(first..).find(|(known, at)| **known == id && is_open(*at));
        let Some((_, at)) = found else { return false };
        self.answered |= 1 << at;
        true
    }
}
