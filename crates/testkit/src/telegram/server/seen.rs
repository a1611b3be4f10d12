//! What the bot did, on the handle of a test.

use axum::body::Bytes;
use serde_json::Value;

use super::super::{BotEvent, Doing, RecordedCall, Sent};
use super::TelegramServer;

impl TelegramServer {
    /// What the bot sent to a chat, oldest first, deleted messages included.
    pub fn messages(&self, chat_id: i64) -> Vec<Sent> {
        self.shared.read(|world| world.sent_to(chat_id))
    }

    /// What the bot did in a chat, in order: messages, edits, drafts, actions, …
    pub fn events(&self, chat_id: i64) -> Vec<BotEvent> {
        self.shared
            .read(|world| world.chats.get(&chat_id).map(|chat| chat.events.iter().cloned().collect()))
            .unwrap_or_default()
    }

    /// The texts of the drafts that the bot showed in a chat, in order.
    pub fn drafts(&self, chat_id: i64) -> Vec<String> {
        let texts = self.events(chat_id).into_iter().filter_map(|event| match event.doing {
            Doing::Draft { text, .. } => Some(text),
            _ => None,
        });
        texts.collect()
    }

    /// A message as the `Message` object of the Bot API, whoever wrote it.
    pub fn raw_message(&self, chat_id: i64, message_id: i64) -> Option<Value> {
        self.shared.read(|world| {
            let stored = world.chats.get(&chat_id)?.messages.get(&message_id)?;
            Some(Value::Object(stored.json.clone()))
        })
    }

    /// The ids of the messages of a person in their private chat, oldest first.
    pub fn person_messages(&self, user_id: i64) -> Vec<i64> {
        self.shared.read(|world| {
            let Some(chat) = world.chats.get(&user_id) else { return Vec::new() };
            chat.messages.iter().filter(|(_, stored)| !stored.is_bots).map(|(id, _)| *id).collect()
        })
    }

    /// The bytes of a file that somebody has sent.
    pub fn file(&self, file_id: &str) -> Option<Bytes> {
        self.shared.read(|world| world.files.get(file_id).map(|file| file.bytes.clone()))
    }

    /// Every call of the bot, in order, `getUpdates` and refused ones included.
    pub fn calls(&self) -> Vec<RecordedCall> {
        self.shared.read(|world| world.calls.iter().cloned().collect())
    }

    /// The calls of one method, in order.
    pub fn calls_of(&self, method: &str) -> Vec<RecordedCall> {
        let is_it = |call: &&RecordedCall| call.method.eq_ignore_ascii_case(method);
        self.shared.read(|world| world.calls.iter().filter(is_it).cloned().collect())
    }

    /// Updates that the bot has not confirmed, oldest first.
    pub fn pending_updates(&self) -> Vec<Value> {
        self.shared.read(|world| world.updates.batch(0, usize::MAX))
    }

    /// Where updates are pushed to, if anywhere.
    pub fn webhook_url(&self) -> Option<String> {
        self.shared.read(|world| world.webhook.as_ref().map(|webhook| webhook.url.clone()))
    }

    /// Why the last delivery to the webhook failed, if one has.
    pub fn webhook_error(&self) -> Option<String> {
        self.shared.read(|world| Some(world.webhook.as_ref()?.last_error.as_ref()?.1.clone()))
    }

    /// The commands of the default scope in this language; the empty language is the default one.
    pub fn commands(&self, language: &str) -> Vec<Value> {
        self.commands_of("default", language)
    }

    /// The commands of a scope (`all_private_chats`, …) in this language.
    pub fn commands_of(&self, scope: &str, language: &str) -> Vec<Value> {
        let place = (scope.to_owned(), language.to_owned());
        self.shared.read(|world| world.commands.get(&place).cloned()).unwrap_or_default()
    }
}
