//! How updates come in: into the inbox first, and only then Telegram may forget them.

mod delivered;
mod polling;
mod pressure;
mod webhook;

pub(crate) mod setup;

pub(crate) use delivered::watch as watch_webhook;
pub(crate) use polling::run as poll;
pub(crate) use pressure::{Pressure, watch as watch_pressure};
pub(crate) use webhook::router as webhook_router;

use std::{collections::HashSet, time::Duration};

use evolve_runtime::traces;
use evolve_store::{
    StoreError,
    inbox::{NewUpdate, REACTIONS},
};
use serde_json::Value;
use tracing::{Span, field};

use crate::{bot::Bot, checkout, handlers, inline};

/// What we ask Telegram for. Without this list, Telegram would keep to whatever was asked for before.
pub(crate) const ALLOWED_UPDATES: [&str; 7] =
    ["message", "edited_message", "message_reaction", "callback_query", "my_chat_member", checkout::KIND, inline::KIND];

/// Sees to an update that is not for the inbox: what is said in a group and not to us, and what somebody types who asks from
/// another chat. Whether it was one.
pub(crate) async fn is_seen_to(bot: &Bot, update: &Value) -> bool {
    !handlers::rooms::is_wanted(update, bot.me.get()) || inline::take(bot, update).await
}

/// For so long an update that comes at the start waits until it is known what time it is for all replicas.
const SETTLES_WITHIN: Duration = Duration::from_secs(3);

/// Puts updates into the inbox. Not before the clock is right: by one that is ahead, they would wait for as long.
///
/// # Errors
/// [`StoreError`]; then none is stored, and Telegram must keep them.
async fn store(bot: &Bot, updates: &[NewUpdate]) -> Result<u64, StoreError> {
    // Where Postgres does not say what time it is, it does not take them either.
    drop(tokio::time::timeout(SETTLES_WITHIN, bot.clock.settled()).await);
    let new = bot.store.inbox().put(updates, bot.clock.now()).await?;
    bot.pressure.took(new);
    Ok(new)
}

/// Puts into the inbox what is urgent of updates that Telegram keeps for now. When it gives them again, they are there. A `/stop` that
/// was sent after something that is not there yet is left with it: it would stop nothing.
pub(crate) async fn take_urgent(bot: &Bot, updates: &[Value]) {
    /// Checkouts are looked for between two tries: they have ten seconds.
    const PATIENCE: Duration = Duration::from_secs(2);
    let (mut urgent, mut waiting) = (Vec::new(), HashSet::new());
    for update in updates {
        let chat = &update["message"]["chat"]["id"];
        if !handlers::stop::is_urgent(update) {
            waiting.extend(chat.as_i64());
        } else if !chat.as_i64().is_some_and(|chat| waiting.contains(&chat)) && !is_seen_to(bot, update).await {
            urgent.extend(new_update(update.clone()));
        }
    }
    if urgent.is_empty() {
        return;
    }
    match tokio::time::timeout(PATIENCE, store(bot, &urgent)).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => bot.metrics.swallow("peek", &error),
        Err(late) => bot.metrics.swallow("peek", &late),
    }
}

/// A row for the inbox; nothing if Telegram did not say which update it is.
pub(crate) fn new_update(mut update: Value) -> Option<NewUpdate> {
    let update_id = update.get("update_id")?.as_i64()?;
    without_nul(&mut update);
    let content = update.as_object()?.values().find(|value| value.is_object());
    let id_of = |value: Option<&Value>, key: &str| value?.get(key)?.get("id")?.as_i64();
    let message = content.and_then(|content| content.get("message"));
    let chat_id = id_of(content, "chat").or_else(|| id_of(message, "chat"));
    // What has no chat waits for none.
    let urgent = handlers::stop::is_urgent(&update);
    let chat_id = chat_id.filter(|_| !urgent);
    let is_reaction = update.get("message_reaction").is_some();
    let chat_id = chat_id.map(|chat_id| if is_reaction && chat_id > 0 { REACTIONS | chat_id } else { chat_id });
    let user_id = id_of(content, "from").or_else(|| id_of(content, "user"));
    Some(NewUpdate { update_id, chat_id, user_id, payload: update, urgent, trace: traces::current() })
}

/// The beginning of an update's trace, which goes on with its row. `kind` is whether we were asked (`server`) or asked.
fn receiving(kind: &'static str) -> Span {
    tracing::info_span!(
        "receive update",
        otel.kind = kind,
        messaging.system = "telegram",
        messaging.operation.name = "receive",
        "messaging.operation.type" = "receive",
        http.request.method = field::Empty,
        http.route = field::Empty,
        http.response.status_code = field::Empty,
    )
}

/// Postgres' `jsonb` holds no NUL; Telegram sends none, but one update must never block the others.
fn without_nul(value: &mut Value) {
    match value {
        Value::String(text) if text.contains('\0') => *text = text.replace('\0', "\u{fffd}"),
        Value::Array(items) => items.iter_mut().for_each(without_nul),
        Value::Object(fields) => {
            fields.retain(|key, _| !key.contains('\0'));
            fields.values_mut().for_each(without_nul);
        }
        _ => {}
    }
}

/// Growing pauses: 1, 2, 4, … seconds up to half a minute, spread.
#[derive(Debug, Default)]
pub(crate) struct Backoff(u32);

impl Backoff {
    /// The next pause.
    pub(crate) fn next(&mut self) -> Duration {
        let seconds = (1_u64 << self.0.min(5)).min(30);
        self.0 = self.0.saturating_add(1);
        Duration::from_secs(seconds).mul_f64(rand::random_range(0.5..1.0))
    }

    /// It went well.
    pub(crate) fn reset(&mut self) {
        self.0 = 0;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_update_is_filed_under_its_chat_and_person() {
        let message =
            json!({ "update_id": 1, "message": { "chat": { "id": -5 }, "from": { "id": 42 }, "text": "a\0b" } });
        let new = new_update(message).unwrap();
        assert_eq!((new.update_id, new.chat_id, new.user_id), (1, Some(-5), Some(42)));
        assert_eq!(new.payload["message"]["text"], "a\u{fffd}b");
        let press =
            json!({ "update_id": 2, "callback_query": { "from": { "id": 42 }, "message": { "chat": { "id": 7 } } } });
        let new = new_update(press).unwrap();
        assert_eq!((new.chat_id, new.user_id), (Some(7), Some(42)));
    }

    #[test]
    fn a_wish_to_stop_waits_for_nothing_and_a_reaction_is_in_nobodys_way() {
        let chat = json!({ "id": 42, "type": "private" });
        let stop = new_update(json!({ "update_id": 1, "message": { "chat": chat, "text": "/stop" } })).unwrap();
        assert_eq!((stop.chat_id, stop.urgent), (None, true));
        let reaction = json!({ "update_id": 2, "message_reaction": { "chat": chat, "user": { "id": 42 } } });
        let reaction = new_update(reaction).unwrap();
        assert_eq!((reaction.user_id, reaction.urgent), (Some(42), false));
        assert!(reaction.chat_id.is_some_and(|lane| lane != 42), "{:?}", reaction.chat_id);
    }

    #[test]
    fn rubbish_has_no_place_in_the_inbox_and_strange_kinds_have() {
        assert!(new_update(json!("rubbish")).is_none());
        assert!(new_update(json!({ "update_id": "1" })).is_none());
        assert_eq!(new_update(json!({ "update_id": 3, "telepathy": 1 })).unwrap().chat_id, None);
    }
}
