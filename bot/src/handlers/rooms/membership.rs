//! The bot is added to groups and removed from them; and who runs a group.

use evolve_store::inbox::ClaimedUpdate;
use serde_json::{Value, json};

use super::{Replies, Text, Trouble, is_room, language};
use crate::{bot::Bot, telegram::TelegramError};

/// What has become of the bot in a group. Added, it says so once and explains what it sees, and so it does when it sees more from
/// then on; removed, it owes nothing there any more.
pub(super) async fn changed(bot: &Bot, update: &ClaimedUpdate, change: &Value) -> Result<Replies, Trouble> {
    let (chat_id, from) = (change["chat"]["id"].as_i64().unwrap_or_default(), &change["from"]);
    let user_id = from["id"].as_i64().unwrap_or_default();
    let replies = Replies::new(update.update_id, chat_id, user_id);
    if chat_id == 0 || !is_room(change) {
        return Ok(replies);
    }
    let (was_in, is_in) = (is_inside(&change["old_chat_member"]), is_inside(&change["new_chat_member"]));
    let (rooms, now) = (bot.store.rooms(), bot.clock.now());
    if !is_in {
        rooms.leave(chat_id, now).await.map_err(Trouble::from_store)?;
        return Ok(replies);
    }
    let runs = |member: &Value| member["status"] == "administrator";
    let (ran, runs) = (runs(&change["old_chat_member"]), runs(&change["new_chat_member"]));
    let me = bot.me().await?;
    let bot_name = &me.username;
    let all = Text::RoomSeesAll { bot: bot_name };
    let language = language::of(bot, from).await;
    if was_in {
        let sees_more = runs && !ran && !me.can_read_all_group_messages;
        let replies = replies.keyed(&format!("room-sees-{chat_id}-{}", now.date_naive()));
        return Ok(if sees_more { replies.say(all.render(language)) } else { replies });
    }
    // A group that has become a supergroup was greeted there already.
    let is_new = rooms.join(chat_id, now).await.map_err(Trouble::from_store)?;
    if !is_new && !update.repeated {
        return Ok(replies);
    }
    let sees_all = me.can_read_all_group_messages || runs;
    let privacy = if sees_all { all } else { Text::RoomSeesOwn { bot: bot_name } };
    let text = format!("{}\n\n{}", Text::RoomHello { bot: bot_name }.render(language), privacy.render(language));
    // Whoever adds and removes it all day long is greeted once.
    Ok(replies.keyed(&format!("room-hello-{chat_id}-{}", now.date_naive())).say(text))
}

/// Whether somebody is in the group.
fn is_inside(member: &Value) -> bool {
    match member["status"].as_str() {
        Some("creator" | "administrator" | "member") => true,
        Some("restricted") => member["is_member"] == true,
        _ => false,
    }
}

/// Why somebody may not change how the companion is in a group; nothing where they run it. It is asked each time: it may have
/// changed a moment ago.
pub(super) async fn refusal(bot: &Bot, chat_id: i64, user_id: i64) -> Result<Option<Text<'static>>, Trouble> {
    let params = json!({ "chat_id": chat_id, "user_id": user_id });
    let member = told(bot, bot.telegram.call("getChatMember", &params).await)?;
    let runs = match member {
        Some(member) => Some(matches!(member["status"].as_str(), Some("creator" | "administrator"))),
        // Of others Telegram tells for certain only where the bot is an administrator itself; who runs it, it may tell anybody.
        None => {
            let all = bot.telegram.call("getChatAdministrators", &json!({ "chat_id": chat_id })).await;
            let is_theirs = |member: &Value| member["user"]["id"].as_i64() == Some(user_id);
            told(bot, all)?.map(|all| all.as_array().is_some_and(|all| all.iter().any(is_theirs)))
        }
    };
    Ok(match runs {
        Some(true) => None,
        Some(false) => Some(Text::RoomAdminsOnly),
        None => Some(Text::RoomAdminsUnknown),
    })
}

/// What Telegram answers; nothing where it does not tell.
fn told(bot: &Bot, answer: Result<Value, TelegramError>) -> Result<Option<Value>, Trouble> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error @ (TelegramError::Refused { .. } | TelegramError::Forbidden(_))) => {
            bot.metrics.swallow("room_admin_unknown", &error);
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(json!({ "status": "member" }), true)]
    #[case(json!({ "status": "administrator" }), true)]
    #[case(json!({ "status": "restricted", "is_member": true }), true)]
    #[case(json!({ "status": "restricted", "is_member": false }), false)]
    #[case(json!({ "status": "left" }), false)]
    #[case(json!({ "status": "kicked" }), false)]
    #[case(json!(5), false)]
    fn who_is_restricted_may_be_in_the_group_or_not(#[case] member: Value, #[case] inside: bool) {
        assert_eq!(is_inside(&member), inside);
    }
}
