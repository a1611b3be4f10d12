//! Who has premium, what it brought, and how many subscriptions began, went on and ended: for those who run the bot.

use chrono::{DateTime, Utc};
use evolve_domain::payment::{GRACE, Renewal};
use sqlx::FromRow;

use super::Payments;
use crate::{StoreError, audit::end_of_time};

/// Somebody on whom premium is in force, paid for or given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscriber {
    /// Their Telegram id.
    pub user_id: i64,
    /// Until when; nothing for who has it without an end.
    pub until: Option<DateTime<Utc>>,
    /// How their newest subscription stands, where they have one.
    pub renewal: Option<Renewal>,
    /// What they paid for offers of ours and was not given back, by currency.
    pub paid: Vec<Spent>,
}

/// What somebody paid in a currency.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Spent {
    /// The currency.
    pub currency: String,
    /// How much, in its smallest unit.
    pub amount: i64,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// Where the list goes on: after somebody whose premium ends then, or never, and who has this id.
pub type Until = (Option<DateTime<Utc>>, i64);

/// What became of subscriptions between two moments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromRow)]
pub struct Moved {
    /// The place of the span of time, from 1.
    pub place: i32,
    /// First payments of people.
    pub began: i64,
    /// Payments of people who had paid before.
    pub renewed: i64,
    /// How often what somebody had paid was over and they had paid nothing that went on. What comes later does not change it.
    pub ended: i64,
}

macro_rules! subscribers {
    ($which:literal, $order:literal) => {
        concat!(
            "SELECT u.id AS user_id, u.premium_until, s.renews_at, s.wanted, s.stopped_at, p.currency, p.amount, p.since
             FROM (SELECT id, premium_until FROM users
                   WHERE plan = 'premium' AND ",
            $which,
            " ORDER BY ",
            $order,
            " LIMIT $4) u
             LEFT JOIN LATERAL (
                 SELECT renews_at, wanted, stopped_at FROM subscriptions
                 WHERE user_id = u.id AND shown ORDER BY begun_at DESC LIMIT 1) s ON true
             LEFT JOIN LATERAL (
                 SELECT currency, sum(amount)::bigint AS amount, min(paid_at) AS since FROM payments
                 WHERE user_id = u.id AND matched AND refunded_at IS NULL GROUP BY currency) p ON true
             ORDER BY ",
            $order,
            ", p.currency"
        )
    };
}

/// $1 now, $2/$3 until when and the id, after which; $4 how many.
const LAST_FIRST: &str = subscribers!(
    "premium_until > $1 AND premium_until <= $2 AND (premium_until, id) < ($2, $3)",
    "premium_until DESC, id DESC"
);

/// As [`LAST_FIRST`], the other way round.
const NEXT_FIRST: &str =
    subscribers!("premium_until > $1 AND premium_until >= $2 AND (premium_until, id) > ($2, $3)", "premium_until, id");

/// Who has it without an end. $1 and $2 are of no matter, $3 the id, after which; $4 how many.
const ENDLESS_DOWN: &str = subscribers!(
    "premium_until IS NULL AND $1::timestamptz IS NOT NULL AND $2::timestamptz IS NOT NULL AND id < $3",
    "id DESC"
);

/// As [`ENDLESS_DOWN`], the other way round.
const ENDLESS_UP: &str = subscribers!(
    "premium_until IS NULL AND $1::timestamptz IS NOT NULL AND $2::timestamptz IS NOT NULL AND id > $3",
    "id"
);

/// When a payment is over: at the end of its month, of a subscription once its renewal cannot be late any more; or before, given back.
macro_rules! over {
    ($payment:literal) => {
        concat!(
            "LEAST(COALESCE(",
            $payment,
            ".recurs_until, ",
            $payment,
            ".covers_until) + CASE WHEN ",
            $payment,
            ".way = 'stars_monthly' THEN $4::interval ELSE interval '0' END, ",
            $payment,
            ".refunded_at)"
        )
    };
}

/// What was paid since a time recurs until after it, by which it is found; so is what was over since. Somebody's subscription ends where a
/// payment is over and no other, made by then, is over later. $1 when each span begins, ascending; $2 the first of them, $3 now, $4 how long
/// a renewal may be late.
const MOVED: &str = concat!(
    "WITH paid AS (
        SELECT width_bucket(p.paid_at, $1::timestamptz[]) AS place,
               EXISTS (SELECT FROM payments b
                       WHERE b.user_id = p.user_id AND b.matched AND (b.paid_at, b.id) < (p.paid_at, p.id)) AS again
        FROM payments p
        WHERE COALESCE(p.recurs_until, p.covers_until) >= $2 AND p.paid_at >= $2 AND p.paid_at <= $3 AND p.matched
          AND p.user_id IS NOT NULL
    ), ended AS (
        SELECT DISTINCT p.user_id, o.at
        FROM payments p CROSS JOIN LATERAL (SELECT ",
    over!("p"),
    " AS at) o
        WHERE COALESCE(p.recurs_until, p.covers_until) >= $2::timestamptz - $4::interval AND o.at >= $2 AND o.at <= $3
          AND p.matched AND p.user_id IS NOT NULL
          AND NOT EXISTS (
              SELECT FROM payments n
              WHERE n.user_id = p.user_id AND n.matched AND n.paid_at <= o.at AND ",
    over!("n"),
    " > o.at)
    )
    SELECT m.place, count(*) FILTER (WHERE m.what = 'began') AS began, count(*) FILTER (WHERE m.what = 'renewed') AS renewed,
           count(*) FILTER (WHERE m.what = 'ended') AS ended
    FROM (SELECT place, CASE WHEN again THEN 'renewed' ELSE 'began' END AS what FROM paid
          UNION ALL SELECT width_bucket(at, $1::timestamptz[]), 'ended' FROM ended) m
    GROUP BY m.place ORDER BY m.place"
);

#[derive(FromRow)]
struct Row {
    user_id: i64,
    premium_until: Option<DateTime<Utc>>,
    renews_at: Option<DateTime<Utc>>,
    wanted: Option<bool>,
    stopped_at: Option<DateTime<Utc>>,
    currency: Option<String>,
    amount: Option<i64>,
    since: Option<DateTime<Utc>>,
}

/// Rows of one person come one after another: a row for each currency.
fn gathered(rows: Vec<Row>) -> Vec<Subscriber> {
    let mut found: Vec<Subscriber> = Vec::new();
    for row in rows {
        let spent = row.currency.zip(row.amount).zip(row.since);
        let spent = spent.map(|((currency, amount), since)| Spent { currency, amount, since });
        match found.last_mut().filter(|last| last.user_id == row.user_id) {
            Some(last) => last.paid.extend(spent),
            None => {
                let stopped_at = row.stopped_at;
                let renewal = row.renews_at.zip(row.wanted);
                let renewal = renewal.map(|(renews_at, wanted)| Renewal { renews_at, wanted, stopped_at });
                let (user_id, until) = (row.user_id, row.premium_until);
                found.push(Subscriber { user_id, until, renewal, paid: spent.into_iter().collect() });
            }
        }
    }
    found
}

impl Payments<'_> {
    /// At most `limit` people on whom premium is in force, by its end, after `after`; the last end first, unless `is_ascending`. No end
    /// comes later than any.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn subscribers(
        &self,
        is_ascending: bool,
        after: Option<Until>,
        limit: u32,
        now: DateTime<Utc>,
    ) -> Result<Vec<Subscriber>, StoreError> {
        let (mut left, mut found) = (limit, Vec::new());
        let of_dated = if is_ascending { (DateTime::UNIX_EPOCH, i64::MIN) } else { (end_of_time(), i64::MAX) };
        let (dated, endless) = match after {
            None => (Some(of_dated), Some(of_dated.1)),
            // In each direction one kind comes before the other, and is over once the other has begun.
            Some((Some(until), id)) => (Some((until, id)), is_ascending.then_some(of_dated.1)),
            Some((None, id)) => ((!is_ascending).then_some(of_dated), Some(id)),
        };
        let of_endless = if is_ascending { ENDLESS_UP } else { ENDLESS_DOWN };
        let of_ends = if is_ascending { NEXT_FIRST } else { LAST_FIRST };
        let dated = dated.map(|(until, id)| (of_ends, until, id));
        let endless = endless.map(|id| (of_endless, now, id));
        let in_order = if is_ascending { [dated, endless] } else { [endless, dated] };
        for (statement, until, id) in in_order.into_iter().flatten() {
            if left == 0 {
                break;
            }
            let query = sqlx::query_as(statement).bind(now).bind(until).bind(id).bind(i64::from(left));
            let more = gathered(query.fetch_all(&self.0.pool).await?);
            left = left.saturating_sub(u32::try_from(more.len()).unwrap_or(u32::MAX));
            found.extend(more);
        }
        Ok(found)
    }

    /// How many subscriptions began, went on and ended in each span of time; the first begins at the first of `begins`, which are
    /// ascending, and the last ends now. Those in which nothing did are not among them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn moved(&self, begins: &[DateTime<Utc>], now: DateTime<Utc>) -> Result<Vec<Moved>, StoreError> {
        let Some(first) = begins.first() else { return Ok(Vec::new()) };
        let query = sqlx::query_as(MOVED).bind(begins).bind(first).bind(now).bind(GRACE);
        Ok(query.fetch_all(&self.0.pool).await?)
    }
}
