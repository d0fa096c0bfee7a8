//! What a request holds from its arrival to its end, and the one place where its end is told: to the health of its target, to its
//! session and to the record.

use std::sync::Arc;
use std::time::Instant;

use ccr_messages::event::{Failure, Usage};

use crate::answer::{Blame, Totals};
use crate::attempts::{AttemptLog, Lease};
use crate::record::{ErrorNote, Outcome, RecordLog, RequestRecord, UsageNote, milliseconds, note_once};
use crate::routing::sessions::Sessions;

/// What is held, and what is known so far.
pub struct Ledger {
    /// For the log.
    pub record: RequestRecord,
    /// What was tried.
    pub attempts: AttemptLog,
    /// What the answer holds upstream.
    lease: Option<Lease>,
    /// What its input was thought to come to; beside what it did, it makes the estimate for the session's next request better.
    pub estimated_input: Option<u64>,
    /// What is known of the answer.
    answer: Totals,
    started: Instant,
    sessions: Option<Arc<Sessions>>,
    /// Where the record goes; gone when the end has been told.
    log: Option<Arc<RecordLog>>,
}

/// How a request ends.
#[derive(Debug, Clone, Copy)]
pub enum Ending<'a> {
    /// The client has the whole answer.
    Completed,
    /// The client got an error instead of an answer, or of the rest of one that nobody can blame on the upstream.
    Failed(&'a Failure),
    /// The answer broke off in the middle; the client saw an error event.
    Broken(&'a Failure, Blame),
    /// The client hung up.
    ClientGone,
}

impl Ledger {
    /// Of a request that has just come.
    pub fn open(record: RequestRecord, log: &Arc<RecordLog>) -> Self {
        Self {
            record,
            attempts: AttemptLog::default(),
            lease: None,
            estimated_input: None,
            answer: Totals::default(),
            started: Instant::now(),
            sessions: None,
            log: Some(Arc::clone(log)),
        }
    }

    /// Lets the session's usage be remembered, once it is known, for the routing of its next request.
    pub fn remember_in(mut self, sessions: &Arc<Sessions>) -> Self {
        self.sessions = Some(Arc::clone(sessions));
        self
    }

    /// Milliseconds since the request came.
    pub fn elapsed_ms(&self) -> f64 {
        milliseconds(self.started.elapsed())
    }

    /// The answer to a turn has begun: whatever served the turn before has done its part.
    pub fn hold(&mut self, lease: Lease) {
        if let Some(before) = self.lease.replace(lease) {
            before.served(&UsageNote::default());
        }
    }

    /// Keeps what is known of the answer so far, in the place of what was known before.
    pub fn note_answer(&mut self, totals: Totals) {
        note_once(&mut self.attempts.notes.dropped, totals.dropped.iter().cloned());
        self.record.turns = totals.turns.or(self.record.turns);
        self.answer = totals;
    }

    /// The token counts of the answer, in all its turns.
    pub fn usage(&self) -> &Usage {
        &self.answer.usage
    }

    /// Those of its last turn.
    pub fn last_usage(&self) -> &Usage {
        self.answer.last_usage.as_ref().unwrap_or(&self.answer.usage)
    }

    /// Tells how the request ended.
    pub fn finish(mut self, ending: Ending<'_>) {
        self.close(ending);
    }

    fn close(&mut self, ending: Ending<'_>) {
        let Some(log) = self.log.take() else { return };
        self.complete_record(ending);
        let usage = &self.record.usage;
        match (self.lease.take(), ending) {
            (None, _) => {}
            (Some(lease), Ending::Completed) => lease.served(usage),
            (Some(lease), Ending::Broken(failure, Blame::Upstream)) => lease.broke(failure, usage),
            (Some(lease), Ending::Broken(_, Blame::Plugin) | Ending::Failed(_) | Ending::ClientGone) => {
                lease.settle(usage);
            }
        }
        if let (Some(sessions), Some(session)) = (&self.sessions, &self.record.session)
            && let Some(input) = UsageNote::from(*self.last_usage()).whole_input()
        {
            sessions.note(session, input, self.estimated_input);
        }
        log.write(&self.record);
    }

    fn complete_record(&mut self, ending: Ending<'_>) {
        let AttemptLog { attempts, tried, notes, .. } = std::mem::take(&mut self.attempts);
        let since = |moment: Option<Instant>| moment.map(|moment| milliseconds(moment - self.started));
        let record = &mut self.record;
        record.attempts = attempts;
        (record.provider, record.model) = tried.unzip();
        record.agents = notes.agents;
        record.dropped = notes.dropped;
        record.add_plugin_time(notes.plugin_time + self.answer.plugin_time);
        record.usage = self.answer.usage.into();
        record.upstream_model.clone_from(&self.answer.start.model);
        record.stop_reason = self.answer.finish.as_ref().map(|reason| reason.as_str().to_owned());
        (record.ms.encode, record.ms.upstream_head) = (since(notes.encoded), since(notes.head));
        record.ms.first_event = since(notes.opened);
        record.ms.total = milliseconds(self.started.elapsed());
        let failure = match ending {
            Ending::Completed | Ending::ClientGone => None,
            Ending::Failed(failure) | Ending::Broken(failure, _) => Some(failure),
        };
        record.outcome = match ending {
            Ending::Completed => Outcome::Completed,
            Ending::Failed(_) => Outcome::Failed,
            Ending::Broken(..) => Outcome::BrokenUpstream,
            Ending::ClientGone => Outcome::ClientGone,
        };
        record.error =
            failure.map(|failure| ErrorNote { kind: failure.kind.as_str(), message: failure.message.clone() });
    }
}

impl Drop for Ledger {
    /// Whoever has not told the end was dropped with its future or its body, because the client went away.
    fn drop(&mut self) {
        self.close(Ending::ClientGone);
    }
}
