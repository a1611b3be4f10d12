//! `/invite`: the person's own link, by which others come to the companion.

use evolve_domain::referral;
use serde_json::json;

use super::{Trouble, Turn};
use crate::{replies::Replies, texts::Text};

/// `/invite`.
pub(super) async fn show(turn: &Turn<'_>) -> Result<Replies, Trouble> {
    let language = turn.best_known_language().await;
    let me = turn.bot.telegram.call("getMe", &json!({})).await?;
    let link = me["username"].as_str().zip(referral::parameter(turn.person.id));
    let Some((bot, parameter)) = link else {
        let detail = "Telegram tells no username of the bot".to_owned();
        return Err(Trouble::Fault { reason: "no_username", detail });
    };
    let link = format!("https://t.me/{bot}?start={parameter}");
    Ok(turn.replies().say(Text::Invite { link: &link }.render(language)))
}
