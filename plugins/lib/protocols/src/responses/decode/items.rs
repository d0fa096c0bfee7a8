//! The items of the output, and what of each was said already.
//!
//! Servers disagree on how they name an item: some send no position, some the position 0 with every item, some another id with
//! every event.

use super::wire::Position;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Message,
    Reasoning,
    Call,
    /// Told as a whole, when it is done.
    Other,
}

/// Which of its two forms reasoning was told in: both may be there, and say the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Summary,
    Text,
}

#[derive(Debug)]
pub(super) struct Item {
    /// As it stands in a JSON string; may be empty.
    pub(super) id: String,
    pub(super) kind: Kind,
    index: u64,
    /// Parts of which something was said.
    parts: Vec<u64>,
    pub(super) source: Option<Source>,
    /// The call's name and id were told.
    pub(super) named: bool,
    /// Arguments that came before the name.
    pub(super) held: String,
    /// Citations were told one by one.
    pub(super) cited: bool,
    /// It was told to the end.
    pub(super) done: bool,
    /// The list at the end of the answer has had it.
    listed: bool,
}

impl Item {
    pub(super) fn has_said(&self, part: u64) -> bool {
        // The last part is the one that is asked for with every piece.
        self.parts.iter().rev().any(|said| *said == part)
    }

    pub(super) fn has_said_anything(&self) -> bool {
        !self.parts.is_empty()
    }

    /// Whether this is the first of the part.
    pub(super) fn says(&mut self, part: u64) -> bool {
        let new = !self.has_said(part);
        if new {
            self.parts.push(part);
        }
        new
    }
}

#[derive(Debug, Default)]
pub(super) struct Items(Vec<Item>);

impl Items {
    /// A call that has arguments and no name.
    pub(super) fn nameless(&mut self) -> Option<(usize, &mut Item)> {
        self.0.iter_mut().enumerate().find(|(_, item)| !item.held.is_empty())
    }

    pub(super) fn get(&mut self, slot: usize) -> Option<&mut Item> {
        self.0.get_mut(slot)
    }

    /// The item that begins here.
    pub(super) fn begin(&mut self, position: Position<'_>, kind: Kind) -> usize {
        let known = self.by_id(position, kind);
        let known = known.or_else(|| if position.id.is_empty() { self.open_at(position, kind) } else { None });
        known.unwrap_or_else(|| self.add(position, kind))
    }

    /// The item that a piece or the end of it belongs to.
    pub(super) fn piece(&mut self, position: Position<'_>, kind: Kind) -> usize {
        let known = self.by_id(position, kind).or_else(|| self.open_at(position, kind));
        known.unwrap_or_else(|| self.add(position, kind))
    }

    /// The item of which something is said as a whole. It may be done already: some servers end an item before its parts.
    pub(super) fn statement(&mut self, position: Position<'_>, kind: Kind) -> usize {
        let known = self.by_id(position, kind).or_else(|| self.open_at(position, kind));
        let here =
            |item: &Item| item.kind == kind && item.done && position.index.is_none_or(|index| item.index == index);
        let known = known.or_else(|| if position.id.is_empty() { self.0.iter().rposition(here) } else { None });
        known.unwrap_or_else(|| self.add(position, kind))
    }

    /// The item in the list at the end, which may have been told long ago. Each entry is an item of its own, even if ids repeat.
    ///
    /// `ids` are all those of the list. Some servers read the model's output once more for it: the items get other ids, and
    /// other positions where one was left out. Then they are the same in their order.
    pub(super) fn in_the_end(&mut self, position: Position<'_>, kind: Kind, ids: &[&str]) -> usize {
        let unlisted = |item: &Item| item.kind == kind && !item.listed;
        let same_id = |item: &Item| unlisted(item) && !position.id.is_empty() && item.id == position.id;
        let nameless = |item: &Item| unlisted(item) && (item.id.is_empty() || !ids.contains(&item.id.as_str()));
        let here = |item: &Item| nameless(item) && Some(item.index) == position.index;
        let known = self.0.iter().position(same_id).or_else(|| self.0.iter().position(here));
        let known = known.or_else(|| self.0.iter().position(nameless));
        let slot = known.unwrap_or_else(|| self.add(position, kind));
        if let Some(item) = self.0.get_mut(slot) {
            item.listed = true;
        }
        slot
    }

    fn by_id(&self, position: Position<'_>, kind: Kind) -> Option<usize> {
        if position.id.is_empty() {
            return None;
        }
        self.0.iter().rposition(|item| item.kind == kind && item.id == position.id)
    }

    /// The item at the position that is not done; without a position the last one.
    fn open_at(&self, position: Position<'_>, kind: Kind) -> Option<usize> {
        let here = |item: &Item| position.index.is_none_or(|index| item.index == index);
        self.0.iter().rposition(|item| item.kind == kind && !item.done && here(item))
    }

    fn add(&mut self, position: Position<'_>, kind: Kind) -> usize {
        let slot = self.0.len();
        self.0.push(Item {
            id: position.id.to_owned(),
            kind,
            // Where the position is missing, the items come in order.
            index: position.index.unwrap_or(slot as u64),
            parts: Vec::new(),
            source: None,
            named: false,
            held: String::new(),
            cited: false,
            done: false,
            listed: false,
        });
        slot
    }
}
