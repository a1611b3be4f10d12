//! What people say without words: reactions to answers, and that they do not want to hear from the bot any more.

use evolve_contract::chat::FeedbackRequest;
use serde_json::Value;

use super::{Trouble, Turn};
use crate::replies::{Replies, answered_key};

/// A reaction under one of the bot's messages: kept with the answer that it is to; nothing takes it back.
pub(super) async fn reacted(turn: &Turn<'_>, message_id: i64, reaction: Option<String>) -> Result<Replies, Trouble> {
    let owed = turn.bot.store.outbox().key_of(turn.person.chat_id, message_id).await;
    let owed = owed.map_err(Trouble::from_store)?;
    if let Some(key) = owed.as_deref().and_then(answered_key) {
        let request = FeedbackRequest { key: key.to_owned(), reaction };
        turn.bot.api.feedback(turn.person.id, &request).await?;
    }
    Ok(turn.replies())
}

/// The person has blocked the bot, or wants it back.
pub(super) async fn blocked(turn: &Turn<'_>, is_blocked: bool) -> Result<Replies, Trouble> {
    let outbox = turn.bot.store.outbox();
    let done = match is_blocked {
        true => outbox.close(turn.person.id, turn.bot.clock.now()).await,
        false => outbox.reopen(turn.person.id).await,
    };
    done.map_err(Trouble::from_store)?;
    Ok(turn.replies())
}

/// The reaction that stands now: an emoji, or the number of a custom one.
#[must_use]
pub(super) fn reaction(new: &Value) -> Option<String> {
    let first = new.as_array()?.iter().find_map(|reaction| match reaction["type"].as_str()? {
        "emoji" => reaction["emoji"].as_str().map(str::to_owned),
        "custom_emoji" => Some(format!("custom:{}", reaction["custom_emoji_id"].as_str()?)),
        other => Some(other.to_owned()),
    })?;
    (1..=64).contains(&first.len()).then_some(first)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case(json!([{ "type": "emoji", "emoji": "👍" }]), Some("👍"))]
    #[case(json!([{ "type": "custom_emoji", "custom_emoji_id": "5" }, { "type": "emoji", "emoji": "👍" }]), Some("custom:5"))]
    #[case(json!([{ "type": "paid" }]), Some("paid"))]
    #[case(json!([]), None)]
    #[case(json!("👍"), None)]
    #[case(json!([{ "emoji": "👍" }, 5]), None)]
    fn the_reaction_that_stands_is_the_first_that_is_known(#[case] new: Value, #[case] expected: Option<&str>) {
        assert_eq!(reaction(&new).as_deref(), expected);
    }
}
