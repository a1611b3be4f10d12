//! Somebody who may be in danger gets whom to call, at once: before a model is asked, and whether or not one answers.

use std::{borrow::Cow, fmt::Display, slice, sync::Arc, time::Duration};

use evolve_contract::profile::ProfileData;
use evolve_domain::language::Language;
use evolve_domain::safety::{crisis, helplines};
use evolve_store::outbox::NewOutgoing;

use super::{Turn, incoming::Incoming, media};
use crate::{api::has_come, bot::Bot, replies::Replies, texts::Text};

/// How long is waited to learn where the person is: numbers that serve anywhere now are better than their own too late.
const PATIENCE: Duration = Duration::from_secs(3);

/// Owes the numbers of where the person is, where `message` speaks of danger; in `language` where their own cannot be learnt.
/// The update's number is in the key, so that an update that is tried again, or looked at twice, owes them once.
pub(super) async fn look_after(turn: &Turn<'_>, language: Language, message: &str) {
    if !crisis::is_spoken_of(message) {
        return;
    }
    let profile = profile(turn.bot, turn.person.id).await;
    let zone = profile.as_ref().and_then(|profile| profile.time_zone.as_deref()?.parse().ok());
    let language = profile.as_deref().map_or(language, |profile| turn.language(Some(profile)));
    let key = format!("tg-{}-helplines", turn.update.update_id);
    owe(turn.bot, turn.replies(), &key, zone.unwrap_or(chrono_tz::UTC), language).await;
}

/// The same for a text, whatever it is taken for, and for what is written under something that nobody looks at.
pub(super) async fn look_after_typed(turn: &Turn<'_>, incoming: &Incoming) {
    let typed = match incoming {
        // Whoever passes on a cry for help may need to know whom to call, too.
        Incoming::Text { text, .. } | Incoming::Forwarded { text, .. } => Cow::Borrowed(text.as_str()),
        Incoming::Unsupported(_) => Cow::Owned(media::caption(&turn.update.payload["message"])),
        _ => return,
    };
    look_after(turn, turn.language(None), &typed).await;
}

/// The same of `person` where others read it, in `replies` to them: the numbers of nowhere in particular, since where somebody
/// is is nobody else's business; owed once under `key`. And in their own chat with us, where they have one, those of where
/// they are.
pub(super) async fn look_after_among_others(
    bot: &Bot,
    replies: Replies,
    key: &str,
    person: i64,
    language: Language,
    message: &str,
) {
    if !crisis::is_spoken_of(message) {
        return;
    }
    owe(bot, replies, key, chrono_tz::UTC, language).await;
    // Who has not come to us themselves cannot be written to.
    if let Some(profile) = profile(bot, person).await.filter(|profile| has_come(profile)) {
        tell_in_private(bot, person, Some(&profile), language).await;
    }
}

/// The profile as it is now, however far the first conversation has come; without the API, as it was lately.
async fn profile(bot: &Bot, person: i64) -> Option<Arc<ProfileData>> {
    let api = &bot.api;
    let went_on = |error: &dyn Display| bot.metrics.swallow("helplines_profile", error);
    match tokio::time::timeout(PATIENCE, api.profile(person)).await {
        Ok(Ok(profile)) => return profile,
        Ok(Err(error)) => went_on(&error),
        Err(error) => went_on(&error),
    }
    api.settled_profile(person).await
}

/// Of what `person` asked where others read the answer: the numbers of where they are, in their own chat with us, where nobody
/// else does. Once an hour, however often the same is typed.
pub(crate) async fn look_after_in_private(bot: &Bot, person: i64, language: Language, message: &str) {
    if !crisis::is_spoken_of(message) {
        return;
    }
    let profile = profile(bot, person).await;
    tell_in_private(bot, person, profile.as_deref(), language).await;
}

/// In the language that they chose, or else in `language`.
async fn tell_in_private(bot: &Bot, person: i64, profile: Option<&ProfileData>, language: Language) {
    let zone = profile.and_then(|profile| profile.time_zone.as_deref()?.parse().ok());
    let chosen = profile.and_then(|profile| profile.language.as_deref()?.parse().ok());
    let key = format!("private-{person}-{}-helplines", bot.clock.now().timestamp().div_euclid(3600));
    let replies = Replies::new(0, person, person);
    owe(bot, replies, &key, zone.unwrap_or(chrono_tz::UTC), chosen.unwrap_or(language)).await;
}

async fn owe(bot: &Bot, replies: Replies, key: &str, zone: chrono_tz::Tz, language: Language) {
    let helplines = helplines::fitting(zone, language);
    let text = Text::Helplines { lines: &helplines.listed(), emergency: helplines.emergency }.render(language);
    let Some(owed) = replies.say(text).into_owed().pop() else { return };
    let owed = NewOutgoing { key: key.to_owned(), ..owed };
    match bot.store.outbox().put(slice::from_ref(&owed), bot.clock.now()).await {
        Ok(_) => bot.owed.notify_one(),
        // Without Postgres nothing is answered either, and the update comes again.
        Err(error) => bot.metrics.swallow("helplines", &error),
    }
}
