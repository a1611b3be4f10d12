//! Groups: the bot comes and goes, people speak among each other, groups become supergroups.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::User;
use super::people::Posted;
use super::world::{ChatKind, Stored, World, now};

/// What a group has that a private chat has not.
#[derive(Clone, Debug, Default)]
pub(super) struct Membership {
    /// Who runs it; the bot too, if it was made one.
    pub(super) administrators: BTreeSet<i64>,
    /// Why the bot cannot write there any more.
    pub(super) gone: bool,
}

impl World {
    /// A person adds the bot to a group, which they run, perhaps as an administrator. Returns the id of the update.
    pub(super) fn bot_joins(&mut self, by: User, chat_id: i64, title: &str, as_admin: bool) -> Option<i64> {
        let by = self.remember(by);
        self.add_group(chat_id, ChatKind::Supergroup(title.to_owned()));
        let bot_id = self.bot_id;
        if let Some(chat) = self.chats.get_mut(&chat_id) {
            chat.membership.gone = false;
            chat.membership.administrators.insert(by.id);
            if as_admin {
                chat.membership.administrators.insert(bot_id);
            }
        }
        self.bot_member_changes(&by, chat_id, "left", if as_admin { "administrator" } else { "member" })
    }

    /// A person removes the bot from a group. Returns the id of the update.
    pub(super) fn bot_leaves(&mut self, by: User, chat_id: i64) -> Option<i64> {
        let by = self.remember(by);
        self.chats.get_mut(&chat_id)?.membership.gone = true;
        self.bot_member_changes(&by, chat_id, "member", "kicked")
    }

    /// A person makes the bot an administrator of a group that it is in. Returns the id of the update.
    pub(super) fn bot_rises(&mut self, by: User, chat_id: i64) -> Option<i64> {
        let (by, bot_id) = (self.remember(by), self.bot_id);
        self.chats.get_mut(&chat_id)?.membership.administrators.insert(bot_id);
        self.bot_member_changes(&by, chat_id, "member", "administrator")
    }

    fn bot_member_changes(&mut self, by: &User, chat_id: i64, old: &str, new: &str) -> Option<i64> {
        let bot = self.bot();
        let change = json!({
            "chat": self.chat_json(chat_id),
            "from": by.to_json(),
            "date": now(),
            "old_chat_member": {"status": old, "user": bot},
            "new_chat_member": {"status": new, "user": bot},
        });
        self.updates.push("my_chat_member", change, chat_id)
    }

    /// How somebody stands in a group.
    pub(super) fn standing(&self, chat_id: i64, user_id: i64) -> &'static str {
        let Some(chat) = self.chats.get(&chat_id) else { return "left" };
        if chat.membership.administrators.contains(&user_id) {
            "administrator"
        } else if chat.messages.values().any(|said| said.json.get("from").is_some_and(|from| from["id"] == user_id)) {
            "member"
        } else {
            "left"
        }
    }

    /// Whether Telegram shows the bot what is said in a chat. In a group with the privacy mode that is what replies to the bot,
    /// or is a command; what mentions it as well, by @BotFather's own words, but not by Telegram's FAQ, which
    /// [`Options::hides_mentions`](super::Options::hides_mentions) follows.
    pub(super) fn shows_bot(&self, chat_id: i64, content: &Map<String, Value>) -> bool {
        let Some(chat) = self.chats.get(&chat_id).filter(|chat| chat.kind != ChatKind::Private) else { return true };
        if self.options.reads_groups || chat.membership.administrators.contains(&self.bot_id) {
            return true;
        }
        let text = |name: &str| content.get(name).and_then(Value::as_str).unwrap_or_default();
        let (text, name) = (format!("{}{}", text("text"), text("caption")), self.options.bot_username.to_lowercase());
        let replied = content.get("reply_to_message").and_then(|message| message.get("from")?.get("id")?.as_i64());
        let mentioned = !self.options.hides_mentions && text.to_lowercase().contains(&format!("@{name}"));
        text.starts_with('/') || mentioned || replied == Some(self.bot_id)
    }

    /// Turns a group into a supergroup, says so in both, and that the bot is in the new one.
    pub(super) fn migrate(&mut self, from: i64, to: i64) {
        let Some(chat) = self.chats.get_mut(&from) else { return };
        chat.migrated_to = Some(to);
        let membership = chat.membership.clone();
        let title = match &chat.kind {
            ChatKind::Group(title) | ChatKind::Supergroup(title) => title.clone(),
            ChatKind::Private => String::new(),
        };
        self.add_group(to, ChatKind::Supergroup(title));
        if let Some(chat) = self.chats.get_mut(&to) {
            chat.membership = membership;
        }
        for (chat_id, key, other) in [(from, "migrate_to_chat_id", to), (to, "migrate_from_chat_id", from)] {
            let content = Map::from_iter([(key.to_owned(), Value::from(other))]);
            let stored =
                Stored { json: content, is_bots: false, markup: None, file_id: None, edits: 0, is_deleted: false };
            let by = json!({"id": 1_087_968_824, "is_bot": true, "first_name": "Group"});
            let message = self.add_message(chat_id, by, stored);
            self.updates.push("message", message.into(), chat_id);
        }
        let by = User::new(1_087_968_824).first_name("Group");
        self.bot_member_changes(&by, to, "left", "member");
    }

    /// Somebody speaks in a group in the name of a channel, or of the group itself.
    pub(super) fn chat_writes(&mut self, chat_id: i64, sender_chat: i64, text: &str) -> Posted {
        let formatted =
            super::entities::normalise(super::entities::Formatted { text: text.to_owned(), entities: Vec::new() });
        let mut content = Map::new();
        content.insert("text".into(), formatted.text.into());
        content.insert("entities".into(), json!(formatted.entities));
        content.insert("sender_chat".into(), json!({"id": sender_chat, "type": "supergroup", "title": "?"}));
        let stored = Stored { json: content, is_bots: false, markup: None, file_id: None, edits: 0, is_deleted: false };
        let by = json!({"id": 1_087_968_824, "is_bot": true, "first_name": "Group", "username": "GroupAnonymousBot"});
        let message = self.add_message(chat_id, by, stored);
        let message_id = message.get("message_id").and_then(Value::as_i64).unwrap_or_default();
        Posted { update_id: self.updates.push("message", message.into(), chat_id), message_id }
    }
}
