//! Makes days.
//!
//! A day is made in one transaction, on one snapshot, so that its tables agree with each other. `LOCK TABLE` comes before the
//! snapshot is taken: of two replicas one waits, and sees then what the other wrote. Who is removed at that moment makes it fail, since
//! their row would be written again: then nothing is written, and it is made anew a minute later.
//!
//! Nobody who talks waits for it: of people it holds no more than that they are there.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use evolve_domain::report::ModelPrices;
use sqlx::PgConnection;

use super::{
    Known, Making, Reports,
    statements::{
        BEGIN, CLEAR, CLEAR_TOPS, CLEAR_WEEK, CLOSE, COHORT_DAYS, COHORT_WEEKS, DROP_COHORTS, DROP_DAYS, FEATURES,
        HOURS, LEVELS, MODELS, MONEY, PEOPLE, TIMES, TOOLS, TOPS, TOTALS,
    },
};
use crate::StoreError;

/// People in each list of the first.
const TOP: i64 = 50;

const SNAPSHOT: &str = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ";

const LOCK: &str = "LOCK TABLE report_days IN SHARE ROW EXCLUSIVE MODE";

const KNOWN: &str = "
    SELECT closed.day AS last_closed, closed.ends_at AS closed_until,
           LEAST((SELECT min(created_at) FROM users), (SELECT min(COALESCE(counted_at, started_at)) FROM turns)) AS first
    FROM (SELECT) AS one LEFT JOIN LATERAL (
        SELECT day, ends_at FROM report_days WHERE closed_at IS NOT NULL ORDER BY day DESC LIMIT 1) AS closed ON true";

/// Prices as columns: model, input, output.
type Prices<'a> = (Vec<&'a str>, Vec<i64>, Vec<i64>);

fn columns(prices: &ModelPrices) -> Prices<'_> {
    let mut columns = Prices::default();
    for (model, price) in prices.iter() {
        columns.0.push(model);
        columns.1.push(price.input);
        columns.2.push(price.output);
    }
    columns
}

impl Reports<'_> {
    /// What there is to make.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn known(&self) -> Result<Known, StoreError> {
        Ok(sqlx::query_as(KNOWN).fetch_one(&self.0.pool).await?)
    }

    /// Makes a day anew; false, and nothing changes, where it is closed.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    pub async fn make(&self, making: &Making<'_>) -> Result<bool, StoreError> {
        let made = async {
            let mut transaction = self.0.pool.begin().await?;
            sqlx::query(SNAPSHOT).execute(&mut *transaction).await?;
            sqlx::query(LOCK).execute(&mut *transaction).await?;
            let is_open = make(&mut transaction, making).await?;
            if is_open {
                transaction.commit().await?;
            }
            Ok(is_open)
        };
        self.0.pool.within(made).await
    }

    /// Drops open days after this one that were made before `now`: of a zone further east, where it was tomorrow already. What was in them
    /// is in this one.
    ///
    /// # Errors
    /// [`StoreError`]; then they are as before.
    pub async fn drop_after(&self, newest: NaiveDate, monday: NaiveDate, now: DateTime<Utc>) -> Result<(), StoreError> {
        let dropped = async {
            let mut transaction = self.0.pool.begin().await?;
            let dropped = sqlx::query(DROP_DAYS).bind(newest).bind(now).execute(&mut *transaction).await?;
            if dropped.rows_affected() > 0 {
                sqlx::query(DROP_COHORTS).bind(newest).bind(monday).execute(&mut *transaction).await?;
            }
            Ok(transaction.commit().await?)
        };
        self.0.pool.within(dropped).await
    }

    /// Makes the lists of the first, of the days that end with this one.
    ///
    /// # Errors
    /// [`StoreError`]; then they are as before.
    pub async fn rank(&self, newest: NaiveDate) -> Result<(), StoreError> {
        let ranked = async {
            let mut transaction = self.0.pool.begin().await?;
            sqlx::query(SNAPSHOT).execute(&mut *transaction).await?;
            sqlx::query(LOCK).execute(&mut *transaction).await?;
            sqlx::query(CLEAR_TOPS).execute(&mut *transaction).await?;
            sqlx::query(TOPS).bind(newest).bind(TOP).execute(&mut *transaction).await?;
            Ok(transaction.commit().await?)
        };
        self.0.pool.within(ranked).await
    }
}

/// Until when counts what is to be so at the end of the day: its end, or now, while it is not over.
fn until(making: &Making<'_>) -> DateTime<Utc> {
    (making.now + TimeDelta::microseconds(1)).min(making.ends_at)
}

async fn make(connection: &mut PgConnection, making: &Making<'_>) -> Result<bool, StoreError> {
    let (day, begins, ends, until) = (making.day, making.begins_at, making.ends_at, until(making));
    let begun = sqlx::query(BEGIN).bind(day).bind(making.zone).bind(begins).bind(ends).bind(making.now);
    if begun.execute(&mut *connection).await?.rows_affected() == 0 {
        return Ok(false);
    }
    people(connection, making, until).await?;
    let totals = sqlx::query(TOTALS).bind(day).bind(begins).bind(ends).bind(until).bind(making.is_fresh);
    totals.execute(&mut *connection).await?;
    for clear in CLEAR {
        sqlx::query(clear).bind(day).execute(&mut *connection).await?;
    }
    turns(connection, making).await?;
    if making.is_fresh {
        sqlx::query(LEVELS).bind(day).bind(ends).bind(until).execute(&mut *connection).await?;
    }
    sqlx::query(COHORT_DAYS).bind(day).execute(&mut *connection).await?;
    sqlx::query(CLEAR_WEEK).bind(making.monday).execute(&mut *connection).await?;
    sqlx::query(COHORT_WEEKS).bind(day).bind(making.monday).execute(&mut *connection).await?;
    sqlx::query(MONEY).bind(day).bind(begins).bind(ends).bind(until).execute(&mut *connection).await?;
    if making.closes {
        sqlx::query(CLOSE).bind(day).bind(making.now).execute(connection).await?;
    }
    Ok(true)
}

async fn people(connection: &mut PgConnection, making: &Making<'_>, until: DateTime<Utc>) -> Result<(), StoreError> {
    let (models, input, output) = columns(making.prices);
    sqlx::query(PEOPLE)
        .bind(making.day)
        .bind(making.begins_at)
        .bind(making.ends_at)
        .bind(until)
        .bind(models)
        .bind(input)
        .bind(output)
        .execute(connection)
        .await?;
    Ok(())
}

/// What is read of turns and of people's days, and names nobody.
async fn turns(connection: &mut PgConnection, making: &Making<'_>) -> Result<(), StoreError> {
    let (day, begins, ends) = (making.day, making.begins_at, making.ends_at);
    let (models, input, output) = columns(making.prices);
    let query = sqlx::query(MODELS).bind(day).bind(begins).bind(ends).bind(models).bind(input).bind(output);
    query.execute(&mut *connection).await?;
    sqlx::query(TOOLS).bind(day).bind(begins).bind(ends).execute(&mut *connection).await?;
    sqlx::query(FEATURES).bind(day).execute(&mut *connection).await?;
    let (starts, hours): (Vec<DateTime<Utc>>, Vec<i16>) =
        making.hours.iter().map(|(start, hour)| (*start, i16::from(*hour))).unzip();
    if !starts.is_empty() {
        let query = sqlx::query(HOURS).bind(day).bind(begins).bind(ends).bind(starts).bind(hours);
        query.execute(&mut *connection).await?;
    }
    sqlx::query(TIMES).bind(day).bind(begins).bind(ends).execute(connection).await?;
    Ok(())
}
