//! Decides which call a fragment belongs to: by its id, its index, and, where both are missing, by what is still open.
//!
//! Providers leave out, repeat and reuse each of the three marks (id, index, name), so the rules below only trust a mark
//! where nothing contradicts it.

use super::arguments::{Arguments, Progress};
use super::scan::is_blank;
use crate::event::ToolDelta;

/// A call as far as it is known.
#[derive(Debug)]
pub(super) struct Call {
    /// The provider's index of it.
    pub(super) index: Option<u32>,
    /// The provider's ids of it; more than one if it sends a new one with each fragment. The first counts.
    pub(super) ids: Vec<String>,
    pub(super) name: String,
    /// Arguments came when the name was known: the name will not grow any more.
    pub(super) name_final: bool,
    pub(super) arguments: Arguments,
    /// How much of the arguments' text is out.
    pub(super) sent: usize,
    /// The number given to it when its start went out.
    pub(super) slot: Option<u32>,
    /// See [`super::Assembler::forgiving`].
    pub(super) forgiven: bool,
}

/// What to do with a fragment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// It belongs to this call.
    Known(usize),
    /// It begins a call.
    New,
    /// It has nothing in it that a call needs.
    Nobody,
}

impl Call {
    pub(super) fn new(repairs: bool) -> Self {
        Self {
            index: None,
            ids: Vec::new(),
            name: String::new(),
            name_final: false,
            arguments: Arguments::new(repairs),
            sent: 0,
            slot: None,
            forgiven: false,
        }
    }

    /// Whatever its arguments are, they do not end the answer.
    pub(super) fn forgive(&mut self) {
        self.forgiven = true;
        self.arguments.forgive();
    }

    /// Takes over what a fragment says besides its arguments.
    pub(super) fn learn(&mut self, delta: &ToolDelta) {
        self.index = self.index.or(delta.index);
        if let Some(id) = said(delta.id.as_deref())
            && !self.has_id(id)
        {
            self.ids.push(id.to_owned());
        }
        if let Some(name) = said(delta.name.as_deref())
            && !self.name_final
        {
            self.learn_name(name);
        }
        self.name_final |= !self.name.is_empty() && !is_blank(&delta.arguments);
    }

    /// A name that begins with the known one is the name again, or more of it; any other is its next fragment.
    fn learn_name(&mut self, name: &str) {
        if name.starts_with(&self.name) {
            name.clone_into(&mut self.name);
        } else {
            self.name.push_str(name);
        }
    }

    /// Whether all that is known of the call's arguments is complete, so that a fragment may begin another call.
    fn is_complete(&self) -> bool {
        matches!(self.arguments.progress(), Progress::Complete | Progress::Placeholder)
    }

    fn has_id(&self, id: &str) -> bool {
        self.ids.iter().any(|known| known == id)
    }

    /// Whether a fragment cannot be a part of this call, as it names another tool or brings another whole object.
    fn excludes(&self, delta: &ToolDelta) -> bool {
        let Some(name) = said(delta.name.as_deref()) else {
            return false;
        };
        if !self.name_final {
            return false;
        }
        if self.is_complete() {
            name != self.name || (self.ids.is_empty() && self.arguments.excludes(&delta.arguments))
        } else {
            !name.starts_with(&self.name)
        }
    }
}

/// The call that `delta` belongs to. `last` is the call that the fragment before it went to.
pub(super) fn owner(calls: &[Call], last: Option<usize>, delta: &ToolDelta) -> Owner {
    let by_index = delta.index.and_then(|index| calls.iter().rposition(|call| call.index == Some(index)));
    match said(delta.id.as_deref()) {
        Some(id) => with_id(calls, last, by_index, id, delta),
        None => without_id(calls, last, by_index, delta),
    }
}

fn with_id(calls: &[Call], last: Option<usize>, by_index: Option<usize>, id: &str, delta: &ToolDelta) -> Owner {
    let named = said(delta.name.as_deref()).is_some();
    // The newest call of that id; the index decides only between several of them.
    let by_id = by_index
        .filter(|&at| calls.get(at).is_some_and(|call| call.has_id(id)))
        .or_else(|| calls.iter().rposition(|call| call.has_id(id)));
    if let Some((at, call)) = entry(calls, by_id) {
        let elsewhere = delta.index.is_some() && call.index.is_some() && delta.index != call.index;
        return known_unless(call.excludes(delta) || (elsewhere && named), at);
    }
    let nameless_reuse = by_index.or(last.filter(|_| delta.index.is_none()));
    let Some((at, call)) = entry(calls, nameless_reuse) else {
        return Owner::New;
    };
    if call.ids.is_empty() {
        // The id comes later than the call's beginning.
        let renamed = named && !call.name.is_empty();
        let over = call.is_complete() && (renamed || !is_blank(&delta.arguments));
        let same_way = by_index.is_some() || call.index.is_none();
        return known_unless(over || !same_way || call.excludes(delta), at);
    }
    // Some servers make up a new id for each fragment; a new call would bring its name.
    known_unless(by_index.is_none() || named || call.is_complete(), at)
}

fn without_id(calls: &[Call], last: Option<usize>, by_index: Option<usize>, delta: &ToolDelta) -> Owner {
    let named = said(delta.name.as_deref()).is_some();
    if let Some((at, call)) = entry(calls, by_index) {
        return known_unless(call.excludes(delta), at);
    }
    let Some((at, call)) = entry(calls, if named { last } else { open_or_last(calls, last) }) else {
        return new_unless(is_blank(&delta.arguments) && !named);
    };
    match delta.index {
        Some(_) if named => Owner::New,
        Some(_) if !call.is_complete() => Owner::Known(at),
        Some(_) => new_unless(is_blank(&delta.arguments)),
        None => known_unless(call.excludes(delta), at),
    }
}

/// The call that a fragment without marks goes on with.
fn open_or_last(calls: &[Call], last: Option<usize>) -> Option<usize> {
    let open = |call: &Call| !call.is_complete();
    match entry(calls, last) {
        Some((_, call)) if !open(call) => calls.iter().rposition(open).or(last),
        _ => last,
    }
}

fn entry(calls: &[Call], at: Option<usize>) -> Option<(usize, &Call)> {
    at.and_then(|at| calls.get(at).map(|call| (at, call)))
}

fn known_unless(excluded: bool, at: usize) -> Owner {
    if excluded { Owner::New } else { Owner::Known(at) }
}

fn new_unless(empty: bool) -> Owner {
    if empty { Owner::Nobody } else { Owner::New }
}

/// A mark that was sent and is not empty.
fn said(mark: Option<&str>) -> Option<&str> {
    mark.filter(|mark| !mark.is_empty())
}
