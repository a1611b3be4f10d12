//! Server-sent events: the payloads of `data:` lines out of a stream of bytes.
//!
//! Our own forty lines, not a crate: the one at hand parses its whole buffer again with every piece that arrives, which
//! a hostile server can make quadratic, and drops a last event that no empty line follows, which some servers send.

use super::error::ModelError;

/// Cuts a stream of bytes into events.
#[derive(Default)]
pub(super) struct Decoder {
    line: Vec<u8>,
    data: String,
}

impl Decoder {
    /// Takes bytes in, and returns the payloads of the events that they complete.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<Vec<String>, ModelError> {
        let mut events = Vec::new();
        let mut lines = bytes.split(|&byte| byte == b'\n');
        // The last one is not a line yet: its end has not come.
        let rest = lines.next_back().unwrap_or_default();
        for piece in lines {
            self.line.extend_from_slice(piece);
            let line = std::mem::take(&mut self.line);
            events.extend(self.end_of_line(&line)?);
        }
        self.line.extend_from_slice(rest);
        Ok(events)
    }

    /// The bytes are over: the event that was left open, if there is one.
    pub(super) fn finish(&mut self) -> Result<Option<String>, ModelError> {
        let line = std::mem::take(&mut self.line);
        let event = self.end_of_line(&line)?;
        let rest = std::mem::take(&mut self.data);
        Ok(event.or((!rest.is_empty()).then_some(rest)))
    }

    fn end_of_line(&mut self, line: &[u8]) -> Result<Option<String>, ModelError> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            let event = std::mem::take(&mut self.data);
            return Ok((!event.is_empty()).then_some(event));
        }
        // Comments (": OPENROUTER PROCESSING"), `event:`, `id:` and `retry:` lines carry nothing for us.
        if let Some(data) = line.strip_prefix(b"data:") {
            let data = data.strip_prefix(b" ").unwrap_or(data);
            let data = std::str::from_utf8(data).map_err(|_| ModelError::malformed("the stream is not UTF-8"))?;
            if !self.data.is_empty() {
                self.data.push('\n');
            }
            self.data.push_str(data);
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(pieces: &[&str]) -> Vec<String> {
        let mut decoder = Decoder::default();
        let mut events: Vec<String> = pieces.iter().flat_map(|piece| decoder.push(piece.as_bytes()).unwrap()).collect();
        events.extend(decoder.finish().unwrap());
        events
    }

    #[test]
    fn events_are_the_same_however_the_bytes_are_cut() {
        let stream = "data: {\"a\":1}\r\n\r\n: PROCESSING\n\nevent: x\nid: 1\ndata:two\ndata: lines\n\ndata: [DONE]";
        let whole = events(&[stream]);
        assert_eq!(whole, ["{\"a\":1}", "two\nlines", "[DONE]"]);
        let bytes: Vec<&str> = stream.split_inclusive(|_: char| true).collect();
        assert_eq!(events(&bytes), whole);
    }

    #[test]
    fn a_letter_cut_in_two_is_put_together_again() {
        let mut decoder = Decoder::default();
        let bytes = "data: привет\n\n".as_bytes();
        let mut seen = decoder.push(&bytes[..7]).unwrap();
        seen.extend(decoder.push(&bytes[7..]).unwrap());
        assert_eq!(seen, ["привет"]);
    }

    #[test]
    fn bytes_that_are_not_utf8_are_an_error() {
        assert!(Decoder::default().push(b"data: \xff\xfe\n\n").is_err());
    }
}
