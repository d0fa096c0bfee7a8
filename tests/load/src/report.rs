//! The figures of one measured phase, as lines for people or one flat JSON object for `cargo xtask bench`.

use std::time::Duration;

use crate::client::{Sample, Seen};

/// What the gateway's process used during the phase.
#[derive(Clone, Copy, Default)]
pub struct Usage {
    pub cpu_nanos: u64,
    /// Resident at the end.
    pub rss_kb: u64,
    /// The most seen resident during the phase, sampled.
    pub rss_max_kb: u64,
    /// The most resident since the process began.
    pub rss_peak_kb: u64,
}

/// Named figures in the order they are printed.
pub struct Report {
    figures: Vec<(&'static str, f64)>,
}

impl Report {
    /// Sums a phase up; `usage` is there when a process was named.
    pub fn new(seen: &Seen, usage: Option<Usage>) -> Self {
        let count = seen.samples.len().max(1) as f64;
        let whole = sorted(&seen.samples, |sample| sample.whole);
        let first = sorted(&seen.samples, |sample| sample.first_byte);
        let chunks: usize = seen.samples.iter().map(|sample| sample.chunks).sum();
        let mut figures = vec![
            ("requests", seen.samples.len() as f64),
            ("failures", seen.failures.len() as f64),
            ("requests_per_second", seen.samples.len() as f64 / seen.time.as_secs_f64()),
            ("latency_p50_ms", quantile(&whole, 0.5)),
            ("latency_p99_ms", quantile(&whole, 0.99)),
            ("first_byte_p50_ms", quantile(&first, 0.5)),
            ("first_byte_p99_ms", quantile(&first, 0.99)),
            ("chunks_per_request", chunks as f64 / count),
        ];
        if let Some(usage) = usage {
            figures.extend([
                ("cpu_ms_per_request", usage.cpu_nanos as f64 / 1e6 / count),
                ("rss_kb", usage.rss_kb as f64),
                ("rss_max_kb", usage.rss_max_kb as f64),
                ("rss_peak_kb", usage.rss_peak_kb as f64),
            ]);
        }
        Self { figures }
    }

    /// One object of numbers on one line.
    pub fn json(&self) -> String {
        let members: Vec<_> = self.figures.iter().map(|(name, value)| format!("\"{name}\":{value:.6}")).collect();
        format!("{{{}}}", members.join(","))
    }

    /// A line for each figure.
    pub fn lines(&self) -> String {
        self.figures.iter().map(|(name, value)| format!("{name:<22} {value:>14.3}\n")).collect()
    }
}

fn sorted(samples: &[Sample], figure: fn(&Sample) -> Duration) -> Vec<f64> {
    let mut all: Vec<f64> = samples.iter().map(|sample| figure(sample).as_secs_f64() * 1e3).collect();
    all.sort_by(f64::total_cmp);
    all
}

/// The value below which the share `part` of a sorted list lies; 0 of an empty list.
fn quantile(sorted: &[f64], part: f64) -> f64 {
    let at = (sorted.len() as f64 * part) as usize;
    sorted.get(at.min(sorted.len().saturating_sub(1))).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::{Report, Usage, quantile};
    use crate::client::{Sample, Seen};
    use std::time::Duration;

    #[test]
    fn quantiles_of_few_and_many() {
        let hundred: Vec<f64> = (0..100).map(f64::from).collect();
        assert_eq!((quantile(&hundred, 0.5), quantile(&hundred, 0.99)), (50.0, 99.0));
        assert_eq!((quantile(&[7.0], 0.99), quantile(&[], 0.5)), (7.0, 0.0));
    }

    #[test]
    fn the_json_holds_every_figure_as_a_number() {
        let sample = Sample { first_byte: Duration::from_millis(1), whole: Duration::from_millis(2), chunks: 3 };
        let seen = Seen { samples: vec![sample; 4], failures: Vec::new(), time: Duration::from_secs(2) };
        let usage = Usage { cpu_nanos: 8_000_000, ..Usage::default() };
        let value: serde_json::Value = serde_json::from_str(&Report::new(&seen, Some(usage)).json()).unwrap();
        assert_eq!(value["requests_per_second"], 2.0);
        assert_eq!(value["cpu_ms_per_request"], 2.0);
        assert_eq!(value["latency_p50_ms"], 2.0);
        assert_eq!(value["chunks_per_request"], 3.0);
    }
}
