//! Chats and what was said in them.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Map, Value, json};

use super::super::groups::Membership;
use super::super::refusal::Refusal;
use super::super::{BotEvent, Button, Doing, Sent, SentFile, SentKind};
use super::{World, now};

/// Events beyond these are forgotten, oldest first.
const KEPT_EVENTS: usize = 10_000;

/// What kind of chat, and what it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum ChatKind {
    Private,
    Group(String),
    Supergroup(String),
}

/// A chat that the bot knows.
#[derive(Debug)]
pub(in super::super) struct Chat {
    pub(in super::super) kind: ChatKind,
    /// The supergroup that this group has become.
    pub(in super::super) migrated_to: Option<i64>,
    /// Of a group.
    pub(in super::super) membership: Membership,
    next_message_id: i64,
    pub(in super::super) messages: BTreeMap<i64, Stored>,
    pub(in super::super) events: VecDeque<BotEvent>,
    next_event: u64,
}

/// A message.
#[derive(Clone, Debug)]
pub(in super::super) struct Stored {
    /// The `Message` object.
    pub(in super::super) json: Map<String, Value>,
    pub(in super::super) is_bots: bool,
    /// `reply_markup` as it was sent: unlike inline buttons, a reply keyboard is not part of the object.
    pub(in super::super) markup: Option<Value>,
    pub(in super::super) file_id: Option<String>,
    pub(in super::super) edits: u32,
    pub(in super::super) is_deleted: bool,
}

impl Chat {
    pub(in super::super) fn new(kind: ChatKind, first_message_id: i64) -> Self {
        Self {
            kind,
            migrated_to: None,
            membership: Membership::default(),
            next_message_id: first_message_id,
            messages: BTreeMap::new(),
            events: VecDeque::new(),
            next_event: 1,
        }
    }

    /// Notes that the bot did something.
    pub(in super::super) fn note(&mut self, doing: Doing) {
        if self.events.len() == KEPT_EVENTS {
            self.events.pop_front();
        }
        self.events.push_back(BotEvent { seq: self.next_event, doing });
        self.next_event += 1;
    }

    /// A message that can still be seen.
    pub(in super::super) fn message(&self, id: i64) -> Option<&Stored> {
        self.messages.get(&id).filter(|stored| !stored.is_deleted)
    }
}

impl World {
    /// A chat as the `Chat` object.
    pub(in super::super) fn chat_json(&self, chat_id: i64) -> Value {
        let (kind, title) = match self.chats.get(&chat_id).map(|chat| &chat.kind) {
            Some(ChatKind::Group(title)) => ("group", title),
            Some(ChatKind::Supergroup(title)) => ("supergroup", title),
            Some(ChatKind::Private) | None => {
                let mut chat = self.people.get(&chat_id).map(|person| person.user.names()).unwrap_or_default();
                chat.insert("id".into(), chat_id.into());
                chat.insert("type".into(), "private".into());
                return Value::Object(chat);
            }
        };
        json!({"id": chat_id, "type": kind, "title": title})
    }

    /// The chat, if the bot may write to it.
    pub(in super::super) fn writable(&mut self, chat_id: &str) -> Result<i64, Refusal> {
        if chat_id.is_empty() {
            return Err(Refusal::bad("chat_id is empty"));
        }
        let id = match chat_id.strip_prefix('@') {
            // Only groups and channels have public names that a bot can write to.
            Some(_) => None,
            None => chat_id.parse::<i64>().ok(),
        };
        let not_found = || Refusal::bad("chat not found");
        let id = id.ok_or_else(not_found)?;
        if self.options.open_to_strangers && id > 0 && !self.chats.contains_key(&id) {
            self.open_chat(id.into());
        }
        let chat = self.chats.get(&id).ok_or_else(not_found)?;
        if let Some(to) = chat.migrated_to {
            return Err(Refusal::migrated(to));
        }
        if chat.membership.gone {
            return Err(Refusal::forbidden("bot was kicked from the supergroup chat"));
        }
        if let Some(person) = self.people.get(&id) {
            if person.is_deactivated {
                return Err(Refusal::forbidden("user is deactivated"));
            }
            if person.has_blocked {
                return Err(Refusal::forbidden("bot was blocked by the user"));
            }
        }
        Ok(id)
    }

    /// Adds a message to a chat that exists, and returns the `Message` object.
    pub(in super::super) fn add_message(&mut self, chat_id: i64, from: Value, content: Stored) -> Map<String, Value> {
        let chat_json = self.chat_json(chat_id);
        let mut message = Map::new();
        let Some(chat) = self.chats.get_mut(&chat_id) else { return message };
        let id = chat.next_message_id;
        chat.next_message_id += 1;
        message.insert("message_id".into(), id.into());
        message.insert("from".into(), from);
        message.insert("chat".into(), chat_json);
        message.insert("date".into(), now().into());
        message.extend(content.json);
        chat.messages.insert(id, Stored { json: message.clone(), ..content });
        message
    }

    /// A message as tests and the terminal chat read it.
    pub(in super::super) fn sent(&self, chat_id: i64, stored: &Stored) -> Sent {
        let json = &stored.json;
        let int = |value: Option<&Value>| value.and_then(Value::as_i64);
        let text = json.get("text").or_else(|| json.get("caption"));
        let entities = json.get("entities").or_else(|| json.get("caption_entities"));
        let invoice = json.get("invoice").and_then(|invoice| serde_json::from_value(invoice.clone()).ok());
        let kind = if invoice.is_some() {
            SentKind::Invoice
        } else if json.contains_key("photo") {
            SentKind::Photo
        } else if json.contains_key("voice") {
            SentKind::Voice
        } else if json.contains_key("document") {
            SentKind::Document
        } else {
            SentKind::Text
        };
        let markup = stored.markup.as_ref();
        Sent {
            message_id: int(json.get("message_id")).unwrap_or_default(),
            chat_id,
            kind,
            text: text.and_then(Value::as_str).unwrap_or_default().to_owned(),
            entities: entities.and_then(|list| serde_json::from_value(list.clone()).ok()).unwrap_or_default(),
            buttons: rows(markup, "inline_keyboard", |button| {
                let field = |name: &str| button.get(name).and_then(Value::as_str).map(str::to_owned);
                Button {
                    text: field("text").unwrap_or_default(),
                    callback_data: field("callback_data"),
                    url: field("url"),
                }
            }),
            keyboard: rows(markup, "keyboard", |button| {
                button.as_str().or_else(|| button.get("text")?.as_str()).unwrap_or_default().to_owned()
            }),
            reply_to: int(json.get("reply_to_message").and_then(|message| message.get("message_id"))),
            file: stored.file_id.as_ref().and_then(|id| self.files.get(id)).map(|file| SentFile {
                file_id: file.id.clone(),
                path: file.path.clone(),
                name: file.name.clone(),
                mime_type: file.mime_type.clone(),
                size: u64::try_from(file.bytes.len()).unwrap_or(u64::MAX),
            }),
            invoice,
            edits: stored.edits,
            deleted: stored.is_deleted,
        }
    }

    /// What the bot has sent to a chat, oldest first.
    pub(in super::super) fn sent_to(&self, chat_id: i64) -> Vec<Sent> {
        let Some(chat) = self.chats.get(&chat_id) else { return Vec::new() };
        chat.messages.values().filter(|stored| stored.is_bots).map(|stored| self.sent(chat_id, stored)).collect()
    }
}

/// The buttons of a keyboard, row by row.
fn rows<T>(markup: Option<&Value>, keyboard: &str, read: impl Fn(&Value) -> T) -> Vec<Vec<T>> {
    let rows = markup.and_then(|markup| markup.get(keyboard)).and_then(Value::as_array);
    let rows = rows.into_iter().flatten().filter_map(Value::as_array);
    rows.map(|row| row.iter().map(&read).collect()).collect()
}
