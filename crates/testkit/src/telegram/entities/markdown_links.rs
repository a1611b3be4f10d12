//! Links in `parse_mode=MarkdownV2`: `(…)` after a text in brackets.

use super::writer::Source;
use super::{Entity, EntityKind};

/// Whether `\` and this byte stand for the byte.
pub(super) fn is_escapable(byte: u8) -> bool {
    (1..=126).contains(&byte)
}

/// The link whose parenthesis opens here, without escapes, and where the text goes on.
pub(super) fn link_in_parentheses(source: Source<'_>, open: usize) -> Result<(String, usize), String> {
    let begin = open + 1;
    let mut position = begin;
    let mut link = String::new();
    while let Some(c) = source.char_at(position).filter(|c| *c != ')') {
        if c == '\\' && is_escapable(source.at(position + 1)) {
            link.push(char::from(source.at(position + 1)));
            position += 2;
        } else {
            link.push(c);
            position += c.len_utf8();
        }
    }
    if source.at(position) != b')' {
        return Err(format!("Can't find end of a URL at byte offset {begin}"));
    }
    Ok((link, position + 1))
}

/// What `![…](…)` stands for: a custom emoji, or a date.
pub(super) fn emoji_or_date(link: &str, plain: Entity) -> Result<Entity, String> {
    let url = url::Url::parse(link).ok().filter(|url| url.scheme() == "tg");
    let number = |host: &str, name: &str| {
        let url = url.as_ref().filter(|url| url.host_str() == Some(host))?;
        let value = url.query_pairs().find(|(key, _)| key == name)?.1.parse::<i64>().ok()?;
        (value > 0).then_some(value)
    };
    if let Some(id) = number("emoji", "id") {
        return Ok(Entity { custom_emoji_id: Some(id.to_string()), ..plain });
    }
    match number("time", "unix") {
        Some(moment) => Ok(Entity { kind: EntityKind::DateTime, unix_time: Some(moment), ..plain }),
        None => Err("Invalid tg://emoji or tg://time URL specified".to_owned()),
    }
}
