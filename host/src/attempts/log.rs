//! What became of the attempts of one request, over all turns of its answer: for the answer's headers, the next turn and the record.

use super::class::Class;
use super::place::Place;
use crate::base::error::GatewayError;
use crate::config::ModelRef;
use crate::record::{Attempt, AttemptNotes, milliseconds, note_once};
use std::time::Duration;

/// The attempts so far.
#[derive(Debug, Default)]
pub struct AttemptLog {
    /// Every one that has ended.
    pub attempts: Vec<Attempt>,
    /// The provider that was tried last, and its model.
    pub tried: Option<(String, String)>,
    /// The target that has served the last turn.
    pub served: Option<ModelRef>,
    /// What the attempts that count have left: of each turn, the last one.
    pub notes: AttemptNotes,
}

impl AttemptLog {
    /// The answer begins anew, for another target: what an earlier one could not be told is not left out for this one.
    pub(super) fn begin_answer(&mut self) {
        self.notes.agents.clear();
        self.notes.dropped.clear();
    }

    pub(super) fn tries(&mut self, place: &Place<'_>) {
        self.tried = Some((place.provider.name.to_string(), place.model.to_owned()));
    }

    pub(super) fn note(&mut self, notes: AttemptNotes) {
        note_once(&mut self.notes.agents, notes.agents);
        note_once(&mut self.notes.dropped, notes.dropped);
        self.notes.plugin_time += notes.plugin_time;
        self.notes.encoded = notes.encoded.or(self.notes.encoded);
        self.notes.head = notes.head.or(self.notes.head);
        self.notes.opened = notes.opened.or(self.notes.opened);
    }

    /// One that has ended: with the error, and what that means, if it failed.
    pub(super) fn ended(
        &mut self,
        place: &Place<'_>,
        waited: Duration,
        took: Duration,
        failure: Option<(Class, &GatewayError)>,
    ) {
        self.attempts.push(Attempt {
            provider: place.provider.name.to_string(),
            model: place.model.to_owned(),
            key: place.key.map(|key| key.id.clone()),
            status: Some(failure.map_or(200, |(_, error)| error.status().as_u16())),
            class: failure.map(|(class, _)| class.as_str()),
            error: failure.map(|(_, error)| error.to_string()),
            waited_ms: milliseconds(waited),
            ms: milliseconds(took),
        });
    }

    /// One that was dropped because another began first.
    pub(super) fn outrun(&mut self, place: &Place<'_>, took: Duration) {
        self.attempts.push(Attempt {
            provider: place.provider.name.to_string(),
            model: place.model.to_owned(),
            key: place.key.map(|key| key.id.clone()),
            status: None,
            class: Some("outrun"),
            error: None,
            waited_ms: 0.0,
            ms: milliseconds(took),
        });
    }
}
