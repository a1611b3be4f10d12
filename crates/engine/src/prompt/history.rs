//! What was said, as the model sees it.

use evolve_domain::safety::hidden;
use evolve_store::messages;

use crate::model;

/// Stands for a picture that is not shown any more.
pub const PHOTO: &str = "[photo]";
/// Stands for what the person did not say where the companion wrote first.
const NOTHING_SAID: &str = "[…]";

/// As much of the end of a history as fits `budget` tokens.
#[must_use]
pub fn fitting(messages: &[messages::Message], budget: u32) -> &[messages::Message] {
    let mut left = budget;
    let fits = |message: &&messages::Message| {
        let rest = left.checked_sub(evolve_domain::tokens::estimate(&message.text));
        left = rest.unwrap_or_default();
        rest.is_some()
    };
    let kept = messages.iter().rev().take_while(fits).count();
    &messages[messages.len() - kept..]
}

/// The history as the model sees it: oldest first, as much of its end as fits `budget` tokens, messages of one side in a
/// row joined (a message that got no answer is followed by the next one of the same person).
#[must_use]
pub fn history(messages: &[messages::Message], budget: u32) -> (Vec<model::Message>, bool) {
    let kept = fitting(messages, budget);
    let whole = kept.len() == messages.len();
    let mut history: Vec<model::Message> = Vec::new();
    for message in kept {
        let role = match message.role {
            messages::Role::User => model::Role::User,
            messages::Role::Assistant => model::Role::Assistant,
        };
        let mut parts = Vec::new();
        // What the model drew itself is told only where it said nothing: it would learn to write that instead of drawing.
        if message.has_image && (message.role == messages::Role::User || message.text.is_empty()) {
            parts.push(model::Part::Text(PHOTO.to_owned()));
        }
        let text = hidden::without(&message.text);
        if !text.is_empty() {
            parts.push(model::Part::Text(text));
        }
        match history.last_mut() {
            // It was to be forgotten.
            _ if parts.is_empty() => {}
            Some(last) if last.role == role => last.parts.extend(parts),
            _ => history.push(model::Message { role, parts }),
        }
    }
    // Models expect the person to speak first.
    if history.first().is_some_and(|first| first.role == model::Role::Assistant) {
        if whole {
            history.insert(0, model::Message::user(NOTHING_SAID.to_owned()));
        } else {
            history.remove(0);
        }
    }
    (history, whole)
}
