//! The button under what the companion says first: from now on it says nothing first.

use evolve_contract::settings::SettingsData;

use super::{Trouble, Turn};
use crate::{api::has_come, outbound::STOP_WRITING_FIRST, replies::Replies, texts::Text};

/// Whether a button is this one.
#[must_use]
pub(super) fn is_button(data: &str) -> bool {
    data == STOP_WRITING_FIRST
}

/// It was pressed.
pub(super) async fn pressed(turn: &Turn<'_>, query: &str, message: Option<i64>) -> Result<Replies, Trouble> {
    turn.answer_press(query).await;
    // Asked without making a profile: whoever was removed must not come back by an old button.
    let profile = turn.bot.api.profile(turn.person.id).await?;
    let Some(profile) = profile.filter(|profile| has_come(profile)) else { return Ok(turn.replies()) };
    let off = SettingsData { good_morning: Some(false), follow_ups: Some(false), ..SettingsData::default() };
    turn.bot.api.update_settings(turn.person.id, off).await?;
    let replies = match message {
        Some(message_id) => turn.replies().unbutton(message_id),
        None => turn.replies(),
    };
    Ok(replies.say(Text::FirstStopped.render(turn.language(Some(&profile)))))
}
