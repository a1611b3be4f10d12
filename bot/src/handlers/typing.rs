//! "typing…" for as long as the companion thinks.

use std::{pin::pin, time::Duration};

use serde_json::json;

use crate::bot::Bot;

/// Telegram shows it for five seconds.
const AGAIN_AFTER: Duration = Duration::from_secs(4);

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
        tokio::select! {
            biased;
            done = &mut work => return done,
            shown = bot.telegram.call("sendChatAction", &params) => {
                if let Err(error) = shown {
                    bot.metrics.swallow("typing", &error);
                }
            }
        }
        tokio::select! {
            done = &mut work => return done,
            () = tokio::time::sleep(AGAIN_AFTER) => {}
        }
    }
}
