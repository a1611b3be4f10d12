//! `parse_mode=MarkdownV2`.
//!
//! Eighteen characters are reserved everywhere outside code: each begins or ends an entity, or must be escaped.

use super::markdown_links::{emoji_or_date, is_escapable, link_in_parentheses};
use super::writer::{Source, Writer, is_space};
use super::{Entity, EntityKind, Formatted, link_entity};

/// What has begun and not ended yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Bold,
    Italic,
    Underline,
    Strikethrough,
    Spoiler,
    Link,
    Emoji,
    Code,
    Pre,
    Quote,
}

impl Mark {
    /// As Telegram names it in errors.
    fn name(self, has_language: bool) -> &'static str {
        match self {
            Self::Bold => "Bold",
            Self::Italic => "Italic",
            Self::Underline => "Underline",
            Self::Strikethrough => "Strikethrough",
            Self::Spoiler => "Spoiler",
            Self::Link => "TextUrl",
            Self::Emoji => "CustomEmoji",
            Self::Code => "Code",
            Self::Pre if has_language => "PreCode",
            Self::Pre => "Pre",
            Self::Quote => "BlockQuote",
        }
    }
}

#[derive(Debug)]
struct Open {
    mark: Mark,
    language: Option<String>,
    /// UTF-16 code units before its content.
    offset: usize,
    /// Where in the source it begins.
    source_byte: usize,
    /// Bytes of text before its content.
    byte: usize,
}

impl Open {
    fn unfinished(&self) -> String {
        let name = self.mark.name(self.language.is_some());
        format!("Can't find end of {name} entity at byte offset {}", self.source_byte)
    }
}

#[derive(Debug)]
struct Parser<'a> {
    source: Source<'a>,
    position: usize,
    out: Writer,
    entities: Vec<Entity>,
    open: Vec<Open>,
    in_quote: bool,
    at_line_start: bool,
}

pub(super) fn parse(text: &str) -> Result<Formatted, String> {
    let mut parser = Parser {
        source: Source::new(text),
        position: 0,
        out: Writer::default(),
        entities: Vec::new(),
        open: Vec::new(),
        in_quote: false,
        at_line_start: true,
    };
    while parser.position < parser.source.len() {
        parser.step()?;
    }
    parser.finish()
}

impl Parser<'_> {
    fn at(&self, ahead: usize) -> u8 {
        self.source.at(self.position + ahead)
    }

    fn step(&mut self) -> Result<(), String> {
        let byte = self.at(0);
        if byte == b'\\' && is_escapable(self.at(1)) {
            let escaped = char::from(self.at(1));
            self.out.push(escaped);
            if escaped != '\r' {
                self.at_line_start = escaped == '\n';
            }
            self.position += 2;
            return Ok(());
        }
        let in_code = self.open.last().is_some_and(|open| matches!(open.mark, Mark::Code | Mark::Pre));
        let reserved: &[u8] = if in_code { b"`" } else { b"_*[]()~`>#+-=|{}.!\n" };
        if !reserved.contains(&byte) {
            if let Some(c) = self.source.char_at(self.position) {
                self.out.push(c);
                if c != '\r' {
                    self.at_line_start = false;
                }
                self.position += c.len_utf8();
            } else {
                self.position += 1;
            }
            return Ok(());
        }
        if self.ends_entity(byte) { self.end(byte) } else { self.begin(byte) }
    }

    fn ends_entity(&self, byte: u8) -> bool {
        let Some(open) = self.open.last() else { return false };
        let at_end = self.position + 1 == self.source.len();
        if self.in_quote && byte == b'\n' && (at_end || self.at(1) != b'>') {
            return true;
        }
        match open.mark {
            Mark::Bold => byte == b'*',
            Mark::Italic => byte == b'_' && self.at(1) != b'_',
            Mark::Underline => byte == b'_' && self.at(1) == b'_',
            Mark::Strikethrough => byte == b'~',
            Mark::Spoiler => byte == b'|' && self.at(1) == b'|',
            Mark::Link | Mark::Emoji => byte == b']',
            Mark::Code => byte == b'`',
            Mark::Pre => byte == b'`' && self.at(1) == b'`' && self.at(2) == b'`',
            Mark::Quote => false,
        }
    }

    fn begin(&mut self, byte: u8) -> Result<(), String> {
        let source_byte = self.position;
        let doubled = self.at(1) == byte;
        let mut language = None;
        let (mark, width) = match byte {
            b'_' if doubled => (Mark::Underline, 2),
            b'_' => (Mark::Italic, 1),
            b'*' => (Mark::Bold, 1),
            b'~' => (Mark::Strikethrough, 1),
            b'|' if doubled => (Mark::Spoiler, 2),
            b'[' => (Mark::Link, 1),
            b'!' if self.at(1) == b'[' => (Mark::Emoji, 2),
            b'`' if doubled && self.at(2) == b'`' => {
                let (found, width) = self.code_fence();
                language = found;
                (Mark::Pre, width)
            }
            b'`' => (Mark::Code, 1),
            b'\n' => {
                self.out.push('\n');
                self.at_line_start = true;
                self.position += 1;
                return Ok(());
            }
            b'>' if self.at_line_start && self.in_quote => {
                self.position += 1;
                return Ok(());
            }
            b'>' if self.at_line_start => {
                self.in_quote = true;
                (Mark::Quote, 1)
            }
            other => {
                let c = char::from(other);
                return Err(format!("Character '{c}' is reserved and must be escaped with the preceding '\\'"));
            }
        };
        self.position += width;
        self.open.push(Open { mark, language, offset: self.out.units(), source_byte, byte: self.out.bytes() });
        Ok(())
    }

    /// The language after three backticks, and how many bytes to skip: the fence, the language and one line break.
    fn code_fence(&self) -> (Option<String>, usize) {
        let begin = self.position + 3;
        let mut end = begin;
        while !is_space(self.source.at(end)) && self.source.at(end) != b'`' {
            end += 1;
        }
        let has_language = end != begin && end < self.source.len() && self.source.at(end) != b'`';
        let language = has_language.then(|| self.source.slice(begin, end).to_owned());
        let mut position = if has_language { end } else { begin };
        let (first, second) = (self.source.at(position), self.source.at(position + 1));
        if matches!(first, b'\n' | b'\r') {
            position += if matches!(second, b'\n' | b'\r') && first != second { 2 } else { 1 };
        }
        (language, position - self.position)
    }

    fn end(&mut self, byte: u8) -> Result<(), String> {
        let Some(mut open) = self.open.pop() else { return Ok(()) };
        let mut is_expandable = false;
        if byte == b'\n' && open.mark != Mark::Quote {
            // Only `||` at the very end of the quote may be open here: it makes the quote expandable.
            let is_last = open.source_byte + 2 == self.position
                || (open.source_byte + 3 == self.position && self.source.at(self.position - 1) == b'\r');
            if open.mark != Mark::Spoiler || !is_last {
                return Err(open.unfinished());
            }
            let Some(quote) = self.open.pop() else { return Err(open.unfinished()) };
            if quote.mark != Mark::Quote {
                return Err(quote.unfinished());
            }
            open = quote;
            is_expandable = true;
        }
        match open.mark {
            Mark::Link => self.end_link(&open),
            Mark::Emoji => self.end_emoji(&open),
            Mark::Quote => {
                self.in_quote = false;
                self.at_line_start = true;
                self.out.push('\n');
                self.position += 1;
                self.entity(&open, quote_kind(is_expandable));
                Ok(())
            }
            mark => {
                let (kind, width) = match mark {
                    Mark::Bold => (EntityKind::Bold, 1),
                    Mark::Italic => (EntityKind::Italic, 1),
                    Mark::Strikethrough => (EntityKind::Strikethrough, 1),
                    Mark::Underline => (EntityKind::Underline, 2),
                    Mark::Spoiler => (EntityKind::Spoiler, 2),
                    Mark::Pre => (EntityKind::Pre, 3),
                    _ => (EntityKind::Code, 1),
                };
                self.position += width;
                self.entity(&open, kind);
                Ok(())
            }
        }
    }

    fn end_link(&mut self, open: &Open) -> Result<(), String> {
        self.position += 1;
        let link = if self.at(0) == b'(' { self.link()? } else { self.out.since(open.byte).to_owned() };
        let length = self.out.units() - open.offset;
        if length > 0 {
            self.entities.extend(link_entity(&link, open.offset, length));
        }
        Ok(())
    }

    fn end_emoji(&mut self, open: &Open) -> Result<(), String> {
        self.position += 1;
        if self.at(0) != b'(' {
            return Err("The entity must contain a tg://emoji or tg://time URL".to_owned());
        }
        let link = self.link()?;
        let plain = Entity::new(EntityKind::CustomEmoji, open.offset, self.out.units() - open.offset);
        let entity = emoji_or_date(&link, plain)?;
        if entity.length > 0 {
            self.entities.push(entity);
        }
        Ok(())
    }

    /// The link in parentheses at the current position.
    fn link(&mut self) -> Result<String, String> {
        let (link, end) = link_in_parentheses(self.source, self.position)?;
        self.position = end;
        Ok(link)
    }

    /// An entity from where it was opened to here, unless it is empty.
    fn entity(&mut self, open: &Open, kind: EntityKind) {
        let length = self.out.units() - open.offset;
        if length > 0 {
            let language = open.language.clone();
            self.entities.push(Entity { language, ..Entity::new(kind, open.offset, length) });
        }
    }

    fn finish(mut self) -> Result<Formatted, String> {
        if self.in_quote {
            let end = self.source.len();
            let is_expandable =
                self.open.pop_if(|open| open.mark == Mark::Spoiler && open.source_byte + 2 == end).is_some();
            if let Some(quote) = self.open.pop_if(|open| open.mark == Mark::Quote) {
                self.entity(&quote, quote_kind(is_expandable));
            }
        }
        match self.open.last() {
            Some(open) => Err(open.unfinished()),
            None => Ok(Formatted { text: self.out.finish(), entities: self.entities }),
        }
    }
}

fn quote_kind(is_expandable: bool) -> EntityKind {
    if is_expandable { EntityKind::ExpandableBlockquote } else { EntityKind::Blockquote }
}
