//! A month of a made-up life, for stories about numbers: raw rows as a bot leaves them, of which nobody has made a report yet.
//!
//! Sixty people come, two a day, the last today at nine. Each says something on the day on which they come and on some of those after
//! it; some have the model use a tool; some pay, in Stars or in roubles, and a few want it back. Nothing of it is random.

use chrono::{DateTime, Utc};
use sqlx::PgPool;

/// How many people come; their ids begin at 1.
pub const PEOPLE: i64 = 60;
/// How many days it has. On the last one everything has happened by a quarter past eleven.
pub const DAYS: i32 = 30;

/// A day is 24 hours, whatever zone the connection is in. $1 is the first moment of the first day.
const LIFE: [&str; 7] = [
    "INSERT INTO users (id, created_at, last_seen_at, best_level)
     SELECT i, $1 + make_interval(hours => 24 * (i % 30) + 9), $1 + make_interval(hours => 24 * (i % 30) + 10),
            (1 + i % 3)::smallint
     FROM generate_series(1, 60) i",
    "INSERT INTO turns (id, user_id, key, request_hash, state, day, started_at, leased_until, finished_at, message_stored, reply,
                        model, input_tokens, output_tokens, first_ms, has_image)
     SELECT gen_random_uuid(), i, 'k-' || i || '-' || d, ''::bytea, 'done', (t.at AT TIME ZONE 'UTC')::date, t.at, t.at,
            t.at + interval '3 seconds', true, 'ok', CASE WHEN i % 7 = 0 THEN 'small' ELSE 'large' END, 1000 + i, 100 + d, 700, false
     FROM generate_series(1, 60) i CROSS JOIN generate_series(0, 29) d
          CROSS JOIN LATERAL (SELECT $1 + make_interval(hours => 24 * d + 10, mins => i) AS at) t
     WHERE d = i % 30 OR (d > i % 30 AND (i * 7 + d * 13) % 5 = 0)",
    "INSERT INTO tool_calls (turn_id, user_id, name, ok, created_at)
     SELECT id, user_id, CASE WHEN user_id % 2 = 0 THEN 'remember' ELSE 'recall' END, user_id % 9 <> 0,
            started_at + interval '2 seconds'
     FROM turns WHERE user_id % 3 = 0 AND $1 IS NOT NULL",
    "INSERT INTO payments (id, user_id, charge_id, provider_charge_id, way, currency, amount, matched, paid_at, covers_until,
                           refunded_at)
     SELECT gen_random_uuid(), u.id, 'c-' || u.id, '', CASE WHEN u.id % 4 = 0 THEN 'stars' ELSE 'money' END,
            CASE WHEN u.id % 4 = 0 THEN 'XTR' ELSE 'RUB' END, CASE WHEN u.id % 4 = 0 THEN 250 ELSE 29900 END, true,
            u.created_at + interval '1 hour', u.created_at + interval '721 hours',
            CASE WHEN u.id % 12 = 0 THEN u.created_at + interval '2 hours' END
     FROM users u WHERE (u.id % 4 = 0 OR u.id % 10 = 1) AND $1 IS NOT NULL",
    "INSERT INTO ledger (key, payment_id, debit, credit, currency, amount, booked_at)
     SELECT convert_to('sale-' || charge_id, 'UTF8'), id, 'telegram', 'sales', currency, amount, paid_at FROM payments WHERE $1 IS NOT NULL",
    "INSERT INTO ledger (key, payment_id, debit, credit, currency, amount, booked_at)
     SELECT convert_to('back-' || charge_id, 'UTF8'), id, 'sales', 'telegram', currency, amount, refunded_at FROM payments
     WHERE refunded_at IS NOT NULL AND $1 IS NOT NULL",
    "UPDATE users u SET plan = 'premium', paid_until = p.covers_until, premium_until = p.covers_until
     FROM payments p WHERE p.user_id = u.id AND p.refunded_at IS NULL AND $1 IS NOT NULL",
];

/// Has it happened in a database with all migrations and nobody in it, from `first`, the first moment of its first day.
///
/// # Panics
/// When it cannot be written.
#[expect(clippy::expect_used, reason = "for tests, whose failure this is")]
pub async fn a_month(pool: &PgPool, first: DateTime<Utc>) {
    for statement in LIFE {
        sqlx::query(statement).bind(first).execute(pool).await.expect("a life is written");
    }
}
