//! Reports: the days of the bot, in numbers, each made by the job `roll_up` and read by everything that shows numbers.
//!
//! [`make`] makes a day, in one transaction on one snapshot; [`read`] reads days. Nothing here reads messages: what is counted of one
//! is in its turn. `docs/analytics.md` says what each number means.

mod make;
mod read;
mod statements;
mod used;

#[cfg(test)]
pub(crate) use read::ASKED;
#[cfg(test)]
pub(crate) use statements::MADE_OF;

use chrono::{DateTime, NaiveDate, Utc};
use evolve_domain::report::ModelPrices;
use sqlx::FromRow;
use uuid::Uuid;

pub use used::{Feature, FeatureDay, Hour, Model, ModelDay, PersonCost, Took, Tool};

use crate::Store;

/// What people use of the bot, as `report_features` calls it.
pub const FEATURES: [&str; 9] =
    ["voice_in", "voice_out", "pictures_in", "pictures_out", "groups", "remade", "tools", "reactions", "first_words"];

/// Reports. Borrowed from [`Store::reports`].
#[derive(Debug)]
pub struct Reports<'a>(&'a Store);

impl Store {
    /// Reports.
    #[must_use]
    pub fn reports(&self) -> Reports<'_> {
        Reports(self)
    }
}

/// A day that is to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct Making<'a> {
    /// Which.
    pub day: NaiveDate,
    /// Whose day it is: the IANA name of a time zone.
    pub zone: &'a str,
    /// Its first moment.
    pub begins_at: DateTime<Utc>,
    /// The first moment that is not its own.
    pub ends_at: DateTime<Utc>,
    /// When each of its hours begins, ascending, and which it is. Empty for a day without a moment.
    pub hours: Vec<(DateTime<Utc>, u8)>,
    /// The Monday of its week.
    pub monday: NaiveDate,
    /// What tokens cost.
    pub prices: &'a ModelPrices,
    /// Whether what is now of people (plan, level, whether they have blocked the bot) tells how it was at its end.
    pub is_fresh: bool,
    /// Whether it is made for the last time.
    pub closes: bool,
    /// When.
    pub now: DateTime<Utc>,
}

/// What there is to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromRow)]
pub struct Known {
    /// The last day that is closed.
    pub last_closed: Option<NaiveDate>,
    /// Where it ended.
    pub closed_until: Option<DateTime<Utc>>,
    /// When the first thing happened that could be counted.
    pub first: Option<DateTime<Utc>>,
}

/// A day. See the columns of `report_days`.
#[derive(Clone, Debug, Default, PartialEq, Eq, FromRow)]
pub struct Day {
    /// Which.
    pub day: NaiveDate,
    /// The time zone whose day it is.
    pub zone: String,
    /// Its first moment.
    pub begins_at: DateTime<Utc>,
    /// The first moment that is not its own.
    pub ends_at: DateTime<Utc>,
    /// When it was made last.
    pub made_at: DateTime<Utc>,
    /// When it was made for the last time.
    pub closed_at: Option<DateTime<Utc>>,
    /// People who came before its end.
    pub people: i64,
    /// Who came on it.
    pub new_people: i64,
    /// Who said something.
    pub active: i64,
    /// Who of them came on a day before.
    pub came_back: i64,
    /// Who said something within seven days.
    pub active_7: i64,
    /// Who said something within thirty days.
    pub active_30: i64,
    /// People on premium; nothing where it is not known.
    pub premium: Option<i64>,
    /// People who had the bot blocked; nothing where it is not known.
    pub blocked: Option<i64>,
    /// Who pays.
    pub paying: i64,
    /// Who of them paid thirty days before.
    pub paying_30: i64,
    /// Messages in private chats.
    pub messages: i64,
    /// Messages elsewhere.
    pub asides: i64,
    /// Turns that were answered.
    pub replies: i64,
    /// Turns that were not.
    pub failed: i64,
    /// Tokens of prompts.
    pub input_tokens: i64,
    /// Tokens of answers.
    pub output_tokens: i64,
    /// Tokens of models without a price.
    pub unpriced_tokens: i64,
    /// What the others cost, picodollars.
    pub cost: i64,
}

/// How many people are on a level.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct OnLevel {
    /// The highest that they reached; 0 for who was never answered.
    pub level: i16,
    /// The plan in force.
    pub plan: String,
    /// How many.
    pub people: i64,
}

/// Of who came in a day or week, how many said something in one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromRow)]
pub struct CameBack {
    /// When they came: the day, or the Monday.
    pub came: NaiveDate,
    /// When they said something: the day, or the Monday.
    pub period: NaiveDate,
    /// How many.
    pub people: i64,
}

/// The unit of cohorts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Days.
    Day,
    /// Weeks, from Monday.
    Week,
}

impl Unit {
    /// As it is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
        }
    }
}

/// Money of a day in one currency, in its smallest unit.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Money {
    /// The day.
    pub day: NaiveDate,
    /// The currency.
    pub currency: String,
    /// Payments that were booked.
    pub payments: i64,
    /// What they came to.
    pub sales: i64,
    /// What was given back.
    pub refunds: i64,
    /// What the payments come to that cover its last moment.
    pub mrr: i64,
    /// Whose they are.
    pub paying: i64,
}

/// By what people are ranked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// What they said.
    Messages,
    /// What they cost.
    Cost,
}

impl By {
    /// As it is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::Cost => "cost",
        }
    }
}

/// Somebody who is among the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromRow)]
pub struct Top {
    /// Their Telegram id.
    pub user_id: i64,
    /// What they said.
    pub messages: i64,
    /// Answers that they got.
    pub replies: i64,
    /// Tokens of both kinds.
    pub tokens: i64,
    /// What these cost, picodollars.
    pub cost: i64,
}

/// Where a list of conversations goes on: after the one in which something was said last at this time, and that has this id.
pub type DialogPlace = (DateTime<Utc>, Uuid);

/// A conversation, without a word of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromRow)]
pub struct Dialog {
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    pub user_id: i64,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When something was said in it last.
    pub last_message_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// Messages of both sides.
    pub messages: i32,
}
