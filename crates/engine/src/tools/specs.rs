//! The tools as they are offered to a model.

use std::sync::{Arc, LazyLock};

use evolve_domain::fact::Category;
use serde_json::{Value, json};

use super::Tool;
use crate::model::ToolSpec;

/// Every tool, in an order that never changes (it is part of the cached prefix).
#[must_use]
pub fn specs() -> Arc<[ToolSpec]> {
    static SPECS: LazyLock<Arc<[ToolSpec]>> = LazyLock::new(|| {
        let spec = |tool: Tool| {
            let (description, parameters) = describe(tool);
            ToolSpec { name: tool.name().to_owned(), description: description.to_owned(), parameters }
        };
        Tool::ALL.map(spec).into()
    });
    Arc::clone(&SPECS)
}

fn describe(tool: Tool) -> (&'static str, Value) {
    match tool {
        Tool::Remember => (
            "Remember a lasting fact about the person, in one short sentence in their language. Not for name, gender, birthday, occupation, city or time zone.",
            json!({
                "type": "object",
                "properties": {
                    "fact": {"type": "string", "description": "The fact, in the third person"},
                    "category": {"type": "string", "enum": Category::ALL.map(Category::as_str)},
                    "replaces": {"type": "string", "description": "The fact that this one brings up to date, as it stands in the section Facts; leave out if there is none"},
                    "date": {"type": "string", "description": "YYYY-MM-DD: the day that it is about, for plans and events; leave out if none was named"},
                    "confidence": {"type": "number", "description": "From 0 to 1: how sure it is. What the person said outright is 0.95, a guess 0.4"},
                },
                "required": ["fact", "category"],
            }),
        ),
        Tool::Forget => (
            "Forget a fact, or a field of the section Profile, when the person asks to: it is removed everywhere. When it is only no longer true, say so with `outdated`, or give what is true now to `remember` with `replaces`.",
            json!({
                "type": "object",
                "properties": {
                    "fact": {"type": "string", "description": "The fact as it stands in the section Facts, or in `held_once` of `recall`, or the name of the field: name, gender, birthday, occupation or city"},
                    "outdated": {"type": "boolean", "description": "Whether it is only no longer true: then it is kept as history"},
                },
                "required": ["fact"],
            }),
        ),
        Tool::Recall => (
            "Search all that was ever said between you and the person, and the facts that held once, for what you do not see in the history.",
            json!({
                "type": "object",
                "properties": {"query": {"type": "string", "description": "What to look for: a question, or words that were likely used; with the month or the year where they matter"}},
                "required": ["query"],
            }),
        ),
        Tool::SetProfile => (
            "Save what the person said of themselves. Give only what they said.",
            json!({
                "type": "object",
                "properties": {
                    "name": {"type": "string", "description": "What they want to be called"},
                    "gender": {"type": "string"},
                    "birthday": {"type": "string", "description": "YYYY-MM-DD"},
                    "occupation": {"type": "string"},
                    "city": {"type": "string"},
                    "time_zone": {"type": "string", "description": "IANA name, such as Europe/Moscow"},
                },
            }),
        ),
        Tool::CurrentTime => ("The date and time where the person lives.", json!({"type": "object", "properties": {}})),
    }
}
