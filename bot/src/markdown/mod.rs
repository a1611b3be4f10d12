//! Markdown, as models write it, made into messages that Telegram takes.
//!
//! Telegram refuses a whole message for one unbalanced tag, and counts its limit of 4096 on the text that is left once
//! the markup is parsed. So nothing here edits strings of HTML. Markdown becomes a flat list of [`model::Block`]s
//! (`parse`), those are packed into messages by the length that a person sees (`split`), and only then each message is
//! written as HTML (`html`), which is balanced by construction: a block that is cut in two is two blocks, each with its
//! own tags.
//!
//! What Telegram has no markup for is made of what it has: headings are bold, lists have bullets and numbers as text,
//! tables are monospace where a phone can show them and lists of rows where not, pictures are links.

mod html;
mod model;
mod parse;
mod split;
mod spoiler;
mod table;

pub(crate) use html::{escape, plain};
pub(crate) use model::is_blank;

/// Longest message that Telegram takes, in UTF-16 code units of the text that a person sees.
pub(crate) const MESSAGE_UNITS: usize = 4096;

/// Makes messages in Telegram's HTML of Markdown. None of them is empty; there is none at all if nothing in `markdown`
/// can be seen.
#[must_use]
pub(crate) fn to_messages(markdown: &str) -> Vec<String> {
    to_messages_of(markdown, MESSAGE_UNITS)
}

/// Cuts plain text into messages of at most `limit` units, at the same places as Markdown is.
#[must_use]
pub(crate) fn split_plain(text: &str, limit: usize) -> Vec<String> {
    let blocks = vec![model::Block::text(vec![model::Span::plain(text.trim())])];
    split::split(blocks, limit).iter().map(|message| message.iter().map(model::Block::visible).collect()).collect()
}

fn to_messages_of(markdown: &str, limit: usize) -> Vec<String> {
    split::split(parse::parse(markdown), limit).iter().map(|message| html::render(message)).collect()
}

#[cfg(test)]
mod tests;
