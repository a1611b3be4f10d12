//! What was said long ago, as it is shown to a model: before the person's message and not in the system instruction,
//! because it changes with every message, and all that stands after a change is lost to the providers' caching.

use chrono_tz::Tz;
use evolve_domain::fact;
use evolve_store::messages::{Message, Role};

use crate::turn::{Author, Quoted};

/// Longest piece of an old message, in characters.
const CHARS: usize = 400;

/// A section of old messages, one a line, in the order given; nothing where there are none. A line break in one of them
/// could forge another.
#[must_use]
pub fn said_before(messages: &[Message], zone: Tz) -> Option<String> {
    let line = |message: &Message| {
        let day = message.created_at.with_timezone(&zone).format("%Y-%m-%d");
        let who = match message.role {
            Role::User => "Person",
            Role::Assistant => "You",
        };
        Some(format!("\n- {day} {who}: {}", fact::one_line(&message.text, CHARS)?))
    };
    let lines: String = messages.iter().filter_map(line).collect();
    (!lines.is_empty()).then(|| format!("# Said before{lines}"))
}

/// Lines after the first stand further right, whatever breaks them: none of them can be taken for a heading, or for what
/// another says.
#[must_use]
pub fn indented(text: &str) -> String {
    text.trim().replace(['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'], "\n  ")
}

/// Longest piece of what a message answers, in characters: of their own words, which the history holds as a rule, and of
/// anybody else's, which stand nowhere else (one message of Telegram's).
const ANSWERED_CHARS: (usize, usize) = (1000, 4096);

/// A section with what a message answers, on one line; nothing where nothing of it can be seen. Anybody may have written it.
#[must_use]
pub fn answered(quoted: &Quoted) -> Option<String> {
    let (known, others) = ANSWERED_CHARS;
    let (who, most) = match quoted.author {
        Author::Person => ("Person", known),
        Author::Companion => ("You", known),
        Author::Other => ("Somebody else", others),
    };
    Some(format!("# In reply to\n- {who}: {}", fact::one_line(&quoted.text, most)?))
}
