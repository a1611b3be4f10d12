//! `/voice`: when answers are spoken, and in which voice. One message with buttons, which changes itself.

use evolve_contract::voice::{Mode, Voice, VoiceResponse, VoiceUpdate};
use evolve_domain::language::Language;

use super::{Trouble, Turn};
use crate::{replies::Replies, texts::Text};

const PREFIX: &str = "voice:";

/// What the buttons say to us, and what they are called.
const MODES: [(&str, Mode, Text<'static>); 3] = [
    ("voice:never", Mode::Never, Text::VoiceModeNever),
    ("voice:on_voice", Mode::OnVoice, Text::VoiceModeOnVoice),
    ("voice:always", Mode::Always, Text::VoiceModeAlways),
];
const VOICES: [(&str, Voice, Text<'static>); 6] = [
    ("voice:warm", Voice::Warm, Text::VoiceWarm),
    ("voice:bright", Voice::Bright, Text::VoiceBright),
    ("voice:soft", Voice::Soft, Text::VoiceSoft),
    ("voice:calm", Voice::Calm, Text::VoiceCalm),
    ("voice:deep", Voice::Deep, Text::VoiceDeep),
    ("voice:cheerful", Voice::Cheerful, Text::VoiceCheerful),
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
    Ok(with_menu(&choice, language, |text, buttons| turn.replies().ask(text, buttons)))
}

/// A button was pressed.
pub(super) async fn pressed(
    turn: &Turn<'_>,
    query: &str,
    message: Option<i64>,
    data: &str,
) -> Result<Replies, Trouble> {
    // First, and whatever comes of it.
    turn.answer_press(query).await;
    let mode = MODES.iter().find(|(name, ..)| *name == data).map(|(_, mode, _)| *mode);
    let voice = VOICES.iter().find(|(name, ..)| *name == data).map(|(_, voice, _)| *voice);
    if mode.is_none() && voice.is_none() {
        // A button of another version of the bot.
        return Ok(turn.replies());
    }
    let profile = turn.fresh_profile_or_new().await?;
    let language = turn.language(Some(&profile));
    let choice = turn.bot.api.update_voice(turn.person.id, &VoiceUpdate { mode, voice }).await?;
    Ok(with_menu(&choice, language, |text, buttons| match message {
        Some(message) => turn.replies().edit_asking(message, text, buttons),
        None => turn.replies().ask(text, buttons),
    }))
}

fn with_menu(
    choice: &VoiceResponse,
    language: Language,
    send: impl FnOnce(String, &[&[(&str, &str)]]) -> Replies,
) -> Replies {
    let text = text_of(choice, language);
    if !choice.available {
        return send(text, &[]);
    }
    let label = |chosen: bool, text: &Text<'_>| {
        let text = text.render(language);
        if chosen { format!("✓ {text}") } else { text }
    };
    let modes = MODES.map(|(data, mode, text)| (label(mode == choice.mode, &text), data));
    let voices = VOICES.map(|(data, voice, text)| (label(Some(voice) == choice.voice, &text), data));
    let modes = modes.each_ref().map(|(label, data)| [(label.as_str(), *data)]);
    let voices = voices.each_ref().map(|(label, data)| (label.as_str(), *data));
    let mut rows: Vec<&[(&str, &str)]> = modes.iter().map(<[_; 1]>::as_slice).collect();
    rows.extend(voices.chunks(3));
    send(text, &rows)
}

fn text_of(choice: &VoiceResponse, language: Language) -> String {
    let text = match (choice.available, choice.allowed) {
        (false, _) => Text::VoiceUnavailable,
        (true, false) => Text::VoiceForPremium,
        (true, true) => Text::VoiceMenu,
    };
    text.render(language)
}
