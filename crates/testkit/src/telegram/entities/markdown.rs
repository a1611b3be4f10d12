//! `parse_mode=Markdown`, which Telegram keeps for old bots: no nesting, no quotes, five marks.

use super::writer::{Source, Writer, is_space};
use super::{Entity, EntityKind, Formatted, link_entity};

pub(super) fn parse(text: &str) -> Result<Formatted, String> {
    let source = Source::new(text);
    let mut out = Writer::default();
    let mut entities = Vec::new();
    let mut i = 0;
    while let Some(c) = source.char_at(i) {
        match c {
            '\\' if matches!(source.at(i + 1), b'_' | b'*' | b'`' | b'[') => {
                out.push(char::from(source.at(i + 1)));
                i += 2;
            }
            '_' | '*' | '`' | '[' => i = entity(source, i, &mut out, &mut entities)?,
            other => {
                out.push(other);
                i += other.len_utf8();
            }
        }
    }
    Ok(Formatted { text: out.finish(), entities })
}

/// Reads the entity that begins at a mark, and says where the text goes on.
fn entity(source: Source<'_>, begin: usize, out: &mut Writer, entities: &mut Vec<Entity>) -> Result<usize, String> {
    let mark = source.at(begin);
    let is_pre = mark == b'`' && source.at(begin + 1) == b'`' && source.at(begin + 2) == b'`';
    let end_mark = if mark == b'[' { b']' } else { mark };
    let offset = out.units();
    let mut i = begin + if is_pre { 3 } else { 1 };
    let mut language = None;
    if is_pre {
        let mut end = i;
        while !is_space(source.at(end)) && source.at(end) != b'`' {
            end += 1;
        }
        if end != i && end < source.len() && source.at(end) != b'`' {
            language = Some(source.slice(i, end).to_owned());
            i = end;
        }
        if source.at(i) == b'\n' {
            i += 1;
        }
    }
    let content = i;
    let ends =
        |i: usize| source.at(i) == end_mark && (!is_pre || (source.at(i + 1) == b'`' && source.at(i + 2) == b'`'));
    while let Some(c) = source.char_at(i).filter(|_| !ends(i)) {
        out.push(c);
        i += c.len_utf8();
    }
    if i >= source.len() {
        return Err(format!("Can't find end of the entity starting at byte offset {begin}"));
    }
    let length = out.units() - offset;
    let link_text = source.slice(content, i);
    i += if is_pre { 3 } else { 1 };
    let kind = match mark {
        b'_' => EntityKind::Italic,
        b'*' => EntityKind::Bold,
        b'`' if is_pre => EntityKind::Pre,
        b'`' => EntityKind::Code,
        _ => EntityKind::TextLink,
    };
    if kind != EntityKind::TextLink {
        if length > 0 {
            entities.push(Entity { language, ..Entity::new(kind, offset, length) });
        }
        return Ok(i);
    }
    let mut link = link_text;
    if source.at(i) == b'(' {
        let begin = i + 1;
        while i < source.len() && source.at(i) != b')' {
            i += 1;
        }
        link = source.slice(begin, i);
        i += 1;
    }
    if length > 0 {
        entities.extend(link_entity(link, offset, length));
    }
    Ok(i.min(source.len()))
}
