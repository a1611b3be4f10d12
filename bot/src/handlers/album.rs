//! Albums: Telegram sends each picture as an update of its own, and one person means one message by them.
//!
//! They are gathered in the inbox, not in memory: the first of them waits there until the others must have come, and holds up
//! its chat meanwhile, as any oldest update does. Then it takes them along: all end in one statement with what is owed.

use std::time::Duration;

use super::{
    Trouble, Turn,
    incoming::{self, Incoming, Photo},
};

/// For so long the first picture waits for the others. They come within some hundred milliseconds.
const WINDOW: Duration = Duration::from_millis(1500);

/// The pictures of an album, and what is written under any of them.
pub(super) struct Album {
    /// The sizes of each picture.
    pub(super) pictures: Vec<Vec<Photo>>,
    /// All captions.
    pub(super) caption: String,
    /// The updates besides the first.
    pub(super) others: Vec<i64>,
}

/// Gathers the album that begins with this update.
///
/// # Errors
/// [`Trouble::NotYet`], while the others may still come.
pub(super) async fn gather(turn: &Turn<'_>, group: &str, sizes: Vec<Photo>, caption: String) -> Result<Album, Trouble> {
    let waited = (turn.bot.clock.now() - turn.update.received_at).to_std().unwrap_or_default();
    if let Some(after) = WINDOW.checked_sub(waited).filter(|left| !left.is_zero()) {
        return Err(Trouble::NotYet { after });
    }
    let mut album = Album { pictures: vec![sizes], caption, others: Vec::new() };
    let rest = turn.bot.store.inbox().rest_of_album(turn.update, group).await;
    let rest = rest.map_err(|error| Trouble::Fault { reason: "album", detail: error.to_string() })?;
    for (update_id, payload) in rest {
        if let Ok((person, Incoming::Photo { sizes, caption, .. })) = incoming::read(&payload)
            && person == turn.person
        {
            album.pictures.push(sizes);
            album.others.push(update_id);
            if !caption.is_empty() {
                let between = if album.caption.is_empty() { "" } else { "\n" };
                album.caption = format!("{}{between}{caption}", album.caption);
            }
        }
    }
    Ok(album)
}
