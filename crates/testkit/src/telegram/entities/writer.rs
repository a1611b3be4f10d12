//! What the parsers write to: text, and how many UTF-16 code units it has so far.

/// Text in the making.
#[derive(Debug, Default)]
pub(super) struct Writer {
    text: String,
    units: usize,
}

impl Writer {
    pub(super) fn push(&mut self, c: char) {
        self.text.push(c);
        self.units += c.len_utf16();
    }

    /// Length so far, in UTF-16 code units.
    pub(super) fn units(&self) -> usize {
        self.units
    }

    /// Length so far, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.text.len()
    }

    /// What was written from this byte on.
    pub(super) fn since(&self, byte: usize) -> &str {
        self.text.get(byte..).unwrap_or_default()
    }

    pub(super) fn finish(self) -> String {
        self.text
    }
}

/// The bytes of a text, readable beyond its end, where they are zero.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'a>(&'a str);

impl<'a> Source<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self(text)
    }

    pub(super) fn len(self) -> usize {
        self.0.len()
    }

    /// The byte at an offset, or zero beyond the end.
    pub(super) fn at(self, offset: usize) -> u8 {
        self.0.as_bytes().get(offset).copied().unwrap_or(0)
    }

    /// The character that begins at an offset.
    pub(super) fn char_at(self, offset: usize) -> Option<char> {
        self.0.get(offset..)?.chars().next()
    }

    /// A stretch of the text; empty if the offsets are not boundaries of characters.
    pub(super) fn slice(self, from: usize, to: usize) -> &'a str {
        self.0.get(from..to).unwrap_or_default()
    }
}

/// Space as the parsers see it. The end of the text, which reads as zero, counts too: it ends a word.
pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'\x0b' | 0)
}
