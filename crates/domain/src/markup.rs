//! Telegram's HTML, as somebody wrote it: whether Telegram takes it, and what a person sees of it.
//!
//! Telegram refuses a message for one tag that is not closed; of a broadcast that would be found out one person after another.
//! So it is read here first, and more strictly: what this takes, Telegram does. Crates that clean HTML make something of
//! everything; here the author is to be told what is wrong. Only the four entities that are needed are taken, since without its
//! markup (which is how a message is sent that Telegram does not want to parse) nothing else would be put back.

use std::fmt;

/// Longest message that Telegram takes, in UTF-16 code units of what is seen.
const MOST_UNITS: u32 = 4096;
/// Longest link or name in an attribute, in characters.
const MOST_VALUE_CHARS: usize = 2048;

/// A message as it is seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// The text.
    pub text: String,
    /// What it looks like, outer before inner.
    pub entities: Vec<Entity>,
}

/// A piece of text that looks different, as Telegram's `MessageEntity`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entity {
    /// Telegram's name for it: `bold`, `text_link`.
    pub kind: &'static str,
    /// Where it begins, in UTF-16 code units.
    pub offset: u32,
    /// How long it is, in UTF-16 code units.
    pub length: u32,
    /// The link, the language of code, or the id of an emoji.
    pub value: Option<String>,
}

/// Why a message is not taken. Nothing of it is quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WrongMarkup {
    /// Nothing of it can be seen.
    #[error("nothing of it can be seen")]
    Blank,
    /// It is too long.
    #[error("it is {0} UTF-16 units long without its markup; Telegram takes 4096")]
    TooLong(u32),
    /// A `<` begins no tag that Telegram knows.
    #[error("character {0}: not a tag that Telegram knows; write &lt; for <")]
    UnknownTag(usize),
    /// A tag may not stand inside the one that is open.
    #[error("character {0}: this tag may not stand inside the one that is open")]
    WrongPlace(usize),
    /// A tag is closed that is not the one that was opened last.
    #[error("character {0}: another tag is open here, or none")]
    NotOpen(usize),
    /// A tag is never closed.
    #[error("character {0}: this tag is never closed")]
    NotClosed(usize),
    /// An `&` begins no entity that is taken.
    #[error("character {0}: write &amp; for &; &lt; &gt; &quot; are known besides")]
    UnknownEntity(usize),
    /// A character that is no text.
    #[error("character {0}: a control character")]
    Control(usize),
}

/// Reads a message.
///
/// # Errors
/// [`WrongMarkup`], with the place of it in characters from 1.
pub fn read(html: &str) -> Result<Shown, WrongMarkup> {
    let mut reader = Reader::default();
    let mut rest = html.trim();
    let mut place = html.chars().count() - html.trim_start().chars().count() + 1;
    while let Some(c) = rest.chars().next() {
        let after = match c {
            '<' => reader.tag(rest, place)?,
            '&' => reader.entity(rest, place)?,
            '\n' => reader.push(c, rest),
            control if control.is_control() => return Err(WrongMarkup::Control(place)),
            _ => reader.push(c, rest),
        };
        let taken = rest.len().saturating_sub(after.len());
        place += rest.get(..taken).map_or(0, |taken| taken.chars().count());
        rest = after;
    }
    reader.end()
}

/// A tag that is open.
struct Open {
    name: &'static str,
    entity: Entity,
    place: usize,
}

#[derive(Default)]
struct Reader {
    text: String,
    units: u32,
    open: Vec<Open>,
    done: Vec<Entity>,
}

impl Reader {
    /// Takes a character, and gives what comes after it.
    fn push<'a>(&mut self, c: char, rest: &'a str) -> &'a str {
        self.add(c);
        rest.strip_prefix(c).unwrap_or_default()
    }

    fn add(&mut self, c: char) {
        self.text.push(c);
        self.units = self.units.saturating_add(u32::try_from(c.len_utf16()).unwrap_or_default());
    }

    fn entity<'a>(&mut self, rest: &'a str, place: usize) -> Result<&'a str, WrongMarkup> {
        let (c, after) = entity(rest).ok_or(WrongMarkup::UnknownEntity(place))?;
        self.add(c);
        Ok(after)
    }

    fn tag<'a>(&mut self, rest: &'a str, place: usize) -> Result<&'a str, WrongMarkup> {
        let inside = rest.strip_prefix('<').and_then(|rest| rest.split_once('>'));
        let (inside, after) = inside.ok_or(WrongMarkup::UnknownTag(place))?;
        match inside.strip_prefix('/') {
            Some(name) => self.close(name, place)?,
            None => self.begin(inside, place)?,
        }
        Ok(after)
    }

    fn begin(&mut self, inside: &str, place: usize) -> Result<(), WrongMarkup> {
        let (name, kind, value) = tag(inside).ok_or(WrongMarkup::UnknownTag(place))?;
        let is_inside = |kind: &str| self.open.iter().any(|open| open.entity.kind == kind);
        // `<pre><code class="language-…">` is how Telegram is told the language of a block.
        let is_of_block = kind == "pre_language" && self.open.last().is_some_and(|open| open.entity.kind == "pre");
        let is_code = is_inside("code") || is_inside("pre") || is_inside("pre_language");
        let is_wrong = !is_of_block && (is_code || kind == "pre_language") || is_inside(kind);
        let is_second_quote = name == "blockquote" && self.open.iter().any(|open| open.name == "blockquote");
        if is_wrong || is_second_quote {
            return Err(WrongMarkup::WrongPlace(place));
        }
        let entity = Entity { kind, offset: self.units, length: 0, value };
        self.open.push(Open { name, entity, place });
        Ok(())
    }

    fn close(&mut self, name: &str, place: usize) -> Result<(), WrongMarkup> {
        let Open { mut entity, .. } = self.open.pop_if(|open| open.name == name).ok_or(WrongMarkup::NotOpen(place))?;
        entity.length = self.units.saturating_sub(entity.offset);
        if entity.kind == "pre_language" {
            if let Some(block) = self.open.last_mut() {
                block.entity.value = entity.value;
            }
        } else if entity.length > 0 {
            self.done.push(entity);
        }
        Ok(())
    }

    fn end(mut self) -> Result<Shown, WrongMarkup> {
        if let Some(open) = self.open.last() {
            return Err(WrongMarkup::NotClosed(open.place));
        }
        if self.text.trim().is_empty() {
            return Err(WrongMarkup::Blank);
        }
        if self.units > MOST_UNITS {
            return Err(WrongMarkup::TooLong(self.units));
        }
        // Inner ones are closed first; the order of those that begin together is kept from the outer to the inner.
        self.done.reverse();
        self.done.sort_by_key(|entity| (entity.offset, u32::MAX - entity.length));
        Ok(Shown { text: self.text, entities: self.done })
    }
}

/// A tag by what stands between `<` and `>`: its name, Telegram's name for what it makes, and the value of its attribute.
fn tag(inside: &str) -> Option<(&'static str, &'static str, Option<String>)> {
    const PLAIN: [(&str, &str); 13] = [
        ("b", "bold"),
        ("strong", "bold"),
        ("i", "italic"),
        ("em", "italic"),
        ("u", "underline"),
        ("ins", "underline"),
        ("s", "strikethrough"),
        ("strike", "strikethrough"),
        ("del", "strikethrough"),
        ("tg-spoiler", "spoiler"),
        ("code", "code"),
        ("pre", "pre"),
        ("blockquote", "blockquote"),
    ];
    if let Some((name, kind)) = PLAIN.into_iter().find(|(name, _)| *name == inside) {
        return Some((name, kind, None));
    }
    let (name, attribute) = inside.split_once(' ')?;
    match name {
        "blockquote" if attribute == "expandable" => Some(("blockquote", "expandable_blockquote", None)),
        "span" if attribute == "class=\"tg-spoiler\"" => Some(("span", "spoiler", None)),
        "a" => {
            let link = value(attribute, "href").filter(|link| is_link(link))?;
            Some(("a", "text_link", Some(link)))
        }
        "code" => {
            let language = value(attribute, "class")?.strip_prefix("language-")?.to_owned();
            Some(("code", "pre_language", Some(language)))
        }
        "tg-emoji" => {
            let id = value(attribute, "emoji-id").filter(|id| id.bytes().all(|byte| byte.is_ascii_digit()))?;
            Some(("tg-emoji", "custom_emoji", Some(id)))
        }
        _ => None,
    }
}

/// The value of the one attribute of this name.
fn value(attribute: &str, name: &str) -> Option<String> {
    let quoted = attribute.trim().strip_prefix(name)?.strip_prefix("=\"")?.strip_suffix('"')?;
    let mut value = String::new();
    let mut rest = quoted;
    while let Some(c) = rest.chars().next() {
        let after = match c {
            '"' | '<' => return None,
            control if control.is_control() => return None,
            '&' => entity(rest)?,
            other => (other, rest.strip_prefix(other)?),
        };
        value.push(after.0);
        rest = after.1;
    }
    let chars = value.chars().count();
    (1..=MOST_VALUE_CHARS).contains(&chars).then_some(value)
}

/// Whether Telegram makes a link of it.
fn is_link(link: &str) -> bool {
    let schemes = ["https://", "http://", "tg://", "mailto:", "tel:"];
    schemes.into_iter().any(|scheme| link.len() > scheme.len() && link.starts_with(scheme))
}

/// The character of the entity with which a text begins, and what comes after it.
fn entity(rest: &str) -> Option<(char, &str)> {
    let known = [("&lt;", '<'), ("&gt;", '>'), ("&amp;", '&'), ("&quot;", '"')];
    known.into_iter().find_map(|(name, c)| Some((c, rest.strip_prefix(name)?)))
}

impl fmt::Display for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}+{}", self.kind, self.offset, self.length)?;
        self.value.as_ref().map_or(Ok(()), |value| write!(f, " {value}"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Привет", "Привет", &[])]
    #[case(" <b>Новое:</b> 1 &lt; 2 &amp; 3\n", "Новое: 1 < 2 & 3", &["bold 0+6"])]
    #[case("😀 <i><u>x</u></i>", "😀 x", &["italic 3+1", "underline 3+1"])]
    #[case("<a href=\"https://a.b/?c=1&amp;d=2\">там</a>", "там", &["text_link 0+3 https://a.b/?c=1&d=2"])]
    #[case("<pre><code class=\"language-rust\">fn</code></pre>", "fn", &["pre 0+2 rust"])]
    #[case("<blockquote expandable>a <b>b</b></blockquote>", "a b", &["expandable_blockquote 0+3", "bold 2+1"])]
    #[case("<span class=\"tg-spoiler\">a</span><b></b>", "a", &["spoiler 0+1"])]
    #[case("<tg-emoji emoji-id=\"5368324170671202286\">👍</tg-emoji>", "👍", &["custom_emoji 0+2 5368324170671202286"])]
    fn a_message_is_read_as_it_is_seen(#[case] html: &str, #[case] text: &str, #[case] entities: &[&str]) {
        let shown = read(html).unwrap();
        assert_eq!(shown.text.trim(), text);
        assert_eq!(shown.entities.iter().map(ToString::to_string).collect::<Vec<_>>(), entities);
    }

    #[rstest]
    #[case("", WrongMarkup::Blank)]
    #[case("<b> </b>", WrongMarkup::Blank)]
    #[case("a <b>b", WrongMarkup::NotClosed(3))]
    #[case("<b><i>a</b></i>", WrongMarkup::NotOpen(8))]
    #[case("a</b>", WrongMarkup::NotOpen(2))]
    #[case("1 < 2", WrongMarkup::UnknownTag(3))]
    #[case("<p>a</p>", WrongMarkup::UnknownTag(1))]
    #[case("<B>a</B>", WrongMarkup::UnknownTag(1))]
    #[case("<a href=\"javascript:x\">a</a>", WrongMarkup::UnknownTag(1))]
    #[case("<a href='https://a.b'>a</a>", WrongMarkup::UnknownTag(1))]
    #[case("<code><b>a</b></code>", WrongMarkup::WrongPlace(7))]
    #[case("<code class=\"language-rust\">a</code>", WrongMarkup::WrongPlace(1))]
    #[case("<blockquote>a<blockquote expandable>b</blockquote></blockquote>", WrongMarkup::WrongPlace(14))]
    #[case(" Рога & копыта", WrongMarkup::UnknownEntity(7))]
    #[case("&nbsp;a", WrongMarkup::UnknownEntity(1))]
    #[case("a\0b", WrongMarkup::Control(2))]
    fn what_telegram_would_refuse_is_refused_with_its_place(#[case] html: &str, #[case] wrong: WrongMarkup) {
        assert_eq!(read(html), Err(wrong));
    }

    #[test]
    fn length_is_counted_in_what_is_seen() {
        assert!(read(&format!("<b>{}</b>", "я".repeat(4096))).is_ok());
        assert_eq!(read(&"😀".repeat(2049)), Err(WrongMarkup::TooLong(4098)));
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read_or_refused(html in "[<>/&;a-c \"=]{0,40}|\\PC{0,40}") {
            if let Ok(shown) = read(&html) {
                let units = shown.text.encode_utf16().count();
                prop_assert!(shown.entities.iter().all(|e| usize::try_from(e.offset + e.length).unwrap() <= units));
            }
        }
    }
}
