//! Who comes back, and how far people get.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use evolve_testkit::life;

use super::{Auditor, cards};
use crate::panel::reading::Rows;

/// $1 since when, which is the first moment of $2; $3 `day` or `week`.
const CAME: &str = "
    SELECT date_trunc($3, ($2 + floor(extract(epoch FROM created_at - $1) / 86400)::integer)::timestamp)::date, count(*)
    FROM users WHERE created_at >= $1 GROUP BY 1";
const BACK: &str = "
    SELECT date_trunc($3, came::timestamp)::date, date_trunc($3, day::timestamp)::date, count(DISTINCT user_id) FROM (
        SELECT t.user_id, $2 + floor(extract(epoch FROM u.created_at - $1) / 86400)::integer AS came,
               $2 + floor(extract(epoch FROM t.started_at - $1) / 86400)::integer AS day
        FROM turns t JOIN users u ON u.id = t.user_id WHERE u.created_at >= $1) AS said
    GROUP BY 1, 2";

/// People who came on a day, or in a week.
struct Cohort {
    came: NaiveDate,
    people: i64,
    /// How many were there again after none, one, two … of them; those that are not over are not among them.
    back: Vec<i64>,
}

/// Those of the last so many days.
async fn known(auditor: &Auditor<'_>, unit: &'static str, length: i64, days: i32) -> Vec<Cohort> {
    let (since, first) = (auditor.month.since(days), auditor.month.last(days)[0]);
    let came: BTreeMap<NaiveDate, i64> = sqlx::query_as::<_, (NaiveDate, i64)>(CAME)
        .bind(since)
        .bind(first)
        .bind(unit)
        .fetch_all(auditor.sql)
        .await
        .unwrap()
        .into_iter()
        .collect();
    let back: BTreeMap<(NaiveDate, NaiveDate), i64> = sqlx::query_as::<_, (NaiveDate, NaiveDate, i64)>(BACK)
        .bind(since)
        .bind(first)
        .bind(unit)
        .fetch_all(auditor.sql)
        .await
        .unwrap()
        .into_iter()
        .map(|(came, day, people)| ((came, day), people))
        .collect();
    let last = *came.keys().next_back().unwrap();
    let cohort = |(came, people): (NaiveDate, i64)| {
        let over = came.iter_days().step_by(usize::try_from(length).unwrap()).take_while(|day| *day < last);
        let back = over.map(|day| back.get(&(came, day)).copied().unwrap_or_default()).collect();
        Cohort { came, people, back }
    };
    came.into_iter().map(cohort).collect()
}

/// Of all of whom it is known, the part that was there again.
fn returned(cohorts: &[Cohort], after: usize) -> Option<f64> {
    let over: Vec<&Cohort> = cohorts.iter().filter(|cohort| cohort.back.len() > after).collect();
    let all: i64 = over.iter().map(|cohort| cohort.people).sum();
    let back: i64 = over.iter().map(|cohort| cohort.back[after]).sum();
    (all > 0).then(|| back as f64 / all as f64)
}

/// The page of cohorts, by days and by weeks.
pub(super) async fn agree(auditor: &Auditor<'_>) {
    let by_day = known(auditor, "day", 1, life::DAYS).await;
    let percent = |share| auditor.words.percent(share);
    let card = |after| returned(&by_day, after).map_or_else(|| "–".to_owned(), percent);
    let expected = cards([
        ("Back after a day", card(1)),
        ("Back after a week", card(7)),
        // Nobody came so long ago.
        ("Back after a month", card(30)),
    ]);
    for (unit, length, days) in [("day", 1, 14), ("week", 7, life::DAYS)] {
        let shown = auditor.anna.reads(&format!("/admin/panel/cohorts?unit={unit}")).await;
        assert_eq!(shown.cards, expected, "{unit}");
        let cohorts = known(auditor, unit, length, days).await;
        let row = |cohort: &Cohort| -> Vec<String> {
            let shares = cohort.back.iter().map(|back| percent(*back as f64 / cohort.people as f64));
            let head = [auditor.words.day(cohort.came), auditor.count(cohort.people)];
            // What is not over is not told.
            head.into_iter().chain(shares).chain([String::new()]).collect()
        };
        let rows: Rows = cohorts.iter().map(row).collect();
        assert_eq!(*shown.chart("cohorts"), rows, "{unit}");
        let mean: Rows = (1..)
            .map_while(|after| returned(&cohorts, after).map(|share| vec![after.to_string(), percent(share)]))
            .collect();
        assert_eq!(*shown.hovered("retention"), mean, "{unit}");
    }
}

/// The page of the funnel.
pub(super) async fn funnel(auditor: &Auditor<'_>) {
    let shown = auditor.anna.reads("/admin/panel/funnel").await;
    let sql = async |query: &'static str| -> i64 { sqlx::query_scalar(query).fetch_one(auditor.sql).await.unwrap() };
    let steps = |people: &[i64]| -> Rows {
        let before = people.iter().take(1).chain(people);
        let percent = |part: i64, whole: i64| auditor.words.percent(part as f64 / whole as f64);
        let step = |(people_of, before): (&i64, &i64)| {
            vec![auditor.count(*people_of), percent(*people_of, people[0]), percent(*people_of, *before)]
        };
        people.iter().zip(before).map(step).collect()
    };
    let unnamed = |id: &str| -> Rows { shown.chart(id).iter().map(|row| row[1..].to_vec()).collect() };

    let came = sql("SELECT count(*) FROM users").await;
    let talked = sql("SELECT count(DISTINCT user_id) FROM turns").await;
    let paid = sql("SELECT count(DISTINCT user_id) FROM payments WHERE refunded_at IS NULL").await;
    assert_eq!(unnamed("path"), steps(&[came, talked, paid]));
    let on: Vec<(i16, i64)> = sqlx::query_as("SELECT best_level, count(*) FROM users GROUP BY 1 ORDER BY 1")
        .fetch_all(auditor.sql)
        .await
        .unwrap();
    let highest = on.last().unwrap().0;
    let reached = |level: i16| on.iter().filter(|(of, _)| *of >= level).map(|(_, people)| people).sum::<i64>();
    assert_eq!(unnamed("levels"), steps(&(0..=highest).map(reached).collect::<Vec<_>>()));
    let now = |level: i16| on.iter().filter(|(of, _)| *of == level).map(|(_, people)| people).sum::<i64>();
    let now: Rows = (0..=highest).map(|level| vec![auditor.count(now(level))]).collect();
    assert_eq!(unnamed("level-now"), now);
}
