//! Premium that ends: told before it does, told while a renewal is late, and ended.
//!
//! What people are told is owed in the outbox as a code with values (`notice`); the bot, which knows languages, puts it into
//! words. Somebody who has blocked the bot is left alone. Each statement takes a bounded number of people, and is asked again until none is left.
//!
//! Nobody is told in their quiet hours: they are left to a later look, with all that becomes of them. To owe them a notice that
//! waits would not do, since what waits in the outbox holds up everything that comes after it in its chat, answers too.

use chrono::{DateTime, TimeDelta, Utc};
use evolve_domain::{day::hours, payment::GRACE};

use super::Payments;
use crate::StoreError;

/// People in one statement.
const BATCH: i64 = 500;

/// What to look for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Premium that ends within this time and will not renew itself: people are told once for each end.
    Remind {
        /// How long before.
        before: TimeDelta,
    },
    /// Renewals that did not come: people are told once, while the grace lasts.
    Late,
    /// Premium that is over: people go back to free, and are told. Their subscription is kept: should Telegram renew it after
    /// all, it is known.
    Expire,
}

/// People whose premium ends, as `$due` chooses and what stands in `$told` does to them, are owed the notice `$notice` under a
/// key of that end, those aside who have blocked the bot. Whoever has quiet hours now is not due. $1 now, $2 until when, $3 batch, $4
/// default language, $5 time zones, which Postgres may not know all, $6 the hour that it is in each, $7 when a subscription must have
/// been to renew itself at the latest whose payment does not come any more ([`Renewal::is_over`]).
///
/// [`Renewal::is_over`]: evolve_domain::payment::Renewal::is_over
macro_rules! ending {
    (notice: $notice:literal, due: $due:literal, told: $told:literal) => {
        concat!(
            "WITH due AS (
                SELECT u.id, u.premium_until, u.blocked_at FROM users u WHERE u.plan = 'premium' AND ",
            $due,
            " AND NOT COALESCE((
                  SELECT CASE WHEN s.quiet_from < s.quiet_until THEN c.hour >= s.quiet_from AND c.hour < s.quiet_until
                              ELSE c.hour >= s.quiet_from OR c.hour < s.quiet_until END
                  FROM settings s JOIN unnest($5::text[], $6::smallint[]) AS c (zone, hour) ON c.zone = s.time_zone
                  WHERE s.user_id = u.id
              ), false) ORDER BY u.premium_until LIMIT $3 FOR NO KEY UPDATE OF u SKIP LOCKED
            ), ",
            $told,
            ", owed AS (
                INSERT INTO outbox (chat_id, user_id, key, method, params, priority, ready_at, created_at)
                SELECT due.id, due.id, replace('",
            $notice,
            "', '_', '-') || '-' || due.id || '-' || extract(epoch FROM due.premium_until), 'notice',
                       jsonb_build_object('chat_id', due.id, 'notice', '",
            $notice,
            "', 'until', due.premium_until,
                                          'language', COALESCE(s.language, $4), 'time_zone', s.time_zone), 1, $1, $1
                FROM due LEFT JOIN settings s ON s.user_id = due.id WHERE due.blocked_at IS NULL
                ON CONFLICT (key) DO NOTHING RETURNING id
            )
            SELECT (SELECT count(*) FROM due), (SELECT pg_notify('outbox', '') FROM owed LIMIT 1)::text"
        )
    };
}

const REMIND: &str = ending!(
    notice: "premium_ending",
    due: "u.premium_until > $1 AND u.premium_until <= $2
          AND u.premium_reminded_of IS DISTINCT FROM u.premium_until
          AND NOT EXISTS (SELECT FROM subscriptions s
                          WHERE s.user_id = u.id AND s.shown AND s.wanted AND s.stopped_at IS NULL AND s.renews_at > $7)",
    told: "told AS (UPDATE users u SET premium_reminded_of = due.premium_until FROM due WHERE u.id = due.id)"
);

/// $2 is the end of a grace that begins now.
const LATE: &str = ending!(
    notice: "premium_late",
    due: "u.premium_until > $1 AND u.premium_until <= $2 AND u.paid_until <= $1
          AND EXISTS (SELECT FROM subscriptions s
                      WHERE s.user_id = u.id AND s.shown AND s.wanted AND s.stopped_at IS NULL AND s.renews_at > $7)
          AND u.premium_reminded_of IS DISTINCT FROM u.premium_until",
    told: "told AS (UPDATE users u SET premium_reminded_of = due.premium_until FROM due WHERE u.id = due.id)"
);

/// $2 and $7 are not used.
const EXPIRE: &str = ending!(
    notice: "premium_ended",
    due: "u.premium_until <= $1 AND $2 >= $1 AND $7 <= $1",
    told: "ended AS (
               UPDATE users u SET plan = 'free', paid_until = NULL, premium_until = NULL, premium_reminded_of = NULL
               FROM due WHERE u.id = due.id
           ), unsubscribed AS (
               UPDATE subscriptions s SET shown = false FROM due WHERE s.user_id = due.id AND s.renews_at <= $1
           )"
);

impl Payments<'_> {
    /// Sees to those of whom `ending` is true now, and whose quiet hours it is not; how many there were. `language` is that of
    /// people who chose none.
    ///
    /// # Errors
    /// [`StoreError`]; what was done stays done, and the rest is found the next time.
    pub async fn see_to(&self, ending: Ending, language: &str, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let (statement, until) = match ending {
            Ending::Remind { before } => (REMIND, now + before),
            Ending::Late => (LATE, now + GRACE),
            Ending::Expire => (EXPIRE, now),
        };
        let (zones, clocks): (Vec<&str>, Vec<i16>) = hours(now).map(|(zone, hour)| (zone, i16::from(hour))).unzip();
        let mut seen = 0;
        loop {
            let (count, _): (i64, Option<String>) = sqlx::query_as(statement)
                .bind(now)
                .bind(until)
                .bind(BATCH)
                .bind(language)
                .bind(&zones)
                .bind(&clocks)
                .bind(now - GRACE)
                .fetch_one(&self.0.pool)
                .await?;
            seen += u64::try_from(count).unwrap_or_default();
            if count < BATCH {
                return Ok(seen);
            }
        }
    }
}
