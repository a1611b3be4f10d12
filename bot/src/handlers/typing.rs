//! "typing…" for as long as the companion thinks.

use std::time::Duration;

use serde_json::json;

use crate::bot::Bot;

/// Telegram shows it for five seconds.
const AGAIN_AFTER: Duration = Duration::from_secs(4);

/// Shows "typing…" in a chat, at once and until `work` is done. Whether it shows is nobody's concern.
pub(super) async fn while_doing<T>(bot: &Bot, chat_id: i64, work: impl Future<Output = T>) -> T {
    let show = async {
        loop {
            let params = json!({ "chat_id": chat_id, "action": "typing" });
            if let Err(error) = bot.telegram.call("sendChatAction", &params).await {
                bot.metrics.swallow("typing", &error);
            }
            tokio::time::sleep(AGAIN_AFTER).await;
        }
    };
    tokio::select! {
        biased;
        done = work => done,
        () = show => unreachable_end().await,
    }
}

/// The loop above has no end, but its type does not say so.
async fn unreachable_end<T>() -> T {
    std::future::pending().await
}
