//! The queue of updates.

use std::collections::VecDeque;

use serde_json::{Map, Value};

/// The kinds of updates that a bot gets only when it asks for them by name.
const ON_REQUEST: [&str; 3] = ["chat_member", "message_reaction", "message_reaction_count"];

/// Something the bot is to be told.
#[derive(Clone, Debug)]
pub(in super::super) struct Update {
    pub(in super::super) id: i64,
    /// The kind (`message`, `callback_query`, …) is the one field besides `update_id`.
    body: Map<String, Value>,
    /// Updates of one lane are pushed one after another: a chat, or a person without one.
    pub(in super::super) lane: i64,
}

impl Update {
    /// As the `Update` object.
    pub(in super::super) fn to_json(&self) -> Value {
        let mut update = Map::new();
        update.insert("update_id".into(), self.id.into());
        update.extend(self.body.clone());
        Value::Object(update)
    }
}

/// Updates that the bot has not confirmed, oldest first.
#[derive(Debug)]
pub(in super::super) struct Updates {
    queue: VecDeque<Update>,
    next_id: i64,
    /// What the bot asked for; the default when it did not say.
    allowed: Option<Vec<String>>,
    /// Counts long polls, so that an earlier one learns that a later one has taken its place.
    pub(in super::super) poller: u64,
}

impl Updates {
    pub(super) fn new(first_id: i64) -> Self {
        Self { queue: VecDeque::new(), next_id: first_id, allowed: None, poller: 0 }
    }

    /// Queues an update, unless the bot does not want its kind: then it never existed.
    pub(in super::super) fn push(&mut self, kind: &str, body: Value, lane: i64) -> Option<i64> {
        let is_wanted = match &self.allowed {
            Some(allowed) => allowed.iter().any(|name| name == kind),
            None => !ON_REQUEST.contains(&kind),
        };
        if !is_wanted {
            return None;
        }
        let mut fields = Map::new();
        fields.insert(kind.to_owned(), body);
        Some(self.push_raw(fields, lane))
    }

    /// Queues an update of any form, and gives it the next id unless it has one.
    pub(in super::super) fn push_raw(&mut self, mut body: Map<String, Value>, lane: i64) -> i64 {
        let id = body.remove("update_id").and_then(|id| id.as_i64()).unwrap_or(self.next_id);
        self.next_id = self.next_id.max(id + 1);
        self.queue.push_back(Update { id, body, lane });
        id
    }

    /// Takes over `allowed_updates`; an empty list means the default, an absent one changes nothing.
    pub(in super::super) fn allow(&mut self, kinds: Option<&Value>) {
        let Some(Value::Array(kinds)) = kinds else { return };
        let names: Option<Vec<String>> = kinds.iter().map(|kind| kind.as_str().map(str::to_ascii_lowercase)).collect();
        if let Some(names) = names {
            self.allowed = Some(names).filter(|names| !names.is_empty());
        }
    }

    pub(in super::super) fn allowed(&self) -> Option<&[String]> {
        self.allowed.as_deref()
    }

    /// Forgets what an offset confirms, and says from which id on the bot wants updates.
    pub(in super::super) fn confirm(&mut self, offset: i64) -> i64 {
        if offset < 0 {
            let keep = usize::try_from(offset.unsigned_abs()).unwrap_or(usize::MAX);
            while self.queue.len() > keep {
                self.queue.pop_front();
            }
        }
        // An offset beyond the next id is a mistake, and Telegram takes it for none.
        if offset > 0 && offset <= self.next_id {
            self.queue.retain(|update| update.id >= offset);
            return offset;
        }
        0
    }

    pub(in super::super) fn batch(&self, from: i64, limit: usize) -> Vec<Value> {
        self.queue.iter().filter(|update| update.id >= from).take(limit).map(Update::to_json).collect()
    }

    pub(in super::super) fn iter(&self) -> impl Iterator<Item = &Update> {
        self.queue.iter()
    }

    pub(in super::super) fn len(&self) -> usize {
        self.queue.len()
    }

    pub(in super::super) fn remove(&mut self, id: i64) {
        self.queue.retain(|update| update.id != id);
    }

    pub(in super::super) fn clear(&mut self) {
        self.queue.clear();
    }
}
