//! Records as lines of JSON, one file a day (`requests.YYYY-MM-DD.jsonl`, in UTC).
//!
//! Lines go through a bounded buffer to a thread of their own: a slow or full disk costs lines, which are counted and said, never
//! a request.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tracing_appender::rolling::{RollingFileAppender, Rotation};

use super::RequestRecord;

/// Bytes of lines that may wait for the disk: some seconds of a busy gateway.
const WAITING_BYTES: usize = 8 * 1024 * 1024;

/// Bytes that are written at once without waiting for more.
const HURRY_BYTES: usize = 256 * 1024;

/// Room that a line begins with: most have less than a kilobyte, and growing costs as much as writing.
const USUAL_LINE: usize = 1024;

/// How long lines wait for others: waking a thread for each of them would cost as much as the rest of a small request
/// (measured), and nobody reads a log faster than this.
const PAUSE: Duration = Duration::from_millis(100);

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
    pub fn open(folder: PathBuf) -> io::Result<(Arc<Self>, RecordWriter)> {
        let file = open_file(&folder)?;
        let queue = Arc::new(Queue::default());
        let writing = Arc::clone(&queue);
        let thread =
            std::thread::Builder::new().name("records".into()).spawn(move || write_from(&writing, &folder, file))?;
        Ok((Arc::new(Self { queue: Some(Arc::clone(&queue)) }), RecordWriter { queue, thread }))
    }

    /// Lines that could not be kept, because the disk is slow or full.
    pub fn lost(&self) -> u64 {
        self.queue.as_ref().map_or(0, |queue| queue.lost.load(Relaxed))
    }

    /// Writes a record, at some time soon.
    pub fn write(&self, record: &RequestRecord) {
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

/// Days whose records are kept: a month's, which is what people ask about. A line has about a kilobyte.
const KEPT_DAYS: usize = 31;

/// The file of the day; those of long ago are deleted.
fn open_file(folder: &Path) -> io::Result<RollingFileAppender> {
    create_private_folder(folder)?;
    RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("requests")
        .filename_suffix("jsonl")
        .max_log_files(KEPT_DAYS)
        .build(folder)
        .map_err(io::Error::other)
}

/// A folder that nobody else may look into: with `RECORD_BODIES` there are prompts in it.
fn create_private_folder(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

fn write_from(queue: &Queue, folder: &Path, mut file: RollingFileAppender) {
    let mut spare = Vec::new();
    while let Some(mut lines) = queue.next(spare) {
        if !lines.is_empty()
            && let Err(error) = file.write_all(&lines)
        {
            let count = memchr::memchr_iter(b'\n', &lines).count() as u64;
            queue.lost.fetch_add(count, Relaxed);
            tracing::error!(folder = %folder.display(), "{count} request records are lost: {error}; is the disk full?");
        }
        lines.clear();
        // After a burst, or a slow disk, the room is given back.
        lines.shrink_to(2 * HURRY_BYTES);
        spare = lines;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Outcome;

    #[cfg(unix)]
    #[test]
    fn nobody_else_looks_into_the_folder_and_old_files_go() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let logs = folder.path().join("logs");
        std::fs::create_dir(&logs).expect("made");
        for day in 1..=40 {
            let name = format!("requests.2001-{:02}-{:02}.jsonl", 1 + day / 28, 1 + day % 28);
            std::fs::write(logs.join(name), "{}").expect("written");
        }
        let (log, writer) = RecordLog::open(logs.clone()).expect("a folder of our own");
        drop(log);
        writer.join();
        let mode = std::fs::metadata(&logs).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        assert_eq!(std::fs::read_dir(&logs).expect("there").count(), KEPT_DAYS);
    }

    #[test]
    fn a_record_is_written_as_a_line() {
        let folder = std::env::temp_dir().join(format!("ccr-records-{}", std::process::id()));
        let (log, writer) = RecordLog::open(folder.clone()).expect("a temporary folder");
        let mut record = RequestRecord::new("req_1".into(), &http::Method::POST, "/v1/messages");
        record.outcome = Outcome::Completed;
        log.write(&record);
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
