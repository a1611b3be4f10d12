//! "typing…" for as long as the companion thinks. It waits for nothing and nothing waits for it: where Telegram's limits have no room
//! for it, it is left out, and tried again a little later.

use std::{pin::pin, time::Duration};

use serde_json::{Value, json};

use crate::{bot::Bot, telegram::TelegramError};

/// Telegram shows it for five seconds.
const AGAIN_AFTER: Duration = Duration::from_secs(4);
/// After it was left out.
const LEFT_OUT_FOR: Duration = Duration::from_secs(1);

/// Shows "typing…" in a chat, at once and until `work` is done. Whether it shows is nobody's concern.
pub(super) async fn while_doing<T>(bot: &Bot, chat_id: i64, work: impl Future<Output = T>) -> T {
    in_thread(bot, chat_id, None, work).await
}

/// As [`while_doing`], in a topic of a group.
pub(super) async fn in_thread<T>(bot: &Bot, chat_id: i64, thread_id: Option<i64>, work: impl Future<Output = T>) -> T {
    let mut params = json!({ "chat_id": chat_id, "action": "typing" });
    if let Some(thread_id) = thread_id {
        params["message_thread_id"] = thread_id.into();
    }
    let mut work = pin!(work);
    loop {
        let pause = tokio::select! {
            biased;
            done = &mut work => return done,
            is_shown = show(bot, chat_id, &params) => if is_shown { AGAIN_AFTER } else { LEFT_OUT_FOR },
        };
        tokio::select! {
            done = &mut work => return done,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Shows it where there is room for it; false if there is none.
async fn show(bot: &Bot, chat_id: i64, params: &Value) -> bool {
    if !bot.pace.has_room_for_sign(chat_id).await {
        return false;
    }
    if let Err(error) = bot.telegram.call("sendChatAction", params).await {
        if let TelegramError::RetryAfter(wait) = &error {
            bot.pace.flooded(chat_id, *wait).await;
        }
        bot.metrics.swallow("typing", &error);
    }
    true
}
