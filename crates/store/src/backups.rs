//! Copies of the database that were made, as whoever made them wrote down, and what is told where none is made any more.
//!
//! Whoever makes a copy is another process, and often of another image: a job of the cluster may have no more than `psql`, and
//! writes the same row (`operator/src/build/scripts/record.sh`).

use std::str::FromStr as _;

use chrono::{DateTime, TimeDelta, Utc};
use evolve_domain::webhook::EventKind;
use sqlx::{Connection as _, FromRow, postgres::PgConnectOptions};

use crate::{Store, StoreError, pool};

/// A copy that was made, and found to be good: it can be read, and what must be in it stands beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made<'a> {
    /// What its file is called.
    pub name: &'a str,
    /// When its snapshot was taken.
    pub taken_at: DateTime<Utc>,
    /// Size of the dump.
    pub bytes: u64,
    /// Of the dump, in hexadecimal digits.
    pub sha256: &'a str,
}

/// The newest copy of which is known.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Newest {
    /// What it is called; nothing where none was ever written down.
    pub name: Option<String>,
    /// When its snapshot was taken; where there is none, since when copies are written down.
    pub since: DateTime<Utc>,
}

/// $1 name, $2 taken, $3 bytes, $4 sha256. It was looked at just now.
const RECORD: &str = "
    INSERT INTO public.backups (name, taken_at, bytes, sha256, verdict, checked_at) VALUES ($1, $2, $3, $4, 'counted', now())
    ON CONFLICT (name) DO UPDATE
    SET taken_at = excluded.taken_at, bytes = excluded.bytes, sha256 = excluded.sha256, verdict = excluded.verdict,
        checked_at = excluded.checked_at";

/// A copy that was made by a clock that is ahead is as old as the moment at which it was written down, by Postgres' own. Few rows: a
/// year of them. Of a database that was made yesterday nobody expects a copy of last week: it is as old as its table of copies.
const NEWEST: &str = "
    SELECT b.name, COALESCE(b.taken_at, m.installed_on) AS since
    FROM _sqlx_migrations m LEFT JOIN LATERAL (
        SELECT name, LEAST(taken_at, checked_at) AS taken_at FROM backups ORDER BY 2 DESC, name DESC LIMIT 1) b ON true
    WHERE m.version = 42";

/// Once for each newest copy, as long as that is remembered. $1 the newest copy, $2 since when, $3 its age and $4 the most that is
/// expected in hours, $5 the kind of the event, $6 now.
const TELL: &str = "
    WITH told AS (
        INSERT INTO events (kind, at, data)
        SELECT $5::text, $6::timestamptz, jsonb_build_object('newest', NULLIF($1::text, ''), 'since', $2::timestamptz, 'age_hours', $3::bigint, 'max_age_hours', $4::bigint)
        WHERE NOT EXISTS (SELECT FROM events WHERE kind = 'backup.old' AND COALESCE(data->>'newest', '') = $1::text)
        RETURNING place
    )
    SELECT pg_notify('webhooks', '')::text FROM told";

/// Writes down that a copy was made, with a connection of its own: whoever made it has no store.
///
/// # Errors
/// [`StoreError`]; also where the database is of a version that does not know copies yet.
pub async fn record(database_url: &str, made: &Made<'_>) -> Result<(), StoreError> {
    const LIMITS: &str = "SET statement_timeout = '30s'; SET lock_timeout = '30s'";
    let options = PgConnectOptions::from_str(database_url)?.application_name("evolve-backup");
    let mut connection = pool::connect(&options).await?;
    sqlx::raw_sql(LIMITS).execute(&mut connection).await?;
    sqlx::query(RECORD)
        .bind(made.name)
        .bind(made.taken_at)
        .bind(i64::try_from(made.bytes).unwrap_or(i64::MAX))
        .bind(made.sha256)
        .execute(&mut connection)
        .await?;
    Ok(connection.close().await?)
}

/// Copies that were made. Borrowed from [`Store::backups`].
#[derive(Debug)]
pub struct Backups<'a>(&'a Store);

impl Store {
    /// Copies that were made.
    #[must_use]
    pub fn backups(&self) -> Backups<'_> {
        Backups(self)
    }
}

impl Backups<'_> {
    /// The newest.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn newest(&self) -> Result<Newest, StoreError> {
        Ok(sqlx::query_as(NEWEST).fetch_one(&self.0.pool).await?)
    }

    /// Has other systems told that the newest copy is older than `most`; once for each that is the newest. True where they are told
    /// now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tell_old(&self, newest: &Newest, most: TimeDelta, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let age = now - newest.since;
        let told = sqlx::query(TELL)
            .bind(newest.name.as_deref().unwrap_or_default())
            .bind(newest.since)
            .bind(age.num_hours())
            .bind(most.num_hours())
            .bind(EventKind::BackupOld.as_str())
            .bind(now)
            .fetch_optional(&self.0.pool)
            .await?;
        Ok(told.is_some())
    }
}
