//! Keys below the field in which people type, for whoever switches them on in `/settings`: the main commands, in words.
//!
//! A key sends the words on it as a message, which is then the command; the words of every language are known, since the keys
//! stay as they are until others are sent. A question that opens an answer takes their place in Telegram's apps, so they come
//! again with what is said to the answer, and with `/help`.

use evolve_domain::language::Language;
use serde_json::{Value, json};

use super::Turn;
use crate::{replies::Replies, texts::Text};

/// The command of each key, row by row.
const KEYS: [&[(&str, Text<'static>)]; 2] = [
    &[("/memory", Text::KeyMemory), ("/relationship", Text::KeyRelationship), ("/stats", Text::KeyStats)],
    &[("/settings", Text::KeySettings), ("/help", Text::KeyHelp)],
];

/// The command that a text is, if it is what stands on a key.
#[must_use]
pub(super) fn command(text: &str) -> Option<&'static str> {
    let mut keys = KEYS.iter().copied().flatten();
    let is_on = |key: &Text<'_>| Language::ALL.into_iter().any(|language| key.render(language) == text.trim());
    keys.find(|(_, key)| is_on(key)).map(|(command, _)| *command)
}

/// A message with which the keys come, or go.
pub(super) fn say(replies: Replies, html: String, language: Language, are_on: bool) -> Replies {
    replies.say_with(html, if are_on { shown(language) } else { json!({ "remove_keyboard": true }) })
}

/// A message with which the keys come again, for whoever has them.
pub(super) async fn restored(turn: &Turn<'_>, html: String, language: Language) -> Replies {
    // Whoever never came has none, and without the API there are none.
    let settings = turn.bot.api.settings(turn.person.id).await;
    let has_keys = match settings {
        Ok(settings) => settings.is_some_and(|settings| settings.menu_buttons == Some(true)),
        Err(error) => {
            turn.bot.metrics.swallow("keys_unknown", &error);
            false
        }
    };
    if has_keys { say(turn.replies(), html, language, true) } else { turn.replies().say(html) }
}

fn shown(language: Language) -> Value {
    let row = |keys: &[(&str, Text<'static>)]| {
        keys.iter().map(|(_, key)| json!({ "text": key.render(language) })).collect::<Value>()
    };
    json!({ "keyboard": KEYS.map(row), "resize_keyboard": true, "is_persistent": true })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handlers::commands;

    #[test]
    fn a_key_is_its_command_in_every_language_and_words_alone_are_talk() {
        for (word, key) in KEYS.iter().copied().flatten() {
            assert!(commands::is_known(&word[1..]), "{word}");
            for language in Language::ALL {
                assert_eq!(command(&key.render(language)), Some(*word));
            }
        }
        for talk in ["Память", "settings", "Help", "", "⚙️"] {
            assert_eq!(command(talk), None, "{talk}");
        }
    }
}
