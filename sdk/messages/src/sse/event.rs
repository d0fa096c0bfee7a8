//! One server-sent event: from its lines, and back to them.

use super::SseError;

/// An event as the stream has it, borrowed from the bytes just read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SseEvent<'a> {
    /// The event's type, if it has one that is not empty.
    pub event: Option<&'a str>,
    /// The data; several `data` lines are joined with line feeds.
    pub data: &'a str,
}

/// Reads the lines of an event; `None` when there is no data in it, as then there is nothing to hand out.
/// `joined` is a buffer for data of several lines.
pub(super) fn read<'a>(
    lines: &'a [u8],
    at_start: bool,
    joined: &'a mut Vec<u8>,
) -> Option<Result<SseEvent<'a>, SseError>> {
    let mut event: &[u8] = &[];
    let mut data: Option<&[u8]> = None;
    let mut several = false;
    let mut rest = lines;
    if at_start {
        rest = rest.strip_prefix("\u{feff}".as_bytes()).unwrap_or(rest);
    }
    while !rest.is_empty() {
        // The two bytes of CRLF make an empty line here, which is passed over.
        let end = memchr::memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
        let (line, after) = rest.split_at_checked(end)?;
        rest = after.get(1..).unwrap_or_default();
        if let Some(value) = field(line, b"data") {
            match data {
                None => data = Some(value),
                Some(first) => {
                    if !several {
                        joined.extend_from_slice(first);
                        several = true;
                    }
                    joined.push(b'\n');
                    joined.extend_from_slice(value);
                }
            }
        } else if let Some(value) = field(line, b"event") {
            event = value;
        }
    }
    let data = if several { joined.as_slice() } else { data? };
    Some(as_text(event, data))
}

fn as_text<'a>(event: &'a [u8], data: &'a [u8]) -> Result<SseEvent<'a>, SseError> {
    match (std::str::from_utf8(event), std::str::from_utf8(data)) {
        (Ok(event), Ok(data)) => Ok(SseEvent { event: (!event.is_empty()).then_some(event), data }),
        _ => Err(SseError::NotUtf8),
    }
}

/// The value of a line that sets this field. One space after the colon is not part of it; without a colon it is empty.
fn field<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    match line.strip_prefix(name)? {
        [] => Some(&[]),
        [b':', b' ', value @ ..] | [b':', value @ ..] => Some(value),
        _ => None,
    }
}

/// Appends an event to `out`. A line break within the data begins another `data` line (and comes back as a line feed,
/// whatever it was); one within the type would begin another field and is left out.
pub fn write_event(out: &mut Vec<u8>, event: Option<&str>, data: &str) {
    // What stands around the data: "event: ", "\ndata: " and two line feeds.
    const FRAME: usize = 20;
    out.reserve(data.len() + event.map_or(0, str::len) + FRAME);
    if let Some(event) = event {
        out.extend_from_slice(b"event: ");
        out.extend(event.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')));
        out.push(b'\n');
    }
    let mut rest = data.as_bytes();
    loop {
        let end = memchr::memchr2(b'\r', b'\n', rest);
        let line = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        out.extend_from_slice(b"data: ");
        out.extend_from_slice(line);
        out.push(b'\n');
        let Some(end) = end else { break };
        let after = rest.get(end..).unwrap_or_default();
        rest = after.strip_prefix(b"\r\n").or_else(|| after.get(1..)).unwrap_or_default();
    }
    out.push(b'\n');
}
