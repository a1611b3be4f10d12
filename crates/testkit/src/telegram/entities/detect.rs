//! Entities that nobody marked up: commands, mentions, hashtags, addresses of pages and of mail.
//!
//! Telegram's own rules know every top-level domain; here a link needs a scheme or `www.`, which is what tests write.

use super::{Entity, EntityKind, Formatted};

pub(super) fn add(mut formatted: Formatted) -> Formatted {
    let mut units = 0;
    let mut found = Vec::new();
    for word in formatted.text.split_inclusive(|c: char| c.is_whitespace()) {
        // An opening bracket or quote before a word is no part of it.
        let bare = word.trim_start_matches(['(', '"', '\'', '«', '“', '[']);
        let before = super::utf16_len(word.get(..word.len() - bare.len()).unwrap_or_default());
        if let Some((kind, length)) = recognise(bare) {
            found.push(Entity::new(kind, units + before, length));
        }
        units += super::utf16_len(word);
    }
    found.retain(|new| {
        let taken = |old: &Entity| {
            let is_format = old.kind >= EntityKind::Bold
                || matches!(old.kind, EntityKind::Blockquote | EntityKind::ExpandableBlockquote);
            !is_format && new.offset < old.end() && old.offset < new.end()
        };
        !formatted.entities.iter().any(taken)
    });
    formatted.entities.extend(found);
    formatted.entities.sort_by_key(|entity| (entity.offset, usize::MAX - entity.length, entity.kind));
    formatted
}

/// What a word is, and how many UTF-16 code units of it.
fn recognise(word: &str) -> Option<(EntityKind, usize)> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let run = |text: &str, accepts: &dyn Fn(char) -> bool| text.chars().take_while(|c| accepts(*c)).count();
    match word.chars().next()? {
        '/' => {
            let command = run(word.get(1..)?, &is_name);
            if !(1..=64).contains(&command) {
                return None;
            }
            let rest = word.get(1 + command..)?;
            let bot = rest.strip_prefix('@').map_or(0, |name| run(name, &is_name));
            if bot == 0 && rest.starts_with('/') {
                return None;
            }
            Some((EntityKind::BotCommand, 1 + command + if bot >= 3 { 1 + bot } else { 0 }))
        }
        '@' => {
            let name = run(word.get(1..)?, &is_name);
            (3..=32).contains(&name).then_some((EntityKind::Mention, 1 + name))
        }
        '#' => {
            let tag: String = word.chars().skip(1).take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let is_tag = tag.chars().any(|c| !c.is_ascii_digit());
            is_tag.then(|| (EntityKind::Hashtag, 1 + super::utf16_len(&tag)))
        }
        _ => address(word),
    }
}

fn address(word: &str) -> Option<(EntityKind, usize)> {
    let address = word.trim_end().trim_end_matches(['.', ',', '!', '?', ':', ';', ')', '"', '\'', '»', '”', ']']);
    let is_link = ["http://", "https://", "tg://", "www."].iter().any(|scheme| address.starts_with(scheme));
    if is_link {
        super::checked_link(address)?;
        return Some((EntityKind::Url, super::utf16_len(address)));
    }
    let (name, domain) = address.split_once('@')?;
    let is_domain = domain.split('.').count() > 1
        && domain
            .split('.')
            .all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'));
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "._+-".contains(c));
    (is_name && is_domain).then_some((EntityKind::Email, address.len()))
}
