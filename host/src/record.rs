//! Step 9, record: one line of JSON per request, closed when the body ends, fails or is dropped.
//!
//! Never a body and never a secret. Lines go through a bounded buffer to a thread of their own: a slow or full disk costs
//! lines, which are counted and said, never a request.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ccr_messages::event::{Failure, Usage};
use serde::Serialize;

use crate::attempts::Lease;
use crate::routing::sessions::Sessions;
use crate::routing::trace::Step;

/// Bytes of lines that may wait for the disk: some seconds of a busy gateway.
const WAITING_BYTES: usize = 8 * 1024 * 1024;

/// Bytes that are written at once without waiting for more.
const HURRY_BYTES: usize = 256 * 1024;

/// Room that a line begins with: most have less than a kilobyte, and growing costs as much as writing.
const USUAL_LINE: usize = 1024;

/// How long lines wait for others: waking a thread for each of them would cost as much as the rest of a small request
/// (measured), and nobody reads a log faster than this.
const PAUSE: Duration = Duration::from_millis(100);

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The client has the whole answer.
    Completed,
    /// The client got an error instead of an answer.
    Failed,
    /// The client hung up before the end.
    ClientGone,
    /// The upstream broke off in mid-answer; the client saw an error event.
    BrokenUpstream,
}

/// One try at one target.
#[derive(Debug, Clone, Serialize)]
pub struct Attempt {
    /// The provider's name.
    pub provider: String,
    /// The model, in the provider's words.
    pub model: String,
    /// Which of the provider's keys.
    pub key: Option<String>,
    /// What the provider answered.
    pub status: Option<u16>,
    /// Why not the next one as well, or why it: `transient`, `limited`, `key_refused`, `target_unfit`,
    /// `unavailable`, `too_long` or `fatal`; `outrun` if another began first (hedged requests).
    pub class: Option<&'static str>,
    /// Why it was not good.
    pub error: Option<String>,
    /// How long it was waited for before.
    pub waited_ms: f64,
    /// How long it took to the answer's head, or to failure.
    pub ms: f64,
}

/// A call of an agent's tool.
#[derive(Debug, Clone, Serialize)]
pub struct AgentCall {
    /// Who answered.
    pub agent: String,
    /// What was called, by the agent's own name for it.
    pub tool: String,
    /// In which turn of the model, from 1.
    pub turn: u32,
    /// How long it took.
    pub ms: f64,
    /// Why the model got an error.
    pub error: Option<String>,
}

/// An error as the client got it.
#[derive(Debug, Clone, Serialize)]
pub struct ErrorNote {
    /// Anthropic's type.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The words.
    pub message: String,
}

/// Token counts, as Anthropic names them.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct UsageNote {
    /// Neither read from nor written to a cache.
    pub input_tokens: Option<u64>,
    /// Reasoning included.
    pub output_tokens: Option<u64>,
    /// Read from a cache.
    pub cache_read_input_tokens: Option<u64>,
    /// Written to a cache.
    pub cache_creation_input_tokens: Option<u64>,
    /// Reasoning among the output.
    pub reasoning_tokens: Option<u64>,
    /// Server-side searches.
    pub web_search_requests: Option<u64>,
}

impl UsageNote {
    /// All input, that of caches included; `None` if nothing is known.
    fn whole_input(&self) -> Option<u64> {
        let parts = [self.input_tokens, self.cache_read_input_tokens, self.cache_creation_input_tokens];
        parts.into_iter().flatten().reduce(u64::saturating_add).filter(|input| *input > 0)
    }
}

impl From<Usage> for UsageNote {
    fn from(usage: Usage) -> Self {
        Self {
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            cache_read_input_tokens: usage.cache_read_input_tokens,
            cache_creation_input_tokens: usage.cache_creation_input_tokens,
            reasoning_tokens: usage.reasoning_tokens,
            web_search_requests: usage.web_search_requests,
        }
    }
}

/// Milliseconds from the request's arrival to each step.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Times {
    /// The body was read.
    pub read: Option<f64>,
    /// The target was chosen.
    pub route: Option<f64>,
    /// The request was encoded for the provider.
    pub encode: Option<f64>,
    /// The head of the provider's answer was there.
    pub upstream_head: Option<f64>,
    /// The first event of the answer was there.
    pub first_event: Option<f64>,
    /// The end.
    pub total: f64,
}

/// What happened with one request.
#[derive(Debug, Clone, Serialize)]
pub struct RequestRecord {
    /// As in `x-ccr-request-id`.
    pub id: String,
    /// When it came.
    pub time: jiff::Timestamp,
    /// The name of the client's key.
    pub client_key: Option<String>,
    /// The client's `user-agent`.
    pub client: Option<String>,
    /// The session that the client names.
    pub session: Option<String>,
    /// HTTP method.
    pub method: String,
    /// Path, without the query.
    pub path: String,
    /// The scenario it was routed by.
    pub scenario: Option<&'static str>,
    /// Why it went where it went.
    pub route_reason: Option<String>,
    /// What was asked on the way to the decision.
    pub route: Vec<Step>,
    /// The model that the client asked for.
    pub requested_model: Option<String>,
    /// The provider that served it.
    pub provider: Option<String>,
    /// The model that served it.
    pub model: Option<String>,
    /// What the provider says served it.
    pub upstream_model: Option<String>,
    /// Every try, in all turns.
    pub attempts: Vec<Attempt>,
    /// The agents that had a part in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub agents: Vec<String>,
    /// What the model called of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub agent_calls: Vec<AgentCall>,
    /// Turns of the model, where agents had a part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turns: Option<u32>,
    /// The request within which an agent made this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// What the client got.
    pub status: Option<u16>,
    /// The error that the client got.
    pub error: Option<ErrorNote>,
    /// Whether the client wanted a stream.
    pub stream: bool,
    /// Token counts.
    pub usage: UsageNote,
    /// Anthropic's `stop_reason`.
    pub stop_reason: Option<String>,
    /// When each step was done.
    pub ms: Times,
    /// Milliseconds spent in plugins.
    pub plugin_ms: f64,
    /// Length of the client's body.
    pub bytes_in: u64,
    /// Length of what the client got.
    pub bytes_out: u64,
    /// What was left out on the way.
    pub dropped: Vec<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// The client's body; only with `RECORD_BODIES`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_body: Option<String>,
    /// What the client got; only with `RECORD_BODIES`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_body: Option<String>,
}

/// Most bytes of a body that are kept: whole conversations, but no images by the dozen.
const KEPT_BODY: usize = 1024 * 1024;

/// A record that is being made. Wherever the request ends, dropping this writes the line.
#[derive(Debug)]
pub struct OpenRecord {
    /// What is known so far.
    pub record: RequestRecord,
    /// What the request holds upstream until it ends.
    pub lease: Option<Lease>,
    /// What its input was thought to come to; beside what it did, it makes the estimate for the session's next request better.
    pub estimated_input: Option<u64>,
    /// Token counts of the last of several turns: what the session's context has grown to.
    pub last_usage: Option<UsageNote>,
    started: Instant,
    log: Arc<RecordLog>,
    sessions: Option<Arc<Sessions>>,
}

impl OpenRecord {
    /// Begins the record of a request.
    pub fn begin(log: &Arc<RecordLog>, id: String, method: &http::Method, path: &str) -> Self {
        let record = RequestRecord {
            id,
            time: jiff::Timestamp::now(),
            client_key: None,
            client: None,
            session: None,
            method: method.as_str().to_owned(),
            path: path.to_owned(),
            scenario: None,
            route_reason: None,
            route: Vec::new(),
            requested_model: None,
            provider: None,
            model: None,
            upstream_model: None,
            attempts: Vec::new(),
            agents: Vec::new(),
            agent_calls: Vec::new(),
            turns: None,
            parent: None,
            status: None,
            error: None,
            stream: false,
            usage: UsageNote::default(),
            stop_reason: None,
            ms: Times::default(),
            plugin_ms: 0.0,
            bytes_in: 0,
            bytes_out: 0,
            dropped: Vec::new(),
            // What a record is that nobody closed: its future or its body was dropped, because the client went away.
            outcome: Outcome::ClientGone,
            request_body: None,
            response_body: None,
        };
        Self {
            record,
            lease: None,
            estimated_input: None,
            last_usage: None,
            started: Instant::now(),
            log: Arc::clone(log),
            sessions: None,
        }
    }

    /// Lets the session's usage be remembered, once it is known, for the routing of its next request.
    pub fn remember_in(&mut self, sessions: &Arc<Sessions>) {
        self.sessions = Some(Arc::clone(sessions));
    }

    /// A record for one of two attempts at the same time. Dropping it writes nothing.
    pub fn aside(&self) -> Self {
        Self {
            record: self.record.clone(),
            lease: None,
            last_usage: None,
            estimated_input: None,
            started: self.started,
            log: RecordLog::off(),
            sessions: None,
        }
    }

    /// Takes over what was written into a record aside, and what that holds; the attempts stay.
    pub fn take_over(&mut self, mut aside: Self) {
        std::mem::swap(&mut self.record, &mut aside.record);
        std::mem::swap(&mut self.record.attempts, &mut aside.record.attempts);
        (self.lease, self.last_usage) = (aside.lease.take(), aside.last_usage.take());
        self.estimated_input = aside.estimated_input.take();
    }

    /// Milliseconds since the request came.
    pub fn elapsed_ms(&self) -> f64 {
        milliseconds(self.started.elapsed())
    }

    /// Keeps the bodies of this request; the operator asked for it.
    pub fn keep_bodies(&mut self, request: &[u8]) {
        let kept = request.get(..KEPT_BODY).unwrap_or(request);
        self.record.request_body = Some(String::from_utf8_lossy(kept).into_owned());
        self.record.response_body = Some(String::new());
    }

    /// Counts, and perhaps keeps, a piece of what the client gets.
    pub fn answered(&mut self, piece: &[u8]) {
        self.record.bytes_out += piece.len() as u64;
        if let Some(kept) = &mut self.record.response_body
            && kept.len() < KEPT_BODY
        {
            kept.push_str(&String::from_utf8_lossy(piece));
        }
    }

    /// Keeps a call of an agent's tool.
    pub fn agent_called(&mut self, call: AgentCall) {
        self.record.agent_calls.push(call);
    }

    /// Adds time spent in plugins.
    pub fn add_plugin_time(&mut self, time: Duration) {
        self.record.plugin_ms += milliseconds(time);
    }

    /// Notes how the answer ended.
    pub fn end(&mut self, outcome: Outcome) {
        self.record.outcome = outcome;
    }

    /// Notes the error that the client got.
    pub fn fail(&mut self, outcome: Outcome, failure: &Failure) {
        if outcome == Outcome::BrokenUpstream
            && let Some(lease) = &mut self.lease
        {
            lease.broke(failure);
        }
        self.record.outcome = outcome;
        self.record.error = Some(ErrorNote { kind: failure.kind.as_str(), message: failure.message.clone() });
    }
}

impl Drop for OpenRecord {
    fn drop(&mut self) {
        self.record.ms.total = self.elapsed_ms();
        if let Some(lease) = self.lease.take() {
            lease.settle(&self.record.usage, self.record.outcome);
        }
        if let (Some(sessions), Some(session)) = (&self.sessions, &self.record.session)
            && let Some(input) = self.last_usage.unwrap_or(self.record.usage).whole_input()
        {
            sessions.note(session, input, self.estimated_input);
        }
        self.log.write(&self.record);
    }
}

/// Milliseconds with a fraction of three digits: a microsecond is what means something here.
pub fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1_000_000.0).round() / 1000.0
}

/// Where records go.
#[derive(Debug)]
pub struct RecordLog {
    queue: Option<Arc<Queue>>,
}

/// Lines that wait for the disk.
#[derive(Debug, Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    hurry: Condvar,
    lost: AtomicU64,
}

#[derive(Debug, Default)]
struct Waiting {
    lines: Vec<u8>,
    closing: bool,
}

/// The thread that writes; joined at the end of the program, so that nothing is lost.
#[derive(Debug)]
pub struct RecordWriter {
    queue: Arc<Queue>,
    thread: JoinHandle<()>,
}

impl RecordLog {
    /// A log that keeps nothing (`LOG: false`).
    pub fn off() -> Arc<Self> {
        Arc::new(Self { queue: None })
    }

    /// Opens the log in `folder`; one file a day.
    pub fn open(folder: PathBuf) -> std::io::Result<(Arc<Self>, RecordWriter)> {
        std::fs::create_dir_all(&folder)?;
        let queue = Arc::new(Queue::default());
        let writing = Arc::clone(&queue);
        let thread =
            std::thread::Builder::new().name("records".into()).spawn(move || File::new(folder).write_from(&writing))?;
        Ok((Arc::new(Self { queue: Some(Arc::clone(&queue)) }), RecordWriter { queue, thread }))
    }

    /// Lines that could not be kept, because the disk is slow or full.
    pub fn lost(&self) -> u64 {
        self.queue.as_ref().map_or(0, |queue| queue.lost.load(Relaxed))
    }

    fn write(&self, record: &RequestRecord) {
        let Some(queue) = &self.queue else { return };
        let mut line = Vec::with_capacity(USUAL_LINE);
        if serde_json::to_writer(&mut line, record).is_ok() {
            queue.add(&line);
        }
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, line: &[u8]) {
        let mut waiting = self.lock();
        if waiting.lines.len() + line.len() > WAITING_BYTES {
            self.lost.fetch_add(1, Relaxed);
            return;
        }
        let hurry = waiting.lines.len() < HURRY_BYTES && waiting.lines.len() + line.len() >= HURRY_BYTES;
        waiting.lines.extend_from_slice(line);
        waiting.lines.push(b'\n');
        drop(waiting);
        if hurry {
            self.hurry.notify_one();
        }
    }

    /// What waits, once some time has passed or much has come together; `None` when all is written and nothing will come.
    /// Further lines go into `spare`: a buffer that grew anew each time would cost requests more than their lines do.
    fn next(&self, spare: Vec<u8>) -> Option<Vec<u8>> {
        let mut waiting = self.lock();
        if !waiting.closing && waiting.lines.len() < HURRY_BYTES {
            waiting = self.hurry.wait_timeout(waiting, PAUSE).unwrap_or_else(PoisonError::into_inner).0;
        }
        if waiting.closing && waiting.lines.is_empty() {
            return None;
        }
        Some(std::mem::replace(&mut waiting.lines, spare))
    }
}

impl RecordWriter {
    /// Writes what still waits, and ends.
    pub fn join(self) {
        self.queue.lock().closing = true;
        self.queue.hurry.notify_one();
        let _ = self.thread.join();
    }
}

/// The file of the day.
struct File {
    folder: PathBuf,
    day: String,
    file: Option<std::fs::File>,
}

impl File {
    fn new(folder: PathBuf) -> Self {
        Self { folder, day: String::new(), file: None }
    }

    fn write_from(mut self, queue: &Queue) {
        let mut spare = Vec::new();
        while let Some(mut lines) = queue.next(spare) {
            if !lines.is_empty()
                && let Err(error) = self.write(&lines)
            {
                let count = memchr::memchr_iter(b'\n', &lines).count() as u64;
                queue.lost.fetch_add(count, Relaxed);
                tracing::error!(folder = %self.folder.display(), "{count} request records are lost: {error}; is the disk full?");
                self.file = None;
            }
            lines.clear();
            // After a burst, or a slow disk, the room is given back.
            lines.shrink_to(2 * HURRY_BYTES);
            spare = lines;
        }
    }

    fn write(&mut self, lines: &[u8]) -> std::io::Result<()> {
        let today = jiff::Timestamp::now().strftime("%Y%m%d").to_string();
        if self.file.is_none() || self.day != today {
            let path = self.folder.join(format!("requests-{today}.jsonl"));
            self.file = Some(OpenOptions::new().create(true).append(true).open(path)?);
            self.day = today;
        }
        match &mut self.file {
            Some(file) => file.write_all(lines),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_record_is_written_as_a_line() {
        let folder = std::env::temp_dir().join(format!("ccr-records-{}", std::process::id()));
        let (log, writer) = RecordLog::open(folder.clone()).expect("a temporary folder");
        let mut open = OpenRecord::begin(&log, "req_1".into(), &http::Method::POST, "/v1/messages");
        open.record.status = Some(200);
        open.end(Outcome::Completed);
        drop(open);
        drop(log);
        writer.join();
        let file = std::fs::read_dir(&folder).expect("made").next().expect("one file").expect("readable");
        let text = std::fs::read_to_string(file.path()).expect("text");
        let record: serde_json::Value = serde_json::from_str(text.trim_end()).expect("one JSON object");
        assert_eq!(record["id"], "req_1");
        assert_eq!(record["outcome"], "completed");
        std::fs::remove_dir_all(folder).expect("ours");
    }
}
