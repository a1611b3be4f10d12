//! Flags that somebody has turned, and how they were turned before.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use evolve_domain::{
    flags::{Flag, Rollout},
    plan::Plan,
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    Store, StoreError,
    audit::{self, Entry},
    bans::KIND,
};

/// Notifies everybody who keeps what administrators set.
pub(crate) const NOTIFY: &str = "SELECT pg_notify('configured', '')::text";

/// A flag that somebody has turned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turned {
    /// Its name: perhaps one that only another version knows.
    pub name: String,
    /// For whom it is on.
    pub rollout: Rollout,
    /// Who has it besides: keyed hashes, as [`Flags::names`] makes them.
    pub people: Vec<String>,
    /// When it was turned last.
    pub updated_at: DateTime<Utc>,
    /// By whom.
    pub updated_by: String,
}

/// How a flag is to be turned.
#[derive(Clone, Copy, Debug)]
pub struct Turn<'a> {
    /// Which.
    pub flag: Flag,
    /// For whom it is on.
    pub rollout: Rollout,
    /// Who has it besides, in place of whoever had it; nothing to leave them.
    pub people: Option<&'a [i64]>,
    /// Why.
    pub note: &'a str,
    /// Who does it.
    pub by: &'a str,
}

/// How a flag was turned.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Change {
    /// Its id.
    pub id: Uuid,
    /// Of a hundred people so many.
    pub percent: i16,
    /// Only those on this plan.
    pub plan: Option<String>,
    /// How many people had it besides.
    pub people: i32,
    /// Why.
    pub note: String,
    /// When.
    pub changed_at: DateTime<Utc>,
    /// By whom.
    pub changed_by: String,
}

#[derive(FromRow)]
struct Row {
    name: String,
    percent: i16,
    plan: Option<String>,
    people: Vec<String>,
    updated_at: DateTime<Utc>,
    updated_by: String,
}

/// Flags. Borrowed from [`Store::flags`].
#[derive(Debug)]
pub struct Flags<'a>(&'a Store);

impl Store {
    /// Flags.
    #[must_use]
    pub fn flags(&self) -> Flags<'_> {
        Flags(self)
    }
}

/// There are few of them.
const ALL: &str = "SELECT name, percent, plan, people, updated_at, updated_by FROM flags ORDER BY name";

/// $1 name, $2 per cent, $3 plan, $4 people, $5 now, $6 by whom.
const TURN: &str = "
    INSERT INTO flags AS f (name, percent, plan, people, updated_at, updated_by)
    VALUES ($1, $2, $3, COALESCE($4::text[], '{}'), $5, $6)
    ON CONFLICT (name) DO UPDATE
    SET percent = excluded.percent, plan = excluded.plan, people = COALESCE($4::text[], f.people), updated_at = excluded.updated_at,
        updated_by = excluded.updated_by
    RETURNING name, percent, plan, people, updated_at, updated_by";

/// $1 id, $2 flag, $3 per cent, $4 plan, $5 people, $6 note, $7 now, $8 by whom.
const NOTE: &str = "
    INSERT INTO flag_changes (id, flag, percent, plan, people, note, changed_at, changed_by)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

const NAMED: &str = "SELECT DISTINCT unnest(people) FROM flags WHERE people <> '{}'";

/// $1 after whom, $2 how many.
const PEOPLE: &str = "SELECT id FROM users WHERE id > $1 ORDER BY id LIMIT $2";

/// There are few rows. $1 the names of before, $2 that of now.
const RENAME: &str = "
    UPDATE flags SET people = (
        SELECT array_agg(DISTINCT CASE WHEN name = ANY ($1) THEN $2::text ELSE name END) FROM unnest(people) AS name)
    WHERE people && $1::text[]";

/// $1 flag, $2 how many.
const HISTORY: &str = "
    SELECT id, percent, plan, people, note, changed_at, changed_by FROM flag_changes
    WHERE flag = $1 ORDER BY changed_at DESC, id DESC LIMIT $2";

impl Flags<'_> {
    /// Every flag that somebody has turned.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn all(&self) -> Result<Vec<Turned>, StoreError> {
        let rows: Vec<Row> = sqlx::query_as(ALL).fetch_all(&self.0.pool).await?;
        Ok(rows.into_iter().map(turned).collect())
    }

    /// Turns a flag, with its history and the entry of the log; how it stands then.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    pub async fn turn(&self, turn: &Turn<'_>, entry: Option<&Entry>, now: DateTime<Utc>) -> Result<Turned, StoreError> {
        let Turn { flag, rollout, people, note, by } = *turn;
        let people: Option<Vec<String>> =
            people.map(|people| people.iter().filter_map(|person| self.names(*person).into_iter().next()).collect());
        let (percent, plan) = (i16::from(rollout.percent), rollout.plan.map(Plan::as_str));
        let mut transaction = self.0.pool.begin().await?;
        let row: Row = sqlx::query_as(TURN)
            .bind(flag.as_str())
            .bind(percent)
            .bind(plan)
            .bind(people)
            .bind(now)
            .bind(by)
            .fetch_one(&mut *transaction)
            .await?;
        sqlx::query(NOTE)
            .bind(Uuid::now_v7())
            .bind(flag.as_str())
            .bind(percent)
            .bind(plan)
            .bind(i32::try_from(row.people.len()).unwrap_or(i32::MAX))
            .bind(note)
            .bind(now)
            .bind(by)
            .execute(&mut *transaction)
            .await?;
        sqlx::query(NOTIFY).execute(&mut *transaction).await?;
        audit::done(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(turned(row))
    }

    /// How a flag was turned, newest first, at most `limit` times.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn history(&self, flag: Flag, limit: u32) -> Result<Vec<Change>, StoreError> {
        let query = sqlx::query_as(HISTORY).bind(flag.as_str()).bind(i64::from(limit));
        Ok(query.fetch_all(&self.0.pool).await?)
    }

    /// Gives whoever is named the name of the first key. Who is not there is not known by their id, and loses what they had once the key of
    /// their name goes.
    ///
    /// # Errors
    /// [`StoreError`]; done again, it goes on.
    pub(crate) async fn rename(&self) -> Result<(), StoreError> {
        const STEP: i64 = 500;
        let named: Vec<(String,)> = sqlx::query_as(NAMED).fetch_all(&self.0.pool).await?;
        let named: BTreeSet<String> = named.into_iter().map(|(name,)| name).collect();
        let (mut after, mut renamed) = (i64::MIN, 0);
        while !named.is_empty() {
            let people: Vec<(i64,)> = sqlx::query_as(PEOPLE).bind(after).bind(STEP).fetch_all(&self.0.pool).await?;
            let Some((last,)) = people.last().copied() else { break };
            after = last;
            for (person,) in people {
                let names = self.names(person);
                let Some((now, before)) = names.split_first() else { continue };
                if before.iter().any(|name| named.contains(name)) {
                    let query = sqlx::query(RENAME).bind(before).bind(now);
                    renamed += query.execute(&self.0.pool).await?.rows_affected();
                }
            }
        }
        if renamed > 0 {
            sqlx::query(NOTIFY).execute(&self.0.pool).await?;
        }
        Ok(())
    }

    /// What somebody is called in [`Turned::people`]: by each key of the list, that of the first first.
    #[must_use]
    pub fn names(&self, person: i64) -> Vec<String> {
        self.0.audit().names(KIND, person)
    }
}

fn turned(row: Row) -> Turned {
    let plan = row.plan.as_deref().and_then(|plan| plan.parse().ok());
    // What this version cannot read must not become everybody's: a plan that is not known is nobody's.
    let is_legible = plan.is_some() == row.plan.is_some();
    let percent = if is_legible { u8::try_from(row.percent).unwrap_or_default().min(100) } else { 0 };
    Turned {
        name: row.name,
        rollout: Rollout { percent, plan },
        people: row.people,
        updated_at: row.updated_at,
        updated_by: row.updated_by,
    }
}
