//! What is read of a stranger's bytes before anybody is asked anything: for the fuzz targets in `fuzz/`, and for nothing else.

use evolve_domain::language::Language;
use evolve_store::inbox::NewUpdate;
use serde_json::Value;

use super::{commands, incoming, is_money, keys, memory, quoted, recordings, rooms, settings};
use crate::{inbound, markdown, telegram::Me};

/// Reads the body of a delivery as the webhook does, and then all that the handlers read of it by themselves. The row that the
/// inbox would get; nothing where it gets none.
#[must_use]
pub fn update(body: &[u8]) -> Option<NewUpdate> {
    let update: Value = serde_json::from_slice(body).ok()?;
    let me = Me { id: 7, username: "evolve_bot".to_owned(), can_read_all_group_messages: true };
    let _ = rooms::is_wanted(&update, Some(&me));
    let kept = inbound::new_update(update)?;
    let update = &kept.payload;
    let _ = (is_money(update), rooms::is_of_room(update), quoted::is_forwarded(update));
    let _ = (memory::asked(update), settings::Asked::replied_to(update));
    drop(Language::ALL.map(|language| quoted::of(update, language)));
    if let Ok((_, incoming::Incoming::Text { text, .. })) = incoming::read(update) {
        let _ = (keys::command(&text), commands::asked(&text), commands::is_regenerate(&text));
    }
    if let Some(data) = update["callback_query"]["data"].as_str() {
        let _ = recordings::kept_by(data);
    }
    Some(kept)
}

/// Messages in Telegram's HTML, made of what a model wrote.
#[must_use]
pub fn messages(text: &str) -> Vec<String> {
    markdown::to_messages(text)
}

/// Such a message without its markup.
#[must_use]
pub fn plain(html: &str) -> String {
    markdown::plain(html)
}

/// A text in parts of at most so many UTF-16 code units.
#[must_use]
pub fn parts(text: &str, limit: usize) -> Vec<String> {
    markdown::split_plain(text, limit)
}
