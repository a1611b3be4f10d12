//! The Show: somebody who has just got in sees a month of life, and everything on the pages agrees with SQL over what happened, which
//! knows nothing of reports.

mod cohorts;
mod money;
mod tools;

use chrono::NaiveDate;
use evolve_api::panel::words::{Unit, Words};
use sqlx::{FromRow, PgPool, postgres::PgRow};

use super::{
    installation::{Installation, Month},
    person::Person,
    reading::{Rows, Shown},
};
use crate::{browser::Browser, processes::stop};

/// Each period of the pages, and how many days it has.
const PERIODS: [(&str, i32); 3] = [("day", 1), ("week", 7), ("month", 30)];

/// Whoever compares what a page shows with what SQL says.
struct Auditor<'a> {
    anna: Person<'a>,
    sql: &'a PgPool,
    month: Month,
    words: Words,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_month_of_life_is_on_the_pages_as_sql_has_it() {
    let Some(installation) = Installation::empty("whether the panel's numbers agree with SQL").await else { return };
    let Some(browser) = Browser::open().await else { return };
    let month = installation.lives_a_month().await;
    let api = installation.api().await;
    let anna = Person::enters(&browser, &installation).await;
    installation.is_counted().await;
    let auditor = Auditor { anna, sql: &installation.ground.sql, month, words: installation.words() };
    for (period, days) in PERIODS {
        overview(&auditor, period, days).await;
        money::agrees(&auditor, period, days).await;
        tools::agrees(&auditor, period, days).await;
    }
    money::subscribers(&auditor).await;
    cohorts::agree(&auditor).await;
    cohorts::funnel(&auditor).await;
    on_a_phone(&auditor.anna).await;
    assert_eq!(stop(api).await, Some(0));
    browser.close().await;
}

/// $1 since when.
const ACTIVE: &str = "SELECT count(DISTINCT user_id) FROM turns WHERE started_at >= $1";
const NEW: &str = "SELECT count(*) FROM users WHERE created_at >= $1";
const MESSAGES: &str = "SELECT count(*) FROM turns WHERE started_at >= $1";
/// Microdollars, each day's to the nearest one.
const COST: &str = "
    SELECT sum(cost)::bigint FROM (
        SELECT round(sum(CASE model WHEN 'large' THEN input_tokens * 0.3 + output_tokens * 2.5
                                    ELSE input_tokens * 0.1 + output_tokens * 0.4 END)) AS cost
        FROM turns WHERE started_at >= $1 GROUP BY floor(extract(epoch FROM started_at - $1) / 86400)) AS days";
const PREMIUM: &str =
    "SELECT count(*) FROM users WHERE plan = 'premium' AND premium_until > now() AND created_at >= $1";
const BY_HOUR: &str = "
    SELECT floor(extract(epoch FROM started_at - $1) / 3600)::integer, count(*), count(DISTINCT user_id)
    FROM turns WHERE started_at >= $1 GROUP BY 1";
const BY_DAY: &str = "
    SELECT floor(extract(epoch FROM started_at - $1) / 86400)::integer, count(*), count(DISTINCT user_id)
    FROM turns WHERE started_at >= $1 GROUP BY 1";
const MOST: &str = "
    SELECT user_id, count(*), count(*) FILTER (WHERE state = 'done'),
           round(sum(CASE model WHEN 'large' THEN input_tokens * 0.3 + output_tokens * 2.5
                                ELSE input_tokens * 0.1 + output_tokens * 0.4 END))::bigint
    FROM turns WHERE started_at >= $1 GROUP BY user_id ORDER BY count(*) DESC, user_id LIMIT 10";

impl Auditor<'_> {
    /// A number of the last so many days.
    async fn sql(&self, query: &'static str, days: i32) -> i64 {
        sqlx::query_scalar(query).bind(self.month.since(days)).fetch_one(self.sql).await.unwrap()
    }

    /// Rows of the last so many days.
    async fn rows<T>(&self, query: &'static str, days: i32) -> Vec<T>
    where
        T: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        sqlx::query_as(query).bind(self.month.since(days)).fetch_all(self.sql).await.unwrap()
    }

    fn count(&self, number: i64) -> String {
        self.words.number(number as f64)
    }

    fn dollars(&self, microdollars: i64) -> String {
        self.words.value(&Unit::Microdollars, microdollars as f64)
    }

    /// A row for each of the last so many days, of what is known of some of them.
    fn by_day(&self, days: i32, known: impl Fn(i32) -> Vec<String>) -> Rows {
        let row = |(place, day): (i32, NaiveDate)| -> Vec<String> {
            std::iter::once(self.words.date(day)).chain(known(place)).collect()
        };
        (0..).zip(self.month.last(days)).map(row).collect()
    }
}

fn cards<const N: usize>(expected: [(&str, String); N]) -> Vec<(String, String)> {
    expected.into_iter().map(|(label, value)| (label.to_owned(), value)).collect()
}

async fn overview(auditor: &Auditor<'_>, period: &str, days: i32) {
    let shown = auditor.anna.reads(&format!("/admin?period={period}")).await;
    let sql = async |query: &'static str, days: i32| auditor.sql(query, days).await;
    let count = |number: i64| auditor.count(number);
    let (today, month) = (sql(ACTIVE, 1).await, sql(ACTIVE, 30).await);
    let expected = cards([
        ("Active today (DAU)", count(today)),
        ("Active in a week (WAU)", count(sql(ACTIVE, 7).await)),
        ("Active in a month (MAU)", count(month)),
        ("Stickiness (DAU/MAU)", auditor.words.percent(today as f64 / month as f64)),
        ("New people", count(sql(NEW, days).await)),
        ("Messages", count(sql(MESSAGES, days).await)),
        ("Premium now", count(sql(PREMIUM, 30).await)),
        ("Monthly revenue (MRR)", money::recurring(auditor, "RUB").await),
        ("Monthly revenue (MRR)", money::recurring(auditor, "XTR").await),
        ("Cost of models", auditor.dollars(sql(COST, days).await)),
    ]);
    assert_eq!(shown.cards, expected, "{period}");
    activity(auditor, &shown, days).await;
    let most: Vec<(i64, i64, i64, i64)> = auditor.rows(MOST, days).await;
    let expected: Rows = most
        .into_iter()
        .map(|(id, said, told, cost)| vec![id.to_string(), count(said), count(told), auditor.dollars(cost)])
        .collect();
    assert_eq!(shown.table("top"), expected, "{period}");
}

/// Hours of today, or days, of which yesterday is one.
async fn activity(auditor: &Auditor<'_>, shown: &Shown, days: i32) {
    let known: Vec<(i32, i64, i64)> = auditor.rows(if days == 1 { BY_HOUR } else { BY_DAY }, days).await;
    let of = |place: i32| {
        let found = known.iter().find(|(of, _, _)| *of == place);
        let (messages, people) = found.map_or((0, 0), |(_, messages, people)| (*messages, *people));
        vec![auditor.count(messages), auditor.count(people)]
    };
    let today = auditor.words.day(auditor.month.today);
    let hour =
        |hour: i32| -> Vec<String> { std::iter::once(format!("{today}, {hour:02}:00")).chain(of(hour)).collect() };
    let expected: Rows = if days == 1 { (0..24).map(hour).collect() } else { auditor.by_day(days, of) };
    assert_eq!(*shown.hovered("activity"), expected);
    if days > 1 {
        let yesterday = &expected[expected.len() - 2];
        assert!(yesterday[1] != "0", "a life in which nothing happened yesterday shows nothing: {yesterday:?}");
    }
}

/// The pages with most on them, as they are where there is least room.
async fn on_a_phone(anna: &Person<'_>) {
    for (name, path) in [
        ("overview", "/admin?period=month"),
        ("revenue", "/admin/panel/revenue?period=month"),
        ("cohorts", "/admin/panel/cohorts?unit=day"),
        ("funnel", "/admin/panel/funnel"),
        ("tools", "/admin/panel/tools?period=month"),
        ("people", "/admin/panel/people"),
    ] {
        anna.goes(path).await;
        anna.looks_well_on_a_phone(&format!("month-{name}")).await;
    }
}
