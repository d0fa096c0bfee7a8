//! One message of an AWS event stream: from its bytes, and back to them.

use super::{CHECKSUM, EventStreamError, PRELUDE};
use crate::json::Writer;
use crate::sse::SseEvent;

/// Most bytes of headers (smithy's specification); those of Bedrock have a hundred.
const MAX_HEADERS: usize = 128 * 1024;

/// The length of the message that begins here; none while its prelude is not whole.
pub(super) fn length(start: &[u8], bound: usize) -> Result<Option<usize>, EventStreamError> {
    let Some(prelude) = start.get(..PRELUDE) else { return Ok(None) };
    let (total, headers) = (number(prelude, 0), number(prelude, 4));
    let checked = prelude.get(..8).map(crc32fast::hash);
    let fits = headers <= MAX_HEADERS && total >= PRELUDE + headers + CHECKSUM;
    if checked != Some(number(prelude, 8) as u32) || !fits {
        return Err(EventStreamError::Prelude);
    }
    if total > bound { Err(EventStreamError::TooLarge(bound)) } else { Ok(Some(total)) }
}

/// The four bytes at an offset, the highest first; zero where there are none.
fn number(bytes: &[u8], at: usize) -> usize {
    let four = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>());
    four.map_or(0, |four| u32::from_be_bytes(*four) as usize)
}

/// Checks a whole message and hands it out as an event. `Err` is what ends the stream.
pub(super) fn hand_out(
    whole: &[u8],
    sink: &mut impl FnMut(Result<SseEvent<'_>, EventStreamError>),
) -> Result<(), EventStreamError> {
    let (checked, checksum) = whole.split_last_chunk::<CHECKSUM>().ok_or(EventStreamError::Prelude)?;
    if crc32fast::hash(checked) != u32::from_be_bytes(*checksum) {
        return Err(EventStreamError::Checksum);
    }
    let rest = checked.get(PRELUDE..).unwrap_or_default();
    let (headers, payload) = rest.split_at_checked(number(checked, 4)).ok_or(EventStreamError::Prelude)?;
    let about = About::read(headers)?;
    match about.text(payload) {
        Err(error) => sink(Err(error)),
        Ok((event, data)) => match about.error_message.filter(|_| data.is_empty()) {
            None => sink(Ok(SseEvent { event, data })),
            Some(said) => {
                let mut json = Writer::with_capacity(said.len() + 16);
                json.begin_object().key("message").string(&String::from_utf8_lossy(said)).end_object();
                sink(Ok(SseEvent { event, data: json.as_str() }));
            }
        },
    }
    Ok(())
}

/// What the headers say of a message.
#[derive(Default)]
struct About<'a> {
    message_type: &'a [u8],
    event_type: Option<&'a [u8]>,
    exception_type: Option<&'a [u8]>,
    error_code: Option<&'a [u8]>,
    error_message: Option<&'a [u8]>,
}

impl<'a> About<'a> {
    fn read(mut headers: &'a [u8]) -> Result<Self, EventStreamError> {
        let mut about = Self::default();
        while !headers.is_empty() {
            let header;
            (header, headers) = Header::first(headers).ok_or(EventStreamError::Headers)?;
            match (header.name, header.text) {
                (b":message-type", Some(text)) => about.message_type = text,
                (b":event-type", text) => about.event_type = text,
                (b":exception-type", text) => about.exception_type = text,
                (b":error-code", text) => about.error_code = text,
                (b":error-message", text) => about.error_message = text,
                _ => {}
            }
        }
        Ok(about)
    }

    /// The event's name and data.
    fn text<'b>(&self, payload: &'b [u8]) -> Result<(Option<&'a str>, &'b str), EventStreamError> {
        let name = match self.message_type {
            b"exception" => self.exception_type,
            b"error" => self.error_code,
            _ => self.event_type,
        };
        let name = name.map(std::str::from_utf8).transpose();
        match (name, std::str::from_utf8(payload)) {
            (Ok(name), Ok(data)) => Ok((name.filter(|name| !name.is_empty()), data)),
            _ => Err(EventStreamError::NotUtf8),
        }
    }
}

/// One header of a message; only strings are read.
struct Header<'a> {
    name: &'a [u8],
    /// Its value, if that is a string.
    text: Option<&'a [u8]>,
}

impl<'a> Header<'a> {
    /// The first of these bytes, and what follows it.
    fn first(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (length, rest) = bytes.split_first()?;
        let (name, rest) = rest.split_at_checked(usize::from(*length))?;
        let (kind, rest) = rest.split_first()?;
        // The kinds and their sizes are the specification's: true, false, byte, short, integer, long, bytes, string, time, UUID.
        let size = match kind {
            0 | 1 => 0,
            2 => 1,
            3 => 2,
            4 => 4,
            5 | 8 => 8,
            9 => 16,
            6 | 7 => {
                let (length, rest) = rest.split_first_chunk::<2>()?;
                let (value, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
                return Some((Self { name, text: (*kind == 7).then_some(value) }, rest));
            }
            _ => return None,
        };
        Some((Self { name, text: None }, rest.get(size..)?))
    }
}

/// Writes a message with headers of text: for tests, and for servers that they need. Nothing is written if a name or a value is
/// longer than its length can say (255 and 65,535 bytes).
pub fn write_message(headers: &[(&str, &str)], payload: &[u8], out: &mut Vec<u8>) {
    let mut encoded = Vec::new();
    for (name, value) in headers {
        let (Ok(name_length), Ok(value_length)) = (u8::try_from(name.len()), u16::try_from(value.len())) else {
            return;
        };
        encoded.push(name_length);
        encoded.extend_from_slice(name.as_bytes());
        encoded.push(7);
        encoded.extend_from_slice(&value_length.to_be_bytes());
        encoded.extend_from_slice(value.as_bytes());
    }
    write_frame(&encoded, payload, out);
}

/// Writes a message whose headers are encoded already, with right lengths and checksums whatever they are. Nothing is written
/// if it is longer than a length can say (4 GiB).
pub fn write_frame(headers: &[u8], payload: &[u8], out: &mut Vec<u8>) {
    let total = PRELUDE + headers.len() + payload.len() + CHECKSUM;
    let (Ok(total), Ok(headers_length)) = (u32::try_from(total), u32::try_from(headers.len())) else { return };
    let mut message = Vec::with_capacity(total as usize);
    message.extend_from_slice(&total.to_be_bytes());
    message.extend_from_slice(&headers_length.to_be_bytes());
    message.extend_from_slice(&crc32fast::hash(&message).to_be_bytes());
    message.extend_from_slice(headers);
    message.extend_from_slice(payload);
    message.extend_from_slice(&crc32fast::hash(&message).to_be_bytes());
    out.append(&mut message);
}
