//! What people do: the other side of every chat.

use axum::body::Bytes;
use serde_json::{Map, Value, json};

use super::entities::{Formatted, normalise};
use super::images;
use super::world::{Chat, ChatKind, Person, Press, Stored, World, now};
use super::{User, entities};

/// What became of something a person did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Posted {
    /// The update that tells the bot; none when it did not ask for this kind.
    pub(super) update_id: Option<i64>,
    /// The message that it is about.
    pub(super) message_id: i64,
}

/// A file that a person sends.
#[derive(Clone, Debug)]
pub(super) enum Attachment {
    Photo(Bytes),
    Voice { bytes: Bytes, seconds: u32 },
    Document { bytes: Bytes, name: String, mime_type: Option<String> },
}

impl World {
    /// Takes over what is said of a person, unless it says nothing and they are known.
    pub(super) fn remember(&mut self, user: User) -> User {
        match self.people.get_mut(&user.id) {
            Some(person) if user.is_bare() => person.user.clone(),
            Some(person) => {
                person.user = user;
                person.user.clone()
            }
            None => {
                let person = Person { user: user.clone(), has_blocked: false, is_deactivated: false };
                self.people.insert(user.id, person);
                user
            }
        }
    }

    /// Makes the private chat of a person known to the bot, as their first message does.
    pub(super) fn open_chat(&mut self, user: User) -> User {
        let user = self.remember(user);
        let first = self.options.first_message_id;
        self.chats.entry(user.id).or_insert_with(|| Chat::new(ChatKind::Private, first));
        user
    }

    /// Adds the bot to a group.
    pub(super) fn add_group(&mut self, chat_id: i64, kind: ChatKind) {
        let first = self.options.first_message_id;
        self.chats.entry(chat_id).or_insert_with(|| Chat::new(kind, first));
    }

    /// A person says something in a chat: their private one, or a group.
    pub(super) fn person_writes(
        &mut self,
        user: User,
        chat_id: Option<i64>,
        text: &str,
        reply_to: Option<i64>,
    ) -> Posted {
        let Formatted { text, entities } = normalise(Formatted { text: text.to_owned(), entities: Vec::new() });
        let mut content = Map::new();
        content.insert("text".into(), text.into());
        if !entities.is_empty() {
            content.insert("entities".into(), json!(entities));
        }
        self.person_posts(user, chat_id, content, None, reply_to)
    }

    /// A person sends a file.
    pub(super) fn person_sends(
        &mut self,
        user: User,
        chat_id: Option<i64>,
        attachment: Attachment,
        caption: Option<&str>,
    ) -> Posted {
        let (mut content, file_id) = self.attach(attachment);
        if let Some(caption) = caption {
            let formatted = normalise(Formatted { text: caption.to_owned(), entities: Vec::new() });
            content.insert("caption".into(), formatted.text.into());
            if !formatted.entities.is_empty() {
                content.insert("caption_entities".into(), json!(formatted.entities));
            }
        }
        self.person_posts(user, chat_id, content, Some(file_id), None)
    }

    /// A person sends an album of photos: each is a message of its own, and only their group tells.
    pub(super) fn person_sends_album(&mut self, user: &User, pictures: Vec<Bytes>, caption: &str) -> Vec<Posted> {
        let group = format!("album-{}", self.files.count());
        let mut posted = Vec::with_capacity(pictures.len());
        for (index, bytes) in pictures.into_iter().enumerate() {
            let (mut content, file_id) = self.attach(Attachment::Photo(bytes));
            content.insert("media_group_id".into(), group.clone().into());
            if index == 0 && !caption.is_empty() {
                content.insert("caption".into(), caption.into());
            }
            posted.push(self.person_posts(user.clone(), None, content, Some(file_id), None));
        }
        posted
    }

    /// Keeps a file, and describes it as a message does. Also how the bot's own files are kept.
    pub(super) fn attach(&mut self, attachment: Attachment) -> (Map<String, Value>, String) {
        let mut content = Map::new();
        let file = match attachment {
            Attachment::Photo(bytes) => {
                let (width, height) = images::size(&bytes).unwrap_or((1280, 960));
                let small = self.files.keep("thumbnails", "png", None, None, Bytes::from_static(images::THUMBNAIL));
                let file = self.files.keep("photos", "jpg", None, Some("image/jpeg".to_owned()), bytes);
                let size = |fields: Map<String, Value>, width: u32, height: u32| {
                    let mut size = fields;
                    size.insert("width".into(), width.into());
                    size.insert("height".into(), height.into());
                    Value::Object(size)
                };
                let sizes = vec![size(small.fields(), 1, 1), size(file.fields(), width, height)];
                content.insert("photo".into(), sizes.into());
                file
            }
            Attachment::Voice { bytes, seconds } => {
                let file = self.files.keep("voice", "oga", None, Some("audio/ogg".to_owned()), bytes);
                let mut voice = file.fields();
                voice.insert("duration".into(), seconds.into());
                voice.insert("mime_type".into(), "audio/ogg".into());
                content.insert("voice".into(), Value::Object(voice));
                file
            }
            Attachment::Document { bytes, name, mime_type } => {
                let extension = name.rsplit_once('.').map_or("bin", |(_, extension)| extension);
                let is_plain = extension.len() <= 8 && extension.bytes().all(|byte| byte.is_ascii_alphanumeric());
                let extension = if is_plain { extension.to_owned() } else { "bin".to_owned() };
                let file = self.files.keep("documents", &extension, Some(name.clone()), mime_type.clone(), bytes);
                let mut document = file.fields();
                document.insert("file_name".into(), name.into());
                if let Some(mime_type) = mime_type {
                    document.insert("mime_type".into(), mime_type.into());
                }
                content.insert("document".into(), Value::Object(document));
                file
            }
        };
        (content, file.id)
    }

    fn person_posts(
        &mut self,
        user: User,
        chat_id: Option<i64>,
        mut content: Map<String, Value>,
        file_id: Option<String>,
        reply_to: Option<i64>,
    ) -> Posted {
        let user = self.open_chat(user);
        if self.people.get(&user.id).is_some_and(|person| person.has_blocked) {
            // An app lets nobody write to a bot that they have blocked.
            self.set_blocked(user.id, false);
        }
        let chat_id = chat_id.unwrap_or(user.id);
        if chat_id < 0 {
            self.add_group(chat_id, ChatKind::Supergroup(format!("Group {chat_id}")));
        }
        let replied = reply_to.and_then(|id| self.chats.get(&chat_id)?.message(id)).map(|stored| stored.json.clone());
        if let Some(mut replied) = replied {
            replied.remove("reply_to_message");
            content.insert("reply_to_message".into(), replied.into());
        }
        let is_shown = self.shows_bot(chat_id, &content);
        let stored = Stored { json: content, is_bots: false, markup: None, file_id, edits: 0, is_deleted: false };
        let message = self.add_message(chat_id, user.to_json(), stored);
        let message_id = message.get("message_id").and_then(Value::as_i64).unwrap_or_default();
        if !is_shown {
            return Posted { update_id: None, message_id };
        }
        Posted { update_id: self.updates.push("message", message.into(), chat_id), message_id }
    }

    /// A person edits a message of theirs. Nothing when there is no such message.
    pub(super) fn person_edits(&mut self, user_id: i64, message_id: i64, text: &str) -> Option<Posted> {
        let formatted = normalise(Formatted { text: text.to_owned(), entities: Vec::new() });
        let stored = self.chats.get_mut(&user_id)?.messages.get_mut(&message_id)?;
        if stored.is_bots {
            return None;
        }
        let (text, entities) = match stored.json.contains_key("text") {
            true => ("text", "entities"),
            false => ("caption", "caption_entities"),
        };
        stored.json.insert(text.into(), formatted.text.into());
        stored.json.insert("edit_date".into(), now().into());
        stored.json.insert(entities.into(), json!(formatted.entities));
        let message = stored.json.clone();
        Some(Posted { update_id: self.updates.push("edited_message", message.into(), user_id), message_id })
    }

    /// A person presses a button. The data need not be that of a button: anybody can send any data.
    /// Nothing when there never was such a message.
    pub(super) fn person_presses(
        &mut self,
        user: User,
        chat_id: Option<i64>,
        message_id: i64,
        data: &str,
    ) -> Option<(Posted, String)> {
        let user = self.remember(user);
        let chat_id = chat_id.unwrap_or(user.id);
        let stored = self.chats.get(&chat_id)?.messages.get(&message_id)?;
        let message = if stored.is_deleted {
            json!({"chat": self.chat_json(chat_id), "message_id": message_id, "date": 0})
        } else {
            Value::Object(stored.json.clone())
        };
        let id = format!("{}{:08}", user.id, self.presses.len() + 1);
        self.presses.insert(id.clone(), Press { chat_id, is_expired: false });
        let query = json!({
            "id": id,
            "from": user.to_json(),
            "message": message,
            "chat_instance": format!("{chat_id}"),
            "data": data,
        });
        let update_id = self.updates.push("callback_query", query, chat_id);
        Some((Posted { update_id, message_id }, id))
    }

    /// A person types the bot's name and some words into some chat. The query's id.
    pub(super) fn person_asks_inline(&mut self, user: User, words: &str) -> String {
        let user = self.remember(user);
        let id = format!("{}{:08}", user.id, self.inline_queries.len() + 1);
        self.inline_queries.insert(id.clone(), None);
        let query = json!({"id": id, "from": user.to_json(), "query": words, "offset": "", "chat_type": "supergroup"});
        self.updates.push("inline_query", query, user.id);
        id
    }

    /// A person blocks the bot, or unblocks it; the bot is told.
    pub(super) fn set_blocked(&mut self, user_id: i64, has_blocked: bool) {
        let user = self.open_chat(user_id.into());
        let Some(person) = self.people.get_mut(&user_id) else { return };
        if std::mem::replace(&mut person.has_blocked, has_blocked) == has_blocked {
            return;
        }
        let bot = self.bot();
        let kicked = json!({"status": "kicked", "user": bot, "until_date": 0});
        let member = json!({"status": "member", "user": bot});
        let (old, new) = if has_blocked { (member, kicked) } else { (kicked, member) };
        let change = json!({
            "chat": self.chat_json(user_id),
            "from": user.to_json(),
            "date": now(),
            "old_chat_member": old,
            "new_chat_member": new,
        });
        self.updates.push("my_chat_member", change, user_id);
    }

    /// Fills in whom mentions mention; a mention of somebody unknown is none.
    pub(super) fn resolve_mentions(&self, formatted: &mut Formatted) {
        formatted.entities.retain_mut(|entity| {
            if entity.kind != entities::EntityKind::TextMention {
                return true;
            }
            let id = entity.user.as_ref().and_then(|user| user.get("id")).and_then(Value::as_i64);
            entity.user = id.and_then(|id| self.user(id));
            entity.user.is_some()
        });
    }
}
