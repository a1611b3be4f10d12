//! A message of the bot as text for a terminal: formats as ANSI sequences, or, into a file or a pipe, plain.

use std::collections::BTreeSet;

use evolve_testkit::telegram::entities::{Entity, EntityKind};
use evolve_testkit::telegram::{Sent, SentKind};

use super::input::buttons;

/// What the output understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// Colours and weights.
    Ansi,
    /// Nothing but text.
    Plain,
}

const RESET: &str = "\x1b[0m";

impl Style {
    /// `text` in grey: what is not the bot's words.
    pub(super) fn quiet(self, text: &str) -> String {
        match self {
            Self::Ansi => format!("\x1b[2m{text}{RESET}"),
            Self::Plain => text.to_owned(),
        }
    }
}

/// A whole message: its text, its file, its buttons.
pub(super) fn message(message: &Sent, file: Option<&str>, style: Style) -> String {
    let mut lines = Vec::new();
    if !message.text.is_empty() {
        lines.push(formatted(&message.text, &message.entities, style));
    }
    if let Some(invoice) = &message.invoice {
        lines.push(format!("{}\n{}", safe(&invoice.title), safe(&invoice.description)));
    }
    if let Some(path) = file {
        let what = match message.kind {
            SentKind::Photo => "photo",
            SentKind::Voice => "voice",
            SentKind::Text | SentKind::Invoice | SentKind::Document => "file",
        };
        lines.push(style.quiet(&format!("[{what}: {path}]")));
    }
    let numbered: Vec<String> = buttons(message)
        .iter()
        .enumerate()
        .map(|(index, (label, _))| format!("[{}] {}", index + 1, safe(label)))
        .collect();
    if !numbered.is_empty() {
        lines.push(style.quiet(&numbered.join("  ")));
    }
    lines.join("\n")
}

/// Text with its entities, which count UTF-16 units and may nest and overlap.
fn formatted(text: &str, entities: &[Entity], style: Style) -> String {
    let units: Vec<u16> = text.encode_utf16().collect();
    let mut cuts: BTreeSet<usize> = [0, units.len()].into();
    for entity in entities {
        cuts.insert(entity.offset.min(units.len()));
        cuts.insert(end(entity).min(units.len()));
    }
    let cuts: Vec<usize> = cuts.into_iter().collect();
    let mut out = String::new();
    for piece in cuts.windows(2) {
        let &[from, to] = piece else { continue };
        let covering = || entities.iter().filter(move |entity| entity.offset <= from && end(entity) >= to);
        let codes: String = covering().filter_map(|entity| code(entity.kind)).collect();
        let words = safe(&String::from_utf16_lossy(&units[from..to]));
        if style == Style::Ansi && !codes.is_empty() {
            out += &format!("{codes}{words}{RESET}");
        } else {
            out += &words;
        }
        for link in covering().filter(|entity| end(entity) == to).filter_map(|entity| entity.url.as_ref()) {
            out += &format!(" ({})", safe(link));
        }
    }
    out
}

fn end(entity: &Entity) -> usize {
    entity.offset.saturating_add(entity.length)
}

fn code(kind: EntityKind) -> Option<&'static str> {
    Some(match kind {
        EntityKind::Bold => "\x1b[1m",
        EntityKind::Italic | EntityKind::Blockquote | EntityKind::ExpandableBlockquote => "\x1b[3m",
        EntityKind::Underline | EntityKind::TextLink | EntityKind::Url => "\x1b[4m",
        EntityKind::Strikethrough => "\x1b[9m",
        EntityKind::Code | EntityKind::Pre => "\x1b[36m",
        // Hidden until it is selected, much as in the app.
        EntityKind::Spoiler => "\x1b[7m",
        _ => return None,
    })
}

/// Without control characters: a model's text must not move the cursor or rename the window.
pub(super) fn safe(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control() || matches!(letter, '\n' | '\t')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(text: &str, entities: serde_json::Value) -> Sent {
        serde_json::from_value(serde_json::json!({
            "message_id": 1, "chat_id": 42, "kind": "text", "text": text, "entities": entities,
        }))
        .unwrap()
    }

    #[test]
    fn formats_become_ansi_and_count_utf16_units() {
        let bold_in_italic = serde_json::json!([
            { "type": "italic", "offset": 0, "length": 9 },
            { "type": "bold", "offset": 3, "length": 2 },
        ]);
        let sent = sent("🐈 ok yes", bold_in_italic);
        assert_eq!(message(&sent, None, Style::Ansi), "\x1b[3m🐈 \x1b[0m\x1b[3m\x1b[1mok\x1b[0m\x1b[3m yes\x1b[0m");
        assert_eq!(message(&sent, None, Style::Plain), "🐈 ok yes");
    }

    #[test]
    fn links_are_shown_and_control_characters_are_not() {
        let link = serde_json::json!([{ "type": "text_link", "offset": 0, "length": 4, "url": "https://e.org" }]);
        assert_eq!(message(&sent("here\x1b]0;x\x07.", link), None, Style::Plain), "here (https://e.org)]0;x.");
    }

    #[test]
    fn an_entity_outside_of_the_text_does_no_harm() {
        let wild = serde_json::json!([{ "type": "bold", "offset": 3, "length": 9_000_000_000_u64 }]);
        assert_eq!(message(&sent("kitten", wild), None, Style::Plain), "kitten");
    }
}
