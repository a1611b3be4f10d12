//! Somebody who may be in danger gets whom to call, at once: before a model is asked, and whether or not one answers.

use std::slice;

use evolve_domain::language::Language;
use evolve_domain::safety::{crisis, helplines};
use evolve_store::outbox::NewOutgoing;

use super::Turn;
use crate::{bot::Bot, replies::Replies, texts::Text};

/// Owes the numbers of where the person is, where `message` speaks of danger. The update's number is in the key, so that an
/// update that is tried again owes them once.
pub(super) async fn look_after(turn: &Turn<'_>, language: Language, message: &str) {
    if !crisis::is_spoken_of(message) {
        return;
    }
    let profile = turn.bot.api.settled_profile(turn.person.id).await;
    let zone = profile.and_then(|profile| profile.time_zone.as_deref()?.parse().ok());
    let key = format!("tg-{}-helplines", turn.update.update_id);
    owe(turn.bot, turn.replies(), &key, zone.unwrap_or(chrono_tz::UTC), language).await;
}

/// The same where others read it, in `replies` to who spoke of it: the numbers of nowhere in particular, since where somebody is
/// is nobody else's business. Owed once under `key`.
pub(super) async fn look_after_among_others(bot: &Bot, replies: Replies, key: &str, language: Language, message: &str) {
    if crisis::is_spoken_of(message) {
        owe(bot, replies, key, chrono_tz::UTC, language).await;
    }
}

/// Of what `person` asked where others read the answer: the numbers of where they are, in their own chat with us, where nobody
/// else does. Once an hour, however often the same is typed.
pub(crate) async fn look_after_in_private(bot: &Bot, person: i64, language: Language, message: &str) {
    if !crisis::is_spoken_of(message) {
        return;
    }
    let profile = bot.api.settled_profile(person).await;
    let zone = profile.and_then(|profile| profile.time_zone.as_deref()?.parse().ok());
    let key = format!("inline-{person}-{}-helplines", bot.clock.now().timestamp().div_euclid(3600));
    owe(bot, Replies::new(0, person, person), &key, zone.unwrap_or(chrono_tz::UTC), language).await;
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
