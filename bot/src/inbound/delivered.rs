//! Whether what people write reaches the webhook. Where it does not (DNS, an ingress, a certificate, somebody who set another one),
//! nobody here is asked for anything that could fail: Telegram alone knows, and is asked.

use std::time::Duration;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::{bot::Bot, telegram::TelegramError};

/// Between two looks.
const EVERY: Duration = Duration::from_secs(60);
/// Seconds after which an error says nothing of now. Telegram tries again at growing intervals, as long as something waits.
const RECENT: i64 = 600;

/// Looks again and again, until it is to stop. What it finds is counted as what cannot be taken otherwise is.
///
/// # Errors
/// When Telegram refuses the token, as polling does: nothing comes any more until somebody sets another.
pub(crate) async fn watch(bot: &Bot, url: &Url, stop: &CancellationToken) -> anyhow::Result<()> {
    let nothing = json!({});
    loop {
        tokio::select! {
            () = tokio::time::sleep(EVERY.mul_f64(rand::random_range(0.8..1.2))) => {}
            () = stop.cancelled() => return Ok(()),
        }
        let asked = tokio::select! {
            asked = bot.telegram.call("getWebhookInfo", &nothing) => asked,
            () = stop.cancelled() => return Ok(()),
        };
        let info = match asked {
            Ok(info) => info,
            Err(error @ TelegramError::Unauthorized) => return Err(error.into()),
            Err(error) => {
                bot.metrics.swallow("webhook_not_looked_at", &error);
                continue;
            }
        };
        if let Some(reason) = trouble(&info, url, bot.contact.delivered_at(), bot.clock.now().timestamp()) {
            let why = info["last_error_message"].as_str().unwrap_or_default();
            tracing::warn!(reason, why, "Telegram does not deliver what people write");
            bot.metrics.inbox_failure(reason);
        }
    }
}

/// Why nothing comes; nothing where all is well. An error is over with the next update that comes, and where nothing waits.
fn trouble(info: &Value, url: &Url, delivered_at: i64, now: i64) -> Option<&'static str> {
    if info["url"].as_str() != Some(url.as_str()) {
        return Some("conflict");
    }
    let failed_at = info["last_error_date"].as_i64()?;
    let is_waiting = info["pending_update_count"].as_i64().is_some_and(|waiting| waiting > 0);
    (is_waiting && failed_at > delivered_at && now - failed_at < RECENT).then_some("not_delivered")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;

    /// What is made of Telegram's word of a webhook, of which an update came ten seconds ago.
    fn told(info: &Value) -> Option<&'static str> {
        trouble(info, &Url::parse("https://eva.example.org/webhook").unwrap(), NOW - 10, NOW)
    }

    fn ours(waiting: i64, failed_at: Option<i64>) -> Value {
        let mut info = json!({ "url": "https://eva.example.org/webhook", "pending_update_count": waiting });
        if let Some(failed_at) = failed_at {
            info["last_error_date"] = failed_at.into();
        }
        info
    }

    #[test]
    fn what_telegram_cannot_deliver_is_told_and_what_it_could_since_is_not() {
        assert_eq!(told(&ours(3, Some(NOW - 5))), Some("not_delivered"));
        for well in [
            ours(0, None),
            ours(3, None),
            // It was tried again, and came.
            ours(0, Some(NOW - 5)),
            // Others came after it.
            ours(3, Some(NOW - 10)),
        ] {
            assert_eq!(told(&well), None, "{well}");
        }
        let url = Url::parse("https://eva.example.org/webhook").unwrap();
        let long_ago = ours(1, Some(NOW - RECENT));
        assert_eq!(trouble(&long_ago, &url, 0, NOW), None, "nothing came, and nothing is known of now");
    }

    #[test]
    fn a_webhook_that_is_somebody_elses_or_gone_is_told() {
        for url in ["", "https://other.example.org/webhook"] {
            assert_eq!(told(&json!({ "url": url, "pending_update_count": 0 })), Some("conflict"));
        }
    }
}
