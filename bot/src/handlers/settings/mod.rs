//! `/settings`: one menu that turns into its own pages.
//!
//! A button says what is to be so (`set:detail:long`), never "the other one": pressed twice, or on an old menu, it does
//! what it says. What has to be typed is asked with a message to reply to; [`asked`] tells such a reply from talk.

mod asked;
mod pages;
mod zones;

use std::sync::Arc;

use evolve_contract::{
    profile::ProfileData,
    settings::{Detail, SettingsData},
};
use evolve_domain::language::Language;

use self::pages::{Now, Page};
use super::{Trouble, Turn, consent, keys, scopes, voice};
use crate::{replies::Replies, texts::Text};

pub(super) use asked::Asked;

/// What every button of the menu begins with.
const PREFIX: &str = "set:";

/// Whether a button is one of this menu.
#[must_use]
pub(super) fn is_button(data: &str) -> bool {
    data.starts_with(PREFIX)
}

/// `/settings`.
pub(super) async fn show(turn: &Turn<'_>) -> Result<Replies, Trouble> {
    let profile = turn.fresh_profile_or_new().await?;
    Ok(Page::Root.of(&now(turn, profile).await?).send(turn.replies()))
}

/// A button of the menu was pressed.
pub(super) async fn pressed(
    turn: &Turn<'_>,
    mut profile: Arc<ProfileData>,
    message: Option<i64>,
    data: &str,
) -> Result<Replies, Trouble> {
    let button = data.strip_prefix(PREFIX).unwrap_or(data);
    let (what, value) = button.split_once(':').unwrap_or((button, ""));
    let page = match (what, value) {
        ("close", _) => return close(turn, profile, message).await,
        ("ask", what) => {
            let Some(asked) = Asked::named(what) else { return Ok(turn.replies()) };
            return Ok(asked.ask(turn.replies(), turn.language(Some(&profile))));
        }
        ("page", page) => Page::named(page),
        _ => set(turn, &mut profile, what, value).await?,
    };
    match page {
        Some(page) => {
            let now = now(turn, profile).await?;
            let replies = page.of(&now).turn(turn.replies(), message);
            // A message that was sent cannot be given other keys.
            let are_on = now.settings.menu_buttons.unwrap_or_default();
            let text = match what {
                "keys" if !are_on => Text::KeysHidden,
                "keys" | "lang" if are_on => Text::KeysShown,
                _ => return Ok(replies),
            };
            Ok(keys::say(replies, text.render(now.language), now.language, are_on))
        }
        // A button of another version of the bot.
        None => Ok(turn.replies()),
    }
}

/// A reply to a question of the menu.
pub(super) async fn typed(turn: &Turn<'_>, asked: Asked, text: &str) -> Result<Replies, Trouble> {
    let profile = turn.fresh_profile_or_new().await?;
    let language = turn.language(Some(&profile));
    match asked.set(turn, text).await? {
        Some(page) => {
            let now = now(turn, turn.fresh_profile_or_new().await?).await?;
            let saved = Text::SettingsSaved.render(language);
            let replies = match now.settings.menu_buttons {
                Some(true) => keys::say(turn.replies(), saved, language, true),
                _ => turn.replies().say(saved),
            };
            Ok(page.of(&now).send(replies))
        }
        None => Ok(asked.ask(turn.replies().say(asked.refusal().render(language)), language)),
    }
}

/// Sets what a button says, and the page to show then; nothing where it says nothing that can be set.
async fn set(
    turn: &Turn<'_>,
    profile: &mut Arc<ProfileData>,
    what: &str,
    value: &str,
) -> Result<Option<Page>, Trouble> {
    let mut data = SettingsData::default();
    let page = match what {
        "lang" => {
            let Ok(language) = value.parse::<Language>() else { return Ok(None) };
            let before = turn.language(Some(profile));
            *profile =
                turn.change(ProfileData { language: Some(language.to_string()), ..ProfileData::default() }).await?;
            scopes::follow(turn, before, language).await;
            return Ok(Some(Page::Root));
        }
        "zone" => {
            let Some(zone) = zones::offered(value) else { return Ok(None) };
            *profile =
                turn.change(ProfileData { time_zone: Some(zone.name().to_owned()), ..ProfileData::default() }).await?;
            return Ok(Some(Page::Root));
        }
        "detail" => {
            let Some(detail) = detail(value) else { return Ok(None) };
            data.detail = Some(detail);
            Page::Root
        }
        "voice" => {
            let Some(update) = voice::update_of(value) else { return Ok(None) };
            turn.bot.api.update_voice(turn.person.id, &update).await?;
            return Ok(Some(Page::Voice));
        }
        "clear" => match value {
            "wishes" => {
                data.instructions = Some(Vec::new());
                Page::Wishes
            }
            "topics" => {
                (data.talk_of, data.avoid) = (Some(Vec::new()), Some(Vec::new()));
                Page::Topics
            }
            _ => return Ok(None),
        },
        "quiet" if value == "off" || pages::QUIET.contains(&value) => {
            data.quiet_hours = Some(if value == "off" { String::new() } else { value.to_owned() });
            Page::Root
        }
        "morning" | "follow" => {
            let Some(is_on) = switch(value) else { return Ok(None) };
            // Morning and night are those of where they live.
            if is_on && turn.bot.api.zone_is_chosen(turn.person.id).await? == Some(false) {
                return Ok(Some(Page::ZoneFirst));
            }
            let field = if what == "morning" { &mut data.good_morning } else { &mut data.follow_ups };
            *field = Some(is_on);
            Page::First
        }
        "keys" => {
            let Some(are_on) = switch(value) else { return Ok(None) };
            data.menu_buttons = Some(are_on);
            Page::Keys
        }
        "keep" => {
            let Some(days) = value.parse::<u16>().ok().filter(|days| *days == 0 || pages::KEEP.contains(days)) else {
                return Ok(None);
            };
            data.keep_messages_days = Some(days);
            Page::Keep
        }
        "adult" => {
            // What cannot be taken shows the page as it is now, with the words as they are.
            let Some((agreed, words)) = consent::decision(value) else { return Ok(None) };
            return Ok(Some(match consent::decide(turn, agreed, words).await? {
                consent::Decided::Underage => Page::Underage,
                consent::Decided::Taken | consent::Decided::Stale => Page::Adult,
            }));
        }
        _ => return Ok(None),
    };
    turn.bot.api.update_settings(turn.person.id, data).await?;
    Ok(Some(page))
}

fn detail(value: &str) -> Option<Detail> {
    pages::DETAILS.into_iter().find(|detail| pages::name_of(*detail) == value)
}

fn switch(value: &str) -> Option<bool> {
    match value {
        "on" => Some(true),
        "off" => Some(false),
        _ => None,
    }
}

async fn close(turn: &Turn<'_>, profile: Arc<ProfileData>, message: Option<i64>) -> Result<Replies, Trouble> {
    let now = now(turn, profile).await?;
    Ok(match message {
        Some(message) => turn.replies().edit(message, pages::summary(&now)),
        None => turn.replies(),
    })
}

/// How things are now.
async fn now(turn: &Turn<'_>, profile: Arc<ProfileData>) -> Result<Now, Trouble> {
    let language = turn.language(Some(&profile));
    let api = &turn.bot.api;
    let person = turn.person.id;
    let (settings, consent) = tokio::try_join!(api.settings(person), api.consent(person))?;
    match settings {
        Some(settings) => {
            let voice = api.voice(person).await?;
            Ok(Now { profile, settings, consent, voice, language, at: turn.bot.clock.now() })
        }
        // As in `/status`: the profile was deleted in between.
        None => Err(Trouble::Fault { reason: "no_profile", detail: "the profile vanished".to_owned() }),
    }
}
