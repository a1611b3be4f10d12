//! What people use of the bot, and what models do and cost, as it is read.

use chrono::NaiveDate;
use sqlx::FromRow;

/// What a model did over some days.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Model {
    /// Which.
    pub model: String,
    /// Turns that it answered.
    pub turns: i64,
    /// Tokens of prompts.
    pub input_tokens: i64,
    /// Tokens of answers.
    pub output_tokens: i64,
    /// Tokens, of both kinds, of days on which it had no price.
    pub unpriced_tokens: i64,
    /// What the others cost, picodollars.
    pub cost: i64,
}

/// What a model cost on a day.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct ModelDay {
    /// The day.
    pub day: NaiveDate,
    /// Which.
    pub model: String,
    /// Picodollars; nothing where it had no price.
    pub cost: i64,
}

/// How a tool was used over some days.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Tool {
    /// Which.
    pub tool: String,
    /// Calls.
    pub calls: i64,
    /// Those that did not do what was asked.
    pub failed: i64,
    /// People for whom, each day's added up.
    pub person_days: i64,
}

/// How a feature was used over some days.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Feature {
    /// Which of [`super::FEATURES`].
    pub feature: String,
    /// How often.
    pub uses: i64,
    /// By how many people, each day's added up.
    pub person_days: i64,
}

/// How a feature was used on a day.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct FeatureDay {
    /// The day.
    pub day: NaiveDate,
    /// Which of [`super::FEATURES`].
    pub feature: String,
    /// How often.
    pub uses: i64,
}

/// What models did for one person since a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromRow)]
pub struct PersonCost {
    /// Answers that they got.
    pub replies: i64,
    /// Tokens of prompts.
    pub input_tokens: i64,
    /// Tokens of answers.
    pub output_tokens: i64,
    /// Tokens, of both kinds, of models without a price: `cost` holds nothing for them.
    pub unpriced_tokens: i64,
    /// What the others cost, picodollars.
    pub cost: i64,
}

/// An hour of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromRow)]
pub struct Hour {
    /// The day.
    pub day: NaiveDate,
    /// The hour, 0 to 23.
    pub hour: i16,
    /// Messages, wherever they were said.
    pub messages: i64,
    /// Who said them.
    pub people: i64,
}

/// How many answers took so long over some days.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Took {
    /// `first` or `whole`.
    pub what: String,
    /// Milliseconds, to two significant digits.
    pub ms: i64,
    /// How many.
    pub turns: i64,
}
