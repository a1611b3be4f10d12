//! What comes in, and what it costs.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ModelUse;

/// Money of a day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RevenueDay {
    /// Which.
    pub day: NaiveDate,
    /// Payments that were booked.
    pub payments: i64,
    /// What they came to.
    pub sales: i64,
    /// What was given back.
    pub refunds: i64,
    /// What recurred at its end.
    pub mrr: i64,
    /// People who paid at its end.
    pub paying_users: i64,
}

/// Money in one currency, in its smallest unit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CurrencyRevenue {
    /// Which; `XTR` are Telegram Stars.
    #[schema(example = "XTR")]
    pub currency: String,
    /// Payments of the days.
    pub payments: i64,
    /// What they came to.
    pub sales: i64,
    /// What was given back in the days.
    pub refunds: i64,
    /// What recurs in thirty days: the payments whose thirty days are now.
    pub mrr: i64,
    /// Twelve times that.
    pub arr: i64,
    /// People who pay in it.
    pub paying_users: i64,
    /// What came in, in thirty days and without what was given back, by MAU.
    pub arpu: Option<f64>,
    /// What recurs, by people who pay.
    pub arppu: Option<f64>,
    /// What somebody who pays brings until they pay no more: ARPPU by churn.
    pub ltv: Option<f64>,
    /// Each of the days with any money, oldest first.
    pub days: Vec<RevenueDay>,
}

/// Somebody, by what they said or cost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TopUser {
    /// Their Telegram id.
    pub user_id: i64,
    /// What they said, wherever.
    pub messages: i64,
    /// Answers that they got.
    pub replies: i64,
    /// Tokens of both kinds.
    pub tokens: i64,
    /// What these cost.
    pub cost_microdollars: i64,
}

/// What comes in, and what models cost.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RevenueResponse {
    /// When the numbers were made last.
    pub as_of: Option<DateTime<Utc>>,
    /// Whose days they are.
    pub time_zone: String,
    /// People who pay.
    pub paying_users: i64,
    /// Of who paid thirty days ago, the part that pays no more.
    pub churn_rate: Option<f64>,
    /// By currency; never added up.
    pub currencies: Vec<CurrencyRevenue>,
    /// What models cost in the days.
    pub cost_microdollars: i64,
    /// That, by each person on each day on which they said something.
    pub cost_microdollars_per_active_day: Option<f64>,
    /// Tokens of the days that have no price.
    pub unpriced_tokens: i64,
    /// By model.
    pub models: Vec<ModelUse>,
    /// Who cost most in thirty days; nobody for who may not see people (the permission `people`).
    pub top_users: Vec<TopUser>,
}
