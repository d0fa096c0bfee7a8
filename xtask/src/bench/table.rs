//! The figures as Markdown: a row for each way, size and kind of answer, then the single figures.

use std::fmt::Write as _;

/// One row of the main table; times in milliseconds.
pub(super) struct Row {
    pub(super) way: &'static str,
    pub(super) size: &'static str,
    pub(super) answer: &'static str,
    pub(super) requests_per_second: f64,
    pub(super) p50: f64,
    pub(super) p99: f64,
    pub(super) cpu: Option<f64>,
    /// With one connection.
    pub(super) first_byte: f64,
}

/// A figure that belongs to no row.
pub(super) struct Single {
    name: String,
    value: f64,
    unit: &'static str,
}

impl Single {
    pub(super) fn new(name: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self { name: name.into(), value, unit }
    }
}

/// Everything measured so far.
#[derive(Default)]
pub(super) struct Tables {
    rows: Vec<Row>,
    singles: Vec<Single>,
}

impl Tables {
    pub(super) fn row(&mut self, row: Row) {
        self.rows.push(row);
    }

    pub(super) fn single(&mut self, single: Single) {
        self.singles.push(single);
    }

    pub(super) fn markdown(&self, note: &str) -> String {
        let mut text = String::from(
            "| way | request | answer | requests/s | p50 ms | p99 ms | CPU ms/request | first byte ms | added ms |\n\
             |---|---|---|--:|--:|--:|--:|--:|--:|\n",
        );
        for row in &self.rows {
            let (cpu, added) = (optional(row.cpu), optional(self.added(row)));
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "| {} | {} | {} | {:.0} | {:.3} | {:.3} | {cpu} | {:.3} | {added} |",
                row.way, row.size, row.answer, row.requests_per_second, row.p50, row.p99, row.first_byte
            );
        }
        if !self.singles.is_empty() {
            text.push_str("\n| figure | value |\n|---|--:|\n");
            for Single { name, value, unit } in &self.singles {
                let _ = writeln!(text, "| {name} | {value:.2} {unit} |");
            }
        }
        let _ = writeln!(
            text,
            "\n{note} Requests/s, p50, p99 and CPU with {} connections; first byte: of the body, with one connection; added: to the direct row.",
            super::CONNECTIONS
        );
        text
    }

    /// How much later the first byte comes than without anything between.
    fn added(&self, row: &Row) -> Option<f64> {
        let same = |other: &&Row| other.way == "direct" && (other.size, other.answer) == (row.size, row.answer);
        let direct = self.rows.iter().find(same)?;
        (row.way != "direct").then_some(row.first_byte - direct.first_byte)
    }
}

fn optional(figure: Option<f64>) -> String {
    figure.map_or_else(|| "–".to_owned(), |figure| format!("{figure:.3}"))
}

#[cfg(test)]
mod tests {
    use super::{Row, Single, Tables};

    fn row(way: &'static str, cpu: Option<f64>, first_byte: f64) -> Row {
        Row { way, size: "1 kB", answer: "plain", requests_per_second: 10.4, p50: 1.0, p99: 2.0, cpu, first_byte }
    }

    #[test]
    fn what_is_added_is_the_difference_to_direct() {
        let mut tables = Tables::default();
        tables.row(row("direct", None, 0.1));
        tables.row(row("nginx", Some(0.05), 0.35));
        tables.single(Single::new("idle", 12.0, "MB"));
        let text = tables.markdown("Note.");
        assert!(text.contains("| direct | 1 kB | plain | 10 | 1.000 | 2.000 | – | 0.100 | – |"), "{text}");
        assert!(text.contains("| nginx | 1 kB | plain | 10 | 1.000 | 2.000 | 0.050 | 0.350 | 0.250 |"), "{text}");
        assert!(text.contains("| idle | 12.00 MB |"), "{text}");
    }
}
