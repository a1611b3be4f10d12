//! What is owed to subscribers is written, claimed and ended.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use serde_json::Value;
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use super::{Kind, Webhooks};
use crate::StoreError;

/// Longest error that is kept, in characters.
const MAX_CHARS: usize = 300;

/// An attempt that is the caller's to make until its lease runs out.
#[derive(Clone, Debug)]
#[must_use = "what is not ended is tried again when the lease has run out"]
pub struct Attempt {
    /// The subscriber.
    pub webhook_id: Uuid,
    /// What it understands.
    pub kind: Kind,
    /// Where it is.
    pub url: SecretString,
    /// What signs: one secret, and until it has run out the one before.
    pub secrets: Vec<SecretString>,
    /// What it is told.
    pub owed: Owed,
    /// Until when it is the caller's alone: whoever claims it then may send as well.
    pub leased_until: DateTime<Utc>,
    delivery: i64,
    lease: Uuid,
}

/// An event, as it is owed.
#[derive(Clone, Debug, PartialEq)]
pub struct Owed {
    /// Its id, which is the same however often it is sent.
    pub event_id: Uuid,
    /// See [`evolve_domain::webhook::EventKind`].
    pub event: String,
    /// Whom it is about.
    pub user_id: Option<i64>,
    /// What there is to say.
    pub data: Value,
    /// When it was written down.
    pub at: DateTime<Utc>,
    /// Attempts that were begun, this one included.
    pub attempts: u32,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was accepted.
    Accepted,
    /// It is tried again.
    Later {
        /// When.
        at: DateTime<Utc>,
        /// Why it failed.
        error: String,
    },
    /// It is given up, and the subscriber told nothing more.
    GivenUp {
        /// Why it failed.
        error: String,
        /// For which reason the subscriber is disabled: `failing` or `gone`.
        reason: &'static str,
    },
}

const ANY_TO_TELL: &str = "SELECT EXISTS (SELECT FROM events WHERE NOT told)";

/// Whoever waits here sees what the one before has committed, since each statement looks anew.
const ALONE: &str = "SELECT pg_advisory_xact_lock(hashtextextended('webhooks', 0))::text";

/// $1 now, $2 how many.
const FAN_OUT: &str = "
    WITH told AS (
        UPDATE events SET told = true
        WHERE place = ANY (ARRAY(SELECT place FROM events WHERE NOT told ORDER BY place LIMIT $2))
        RETURNING place, kind
    ), owed AS (
        INSERT INTO webhook_deliveries (webhook_id, event_place, ready_at, created_at)
        SELECT w.id, t.place, $1, $1
        FROM told t JOIN webhooks w ON w.enabled AND (w.events = '{}' OR t.kind = ANY (w.events))
        ORDER BY t.place, w.id
        RETURNING id
    )
    SELECT (SELECT count(*) FROM told), (SELECT count(*) FROM owed)";

/// The first that each subscriber is owed. Only it is ever sent. Its order is said as the index of what waits says it, and no other
/// does: by its number alone it would sometimes be looked for from the oldest that was ever delivered.
macro_rules! first_owed {
    () => {
        "webhooks w CROSS JOIN LATERAL (
             SELECT id, ready_at FROM webhook_deliveries d
             WHERE d.webhook_id = w.id AND d.state = 'waiting' ORDER BY d.id + 0 LIMIT 1
         ) f"
    };
}

/// Whether it still waits is asked again of the row itself, before anything is leased: somebody may have sent it while this statement
/// began. $1 now, $2 lease, $3
/// until when.
const CLAIM: &str = concat!(
    "WITH due AS (
        SELECT w.id, f.id AS delivery FROM ",
    first_owed!(),
    " WHERE w.enabled AND (w.leased_until IS NULL OR w.leased_until <= $1) AND f.ready_at <= $1
        ORDER BY f.ready_at, w.id LIMIT 1 FOR NO KEY UPDATE OF w SKIP LOCKED
    ), begun AS (
        UPDATE webhook_deliveries d SET attempts = d.attempts + 1 FROM due
        WHERE d.id = due.delivery AND d.state = 'waiting' AND d.ready_at <= $1
        RETURNING d.id, d.webhook_id, d.attempts, d.event_place
    ), held AS (
        UPDATE webhooks w SET leased_by = $2, leased_until = $3 FROM begun b WHERE w.id = b.webhook_id
        RETURNING w.id, w.kind, w.url, w.secret, CASE WHEN w.old_secret_until > $1 THEN w.old_secret END AS old_secret,
                  b.id AS delivery, b.attempts, b.event_place
    )
    SELECT h.id AS webhook_id, h.kind, h.url, h.secret, h.old_secret, h.delivery, h.attempts,
           e.id AS event_id, e.kind AS event, e.user_id, e.data, e.at
    FROM held h JOIN events e ON e.place = h.event_place"
);

pub(crate) const NEXT: &str =
    concat!("SELECT min(GREATEST(f.ready_at, w.leased_until)) FROM ", first_owed!(), " WHERE w.enabled");

/// Why it failed may quote whom it was about, and is not kept if they were removed meanwhile; whoever removes them waits or is waited
/// for. $1 webhook, $2 lease, $3 delivery, $4 now, $5 state, $6 when it is tried again, $7 status, $8 error, $9 why it is disabled, $10
/// whom it was about.
const END: &str = "
    WITH about AS (
        SELECT user_id FROM events WHERE place = (SELECT event_place FROM webhook_deliveries WHERE id = $3) FOR SHARE
    ), freed AS (
        UPDATE webhooks
        SET leased_by = NULL, leased_until = NULL, enabled = enabled AND $9::text IS NULL,
            disabled_reason = COALESCE($9::text, disabled_reason),
            failing_since = CASE WHEN $5::text = 'delivered' THEN NULL ELSE COALESCE(failing_since, $4::timestamptz) END
        WHERE id = $1 AND leased_by = $2
        RETURNING id
    )
    UPDATE webhook_deliveries d
    SET state = $5::text, ready_at = COALESCE($6::timestamptz, d.ready_at), status = $7,
        error = CASE WHEN $8::text IS NULL OR $10::bigint IS NULL OR $10 = (SELECT user_id FROM about) THEN $8::text END,
        finished_at = CASE WHEN $5::text = 'waiting' THEN NULL ELSE $4::timestamptz END
    FROM freed WHERE d.id = $3";

#[derive(FromRow)]
struct Row {
    webhook_id: Uuid,
    kind: String,
    url: String,
    secret: String,
    old_secret: Option<String>,
    delivery: i64,
    attempts: i32,
    event_id: Uuid,
    event: String,
    user_id: Option<i64>,
    data: Json<Value>,
    at: DateTime<Utc>,
}

impl Webhooks<'_> {
    /// Writes what subscribers are owed for what happened since, at most `limit` events, in the order of writing as far as it is
    /// visible; how many events there were.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    pub async fn fan_out(&self, now: DateTime<Utc>, limit: u32) -> Result<u64, StoreError> {
        let (any,): (bool,) = sqlx::query_as(ANY_TO_TELL).fetch_one(&self.0.pool).await?;
        if !any {
            return Ok(0);
        }
        self.0
            .pool
            .within(async {
                let mut transaction = self.0.pool.begin().await?;
                sqlx::query(ALONE).execute(&mut *transaction).await?;
                let query = sqlx::query_as(FAN_OUT).bind(now).bind(i64::from(limit));
                let (told, _): (i64, i64) = query.fetch_one(&mut *transaction).await?;
                transaction.commit().await?;
                Ok(u64::try_from(told).unwrap_or_default())
            })
            .await
    }

    /// Claims the attempt that is due longest; nothing where none is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim(&self, now: DateTime<Utc>, lease: TimeDelta) -> Result<Option<Attempt>, StoreError> {
        let (id, leased_until) = (Uuid::now_v7(), now + lease);
        let query = sqlx::query_as(CLAIM).bind(now).bind(id).bind(leased_until);
        let Some(row): Option<Row> = query.fetch_optional(&self.0.pool).await? else { return Ok(None) };
        let keys = &self.0.keys;
        let mut secrets: Vec<SecretString> = vec![keys.decrypt(&row.secret, "webhooks.secret")?.into()];
        if let Some(token) = &row.old_secret {
            secrets.push(keys.decrypt(token, "webhooks.old_secret")?.into());
        }
        Ok(Some(Attempt {
            webhook_id: row.webhook_id,
            kind: Kind::stored(&row.kind),
            url: keys.decrypt(&row.url, "webhooks.url")?.into(),
            secrets,
            owed: Owed {
                event_id: row.event_id,
                event: row.event,
                user_id: row.user_id,
                data: row.data.0,
                at: row.at,
                attempts: u32::try_from(row.attempts).unwrap_or_default(),
            },
            leased_until,
            delivery: row.delivery,
            lease: id,
        }))
    }

    /// When there is something to do next, if nothing happens until then; nothing where nothing is owed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn next(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let (at,) = sqlx::query_as(NEXT).fetch_one(&self.0.pool).await?;
        Ok(at)
    }

    /// Writes down how an attempt ended; `status` is that of the answer, where one came. False when the lease was lost; then
    /// nothing was written.
    ///
    /// # Errors
    /// [`StoreError`]; then it is tried again when the lease has run out.
    pub async fn end(
        &self,
        attempt: &Attempt,
        ended: &Ended,
        status: Option<u16>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let (state, at, error, reason) = match ended {
            Ended::Accepted => ("delivered", None, None, None),
            Ended::Later { at, error } => ("waiting", Some(*at), Some(error), None),
            Ended::GivenUp { error, reason } => ("failed", None, Some(error), Some(*reason)),
        };
        let done = sqlx::query(END)
            .bind(attempt.webhook_id)
            .bind(attempt.lease)
            .bind(attempt.delivery)
            .bind(now)
            .bind(state)
            .bind(at)
            .bind(status.map(i32::from))
            .bind(error.map(|error| kept(error)))
            .bind(reason)
            .bind(attempt.owed.user_id)
            .execute(&self.0.pool)
            .await?;
        Ok(done.rows_affected() > 0)
    }
}

/// Of a text as much as is kept. Postgres cannot hold U+0000.
fn kept(text: &str) -> String {
    text.replace('\0', " ").chars().take(MAX_CHARS).collect()
}
