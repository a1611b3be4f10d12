//! Buttons of what is kept of a person: `/profile`, `/settings`, `/history`, `/memory`, `/delete`, and their consent.
//!
//! They stay in the chat after the person was removed. A press then brings nobody back: it says once more that nothing is
//! left.

use super::{Trouble, Turn, consent, history, me, memory, removal, settings, talks};
use crate::{api::has_come, replies::Replies};

/// Whether a button is one of these.
#[must_use]
pub(super) fn is_button(data: &str) -> bool {
    let kinds = [
        removal::is_button,
        history::is_button,
        talks::is_button,
        settings::is_button,
        memory::is_button,
        me::is_button,
        consent::is_button,
    ];
    kinds.iter().any(|is_one| is_one(data))
}

/// One of these was pressed.
pub(super) async fn pressed(
    turn: &Turn<'_>,
    query: &str,
    message: Option<i64>,
    data: &str,
) -> Result<Replies, Trouble> {
    turn.answer_press(query).await;
    // Asked without making a profile. Who was removed and has spoken in a group since has nothing here either, but may have that
    // removed too.
    let profile = turn.bot.api.profile(turn.person.id).await?;
    let Some(profile) = profile.filter(|profile| has_come(profile) || removal::is_button(data)) else {
        return Ok(removal::farewell(turn, message, turn.language(None)).await);
    };
    if removal::is_button(data) {
        removal::pressed(turn, &profile, message, data).await
    } else if history::is_button(data) {
        history::pressed(turn, &profile, message, data).await
    } else if talks::is_button(data) {
        talks::pressed(turn, &profile, message, data).await
    } else if settings::is_button(data) {
        settings::pressed(turn, profile, message, data).await
    } else if consent::is_button(data) {
        consent::pressed(turn, &profile, message, data).await
    } else if me::is_button(data) {
        me::pressed(turn, &profile, message, data).await
    } else {
        memory::pressed(turn, turn.language(Some(&profile)), message, data).await
    }
}
