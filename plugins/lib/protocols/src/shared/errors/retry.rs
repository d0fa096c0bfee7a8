//! How long a provider asks to wait.

use ccr_plugin::WireResponse;

/// Milliseconds by the header `retry-after-ms` (OpenAI's, Azure's) or `retry-after`. A date is left to the host, as a plugin's
/// clock need not be right.
pub(crate) fn after_ms(response: &WireResponse) -> Option<u64> {
    let header = |name: &str| response.header(name).map(str::trim);
    let exact = header("retry-after-ms").and_then(number).map(rounded_up);
    exact.or_else(|| milliseconds(header("retry-after")?))
}

/// Seconds, perhaps with a fraction, in milliseconds.
pub(crate) fn milliseconds(seconds: &str) -> Option<u64> {
    number(seconds).map(|seconds| rounded_up(seconds * 1000.0))
}

fn number(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|number| *number >= 0.0)
}

fn rounded_up(number: f64) -> u64 {
    // A cast of a float saturates.
    number.ceil() as u64
}

#[cfg(test)]
mod tests {
    use super::after_ms;
    use ccr_plugin::{Header, WireResponse};

    fn after(headers: &[(&str, &str)]) -> Option<u64> {
        let header = |(name, value): &(&str, &str)| Header { name: (*name).into(), value: (*value).into() };
        after_ms(&WireResponse { status: 429, headers: headers.iter().map(header).collect(), body: Vec::new() })
    }

    #[test]
    fn the_finer_header_wins_and_dates_are_left_out() {
        assert_eq!(after(&[("retry-after", "1.5")]), Some(1500));
        assert_eq!(after(&[("retry-after", " 2 "), ("retry-after-ms", "20")]), Some(20));
        assert_eq!(after(&[("retry-after", "2"), ("retry-after-ms", "soon")]), Some(2000));
        for none in ["Fri, 31 Dec 1999 23:59:59 GMT", "-1", "NaN", ""] {
            assert_eq!(after(&[("retry-after", none)]), None, "{none}");
        }
        assert_eq!(after(&[]), None);
    }
}
