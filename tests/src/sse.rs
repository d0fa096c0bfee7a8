//! Reads a streamed answer the way the official clients do: events between blank lines, JSON in `data`.

use serde_json::Value;

/// One server-sent event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The `event:` field.
    pub name: String,
    /// The `data:` lines, read as JSON.
    pub data: Value,
}

/// Collects bytes and hands out whole events.
#[derive(Debug, Default)]
pub struct SseReader {
    waiting: Vec<u8>,
    /// How much of it was searched for the end of an event: large ones come in many pieces.
    searched: usize,
}

impl SseReader {
    /// Takes the next bytes of the body.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.waiting.extend_from_slice(bytes);
    }

    /// The next whole event. Fails the test if it is not what Anthropic's API sends: a name, and JSON data.
    pub fn next_event(&mut self) -> Option<Event> {
        loop {
            let from = self.searched.saturating_sub(1);
            let end = self.waiting[from..].windows(2).position(|pair| pair == b"\n\n");
            self.searched = if end.is_some() { 0 } else { self.waiting.len() };
            let end = from + end?;
            let block: Vec<u8> = self.waiting.drain(..end + 2).collect();
            let block = String::from_utf8(block).expect("events are UTF-8");
            if let Some(event) = parse(block.trim_end_matches('\n')) {
                return Some(event);
            }
        }
    }

    /// What is left at the end of the body; anything but nothing is half an event.
    pub fn rest(&self) -> &[u8] {
        &self.waiting
    }
}

fn parse(block: &str) -> Option<Event> {
    let mut name = None;
    let mut data: Vec<&str> = Vec::new();
    for line in block.lines() {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => name = Some(value.to_owned()),
            "data" => data.push(value),
            _ => {}
        }
    }
    if name.is_none() && data.is_empty() {
        // A comment.
        return None;
    }
    let name = name.unwrap_or_else(|| panic!("an event without a name: {block}"));
    let data = data.join("\n");
    let data = serde_json::from_str(&data).unwrap_or_else(|error| panic!("{name}: {error}: {data}"));
    Some(Event { name, data })
}

#[cfg(test)]
mod tests {
    use super::SseReader;
    use serde_json::json;

    #[test]
    fn events_come_out_whole_however_the_bytes_are_cut() {
        let text = "event: a\ndata: {\"x\":\"ä\"}\n\n: comment\n\nevent: b\ndata: [1,\ndata: 2]\n\n";
        for cut in 0..text.len() {
            let mut reader = SseReader::default();
            let mut seen = Vec::new();
            for part in [&text.as_bytes()[..cut], &text.as_bytes()[cut..]] {
                reader.feed(part);
                seen.extend(std::iter::from_fn(|| reader.next_event()));
            }
            let seen: Vec<_> = seen.into_iter().map(|event| (event.name, event.data)).collect();
            let expected = [("a".to_owned(), json!({"x": "ä"})), ("b".to_owned(), json!([1, 2]))];
            assert_eq!(seen, expected, "cut at {cut}");
            assert_eq!(reader.rest(), b"");
        }
    }

    #[test]
    fn half_an_event_is_no_event() {
        let mut reader = SseReader::default();
        reader.feed(b"event: a\ndata: {}\n");
        assert_eq!(reader.next_event(), None);
        assert_eq!(reader.rest(), b"event: a\ndata: {}\n");
    }
}
