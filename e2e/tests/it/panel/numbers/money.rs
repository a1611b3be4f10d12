//! What came in, went back and recurs, by currency, and who pays.

use chrono::{DateTime, Utc};
use evolve_api::panel::words::Unit;

use super::{ACTIVE, Auditor, cards};
use crate::panel::reading::Rows;

/// $1 currency.
const RECURRING: &str = "
    SELECT COALESCE(sum(amount), 0)::bigint FROM payments
    WHERE currency = $1 AND refunded_at IS NULL AND covers_until > now()";
/// $1 currency, $2 since when.
const SALES: &str = "SELECT COALESCE(sum(amount), 0)::bigint FROM payments WHERE currency = $1 AND paid_at >= $2";
const REFUNDS: &str = "SELECT COALESCE(sum(amount), 0)::bigint FROM payments WHERE currency = $1 AND refunded_at >= $2";
const BY_DAY: &str = "
    SELECT floor(extract(epoch FROM done_at - $2) / 86400)::integer, sum(paid)::bigint, sum(back)::bigint FROM (
        SELECT paid_at AS done_at, amount AS paid, 0 AS back FROM payments WHERE currency = $1
        UNION ALL
        SELECT refunded_at, 0, amount FROM payments WHERE currency = $1 AND refunded_at IS NOT NULL) AS booked
    WHERE done_at >= $2 GROUP BY 1";
/// Nobody pays twice in the month, so each payment is somebody's first. $1 since when.
const MOVED: &str = "
    SELECT floor(extract(epoch FROM done_at - $1) / 86400)::integer, count(*) FILTER (WHERE began),
           count(*) FILTER (WHERE NOT began)
    FROM (SELECT paid_at AS done_at, true AS began FROM payments
          UNION ALL SELECT refunded_at, false FROM payments WHERE refunded_at IS NOT NULL) AS moved
    WHERE done_at >= $1 GROUP BY 1";
const SUBSCRIBERS: &str = "
    SELECT u.id, p.amount, p.currency FROM users u JOIN payments p ON p.user_id = u.id AND p.refunded_at IS NULL
    WHERE u.plan = 'premium' ORDER BY u.premium_until DESC, u.id DESC";

/// What recurs in a currency, as the panel writes it.
pub(super) async fn recurring(auditor: &Auditor<'_>, currency: &str) -> String {
    money(auditor, currency, recurs(auditor, currency).await)
}

fn money(auditor: &Auditor<'_>, currency: &str, amount: i64) -> String {
    auditor.words.value(&Unit::Money(currency.to_owned()), amount as f64)
}

async fn recurs(auditor: &Auditor<'_>, currency: &str) -> i64 {
    sqlx::query_scalar(RECURRING).bind(currency).fetch_one(auditor.sql).await.unwrap()
}

/// The page of revenue, over a period.
pub(super) async fn agrees(auditor: &Auditor<'_>, period: &str, days: i32) {
    let shown = auditor.anna.reads(&format!("/admin/panel/revenue?period={period}")).await;
    let mut expected = Vec::new();
    for (currency, chart) in [("RUB", "money-1"), ("XTR", "money-2")] {
        let of = async |query: &'static str, since: DateTime<Utc>| -> i64 {
            sqlx::query_scalar(query).bind(currency).bind(since).fetch_one(auditor.sql).await.unwrap()
        };
        let (since, month) = (auditor.month.since(days), auditor.month.since(30));
        let (mrr, active) = (recurs(auditor, currency).await, auditor.sql(ACTIVE, 30).await);
        let net = of(SALES, month).await - of(REFUNDS, month).await;
        let each = auditor.words.value(&Unit::Money(currency.to_owned()), net as f64 / active as f64);
        let shown_as = |amount| money(auditor, currency, amount);
        expected.extend(cards([
            ("Monthly revenue (MRR)", shown_as(mrr)),
            ("Yearly revenue (ARR)", shown_as(12 * mrr)),
            ("Revenue per person (ARPU)", each),
            // Nobody paid thirty days ago.
            ("Churn", "–".to_owned()),
            ("Lifetime value (LTV)", "–".to_owned()),
            ("Paid", shown_as(of(SALES, since).await)),
            ("Refunded", shown_as(of(REFUNDS, since).await)),
        ]));
        let booked: Vec<(i32, i64, i64)> =
            sqlx::query_as(BY_DAY).bind(currency).bind(since).fetch_all(auditor.sql).await.unwrap();
        let of_day = |place: i32| {
            let found = booked.iter().find(|(of, _, _)| *of == place);
            let (paid, back) = found.map_or((0, 0), |(_, paid, back)| (*paid, *back));
            vec![shown_as(paid), shown_as(back)]
        };
        assert_eq!(*shown.hovered(chart), auditor.by_day(days, of_day), "{currency}, {period}");
    }
    assert_eq!(shown.cards, expected, "{period}");
    let moved: Vec<(i32, i64, i64)> = auditor.rows(MOVED, days).await;
    let of_day = |place: i32| {
        let found = moved.iter().find(|(of, _, _)| *of == place);
        let (began, ended) = found.map_or((0, 0), |(_, began, ended)| (*began, *ended));
        vec![auditor.count(began), "0".to_owned(), auditor.count(ended)]
    };
    assert_eq!(*shown.hovered("subscriptions"), auditor.by_day(days, of_day), "{period}");
}

/// Who has premium, on the page and in the file.
pub(super) async fn subscribers(auditor: &Auditor<'_>) {
    let shown = auditor.anna.reads("/admin/panel/revenue").await;
    let known: Vec<(i64, i64, String)> = sqlx::query_as(SUBSCRIBERS).fetch_all(auditor.sql).await.unwrap();
    assert!(!known.is_empty());
    let expected: Rows = known
        .iter()
        .map(|(id, amount, currency)| vec![id.to_string(), money(auditor, currency, *amount), currency.clone()])
        .collect();
    let listed = shown.table("subscribers");
    let listed: Rows = listed.iter().map(|row| vec![row[0].clone(), row[4].clone(), row[5].clone()]).collect();
    assert_eq!(listed, expected);
    let file = auditor.anna.exports("person,since,until,renewal,paid,currency").await;
    let of_file: Vec<(String, String)> = file.iter().map(|row| (row[0].clone(), row[5].clone())).collect();
    let of_sql: Vec<(String, String)> = known.into_iter().map(|(id, _, currency)| (id.to_string(), currency)).collect();
    assert_eq!(of_file, of_sql);
}
