//! Inside a tag of `parse_mode=HTML`: attributes, their values, and character references.

use super::writer::{Source, is_space};

/// Reads attributes up to the `>`. Returns the one value that the tag has a use for, the date of a `tg-time`, and
/// where the `>` is. `begin` is where the tag begins, for errors.
pub(super) fn attributes(
    source: Source<'_>,
    tag: &str,
    begin: usize,
    mut position: usize,
) -> Result<(String, i64, usize), String> {
    let mut argument = String::new();
    let mut date = 0;
    loop {
        position = skip_space(source, position);
        if source.at(position) == b'>' {
            return Ok((argument, date, position));
        }
        let name_end = attribute_name(source, position);
        let name = source.slice(position, name_end);
        if name.is_empty() {
            return Err(format!("Empty attribute name in the tag \"{tag}\" at byte offset {begin}"));
        }
        position = skip_space(source, name_end);
        let unclosed = format!("Unclosed start tag \"{tag}\" at byte offset {begin}");
        if source.at(position) != b'=' {
            if source.at(position) == 0 {
                return Err(unclosed);
            }
            if tag == "blockquote" && name == "expandable" {
                argument = "1".to_owned();
            }
            continue;
        }
        position = skip_space(source, position + 1);
        if source.at(position) == 0 {
            return Err(unclosed);
        }
        let (value, value_end) = attribute_value(source, position)?;
        position = value_end;
        if source.at(position) == 0 {
            return Err(format!("Unclosed start tag at byte offset {begin}"));
        }
        match (tag, name) {
            ("a", "href") | ("tg-emoji", "emoji-id") | ("tg-time", "format") => argument = value,
            ("code", "class") => argument = value.strip_prefix("language-").unwrap_or(&argument).to_owned(),
            ("span", "class") => argument = value.strip_prefix("tg-").unwrap_or(&argument).to_owned(),
            ("blockquote", "expandable") => argument = "1".to_owned(),
            ("tg-time", "unix") => date = value.parse().unwrap_or(0),
            _ => {}
        }
    }
}

/// The first position from here on that is no space; the end of the text is none.
pub(super) fn skip_space(source: Source<'_>, mut position: usize) -> usize {
    while source.at(position) != 0 && is_space(source.at(position)) {
        position += 1;
    }
    position
}

/// Where the name that begins here ends.
fn attribute_name(source: Source<'_>, mut position: usize) -> usize {
    while {
        let byte = source.at(position);
        !is_space(byte) && !matches!(byte, b'=' | b'>' | b'/' | b'"' | b'\'')
    } {
        position += 1;
    }
    position
}

/// A word of letters, digits, dots and hyphens, or a quoted string with character references; and where it ends.
fn attribute_value(source: Source<'_>, begin: usize) -> Result<(String, usize), String> {
    let quote = source.at(begin);
    let mut position = begin;
    if quote != b'"' && quote != b'\'' {
        while source.at(position).is_ascii_alphanumeric() || matches!(source.at(position), b'.' | b'-') {
            position += 1;
        }
        let after = source.at(position);
        if !is_space(after) && after != b'>' {
            return Err(format!("Unexpected end of name token at byte offset {begin}"));
        }
        return Ok((source.slice(begin, position).to_ascii_lowercase(), position));
    }
    position += 1;
    let mut value = String::new();
    while let Some(c) = source.char_at(position).filter(|c| *c != char::from(quote) && *c != '\0') {
        let reference = if c == '&' { character_reference(source, position) } else { None };
        match reference {
            Some((code, next)) => {
                value.extend(char::from_u32(code));
                position = next;
            }
            None => {
                value.push(c);
                position += c.len_utf8();
            }
        }
    }
    Ok((value, position + usize::from(source.at(position) == quote)))
}

/// The character code at `&…`, and where the text goes on. Nothing when it is not a character reference: then the
/// ampersand stands for itself.
pub(super) fn character_reference(source: Source<'_>, begin: usize) -> Option<(u32, usize)> {
    let mut end = begin + 1;
    let code = if source.at(end) == b'#' {
        end += 1;
        let is_hex = source.at(end) == b'x';
        let radix = if is_hex { 16 } else { 10 };
        end += usize::from(is_hex);
        let mut code = 0_u32;
        while let Some(digit) = char::from(source.at(end)).to_digit(radix) {
            code = code.wrapping_mul(radix).wrapping_add(digit);
            end += 1;
        }
        if code == 0 || code >= 0x0010_ffff || end - begin >= 10 {
            return None;
        }
        code
    } else {
        while source.at(end).is_ascii_alphabetic() {
            end += 1;
        }
        match source.slice(begin + 1, end) {
            "lt" => u32::from('<'),
            "gt" => u32::from('>'),
            "amp" => u32::from('&'),
            "quot" => u32::from('"'),
            _ => return None,
        }
    };
    Some((code, if source.at(end) == b';' { end + 1 } else { end }))
}
