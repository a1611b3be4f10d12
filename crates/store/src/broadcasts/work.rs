//! How people are written to: some of them at a time are owed it, in the order of their ids, in one transaction with the mark of
//! how far it has come. So a process that dies has either done a step or not; the key of a row, which is the broadcast's and the
//! person's, would keep anybody from being owed it twice even so.

use chrono::{DateTime, Utc};
use evolve_domain::broadcast::LATELY;
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use super::{Broadcast, Broadcasts, Reach, reach, unwanted};
use crate::{StoreError, outbox::Priority};

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chosen {
    /// So many people are owed it now.
    People(u64),
    /// There is nobody left.
    All,
    /// It is not running.
    Halted,
}

/// What was counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many ended.
    pub ended: u64,
    /// How the last ones ended, oldest first: see [`evolve_domain::broadcast::is_failing`]. Empty where none ended since.
    pub lately: String,
}

/// $1 now.
const BEGIN: &str = "
    UPDATE broadcasts SET state = 'running', began_at = $1 WHERE NOT settled AND state = 'scheduled' AND send_at <= $1";

/// $1 id, $2 how many, $3 how many are judged.
const TALLY: &str = concat!(
    "WITH ended AS (
        SELECT o.id, o.finished_at, o.state = 'sent' AS sent, ",
    unwanted!(),
    " AS unwanted
        FROM outbox o WHERE o.broadcast_id = $1 AND o.finished_at IS NOT NULL
        ORDER BY o.finished_at LIMIT $2 FOR UPDATE SKIP LOCKED
    ), counted AS (
        UPDATE outbox o SET broadcast_id = NULL FROM ended e WHERE o.id = e.id
        RETURNING e.id, e.finished_at, e.sent, e.unwanted
    ), c AS (
        SELECT count(*) AS ended, count(*) FILTER (WHERE sent) AS sent,
               count(*) FILTER (WHERE NOT sent AND unwanted) AS blocked,
               count(*) FILTER (WHERE NOT sent AND NOT unwanted) AS failed,
               string_agg(CASE WHEN sent OR unwanted THEN '.' ELSE 'x' END, '' ORDER BY finished_at, id) AS lately
        FROM counted
    )
    UPDATE broadcasts b
    SET sent = b.sent + c.sent, blocked = b.blocked + c.blocked, failed = b.failed + c.failed,
        lately = right(b.lately || COALESCE(c.lately, ''), $3)
    FROM c WHERE b.id = $1 AND c.ended > 0
    RETURNING c.ended, b.lately"
);

/// Held until the step is done: whoever pauses it comes before or after.
const HOLD: &str =
    "SELECT looked_to FROM broadcasts WHERE id = $1 AND state = 'running' AND NOT all_chosen FOR NO KEY UPDATE";

/// The people's rows are held, so that a removal comes before or after. $11 id, $12 text, $13 translations, $14 priority.
const OWE: &str = concat!(
    "WITH ",
    reach::reached!("FOR KEY SHARE OF u"),
    ", owed AS (
        INSERT INTO outbox (chat_id, user_id, key, method, params, priority, ready_at, created_at, broadcast_id)
        SELECT r.id, r.id, 'broadcast-' || $11::uuid::text || '-' || r.id, 'sendMessage',
               jsonb_build_object('chat_id', r.id, 'text', COALESCE($13::jsonb ->> r.language, $12::text),
                                  'parse_mode', 'HTML'),
               $14::smallint, $3, $3, $11
        FROM reached r ORDER BY r.id
        ON CONFLICT (key) DO NOTHING
        RETURNING id
    )
    SELECT (SELECT max(id) FROM seen) AS last, (SELECT count(*) FROM owed) AS people,
           (SELECT pg_notify('outbox', '') FROM owed LIMIT 1)::text AS notified"
);

/// $1 id, $2 the last who was looked at; nobody, where there was nobody to look at; $3 how many were chosen.
const MOVE: &str = "
    UPDATE broadcasts SET looked_to = COALESCE($2, looked_to), all_chosen = $2 IS NULL, chosen = chosen + $3 WHERE id = $1";

/// $1 id, $2 now.
const SETTLE: &str = "
    UPDATE broadcasts b
    SET settled = true, ended_at = COALESCE(b.ended_at, $2),
        state = CASE WHEN b.state = 'running' THEN 'done' ELSE b.state END
    WHERE b.id = $1 AND ((b.state = 'running' AND b.all_chosen) OR b.state = 'cancelled')
      AND NOT EXISTS (SELECT FROM outbox o WHERE o.broadcast_id = b.id)";

#[derive(FromRow)]
struct Step {
    last: Option<i64>,
    people: i64,
}

impl Broadcasts<'_> {
    /// Begins those whose time has come; how many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn begin(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        Ok(sqlx::query(BEGIN).bind(now).execute(&self.0.pool).await?.rows_affected())
    }

    /// Counts what has ended of a broadcast, the oldest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was counted.
    pub async fn tally(&self, id: Uuid, limit: u32) -> Result<Tally, StoreError> {
        let judged = i32::try_from(LATELY).unwrap_or(i32::MAX);
        let query = sqlx::query_as(TALLY).bind(id).bind(i64::from(limit)).bind(judged);
        let row: Option<(i64, String)> = query.fetch_optional(&self.0.pool).await?;
        Ok(row.map_or_else(Tally::default, |(ended, lately)| Tally {
            ended: u64::try_from(ended).unwrap_or_default(),
            lately,
        }))
    }

    /// Owes a broadcast to those of the next `look` people whom it reaches.
    ///
    /// # Errors
    /// [`StoreError`]; then nobody is owed it by this step.
    pub async fn choose(
        &self,
        broadcast: &Broadcast,
        reach: &Reach,
        look: u32,
        now: DateTime<Utc>,
    ) -> Result<Chosen, StoreError> {
        self.0
            .pool
            .within(async {
                let mut transaction = self.0.pool.begin().await?;
                let held: Option<(i64,)> =
                    sqlx::query_as(HOLD).bind(broadcast.id).fetch_optional(&mut *transaction).await?;
                let Some((looked_to,)) = held else { return Ok(Chosen::Halted) };
                let owe = reach::bind(sqlx::query_as(OWE), (looked_to, look), reach, now)
                    .bind(broadcast.id)
                    .bind(&broadcast.text)
                    .bind(Json(&broadcast.translations))
                    .bind(Priority::Broadcast.number());
                let Step { last, people } = owe.fetch_one(&mut *transaction).await?;
                sqlx::query(MOVE).bind(broadcast.id).bind(last).bind(people).execute(&mut *transaction).await?;
                transaction.commit().await?;
                Ok(last.map_or(Chosen::All, |_| Chosen::People(u64::try_from(people).unwrap_or_default())))
            })
            .await
    }

    /// Writes down that a broadcast is over, if it is: everybody was chosen, or it was cancelled, and all ends are counted.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn settle(&self, id: Uuid, now: DateTime<Utc>) -> Result<bool, StoreError> {
        Ok(sqlx::query(SETTLE).bind(id).bind(now).execute(&self.0.pool).await?.rows_affected() > 0)
    }
}
