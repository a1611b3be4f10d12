//! `/delete`: everything of a person, at once or after a time to think; `/privacy`: what that is.
//!
//! A removal at once is asked for twice, and the second button holds for a quarter of an hour ([`held`]): nobody is removed by a
//! button that they find months later. What is said after it is said directly and not through the outbox, where it would be
//! something of them that is kept.

use std::time::Duration;

use evolve_contract::{history::KeptKind, profile::ProfileData};
use evolve_domain::language::Language;
use evolve_store::pace::{Call, Kind};
use serde_json::json;

use super::{Trouble, Turn, consent, held, menu::Menu, scopes};
use crate::{
    replies::Replies,
    texts::{Text, date, zone},
};

const PREFIX: &str = "del:";
/// How long the last word waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);
/// Times to think that are offered, in days.
const GRACES: [u32; 2] = [7, 30];

/// Whether a button is one of `/delete`.
#[must_use]
pub(super) fn is_button(data: &str) -> bool {
    data.starts_with(PREFIX)
}

/// `/delete`; of somebody who asked to be removed already, the change of mind.
pub(super) async fn ask(turn: &Turn<'_>) -> Result<Replies, Trouble> {
    let language = turn.best_known_language().await;
    // Asked twice, it is cancelled all the same: the first may have been cut off before its answer.
    if turn.bot.api.cancel_deletion(turn.person.id).await? || turn.is_repeated() {
        return Ok(turn.replies().say(Text::DeleteCancelled.render(language)));
    }
    Ok(choice(language).send(turn.replies()))
}

/// `/privacy`.
pub(super) async fn privacy(turn: &Turn<'_>) -> Result<Replies, Trouble> {
    let profile = turn.bot.api.profile(turn.person.id).await?;
    let language = turn.language(profile.as_deref());
    let told = turn.bot.api.privacy(turn.person.id).await?;
    let days = |what: KeptKind| told.kept.iter().find(|kept| kept.what == what)?.days;
    let mut text = Text::Privacy {
        models: &told.models.join(", "),
        messages: days(KeptKind::Messages).unwrap_or_default(),
        pictures: days(KeptKind::DrawnPictures).unwrap_or_default(),
        unanswered: days(KeptKind::Unanswered).unwrap_or_default(),
        unsent: told.unsent_days.unwrap_or_default(),
        inline: days(KeptKind::InlineAnswers).unwrap_or_default(),
    }
    .render(language);
    if let Some(consent) = turn.bot.api.consent(turn.person.id).await? {
        text = format!("{text}\n\n{}", consent::told(&consent, profile.as_deref(), language));
    }
    Ok(turn.replies().say(text))
}

/// A button of `/delete` was pressed.
pub(super) async fn pressed(
    turn: &Turn<'_>,
    profile: &ProfileData,
    message: Option<i64>,
    data: &str,
) -> Result<Replies, Trouble> {
    let language = turn.language(Some(profile));
    let button = data.strip_prefix(PREFIX).unwrap_or(data);
    let (what, value) = button.split_once(':').unwrap_or((button, ""));
    let menu = match (what, value) {
        ("in", days) => match days.parse().ok().filter(|days| GRACES.contains(days)) {
            Some(days) => scheduled(turn, profile, language, days).await?,
            None => return Ok(turn.replies()),
        },
        ("now", _) => confirmation(turn, language),
        ("yes", made) if made.parse().is_ok_and(|made| held::is_fresh(turn, made)) => {
            turn.bot.api.delete_profile(turn.person.id).await?;
            return Ok(farewell(turn, message, language).await);
        }
        // Too late: the choice is asked anew.
        ("yes", _) => choice(language),
        ("cancel", _) => {
            turn.bot.api.cancel_deletion(turn.person.id).await?;
            Menu::new(Text::DeleteCancelled.render(language))
        }
        ("keep", _) => Menu::new(Text::DeleteKept.render(language)),
        // A button of another version of the bot.
        _ => return Ok(turn.replies()),
    };
    Ok(menu.turn(turn.replies(), message))
}

fn choice(language: Language) -> Menu {
    let grace = |days: u32| (Text::DeleteIn { days }.render(language), format!("{PREFIX}in:{days}"));
    Menu::new(Text::DeleteAsk.render(language))
        .row(GRACES.map(grace))
        .row([(Text::DeleteNow.render(language), format!("{PREFIX}now"))])
        .row([(Text::DeleteKeep.render(language), format!("{PREFIX}keep"))])
}

fn confirmation(turn: &Turn<'_>, language: Language) -> Menu {
    let made = held::stamp(turn);
    Menu::new(Text::DeleteSure.render(language))
        .row([(Text::DeleteYes.render(language), format!("{PREFIX}yes:{made}"))])
        .row([(Text::DeleteKeep.render(language), format!("{PREFIX}keep"))])
}

async fn scheduled(turn: &Turn<'_>, profile: &ProfileData, language: Language, days: u32) -> Result<Menu, Trouble> {
    let due_at = turn.bot.api.ask_deletion(turn.person.id, days).await?;
    let zone = zone(profile.time_zone.as_deref());
    let day = date(due_at.with_timezone(&zone).date_naive(), language);
    Ok(Menu::new(Text::DeleteScheduled { date: &day }.render(language))
        .row([(Text::DeleteCancel.render(language), format!("{PREFIX}cancel"))]))
}

/// Says that nothing of the person is left, in the message whose button was pressed.
pub(super) async fn farewell(turn: &Turn<'_>, message: Option<i64>, language: Language) -> Replies {
    let text = Text::DeleteDone.render(language);
    let mut params = json!({ "chat_id": turn.person.chat_id, "text": text, "parse_mode": "HTML" });
    let method = match message {
        Some(message) => {
            params["message_id"] = message.into();
            "editMessageText"
        }
        None => "sendMessage",
    };
    // Nothing of it is kept, so there is no later: without a turn in that time Telegram would refuse it.
    let message_to = Call { chat_id: Some(turn.person.chat_id), kind: Kind::Reply };
    match turn.bot.pace.turn_within(message_to, PATIENCE).await {
        Ok(()) => {
            if let Err(error) = turn.bot.telegram.call(method, &params).await {
                turn.bot.metrics.swallow("farewell", &error);
            }
        }
        Err(wait) => turn.bot.metrics.swallow("farewell", &format!("no turn for {} s", wait.as_secs())),
    }
    scopes::forget(turn, language).await;
    turn.replies()
}
