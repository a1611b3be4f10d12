//! Who the bot is, and whom it talks to.

use serde_json::{Value, json};

use super::super::params::Params;
use super::super::refusal::{Outcome, Refusal};
use super::super::world::{ChatKind, World};

pub(super) fn get_me(world: &mut World, _params: &Params) -> Outcome {
    let mut me = world.bot();
    for (field, value) in [
        ("can_join_groups", true),
        ("can_read_all_group_messages", world.options.reads_groups),
        ("supports_inline_queries", true),
        ("can_connect_to_business", false),
        ("has_main_web_app", false),
        ("has_topics_enabled", false),
    ] {
        me[field] = value.into();
    }
    Ok(me)
}

/// A chat in full: what `Chat` has, and the fields that every chat has.
pub(super) fn get_chat(world: &mut World, params: &Params) -> Outcome {
    let chat_id = match world.writable(&params.text("chat_id")) {
        // A person who has blocked the bot can still be looked at.
        Err(refusal) if refusal.code == 403 => params.int("chat_id"),
        other => other?,
    };
    let mut chat = world.chat_json(chat_id);
    chat["accent_color_id"] = (chat_id.rem_euclid(7)).into();
    chat["max_reaction_count"] = 11.into();
    let takes_gifts = world.chats.get(&chat_id).is_some_and(|chat| chat.kind == ChatKind::Private);
    chat["accepted_gift_types"] = json!({
        "unlimited_gifts": takes_gifts,
        "limited_gifts": takes_gifts,
        "unique_gifts": takes_gifts,
        "premium_subscription": takes_gifts,
        "gifts_from_channels": takes_gifts,
    });
    if let Some(username) = chat.get("username").and_then(Value::as_str).map(str::to_owned) {
        chat["active_usernames"] = json!([username]);
    }
    Ok(chat)
}

/// How somebody stands in a group.
pub(super) fn get_chat_member(world: &mut World, params: &Params) -> Outcome {
    let chat_id = world.writable(&params.text("chat_id"))?;
    let user_id = params.int("user_id");
    let status = world.standing(chat_id, user_id);
    let user = world.user(user_id).ok_or_else(|| Refusal::bad("PARTICIPANT_ID_INVALID"))?;
    Ok(json!({"status": status, "user": user}))
}

/// Who runs a group; bots are left out.
pub(super) fn get_chat_administrators(world: &mut World, params: &Params) -> Outcome {
    let chat_id = world.writable(&params.text("chat_id"))?;
    let chat = world.chats.get(&chat_id).ok_or_else(|| Refusal::bad("chat not found"))?;
    let people = chat.membership.administrators.iter().filter(|id| **id != world.bot_id);
    let people = people.filter_map(|id| world.user(*id));
    Ok(people.map(|user| json!({"status": "administrator", "user": user})).collect())
}
