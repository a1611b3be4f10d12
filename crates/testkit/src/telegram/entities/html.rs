//! `parse_mode=HTML`.
//!
//! Not HTML as browsers know it: a fixed set of tags, each of which must be closed, and four named characters.

use super::html_attributes::{attributes, character_reference, skip_space};
use super::writer::{Source, Writer, is_space};
use super::{Entity, EntityKind, Formatted, link_entity};

const TAGS: [&str; 17] = [
    "a",
    "b",
    "strong",
    "i",
    "em",
    "s",
    "strike",
    "del",
    "u",
    "ins",
    "tg-spoiler",
    "tg-emoji",
    "tg-time",
    "span",
    "pre",
    "code",
    "blockquote",
];

/// A tag that has not been closed yet.
#[derive(Debug)]
struct Open {
    tag: String,
    argument: String,
    date: i64,
    /// UTF-16 code units before its content.
    offset: usize,
    /// Bytes before its content.
    byte: usize,
}

#[derive(Debug)]
struct Parser<'a> {
    source: Source<'a>,
    position: usize,
    out: Writer,
    entities: Vec<Entity>,
    open: Vec<Open>,
    /// Half of a surrogate pair came as a numeric character reference.
    has_surrogate: bool,
}

pub(super) fn parse(text: &str) -> Result<Formatted, String> {
    let mut parser = Parser {
        source: Source::new(text),
        position: 0,
        out: Writer::default(),
        entities: Vec::new(),
        open: Vec::new(),
        has_surrogate: false,
    };
    parser.run()?;
    parser.finish()
}

impl Parser<'_> {
    fn run(&mut self) -> Result<(), String> {
        while self.position < self.source.len() {
            match self.source.at(self.position) {
                b'&' => match character_reference(self.source, self.position) {
                    Some((code, next)) => {
                        self.position = next;
                        self.push_code(code);
                    }
                    None => self.copy_char(),
                },
                b'<' if self.source.at(self.position + 1) == b'/' => self.end_tag()?,
                b'<' => self.start_tag()?,
                _ => self.copy_char(),
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<Formatted, String> {
        if let Some(open) = self.open.last() {
            return Err(format!("Can't find end tag corresponding to start tag \"{}\"", open.tag));
        }
        if self.has_surrogate {
            return Err("Text contains invalid Unicode characters after decoding HTML entities, check for unmatched \
                        surrogate code units"
                .to_owned());
        }
        let mut entities = self.entities;
        for entity in &mut entities {
            // The language of inline code was kept only in case a <pre> around it wants it.
            if entity.kind == EntityKind::Code {
                entity.language = None;
            }
        }
        Ok(Formatted { text: self.out.finish(), entities })
    }

    fn copy_char(&mut self) {
        match self.source.char_at(self.position) {
            Some(c) => {
                self.out.push(c);
                self.position += c.len_utf8();
            }
            None => self.position += 1,
        }
    }

    fn push_code(&mut self, code: u32) {
        match char::from_u32(code) {
            Some(c) => self.out.push(c),
            None => self.has_surrogate = true,
        }
    }

    fn start_tag(&mut self) -> Result<(), String> {
        let begin = self.position;
        let mut i = begin + 1;
        while !is_space(self.source.at(i)) && self.source.at(i) != b'>' {
            i += 1;
        }
        if self.source.at(i) == 0 {
            return Err(format!("Unclosed start tag at byte offset {begin}"));
        }
        let tag = self.source.slice(begin + 1, i).to_ascii_lowercase();
        if !TAGS.contains(&tag.as_str()) {
            return Err(format!("Unsupported start tag \"{tag}\" at byte offset {begin}"));
        }
        let (argument, date, end) = attributes(self.source, &tag, begin, i)?;
        self.position = end;
        if tag == "span" && argument != "spoiler" {
            return Err(format!("Tag \"span\" must have class \"tg-spoiler\" at byte offset {begin}"));
        }
        self.open.push(Open { tag, argument, date, offset: self.out.units(), byte: self.out.bytes() });
        self.position += 1;
        Ok(())
    }

    fn end_tag(&mut self) -> Result<(), String> {
        let begin = self.position;
        let Some(open) = self.open.pop() else {
            return Err(format!("Unexpected end tag at byte offset {begin}"));
        };
        self.position += 1;
        while !is_space(self.source.at(self.position)) && self.source.at(self.position) != b'>' {
            self.position += 1;
        }
        let found = self.source.slice(begin + 2, self.position).to_ascii_lowercase();
        self.position = skip_space(self.source, self.position);
        if self.source.at(self.position) != b'>' {
            return Err(format!("Unclosed end tag at byte offset {begin}"));
        }
        if !found.is_empty() && found != open.tag {
            return Err(format!(
                "Unmatched end tag at byte offset {begin}, expected \"</{}>\", found \"</{found}>\"",
                open.tag
            ));
        }
        self.position += 1;
        if self.out.units() > open.offset { self.close(open) } else { Ok(()) }
    }

    /// Makes the entity of a tag that has content.
    fn close(&mut self, open: Open) -> Result<(), String> {
        let (offset, length) = (open.offset, self.out.units() - open.offset);
        let plain = |kind| Entity::new(kind, offset, length);
        let entity = match open.tag.as_str() {
            "b" | "strong" => plain(EntityKind::Bold),
            "i" | "em" => plain(EntityKind::Italic),
            "u" | "ins" => plain(EntityKind::Underline),
            "s" | "strike" | "del" => plain(EntityKind::Strikethrough),
            "tg-spoiler" | "span" => plain(EntityKind::Spoiler),
            "blockquote" if open.argument.is_empty() => plain(EntityKind::Blockquote),
            "blockquote" => plain(EntityKind::ExpandableBlockquote),
            "tg-emoji" => {
                let id = open.argument.parse::<i64>().ok().filter(|id| *id != 0);
                let Some(id) = id else { return Err("Invalid custom emoji identifier specified".to_owned()) };
                Entity { custom_emoji_id: Some(id.to_string()), ..plain(EntityKind::CustomEmoji) }
            }
            "tg-time" if open.date <= 0 => return Ok(()),
            "tg-time" => Entity {
                unix_time: Some(open.date),
                date_time_format: Some(open.argument).filter(|format| !format.is_empty()),
                ..plain(EntityKind::DateTime)
            },
            "a" => {
                let link = if open.argument.is_empty() { self.out.since(open.byte) } else { &open.argument };
                let Some(entity) = link_entity(link, offset, length) else { return Ok(()) };
                entity
            }
            "pre" | "code" => return self.close_code(&open, length),
            _ => return Ok(()),
        };
        self.entities.push(entity);
        Ok(())
    }

    /// `<pre><code class="language-x">` is one block with a language, whichever of the two is outside.
    fn close_code(&mut self, open: &Open, length: usize) -> Result<(), String> {
        let language = Some(open.argument.clone()).filter(|language| !language.is_empty());
        let same_place = self.entities.last_mut().filter(|last| last.offset == open.offset && last.length == length);
        match same_place {
            Some(last) if open.tag == "pre" && last.kind == EntityKind::Code && last.language.is_some() => {
                last.kind = EntityKind::Pre;
            }
            Some(last) if open.tag == "code" && last.kind == EntityKind::Pre && language.is_some() => {
                last.language = language;
            }
            _ => {
                let kind = if open.tag == "pre" { EntityKind::Pre } else { EntityKind::Code };
                self.entities.push(Entity { language, ..Entity::new(kind, open.offset, length) });
            }
        }
        Ok(())
    }
}
