//! Buttons of what is kept of a person, which is every button but those that end something.
//!
//! They stay in the chat after the person was removed. A press then brings nobody back, whatever the button says: it says once
//! more that nothing is left. Somebody new has no button before `/start` or a message has made their profile.

use super::{Trouble, Turn, consent, history, me, memory, premium, recordings, removal, settings, start, talks, voice};
use crate::{api::has_come, replies::Replies};

/// One of these was pressed.
pub(super) async fn pressed(
    turn: &Turn<'_>,
    query: &str,
    message: Option<i64>,
    data: &str,
) -> Result<Replies, Trouble> {
    // First, and whatever comes of it.
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
    } else if memory::is_button(data) {
        memory::pressed(turn, turn.language(Some(&profile)), message, data).await
    } else if premium::is_button(data) {
        premium::pressed(turn, &profile, data).await
    } else if voice::is_ours(data) {
        voice::pressed(turn, &profile, message, data).await
    } else if recordings::is_ours(data) {
        recordings::again(turn, &profile, message, data).await
    } else {
        start::pressed(turn, &profile, message, data).await
    }
}
