//! Which thinking setting a Gemini model takes: a level from 3 on, a budget before, and never both (that is a 400).
//!
//! The sets differ from model to model, and a level that a model does not know is a 400 as well: `minimal` went away
//! with 3.7 Flash. So whatever is asked for is brought to what the model takes, and models that are newer than this
//! table get `low`, which all of them have taken.

use serde::Serialize;

use super::super::request::{Thinking, ThinkingLevel};

/// `generationConfig.thinkingConfig`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum ThinkingConfig {
    ThinkingLevel(Level),
    ThinkingBudget(i32),
}

/// A level, as the API spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    Minimal,
    Low,
    Medium,
    High,
}

/// The setting for a model; `None` leaves it to the model, or says nothing to one that knows no thinking.
pub(super) fn config(model: &str, thinking: Thinking) -> Option<ThinkingConfig> {
    let model = model.strip_prefix("models/").unwrap_or(model);
    match generation(model) {
        Some((major, _)) if major >= 3 => level(model, thinking).map(ThinkingConfig::ThinkingLevel),
        Some((2, minor)) if minor >= 5 => Some(ThinkingConfig::ThinkingBudget(budget(model, thinking))),
        Some(_) => None,
        // An alias such as `gemini-flash-latest` points at a current model.
        None => level(model, thinking).map(ThinkingConfig::ThinkingLevel),
    }
}

/// Whether the model's tool calls must come back with a signature, or be refused.
pub(super) fn wants_signatures(model: &str) -> bool {
    generation(model.strip_prefix("models/").unwrap_or(model)).is_none_or(|(major, _)| major >= 3)
}

/// The version in a model's name: `gemini-2.5-flash` is (2, 5), `gemini-3-pro-preview` is (3, 0).
fn generation(model: &str) -> Option<(u32, u32)> {
    let version = model.strip_prefix("gemini-")?.split('-').next()?;
    let (major, minor) = version.split_once('.').unwrap_or((version, "0"));
    Some((major.parse().ok()?, minor.parse().ok()?))
}

fn level(model: &str, thinking: Thinking) -> Option<Level> {
    let wanted = match thinking {
        Thinking::Budget(budget) if budget < 0 => return None,
        Thinking::Budget(0) => ThinkingLevel::Minimal,
        Thinking::Budget(1..=2048) => ThinkingLevel::Low,
        Thinking::Budget(2049..=12_288) => ThinkingLevel::Medium,
        Thinking::Budget(_) => ThinkingLevel::High,
        Thinking::Level(level) => level,
    };
    let flash = model.contains("flash");
    let takes_minimal = match generation(model) {
        Some((3, minor)) => flash && (minor <= 6 || model.contains("flash-lite")),
        _ => false,
    };
    // The very first Pro knew two levels only.
    let takes_medium = flash || generation(model) != Some((3, 0));
    Some(match wanted {
        ThinkingLevel::Minimal if takes_minimal => Level::Minimal,
        ThinkingLevel::Minimal | ThinkingLevel::Low => Level::Low,
        ThinkingLevel::Medium if takes_medium => Level::Medium,
        ThinkingLevel::Medium | ThinkingLevel::High => Level::High,
    })
}

fn budget(model: &str, thinking: Thinking) -> i32 {
    const MODEL_DECIDES: i32 = -1;
    let (lowest, highest, can_be_off) = if model.contains("flash-lite") {
        (512, 24_576, true)
    } else if model.contains("pro") {
        (128, 32_768, false)
    } else {
        (1, 24_576, true)
    };
    let wanted = match thinking {
        Thinking::Budget(budget) if budget < 0 => return MODEL_DECIDES,
        Thinking::Budget(budget) => budget,
        Thinking::Level(ThinkingLevel::Minimal) => 0,
        Thinking::Level(ThinkingLevel::Low) => 1024,
        Thinking::Level(ThinkingLevel::Medium) => 8192,
        Thinking::Level(ThinkingLevel::High) => highest,
    };
    if wanted == 0 && can_be_off { 0 } else { wanted.clamp(lowest, highest) }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::the_default_model_refuses_minimal("gemini-3.8-flash", Thinking::Budget(0), r#"{"thinkingLevel":"low"}"#)]
    #[case::so_does_3_7("gemini-3.7-flash", Thinking::Budget(0), r#"{"thinkingLevel":"low"}"#)]
    #[case::older_flash_takes_it("gemini-3.6-flash", Thinking::Budget(0), r#"{"thinkingLevel":"minimal"}"#)]
    #[case::lite_takes_it("gemini-3.8-flash-lite", Thinking::Budget(0), r#"{"thinkingLevel":"minimal"}"#)]
    #[case::pro_never_did("gemini-3.1-pro-preview", Thinking::Budget(0), r#"{"thinkingLevel":"low"}"#)]
    #[case::the_first_pro_has_no_medium(
        "gemini-3-pro-preview",
        Thinking::Level(ThinkingLevel::Medium),
        r#"{"thinkingLevel":"high"}"#
    )]
    #[case::a_budget_becomes_a_level("gemini-3.8-flash", Thinking::Budget(4096), r#"{"thinkingLevel":"medium"}"#)]
    #[case::the_model_decides("gemini-3.8-flash", Thinking::Budget(-1), "null")]
    #[case::a_later_generation("gemini-4-flash", Thinking::Budget(0), r#"{"thinkingLevel":"low"}"#)]
    #[case::an_alias("gemini-flash-latest", Thinking::Budget(0), r#"{"thinkingLevel":"low"}"#)]
    #[case::off_on_2_5("gemini-2.5-flash", Thinking::Budget(0), r#"{"thinkingBudget":0}"#)]
    #[case::pro_cannot_be_off("gemini-2.5-pro", Thinking::Budget(0), r#"{"thinkingBudget":128}"#)]
    #[case::lite_starts_at_512("gemini-2.5-flash-lite", Thinking::Budget(100), r#"{"thinkingBudget":512}"#)]
    #[case::not_too_much("models/gemini-2.5-flash", Thinking::Budget(999_999), r#"{"thinkingBudget":24576}"#)]
    #[case::dynamic_on_2_5("gemini-2.5-flash", Thinking::Budget(-1), r#"{"thinkingBudget":-1}"#)]
    #[case::a_level_becomes_a_budget(
        "gemini-2.5-flash",
        Thinking::Level(ThinkingLevel::Low),
        r#"{"thinkingBudget":1024}"#
    )]
    #[case::no_thinking_before_2_5("gemini-2.0-flash", Thinking::Budget(0), "null")]
    fn a_model_gets_the_setting_that_it_takes(#[case] model: &str, #[case] thinking: Thinking, #[case] expected: &str) {
        assert_eq!(serde_json::to_string(&config(model, thinking)).unwrap(), expected);
    }
}
