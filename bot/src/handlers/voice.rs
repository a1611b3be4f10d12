//! `/voice`: when answers are spoken, and in which voice. One message with buttons, which changes itself; `/settings` has it as
//! a page of its own.

use evolve_contract::{
    profile::ProfileData,
    voice::{Mode, Voice, VoiceResponse, VoiceUpdate},
};
use evolve_domain::language::Language;

use super::{Trouble, Turn, menu::Menu};
use crate::{replies::Replies, texts::Text};

const PREFIX: &str = "voice:";

/// What the buttons say to us, and what they are called.
const MODES: [(&str, Mode, Text<'static>); 3] = [
    ("never", Mode::Never, Text::VoiceModeNever),
    ("on_voice", Mode::OnVoice, Text::VoiceModeOnVoice),
    ("always", Mode::Always, Text::VoiceModeAlways),
];
const VOICES: [(&str, Voice, Text<'static>); 6] = [
    ("warm", Voice::Warm, Text::VoiceWarm),
    ("bright", Voice::Bright, Text::VoiceBright),
    ("soft", Voice::Soft, Text::VoiceSoft),
    ("calm", Voice::Calm, Text::VoiceCalm),
    ("deep", Voice::Deep, Text::VoiceDeep),
    ("cheerful", Voice::Cheerful, Text::VoiceCheerful),
];

/// Whether a button is one of these.
#[must_use]
pub(super) fn is_ours(data: &str) -> bool {
    data.starts_with(PREFIX)
}

/// `/voice`.
pub(super) async fn show(turn: &Turn<'_>) -> Result<Replies, Trouble> {
    // Makes the profile of somebody new, without which there is nothing to choose for.
    let profile = turn.fresh_profile_or_new().await?;
    let language = turn.language(Some(&profile));
    let choice = turn.bot.api.voice(turn.person.id).await?;
    Ok(menu(&choice, language, PREFIX).send(turn.replies()))
}

/// A button was pressed.
pub(super) async fn pressed(
    turn: &Turn<'_>,
    profile: &ProfileData,
    message: Option<i64>,
    data: &str,
) -> Result<Replies, Trouble> {
    let Some(update) = data.strip_prefix(PREFIX).and_then(update_of) else {
        // A button of another version of the bot.
        return Ok(turn.replies());
    };
    let language = turn.language(Some(profile));
    let choice = turn.bot.api.update_voice(turn.person.id, &update).await?;
    Ok(menu(&choice, language, PREFIX).turn(turn.replies(), message))
}

/// What a button of this name chooses.
pub(super) fn update_of(name: &str) -> Option<VoiceUpdate> {
    let mode = MODES.iter().find(|(known, ..)| *known == name).map(|(_, mode, _)| *mode);
    let voice = VOICES.iter().find(|(known, ..)| *known == name).map(|(_, voice, _)| *voice);
    (mode.is_some() || voice.is_some()).then_some(VoiceUpdate { mode, voice })
}

/// The choice; what its buttons say to us begins with `prefix`.
pub(super) fn menu(choice: &VoiceResponse, language: Language, prefix: &str) -> Menu {
    let menu = Menu::new(text_of(choice, language));
    if !choice.available {
        return menu;
    }
    let button = |chosen: bool, name: &str, text: &Text<'_>| {
        let text = text.render(language);
        (if chosen { format!("✓ {text}") } else { text }, format!("{prefix}{name}"))
    };
    let modes = MODES.map(|(name, mode, text)| button(mode == choice.mode, name, &text));
    let voices = VOICES.map(|(name, voice, text)| button(Some(voice) == choice.voice, name, &text));
    let menu = modes.into_iter().fold(menu, |menu, mode| menu.row([mode]));
    voices.chunks(3).fold(menu, |menu, row| menu.row(row.to_vec()))
}

/// The choice in a few words; nothing where this bot does not speak at all.
pub(super) fn in_words(choice: &VoiceResponse, language: Language) -> Option<String> {
    let mode = MODES.iter().find(|(_, mode, _)| *mode == choice.mode).map(|(.., text)| text.render(language));
    let voice =
        VOICES.iter().find(|(_, voice, _)| Some(*voice) == choice.voice).map(|(.., text)| text.render(language));
    choice.available.then(|| mode.into_iter().chain(voice).collect::<Vec<_>>().join(" · "))
}

fn text_of(choice: &VoiceResponse, language: Language) -> String {
    let text = match (choice.available, choice.allowed) {
        (false, _) => Text::VoiceUnavailable,
        (true, false) => Text::VoiceForPremium,
        (true, true) => Text::VoiceMenu,
    };
    text.render(language)
}
