//! How updates end: worked, with what is owed for them; buried; or given back.

use chrono::{DateTime, Utc};
use evolve_runtime::traces;
use sqlx::types::Json;

use super::{ClaimedUpdate, Inbox, storable};
use crate::{StoreError, outbox::NewOutgoing};

/// $1 update, $2 worker, $3 now, $4 state, $5 error, $6 whether to keep the payload, $7–$11 and $13 what is owed, $14 where in a trace, $12 updates that
/// it was worked together with: of the same chat, and claimed by nobody, since only the oldest of a chat can be; or kept before.
const FINISH: &str = "
    WITH ended AS (
        UPDATE inbox SET state = $4, error = $5, finished_at = $3, leased_until = NULL,
                         payload = CASE WHEN $6 THEN payload END
        WHERE update_id = $1 AND leased_by = $2 AND state = 'pending'
        RETURNING update_id, chat_id
    ), together AS (
        UPDATE inbox i SET state = 'done', finished_at = $3, payload = NULL
        FROM ended WHERE i.update_id = ANY ($12) AND i.chat_id = ended.chat_id AND i.state <> 'dead'
    ), owed AS (
        INSERT INTO outbox (chat_id, user_id, key, method, params, priority, trace, ready_at, created_at)
        SELECT o.chat_id, o.user_id, o.key, o.method, o.params, o.priority, $14, $3, $3
        FROM ended, unnest($7::bigint[], $8::bigint[], $9::text[], $10::text[], $11::jsonb[], $13::smallint[])
             WITH ORDINALITY AS o (chat_id, user_id, key, method, params, priority, place)
        ORDER BY o.place
        ON CONFLICT (key) DO NOTHING
        RETURNING id
    )
    SELECT (SELECT pg_notify('outbox', '') FROM owed LIMIT 1)::text,
           (SELECT pg_notify('inbox', '') FROM inbox i, ended
            WHERE i.chat_id = ended.chat_id AND i.update_id <> ended.update_id AND i.state = 'pending' LIMIT 1)::text
    FROM ended";

const RETRY: &str = "
    UPDATE inbox SET leased_until = NULL, leased_by = NULL, ready_at = $3, error = $4,
                     attempts = attempts - CASE WHEN $5 THEN 0 ELSE 1 END, faults = faults + CASE WHEN $5 THEN 1 ELSE 0 END
    WHERE update_id = $1 AND leased_by = $2 AND state = 'pending'";

/// Why it was given back the time before is kept: how long it has been in doubt is counted from that. $1 update, $2 worker, $3 now.
const HAND_BACK: &str = "
    WITH back AS (
        UPDATE inbox SET leased_until = NULL, leased_by = NULL, ready_at = $3, attempts = attempts - 1,
                         error = COALESCE(error, 'handed back')
        WHERE update_id = $1 AND leased_by = $2 AND state = 'pending'
        RETURNING update_id
    )
    SELECT pg_notify('inbox', '') FROM back";

const SET_APART: &str = "
    UPDATE inbox SET leased_until = NULL, leased_by = NULL, ready_at = $3, error = $4, chat_id = NULL, faults = faults + 1,
                     apart_at = COALESCE(apart_at, $5)
    WHERE update_id = $1 AND leased_by = $2 AND state = 'pending'";

/// How an update ends.
#[derive(Default)]
struct End<'a> {
    state: &'static str,
    error: Option<&'a str>,
    keep: bool,
    together: &'a [i64],
}

impl Inbox<'_> {
    /// Ends an update and writes what is owed for it. False when the lease was lost; then nothing was written.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    pub async fn finish(
        &self,
        update: &ClaimedUpdate,
        owed: &[NewOutgoing],
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.finish_together(update, &[], owed, now).await
    }

    /// As [`Inbox::finish`], for several updates of one chat that are answered as one: those of `together` end with it.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    pub async fn finish_together(
        &self,
        update: &ClaimedUpdate,
        together: &[i64],
        owed: &[NewOutgoing],
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.end(update, End { state: "done", together, ..End::default() }, owed, now).await
    }

    /// As [`Inbox::finish`], but the update keeps its payload, so that its person may have it tried again. `reason` is why.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    pub async fn finish_keeping(
        &self,
        update: &ClaimedUpdate,
        reason: &str,
        owed: &[NewOutgoing],
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.end(update, End { state: "done", error: Some(reason), keep: true, ..End::default() }, owed, now).await
    }

    /// Sets an update aside for good, with the reason and its payload, so that it can be replayed; what is owed is written as
    /// with [`Inbox::finish`].
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    pub async fn bury(
        &self,
        update: &ClaimedUpdate,
        reason: &str,
        owed: &[NewOutgoing],
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.end(update, End { state: "dead", error: Some(reason), keep: true, together: &[] }, owed, now).await
    }

    async fn end(
        &self,
        update: &ClaimedUpdate,
        end: End<'_>,
        owed: &[NewOutgoing],
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let ended = sqlx::query(FINISH)
            .bind(update.update_id)
            .bind(update.worker)
            .bind(now)
            .bind(end.state)
            .bind(end.error.map(|e| e.replace('\0', " ")))
            .bind(end.keep)
            .bind(owed.iter().map(|o| o.chat_id).collect::<Vec<_>>())
            .bind(owed.iter().map(|o| o.user_id).collect::<Vec<_>>())
            .bind(owed.iter().map(|o| o.key.as_str()).collect::<Vec<_>>())
            .bind(owed.iter().map(|o| o.method.as_str()).collect::<Vec<_>>())
            .bind(owed.iter().map(|o| Json(storable(&o.params))).collect::<Vec<_>>())
            .bind(end.together)
            .bind(owed.iter().map(|o| o.priority.number()).collect::<Vec<_>>())
            .bind(traces::current())
            .fetch_optional(&self.0.pool)
            .await?;
        Ok(ended.is_some())
    }

    /// Gives an update back, to be claimed again at `at`. `counts` says whether the attempt counts against it: a
    /// neighbour's outage does not.
    ///
    /// # Errors
    /// [`StoreError`]; then the lease runs out by itself.
    pub async fn retry(
        &self,
        update: &ClaimedUpdate,
        at: DateTime<Utc>,
        reason: &str,
        counts: bool,
    ) -> Result<(), StoreError> {
        sqlx::query(RETRY)
            .bind(update.update_id)
            .bind(update.worker)
            .bind(at)
            .bind(reason.replace('\0', " "))
            .bind(counts)
            .execute(&self.0.pool)
            .await?;
        Ok(())
    }

    /// Gives an update back that this process has no time left for: whoever has, claims it now, and hears of it. It has been no
    /// attempt.
    ///
    /// # Errors
    /// [`StoreError`]; then the lease runs out by itself.
    pub async fn hand_back(&self, update: &ClaimedUpdate, now: DateTime<Utc>) -> Result<(), StoreError> {
        sqlx::query(HAND_BACK).bind(update.update_id).bind(update.worker).bind(now).execute(&self.0.pool).await?;
        Ok(())
    }

    /// Gives an update back, to be claimed again at `at`, apart from its chat, which goes on without it.
    ///
    /// # Errors
    /// [`StoreError`]; then the lease runs out by itself.
    pub async fn set_apart(
        &self,
        update: &ClaimedUpdate,
        at: DateTime<Utc>,
        reason: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sqlx::query(SET_APART)
            .bind(update.update_id)
            .bind(update.worker)
            .bind(at)
            .bind(reason.replace('\0', " "))
            .bind(now)
            .execute(&self.0.pool)
            .await?;
        Ok(())
    }
}
