//! Reads days. Every statement reads a few hundred rows of the report tables, whatever happened.

use chrono::NaiveDate;
use sqlx::{AssertSqlSafe, Row as _};

use super::{
    By, CameBack, Day, Dialog, DialogPlace, Feature, FeatureDay, Hour, Model, ModelDay, Money, OnLevel, PersonCost,
    Reports, Took, Tool, Top, Unit,
};
use crate::StoreError;

/// The newest of those that are there. $1 how many.
const DAYS: &str = "
    SELECT day, zone, begins_at, ends_at, made_at, closed_at, people, new_people, active, came_back, active_7, active_30, premium,
           blocked, paying, paying_30, messages, asides, replies, failed, input_tokens, output_tokens, unpriced_tokens, cost
    FROM report_days ORDER BY day DESC LIMIT $1";

/// $1 since when.
const MODELS: &str = "
    SELECT model, sum(turns)::bigint AS turns, sum(input_tokens)::bigint AS input_tokens,
           sum(output_tokens)::bigint AS output_tokens,
           COALESCE(sum(input_tokens + output_tokens) FILTER (WHERE cost IS NULL), 0)::bigint AS unpriced_tokens,
           COALESCE(sum(cost), 0)::bigint AS cost
    FROM report_models WHERE day >= $1 GROUP BY model ORDER BY turns DESC, model";

/// $1 since when.
const MODEL_DAYS: &str = "
    SELECT day, model, COALESCE(cost, 0) AS cost FROM report_models WHERE day >= $1 ORDER BY day, model";

/// A row for each of the days. $1 whose, $2 since when.
const COSTS_OF: &str = "
    SELECT COALESCE(sum(d.replies), 0)::bigint AS replies, COALESCE(sum(d.input_tokens), 0)::bigint AS input_tokens,
           COALESCE(sum(d.output_tokens), 0)::bigint AS output_tokens,
           COALESCE(sum(d.unpriced_tokens), 0)::bigint AS unpriced_tokens, COALESCE(sum(d.cost), 0)::bigint AS cost
    FROM unnest($2::date[]) WITH ORDINALITY AS p (since, place)
    LEFT JOIN report_person_days d ON d.user_id = $1 AND d.day >= p.since
    GROUP BY p.place ORDER BY p.place";

/// $1 since when.
const TOOLS: &str = "
    SELECT tool, sum(calls)::bigint AS calls, sum(failed)::bigint AS failed, sum(people)::bigint AS person_days
    FROM report_tools WHERE day >= $1 GROUP BY tool ORDER BY calls DESC, tool";

/// $1 since when.
const FEATURES: &str = "
    SELECT feature, sum(uses)::bigint AS uses, sum(people)::bigint AS person_days
    FROM report_features WHERE day >= $1 GROUP BY feature ORDER BY feature";

/// $1 since when.
const FEATURE_DAYS: &str = "SELECT day, feature, uses FROM report_features WHERE day >= $1 ORDER BY day, feature";

/// $1 since when.
const HOURS: &str = "SELECT day, hour, messages, people FROM report_hours WHERE day >= $1 ORDER BY day, hour";

/// $1 since when.
const TIMES: &str = "
    SELECT what, ms, sum(turns)::bigint AS turns FROM report_times WHERE day >= $1 GROUP BY what, ms ORDER BY what, ms";

/// The newest that are known. A day names its levels where what was then was known.
const LEVELS: &str = "
    SELECT level, plan, people FROM report_levels
    WHERE day = (SELECT day FROM report_levels ORDER BY day DESC LIMIT 1) ORDER BY level, plan";

/// $1 unit, $2 since when they came.
const COHORTS: &str = "
    SELECT came, period, people FROM report_cohorts WHERE unit = $1 AND period >= $2 AND came >= $2 ORDER BY came, period";

/// $1 since when.
const MONEY: &str = "
    SELECT day, currency, payments, sales, refunds, mrr, paying FROM report_money WHERE day >= $1 ORDER BY currency, day";

/// $1 of how many days, $2 by what, $3 how many.
const TOPS: &str = "
    SELECT user_id, messages, replies, tokens, cost FROM report_tops WHERE days = $1 AND by = $2 ORDER BY place LIMIT $3";

/// $1 how many.
const DIALOGS: &str = "
    SELECT id, user_id, started_at, last_message_at, ended_at, messages FROM conversations
    ORDER BY last_message_at DESC, id DESC LIMIT $1";

/// $1 how many, $2/$3 when something was said last in the one before, and its id.
const DIALOGS_BEFORE: &str = "
    SELECT id, user_id, started_at, last_message_at, ended_at, messages FROM conversations
    WHERE (last_message_at, id) < ($2, $3) ORDER BY last_message_at DESC, id DESC LIMIT $1";

/// Statements of this file that are worth a look at their plan, by what they are called in logs.
const EXPLAINED: [(&str, &str); 4] =
    [("summary", DAYS), ("activity", HOURS), ("recent_dialogs", DIALOGS), ("top_users", TOPS)];

/// Every statement of this file, and values to ask it with, for the test that none reads what was said.
#[cfg(test)]
pub(crate) const ASKED: [(&str, &str); 14] = [
    (DAYS, "60"),
    (MODELS, "'2026-11-01'"),
    (MODEL_DAYS, "'2026-11-01'"),
    (COSTS_OF, "7, '{2026-11-01,2026-10-01}'"),
    (TOOLS, "'2026-11-01'"),
    (FEATURES, "'2026-11-01'"),
    (HOURS, "'2026-11-01'"),
    (TIMES, "'2026-11-01'"),
    (LEVELS, ""),
    (COHORTS, "'day', '2026-11-01'"),
    (MONEY, "'2026-11-01'"),
    (TOPS, "30, 'messages', 10"),
    (DIALOGS, "10"),
    (DIALOGS_BEFORE, "10, '2026-11-10', '00000000-0000-0000-0000-000000000007'"),
];

impl Reports<'_> {
    /// The newest days, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn days(&self, limit: u32) -> Result<Vec<Day>, StoreError> {
        Ok(sqlx::query_as(DAYS).bind(i64::from(limit)).fetch_all(&self.0.pool).await?)
    }

    /// What each model did since a day, who answered most first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn models(&self, since: NaiveDate) -> Result<Vec<Model>, StoreError> {
        Ok(sqlx::query_as(MODELS).bind(since).fetch_all(&self.0.pool).await?)
    }

    /// What each model cost on each day since one, in their order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn model_days(&self, since: NaiveDate) -> Result<Vec<ModelDay>, StoreError> {
        Ok(sqlx::query_as(MODEL_DAYS).bind(since).fetch_all(&self.0.pool).await?)
    }

    /// What models did for somebody since each of these days, in their order, of the days that are kept.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn costs_of(&self, user_id: i64, since: &[NaiveDate]) -> Result<Vec<PersonCost>, StoreError> {
        Ok(sqlx::query_as(COSTS_OF).bind(user_id).bind(since).fetch_all(&self.0.pool).await?)
    }

    /// How each tool was used since a day, the most used first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tools(&self, since: NaiveDate) -> Result<Vec<Tool>, StoreError> {
        Ok(sqlx::query_as(TOOLS).bind(since).fetch_all(&self.0.pool).await?)
    }

    /// How each feature was used since a day; those that were not are not among them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn features(&self, since: NaiveDate) -> Result<Vec<Feature>, StoreError> {
        Ok(sqlx::query_as(FEATURES).bind(since).fetch_all(&self.0.pool).await?)
    }

    /// How often each feature was used on each day since one, in their order; those that were not are not among them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn feature_days(&self, since: NaiveDate) -> Result<Vec<FeatureDay>, StoreError> {
        Ok(sqlx::query_as(FEATURE_DAYS).bind(since).fetch_all(&self.0.pool).await?)
    }

    /// The hours since a day in which something was said, in their order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn hours(&self, since: NaiveDate) -> Result<Vec<Hour>, StoreError> {
        Ok(sqlx::query_as(HOURS).bind(since).fetch_all(&self.0.pool).await?)
    }

    /// How long answers took since a day, ascending.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn times(&self, since: NaiveDate) -> Result<Vec<Took>, StoreError> {
        Ok(sqlx::query_as(TIMES).bind(since).fetch_all(&self.0.pool).await?)
    }

    /// How many people are on which level and plan, as far as it was counted last.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn levels(&self) -> Result<Vec<OnLevel>, StoreError> {
        Ok(sqlx::query_as(LEVELS).fetch_all(&self.0.pool).await?)
    }

    /// Who came back, of those who came since a day (of weeks: its Monday).
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn cohorts(&self, unit: Unit, since: NaiveDate) -> Result<Vec<CameBack>, StoreError> {
        Ok(sqlx::query_as(COHORTS).bind(unit.as_str()).bind(since).fetch_all(&self.0.pool).await?)
    }

    /// Money of each day since one, by currency.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn money(&self, since: NaiveDate) -> Result<Vec<Money>, StoreError> {
        Ok(sqlx::query_as(MONEY).bind(since).fetch_all(&self.0.pool).await?)
    }

    /// Who comes first, of the last 1, 7 or 30 days.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tops(&self, days: u16, by: By, limit: u32) -> Result<Vec<Top>, StoreError> {
        let query = sqlx::query_as(TOPS).bind(i16::try_from(days).unwrap_or_default()).bind(by.as_str());
        Ok(query.bind(i64::from(limit)).fetch_all(&self.0.pool).await?)
    }

    /// The conversations in which something was said last, newest first, before one of them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn dialogs(&self, before: Option<DialogPlace>, limit: u32) -> Result<Vec<Dialog>, StoreError> {
        let limit = i64::from(limit);
        let query = match before {
            None => sqlx::query_as(DIALOGS).bind(limit),
            Some((at, id)) => sqlx::query_as(DIALOGS_BEFORE).bind(limit).bind(at).bind(id),
        };
        Ok(query.fetch_all(&self.0.pool).await?)
    }

    /// How Postgres goes about a statement of `/api/v1/stats`, run once more: its plan, a line each. Nothing for a name that none
    /// has.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn explain(
        &self,
        name: &str,
        since: NaiveDate,
        days: u16,
        limit: u32,
    ) -> Result<Vec<String>, StoreError> {
        let Some((name, statement)) = EXPLAINED.into_iter().find(|(known, _)| *known == name) else {
            return Ok(Vec::new());
        };
        // Two constants.
        let query = sqlx::query(AssertSqlSafe(format!("EXPLAIN (ANALYZE, BUFFERS) {statement}")));
        let query = match name {
            "activity" => query.bind(since),
            "top_users" => {
                query.bind(i16::try_from(days).unwrap_or_default()).bind(By::Messages.as_str()).bind(i64::from(limit))
            }
            "summary" => query.bind(i64::from(days)),
            _ => query.bind(i64::from(limit)),
        };
        let rows = query.fetch_all(&self.0.pool).await?;
        rows.into_iter().map(|row| Ok(row.try_get(0)?)).collect()
    }
}
