//! Formatted text, as Telegram parses, cleans and limits it.
//!
//! A bot learns of its formatting mistakes from here: the same text is refused, for the same reason, with the same
//! words as by Telegram. Offsets and lengths of entities count UTF-16 code units; the byte offsets in error texts
//! count bytes of UTF-8. Both is how Telegram does it.

mod detect;
mod fix;
mod html;
mod html_attributes;
mod markdown;
mod markdown_links;
mod markdown_v2;
mod writer;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A stretch of text with a meaning or a format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entity {
    /// What it is.
    #[serde(rename = "type")]
    pub kind: EntityKind,
    /// Where it begins, in UTF-16 code units.
    pub offset: usize,
    /// How long it is, in UTF-16 code units.
    pub length: usize,
    /// Where a text link leads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Whom a text mention mentions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<Value>,
    /// The programming language of a `pre` block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Which custom emoji.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_emoji_id: Option<String>,
    /// The moment that a date shows, Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unix_time: Option<i64>,
    /// How a date is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_time_format: Option<String>,
}

impl Entity {
    /// An entity without any of the optional fields.
    pub fn new(kind: EntityKind, offset: usize, length: usize) -> Self {
        Self {
            kind,
            offset,
            length,
            url: None,
            user: None,
            language: None,
            custom_emoji_id: None,
            unix_time: None,
            date_time_format: None,
        }
    }

    fn end(&self) -> usize {
        self.offset.saturating_add(self.length)
    }
}

/// The types of entities of the Bot API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are those of the Bot API, which documents them")]
pub enum EntityKind {
    // The order is that in which entities of one place are listed.
    Blockquote,
    ExpandableBlockquote,
    Pre,
    Code,
    TextLink,
    TextMention,
    Mention,
    Hashtag,
    Cashtag,
    BotCommand,
    Url,
    Email,
    PhoneNumber,
    CustomEmoji,
    DateTime,
    Bold,
    Italic,
    Underline,
    Strikethrough,
    Spoiler,
}

/// A text with its entities.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Formatted {
    /// Without any markup.
    pub text: String,
    /// In the order of their offsets.
    pub entities: Vec<Entity>,
}

impl Formatted {
    /// Length as Telegram counts it: UTF-16 code units.
    pub fn len(&self) -> usize {
        utf16_len(&self.text)
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

/// How a text is marked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseMode {
    /// Not at all.
    None,
    /// `HTML`.
    Html,
    /// `MarkdownV2`.
    MarkdownV2,
    /// `Markdown`, kept by Telegram for old bots.
    Markdown,
}

impl ParseMode {
    /// The mode that a `parse_mode` argument names, in any case; nothing for an unknown one.
    pub fn named(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "" | "none" => Some(Self::None),
            "html" => Some(Self::Html),
            "markdownv2" => Some(Self::MarkdownV2),
            "markdown" => Some(Self::Markdown),
            _ => None,
        }
    }
}

/// Parses a text of the bot, as far as its markup goes.
///
/// # Errors
///
/// In Telegram's words, without the prefix "can't parse entities: ".
pub fn parse(text: &str, mode: ParseMode) -> Result<Formatted, String> {
    match mode {
        ParseMode::None => Ok(Formatted { text: text.to_owned(), entities: Vec::new() }),
        ParseMode::Html => html::parse(text),
        ParseMode::MarkdownV2 => markdown_v2::parse(text),
        ParseMode::Markdown => markdown::parse(text),
    }
}

/// Cleans a text and its entities as Telegram does before it stores them: control characters and surrounding space
/// go, entities that may not overlap are cut, and links, mentions and commands are found.
pub fn normalise(formatted: Formatted) -> Formatted {
    detect::add(fix::fix(formatted))
}

/// Length in UTF-16 code units.
pub fn utf16_len(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// The link as Telegram keeps it, or nothing when it is not one.
pub(super) fn checked_link(link: &str) -> Option<String> {
    let trimmed = link.trim();
    let url = match url::Url::parse(trimmed) {
        Ok(url) if url.has_host() || url.scheme() == "tg" || url.scheme() == "ton" => url,
        _ => url::Url::parse(&format!("http://{trimmed}")).ok()?,
    };
    match url.scheme() {
        "tg" | "ton" => Some(url.into()),
        "http" | "https" => {
            let host = url.host_str()?;
            let has_domain = host.split_once('.').is_some_and(|(name, rest)| !name.is_empty() && !rest.is_empty());
            has_domain.then(|| url.into())
        }
        _ => None,
    }
}

/// The person whom a `tg://user?id=…` link mentions.
fn linked_user(link: &str) -> Option<i64> {
    let url = url::Url::parse(link.trim()).ok().filter(|url| url.scheme() == "tg" && url.host_str() == Some("user"))?;
    let id = url.query_pairs().find(|(name, _)| name == "id")?.1.parse().ok()?;
    (id > 0).then_some(id)
}

/// An entity of a link: a mention, a text link, or nothing when the link is none.
fn link_entity(link: &str, offset: usize, length: usize) -> Option<Entity> {
    if let Some(id) = linked_user(link) {
        let mut entity = Entity::new(EntityKind::TextMention, offset, length);
        entity.user = Some(serde_json::json!({ "id": id }));
        return Some(entity);
    }
    let mut entity = Entity::new(EntityKind::TextLink, offset, length);
    entity.url = Some(checked_link(link)?);
    Some(entity)
}
