//! What a process has used, from `/proc`: CPU time in nanoseconds, resident memory in kilobytes.

use std::collections::BTreeMap;
use std::fs;

/// CPU time of a process at one moment.
pub struct Cpu {
    /// Nanoseconds run, per live thread, from the scheduler's own count.
    threads: BTreeMap<String, u64>,
    /// User and system time of the whole process in clock ticks; the only count that keeps ended threads.
    ticks: u64,
}

/// Linux reports process times in ticks of 1/100 s to user space on every architecture.
const NANOS_PER_TICK: u64 = 10_000_000;

impl Cpu {
    /// Reads the counters of a process; `None` if it is gone.
    pub fn of(pid: u32) -> Option<Self> {
        let mut threads = BTreeMap::new();
        for task in fs::read_dir(format!("/proc/{pid}/task")).ok()?.flatten() {
            // A thread that ends while we look has no file any more; the tick count still has its time.
            if let Ok(text) = fs::read_to_string(task.path().join("schedstat")) {
                let nanos = text.split(' ').next().and_then(|first| first.parse().ok());
                threads.insert(task.file_name().to_string_lossy().into_owned(), nanos.unwrap_or(0));
            }
        }
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        Some(Self { threads, ticks: ticks_of(&stat)? })
    }

    /// Nanoseconds used since `earlier`.
    ///
    /// The sum over threads is exact while all threads of `earlier` live; where one has ended, or the
    /// kernel keeps no such count, the tick count (to 20 ms in all) is right and the sum is not.
    pub fn since(&self, earlier: &Self) -> u64 {
        let whole = earlier.threads.keys().all(|thread| self.threads.contains_key(thread));
        let sum: u64 = self.threads.values().sum();
        if !whole || sum == 0 {
            return self.ticks.saturating_sub(earlier.ticks) * NANOS_PER_TICK;
        }
        sum.saturating_sub(earlier.threads.values().sum())
    }
}

/// Fields 14 and 15 of `/proc/PID/stat`, counted after the name, which may itself contain spaces.
fn ticks_of(stat: &str) -> Option<u64> {
    let (_, after_name) = stat.rsplit_once(") ")?;
    let mut fields = after_name.split(' ').skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

/// Resident memory now (`VmRSS`), in kB.
pub fn rss_kb(pid: u32) -> Option<u64> {
    status_kb(pid, "VmRSS:")
}

/// The most that was ever resident since the process began (`VmHWM`), in kB.
pub fn peak_rss_kb(pid: u32) -> Option<u64> {
    status_kb(pid, "VmHWM:")
}

fn status_kb(pid: u32, name: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{Cpu, peak_rss_kb, rss_kb, ticks_of};

    #[test]
    fn work_shows_as_cpu_time() {
        let before = Cpu::of(std::process::id()).unwrap();
        let began = std::time::Instant::now();
        let mut number = 1_u64;
        while began.elapsed().as_millis() < 60 {
            number = std::hint::black_box(number.wrapping_mul(31));
        }
        let used = Cpu::of(std::process::id()).unwrap().since(&before);
        assert!(used > 1_000_000, "{used} ns for a busy loop");
    }

    #[test]
    fn a_name_with_spaces_and_brackets_does_not_shift_the_fields() {
        let stat = "7 (a) b) S 1 2 3 4 5 6 7 8 9 10 40 2 0 0";
        assert_eq!(ticks_of(stat), Some(42));
    }

    #[test]
    fn memory_is_known_for_the_living_only() {
        let own = std::process::id();
        assert!(rss_kb(own).unwrap() > 100);
        assert!(peak_rss_kb(own).unwrap() >= rss_kb(own).unwrap() / 2);
        assert_eq!(rss_kb(u32::MAX), None);
    }
}
