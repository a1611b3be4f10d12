//! What happens in groups, on the handle of a test.

use serde_json::Value;

use super::super::User;
use super::super::world::ChatKind;
use super::TelegramServer;

impl TelegramServer {
    /// The bot is in a group; its id is negative.
    pub fn group(&self, chat_id: i64, title: &str) {
        self.shared.change(|world| world.add_group(chat_id, ChatKind::Group(title.to_owned())));
    }

    /// A person adds the bot to a supergroup of theirs. Returns the id of the update; 0 if the bot did not ask for such.
    pub fn add_to_group(&self, by: impl Into<User>, chat_id: i64, title: &str) -> i64 {
        let by = by.into();
        self.shared.change(|world| world.bot_joins(by, chat_id, title, false)).unwrap_or(0)
    }

    /// As [`add_to_group`](Self::add_to_group), as an administrator, who sees everything.
    pub fn add_as_admin(&self, by: impl Into<User>, chat_id: i64, title: &str) -> i64 {
        let by = by.into();
        self.shared.change(|world| world.bot_joins(by, chat_id, title, true)).unwrap_or(0)
    }

    /// A person makes the bot an administrator of a group that it is in. Returns the id of the update.
    pub fn make_admin(&self, by: impl Into<User>, chat_id: i64) -> i64 {
        let by = by.into();
        self.shared.change(|world| world.bot_rises(by, chat_id)).unwrap_or(0)
    }

    /// A person removes the bot from a group. Returns the id of the update.
    pub fn remove_from_group(&self, by: impl Into<User>, chat_id: i64) -> i64 {
        let by = by.into();
        self.shared.change(|world| world.bot_leaves(by, chat_id)).unwrap_or(0)
    }

    /// Turns a group into a supergroup: calls for it are refused with the new id, and the bot is told in both.
    pub fn migrate_group(&self, from: i64, to: i64) {
        self.shared.change(|world| world.migrate(from, to));
    }

    /// A person writes in a group. Returns the id of the update; 0 if Telegram does not show it to the bot.
    pub fn send_text_in(&self, chat_id: i64, user: impl Into<User>, text: &str) -> i64 {
        let user = user.into();
        self.shared.change(|world| world.person_writes(user, Some(chat_id), text, None)).update_id.unwrap_or(0)
    }

    /// A person answers a message in a group. Returns the id of the update; 0 if Telegram does not show it to the bot.
    pub fn send_reply_in(&self, chat_id: i64, user: impl Into<User>, reply_to: i64, text: &str) -> i64 {
        let user = user.into();
        self.shared
            .change(|world| world.person_writes(user, Some(chat_id), text, Some(reply_to)))
            .update_id
            .unwrap_or(0)
    }

    /// Somebody writes in a group in the name of another chat: a channel, or the group itself. Returns the id of the update.
    pub fn send_as_chat(&self, chat_id: i64, sender_chat: i64, text: &str) -> i64 {
        self.shared.change(|world| world.chat_writes(chat_id, sender_chat, text)).update_id.unwrap_or(0)
    }

    /// A person types the bot's name and some words into some chat. The query's id.
    pub fn ask_inline(&self, user: impl Into<User>, words: &str) -> String {
        let user = user.into();
        self.shared.change(|world| world.person_asks_inline(user, words))
    }

    /// How an inline query was answered, once it is: `results`, `button`, `is_personal`, `cache_time`.
    pub fn inline_answer(&self, query_id: &str) -> Option<Value> {
        self.shared.read(|world| world.inline_queries.get(query_id).cloned().flatten())
    }

    /// A person presses a button on a message in a group. Returns the id of the update; 0 if there never was such a message.
    pub fn press_in(&self, chat_id: i64, user: impl Into<User>, message_id: i64, callback_data: &str) -> i64 {
        let user = user.into();
        let pressed = self.shared.change(|world| world.person_presses(user, Some(chat_id), message_id, callback_data));
        pressed.and_then(|(posted, _)| posted.update_id).unwrap_or(0)
    }
}
