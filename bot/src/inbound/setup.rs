//! What Telegram is told at start: who we are, our commands, and in webhook mode where to deliver.
//!
//! Every replica does it, since each may be the first; it is the same every time.

use evolve_runtime::shutdown::Tasks;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{ALLOWED_UPDATES, Backoff};
use crate::{bot::Bot, handlers, telegram::TelegramError};

/// Connections that Telegram may open to us at once: as many as it can.
const MAX_CONNECTIONS: u32 = 100;

/// Asks who we are until Telegram answers. False when asked to stop before.
///
/// # Errors
/// When Telegram refuses the token: nothing will work until somebody sets another.
pub(crate) async fn say_hello(bot: &Bot, stop: &CancellationToken) -> anyhow::Result<bool> {
    let hello = || async {
        let me = bot.me().await?;
        tracing::info!(username = me.username, "Telegram knows the bot");
        Ok(())
    };
    until_done(bot, stop, "getMe", hello).await
}

/// Shows the commands in Telegram's menu, as a task: nothing waits for it.
pub(crate) fn register_commands(bot: &Bot, tasks: &Tasks) {
    let (bot, stop) = (bot.clone(), tasks.soft());
    tasks.spawn("register-commands", async move {
        // A bot without its menu still works, so that even a refused token is not this task's to report.
        let done = until_done(&bot, &stop, "setMyCommands", || handlers::register_commands(&bot.telegram));
        if let Err(error) = done.await {
            bot.metrics.swallow("commands", &format!("{error:#}"));
        }
        Ok(())
    });
}

/// Tells Telegram where to deliver. False when asked to stop before.
///
/// # Errors
/// As [`say_hello`].
pub(crate) async fn set_webhook(
    bot: &Bot,
    url: &Url,
    secret: &SecretString,
    stop: &CancellationToken,
) -> anyhow::Result<bool> {
    let params = json!({
        "url": url.as_str(),
        "secret_token": secret.expose_secret(),
        "max_connections": MAX_CONNECTIONS,
        "allowed_updates": ALLOWED_UPDATES,
    });
    until_done(bot, stop, "setWebhook", || async { bot.telegram.call("setWebhook", &params).await.map(drop) }).await
}

async fn until_done<F>(
    bot: &Bot,
    stop: &CancellationToken,
    what: &'static str,
    step: impl Fn() -> F,
) -> anyhow::Result<bool>
where
    F: Future<Output = Result<(), TelegramError>>,
{
    let mut backoff = Backoff::default();
    loop {
        let done = tokio::select! {
            done = step() => done,
            () = stop.cancelled() => return Ok(false),
        };
        bot.contact.note(done.is_ok());
        let error = match done {
            Ok(()) => return Ok(true),
            Err(error @ TelegramError::Unauthorized) => return Err(error.into()),
            Err(error) => error,
        };
        let pause = match &error {
            TelegramError::RetryAfter(wait) => *wait,
            _ => backoff.next(),
        };
        tracing::warn!(what, %error, seconds = pause.as_secs_f32(), "Telegram did not do it; trying again");
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stop.cancelled() => return Ok(false),
        }
    }
}
