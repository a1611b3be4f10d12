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
            pause = show(bot, chat_id, &params) => pause,
        };
        tokio::select! {
            done = &mut work => return done,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Shows it where there is room for it; how long to leave it then.
async fn show(bot: &Bot, chat_id: i64, params: &Value) -> Duration {
    if !bot.pace.has_room_for_sign(chat_id).await {
        return LEFT_OUT_FOR;
    }
    let Err(error) = bot.telegram.call("sendChatAction", params).await else { return AGAIN_AFTER };
    bot.metrics.swallow("typing", &error);
    match error {
        // It is this that comes too often. Should Telegram mean all that the chat is sent, the answer is told so too.
        TelegramError::RetryAfter(wait) => wait.max(AGAIN_AFTER),
        _ => AGAIN_AFTER,
    }
}
