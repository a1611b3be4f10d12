//! What the bot does with an update.
//!
//! # Dispatch order
//!
//! The first that fits wins; this is the only place where the order is decided ([`dispatch`]).
//!
//! 1. What is of a group goes to [`rooms`], and whatever else is not from a person in their private chat is ignored
//!    ([`incoming`] says what that is). This comes first so that nothing below can be reached from a group or by another bot.
//!    What Telegram itself reports of payments is the exception: it counts wherever it comes from.
//! 2. Such a report: money comes before whatever else the chat is about.
//! 3. The wish to stop an answer, which does not even wait for its chat ([`stop`]).
//! 4. A pressed button: answered at once, then acted on. Buttons are never old: what they say is checked against how
//!    things are now, and they bring nobody back who was removed ([`theirs`]).
//! 5. A text that begins with `/word` is a command, even while a name is awaited: a person must be able to get out. So is what
//!    stands on a key ([`keys`]).
//! 6. A text that answers a question of `/settings` or `/memory` is what was asked for: the person chose that message to
//!    answer.
//! 7. While a name is awaited, a text is the name. Neither this nor 6 holds of a text that speaks of danger: that is for the
//!    companion.
//! 8. Any other text, any picture, sticker and recording goes to the companion. So does a text that is forwarded, whatever it
//!    says: it is somebody else's, and shown to the companion as such ([`quoted`]).
//! 9. An edited message is answered anew if it is the last one and no command now, and otherwise corrected in what is
//!    remembered. What is written beside a recording is corrected and nothing more.
//! 10. A reaction is kept with the answer that it is to; who has blocked the bot is left alone.
//! 11. Of anything else the bot says kindly that it cannot do it yet.
//!
//! Whatever a text is taken for in 5 to 8, and whatever a caption is under in 11, somebody who speaks of danger in it is
//! first told whom to call ([`danger`]).

mod again;
mod album;
mod chat;
mod commands;
mod consent;
mod danger;
mod export;
mod first;
mod held;
mod history;
mod invite;
mod keys;
mod live;
mod me;
mod memory;
mod menu;
mod names;
mod order;
mod paid;
mod pictures;
mod premium;
mod quoted;
mod recordings;
mod relationship;
mod removal;
pub(crate) mod rooms;
mod scopes;
mod settings;
mod signs;
mod start;
mod stats;
mod talks;
mod theirs;
mod trouble;
mod typing;
mod voice;

pub(crate) mod incoming;
pub(crate) mod media;
pub(crate) mod stop;

pub mod strangers;

pub(crate) use danger::look_after_in_private;
pub(crate) use incoming::is_money;
pub(crate) use live::Beginnings;
pub(crate) use scopes::register as register_commands;
pub(crate) use trouble::Trouble;

use std::sync::Arc;

use evolve_contract::profile::{Onboarding, ProfileData};
use evolve_domain::language::Language;
use evolve_store::{inbox::ClaimedUpdate, outbox::NewOutgoing};
use serde_json::json;

use self::{
    incoming::{Incoming, Person},
    order::{dispatch, kind_of},
};
use crate::{api::has_come, bot::Bot, replies::Replies, texts::Text};

/// One update of one person, being handled.
pub(crate) struct Turn<'a> {
    bot: &'a Bot,
    update: &'a ClaimedUpdate,
    person: Person,
}

/// An update that was handled.
pub(crate) struct Handled {
    /// What it was, for metrics.
    pub(crate) kind: &'static str,
    /// Updates that were worked with it.
    pub(crate) together: Vec<i64>,
    /// Why it is to be kept, where the person may have it tried again.
    pub(crate) keep: Option<&'static str>,
    /// What is owed for it.
    pub(crate) owed: Vec<NewOutgoing>,
}

impl Handled {
    /// An update for which this is owed.
    fn of(kind: &'static str, replies: Replies) -> Self {
        let (together, keep) = (replies.together().to_vec(), replies.kept());
        Self { kind, together, keep, owed: replies.into_owed() }
    }

    /// An update for which nothing is owed.
    fn nothing(kind: &'static str) -> Self {
        Self { kind, together: Vec::new(), keep: None, owed: Vec::new() }
    }
}

/// Handles an update.
///
/// # Errors
/// [`Trouble`], when it is to be tried again.
pub(crate) async fn handle(bot: &Bot, update: &ClaimedUpdate) -> Result<Handled, Trouble> {
    if is_own_inline(bot, &update.payload).await? {
        return Ok(Handled::nothing("ignored_own_inline"));
    }
    learn_name(bot, &update.payload).await;
    if !is_money(&update.payload) && rooms::is_of_room(&update.payload) {
        return rooms::handle(bot, update).await;
    }
    match incoming::read(&update.payload) {
        Ok((person, incoming)) => {
            let turn = Turn { bot, update, person };
            let kind = kind_of(&incoming);
            Ok(Handled::of(kind, dispatch(&turn, incoming).await?))
        }
        Err(ignored) => Ok(Handled::nothing(ignored.name())),
    }
}

/// Whether it is an answer of ours that somebody asked for in inline mode, here of all places.
async fn is_own_inline(bot: &Bot, update: &serde_json::Value) -> Result<bool, Trouble> {
    let made_by = |kind: &str| update[kind]["via_bot"]["id"].as_i64();
    match made_by("message").or_else(|| made_by("edited_message")) {
        Some(made_by) => Ok(made_by == bot.me().await?.id),
        None => Ok(false),
    }
}

/// Takes note of the @name of whoever did it, by which those who run the bot are asked about them.
async fn learn_name(bot: &Bot, update: &serde_json::Value) {
    let done = ["message", "edited_message", "callback_query"].into_iter().find_map(|kind| update.get(kind));
    let Some(from) = done.map(|done| &done["from"]).filter(|from| from["is_bot"] != true) else { return };
    if let Some(id) = from["id"].as_i64() {
        bot.api.called(id, from["username"].as_str()).await;
    }
}

/// What the person gets when their update could not be handled at all.
pub(crate) async fn apologise(bot: &Bot, update: &ClaimedUpdate) -> Vec<NewOutgoing> {
    if !is_money(&update.payload) && rooms::is_of_room(&update.payload) {
        return rooms::apologise(bot, update).await;
    }
    let Ok((person, incoming)) = incoming::read(&update.payload) else { return Vec::new() };
    let turn = Turn { bot, update, person };
    let profile = bot.api.settled_profile(turn.person.id).await;
    let language = turn.language(profile.as_deref());
    let text = if matches!(incoming, Incoming::Reported(_)) { Text::PaymentTrouble } else { Text::Trouble };
    // What has begun to grow would keep its button for ever.
    turn.replies().in_place_of(draft(bot, update).await).say(text.render(language)).into_owed()
}

/// The message in which the answer to an update is shown; the very attempt that failed may have begun it.
async fn draft(bot: &Bot, update: &ClaimedUpdate) -> Option<i64> {
    match bot.store.inbox().draft(update.update_id).await {
        Ok(draft) => draft,
        Err(error) => {
            bot.metrics.swallow("draft_unknown", &error);
            update.draft_id
        }
    }
}

impl Turn<'_> {
    fn replies(&self) -> Replies {
        // Of an attempt that was given up, the beginning of its answer may stand there.
        Replies::new(self.update.update_id, self.person.chat_id, self.person.id).in_place_of(self.update.draft_id)
    }

    /// The language that the person chose, or else that of their app.
    fn language(&self, profile: Option<&ProfileData>) -> Language {
        let chosen = profile.and_then(|profile| profile.language.as_deref()).and_then(|code| code.parse().ok());
        chosen.unwrap_or_else(|| Language::from_telegram(self.person.language_code.as_deref()))
    }

    /// For texts that must not fail only because the API does.
    async fn best_known_language(&self) -> Language {
        let profile = match self.bot.api.settled_profile(self.person.id).await {
            Some(profile) => Some(profile),
            None => match self.bot.api.profile(self.person.id).await {
                Ok(profile) => profile,
                Err(error) => {
                    self.bot.metrics.swallow("language_unknown", &error);
                    None
                }
            },
        };
        self.language(profile.as_deref())
    }

    /// As [`Self::fresh_profile_or_new`]; whoever writes faster than profiles may be read is who they were a minute ago.
    async fn profile_or_new(&self) -> Result<Arc<ProfileData>, Trouble> {
        let fresh = self.fresh_profile_or_new().await;
        match self.bot.api.settled_profile(self.person.id).await {
            Some(profile) if fresh.as_ref().is_err_and(Trouble::is_of_haste) => Ok(profile),
            _ => fresh,
        }
    }

    /// The person's profile; a new one in the language of their app where there is none, or only that of somebody who has
    /// spoken in a group. No name is assumed. The API is asked each time, which its cache answers: another replica may have
    /// removed them since.
    async fn fresh_profile_or_new(&self) -> Result<Arc<ProfileData>, Trouble> {
        match self.bot.api.profile(self.person.id).await? {
            Some(profile) if has_come(&profile) => Ok(profile),
            _ => {
                let language = Some(self.language(None).to_string());
                self.change(ProfileData { language, onboarding: Some(Onboarding::New), ..ProfileData::default() }).await
            }
        }
    }

    async fn change(&self, data: ProfileData) -> Result<Arc<ProfileData>, Trouble> {
        Ok(self.bot.api.update_profile(self.person.id, data).await?)
    }

    /// Tells the person's app that a press was heard: until then it shows a waiting button, for a minute at most.
    async fn answer_press(&self, query_id: &str) {
        let params = json!({ "callback_query_id": query_id });
        if let Err(error) = self.bot.telegram.call("answerCallbackQuery", &params).await {
            self.bot.metrics.swallow("callback_answer", &error);
        }
    }

    /// Whether this update may have been handled before, up to but without its answer (the process died in between).
    fn is_repeated(&self) -> bool {
        self.update.repeated
    }
}
