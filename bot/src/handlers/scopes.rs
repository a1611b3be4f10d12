//! The commands as Telegram's apps offer them: to people in private, to groups, and to those who run a group.
//!
//! Telegram looks for a list of the narrowest scope first, in the person's language and then without one; so English, which is
//! what all other languages are shown, is the list without a language. A list is changed only where it differs: Telegram limits
//! how often a bot may change it, and every replica looks at every start.

use evolve_domain::language::Language;
use serde_json::{Value, json};

use super::commands::{ASK, MENU};
use crate::{
    telegram::{Telegram, TelegramError},
    texts::Text,
};

/// What anybody may ask for in a group.
const ROOM: [(&str, Text<'static>); 2] = [(ASK, Text::CommandRoomAsk), ("help", Text::CommandRoomHelp)];
/// What those who run it may ask for.
const ROOM_ADMINS: [(&str, Text<'static>); 4] = [
    (ASK, Text::CommandRoomAsk),
    ("settings", Text::CommandRoomSettings),
    ("reset", Text::CommandRoomReset),
    ("help", Text::CommandRoomHelp),
];
/// Each scope with its commands. What was set for everybody by an earlier version is of none.
const SCOPES: [(&str, &[(&str, Text<'static>)]); 4] = [
    ("all_private_chats", &MENU),
    ("all_group_chats", &ROOM),
    ("all_chat_administrators", &ROOM_ADMINS),
    ("default", &[]),
];

/// Whether groups are offered a command. Where no other bot is, Telegram's apps write it without the bot's name.
#[must_use]
pub(super) fn is_offered_in_rooms(command: &str) -> bool {
    ROOM.iter().chain(ROOM_ADMINS.iter()).any(|(offered, _)| *offered == command)
}

/// Tells Telegram the commands, in every scope and language.
///
/// # Errors
/// [`TelegramError`].
pub(crate) async fn register(telegram: &Telegram) -> Result<(), TelegramError> {
    for (scope, commands) in SCOPES {
        let languages = Language::ALL.map(|language| (language, language.as_str()));
        for (language, code) in languages.into_iter().chain([(Language::En, "")]) {
            let wanted = list(commands, language);
            let mut params = json!({ "scope": { "type": scope }, "language_code": code });
            if telegram.call("getMyCommands", &params).await? == wanted {
                continue;
            }
            if commands.is_empty() {
                telegram.call("deleteMyCommands", &params).await?;
                continue;
            }
            params["commands"] = wanted;
            telegram.call("setMyCommands", &params).await?;
        }
    }
    Ok(())
}

fn list(commands: &[(&str, Text<'static>)], language: Language) -> Value {
    let command =
        |(command, text): &(&str, Text<'static>)| json!({ "command": command, "description": text.render(language) });
    commands.iter().map(command).collect()
}
