//! The commands as Telegram's apps offer them: to people in private, to groups, and to those who run a group.
//!
//! Telegram looks for a list of the narrowest scope first, in the person's language and then without one; so English, which is
//! what all other languages are shown, is the list without a language. A list is changed only where it differs: Telegram limits
//! how often a bot may change it, and every replica looks at every start.
//!
//! Whoever chose another language than their app's has a list of their own chat's ([`follow`]).

use std::time::Duration;

use evolve_domain::language::Language;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{
    Turn,
    commands::{ASK, MENU},
};
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

/// So long somebody who changed their language waits at most for their menu.
const PATIENCE: Duration = Duration::from_secs(3);

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
        for (language, code) in languages() {
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

/// Shows a person the commands in the language that they chose, where their app would show another; `before` is the one they
/// were shown so far.
///
/// It is not owed: Telegram may tell us to wait long for it, and what is owed to the person would wait behind it. A menu in
/// another language still works, and `/start` tries again.
pub(super) async fn follow(turn: &Turn<'_>, before: Language, chosen: Language) {
    let own = Language::from_telegram(turn.person.language_code.as_deref());
    let mut params = json!({ "scope": { "type": "chat", "chat_id": turn.person.chat_id } });
    let method = if chosen != own {
        params["commands"] = list(&MENU, chosen);
        "setMyCommands"
    } else if before != own || turn.is_repeated() {
        "deleteMyCommands"
    } else {
        return;
    };
    let called = timeout(PATIENCE, turn.bot.telegram.call(method, &params)).await;
    let failure = match called {
        Ok(Ok(_)) => return,
        Ok(Err(error)) => error.to_string(),
        Err(late) => late.to_string(),
    };
    turn.bot.metrics.swallow("commands", &failure);
}

/// As [`follow`], for somebody of whom nothing is left: they are shown what everybody is.
pub(super) async fn forget(turn: &Turn<'_>, before: Language) {
    follow(turn, before, Language::from_telegram(turn.person.language_code.as_deref())).await;
}

/// The languages of the lists for everybody, as Telegram names them: by two letters and no region, so that of the files of one
/// language the first counts; and by nothing for whoever's language has no list.
fn languages() -> Vec<(Language, &'static str)> {
    let mut languages = vec![(Language::En, "")];
    for language in Language::ALL {
        let code = language.as_str().split('-').next().unwrap_or_default();
        if code.len() == 2 && languages.iter().all(|(_, listed)| *listed != code) {
            languages.push((language, code));
        }
    }
    languages
}

fn list(commands: &[(&str, Text<'static>)], language: Language) -> Value {
    let command =
        |(command, text): &(&str, Text<'static>)| json!({ "command": command, "description": text.render(language) });
    commands.iter().map(command).collect()
}
