//! Who is not talked with.
//!
//! A ban is known by a keyed hash of its person, as the log of administrators knows people ([`Audit::names`]): so it outlives a
//! removal, and names nobody. `users.banned_until` repeats it for statements that look at many people; whoever comes anew is
//! given it by whatever statement makes them ([`crate::turns`], [`crate::users`], [`crate::payments`]).
//! A rotation of keys gives bans of people who are there the hashes
//! of the new key ([`crate::rotate`]); of somebody who was removed nobody knows the id, so that their ban is not found any more once
//! `ENCRYPTION_KEY` has lost the key of that time.
//!
//! What a ban keeps somebody from is decided where they talk: [`crate::turns::Admission::Banned`]. What is theirs (a copy, their
//! removal, their money) stays theirs.
//!
//! [`Audit::names`]: crate::audit::Audit::names

use chrono::{DateTime, Datelike as _, Utc};
use sqlx::FromRow;

use crate::{
    Store, StoreError,
    audit::{self, Entry, end_of_time},
    messages::legible,
    users,
};

/// What names in the log are of.
pub(crate) const KIND: &str = "person";

/// A ban to be.
#[derive(Clone, Copy, Debug)]
pub struct NewBan<'a> {
    /// Why.
    pub reason: &'a str,
    /// Until when; nothing for good.
    pub until: Option<DateTime<Utc>>,
    /// Who says so.
    pub by: &'a str,
}

/// A ban.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ban {
    /// Why; nothing where no key opens it.
    pub reason: Option<String>,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Until when; nothing for good.
    pub until: Option<DateTime<Utc>>,
    /// Who said so.
    pub by: String,
}

#[derive(FromRow)]
struct Row {
    reason: String,
    banned_at: DateTime<Utc>,
    until: DateTime<Utc>,
    banned_by: String,
}

/// Bans. Borrowed from [`Store::bans`].
#[derive(Debug)]
pub struct Bans<'a>(&'a Store);

impl Store {
    /// Who is not talked with.
    #[must_use]
    pub fn bans(&self) -> Bans<'_> {
        Bans(self)
    }
}

const LIFT: &str = "DELETE FROM bans WHERE person = ANY ($1)";

const BAN: &str = "INSERT INTO bans (person, reason, banned_at, until, banned_by) VALUES ($1, $2, $3, $4, $5)";

/// $1 person, $2 until when.
const MARK: &str = "UPDATE users SET banned_until = $2 WHERE id = $1";

const UNMARK: &str = "UPDATE users SET banned_until = NULL WHERE id = $1 AND banned_until IS NOT NULL";

/// $1 after whom, $2 how many.
const MARKED: &str = "SELECT id FROM users WHERE banned_until IS NOT NULL AND id > $1 ORDER BY id LIMIT $2";

/// $1 the names of before, $2 that of now.
const RENAME: &str = "UPDATE bans SET person = $2 WHERE person = ANY ($1)";

/// What they were told of a ban before is not what they are told of this one. $1 person.
const TELL_ANEW: &str = "UPDATE outbox SET key = key || '-' || id WHERE key = 'banned-' || $1::bigint::text || '-0'";

/// $1 names, $2 now.
const GET: &str = "
    SELECT reason, banned_at, until, banned_by FROM bans WHERE person = ANY ($1) AND until > $2 ORDER BY until DESC LIMIT 1";

impl Bans<'_> {
    /// Bans somebody, in place of what ban there was, with the entry of the log. They need not have come yet.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    pub async fn ban(
        &self,
        user_id: i64,
        ban: NewBan<'_>,
        entry: Option<&Entry>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let until = ban.until.unwrap_or_else(end_of_time);
        let names = self.names(user_id);
        let mut transaction = self.0.pool.begin().await?;
        users::hold(&mut transaction, user_id).await?;
        sqlx::query(LIFT).bind(&names).execute(&mut *transaction).await?;
        sqlx::query(BAN)
            .bind(names.first())
            .bind(self.0.keys.encrypt(ban.reason))
            .bind(now)
            .bind(until)
            .bind(ban.by)
            .execute(&mut *transaction)
            .await?;
        sqlx::query(MARK).bind(user_id).bind(until).execute(&mut *transaction).await?;
        sqlx::query(TELL_ANEW).bind(user_id).execute(&mut *transaction).await?;
        audit::done(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Lifts somebody's ban, with the entry of the log. False where there was none.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    pub async fn lift(&self, user_id: i64, entry: Option<&Entry>) -> Result<bool, StoreError> {
        let mut transaction = self.0.pool.begin().await?;
        users::hold(&mut transaction, user_id).await?;
        let lifted = sqlx::query(LIFT).bind(self.names(user_id)).execute(&mut *transaction).await?.rows_affected();
        let unmarked = sqlx::query(UNMARK).bind(user_id).execute(&mut *transaction).await?.rows_affected();
        if lifted + unmarked == 0 {
            return Ok(false);
        }
        audit::done(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Somebody's ban, as long as it holds.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn of(&self, user_id: i64, now: DateTime<Utc>) -> Result<Option<Ban>, StoreError> {
        let row: Option<Row> =
            sqlx::query_as(GET).bind(self.names(user_id)).bind(now).fetch_optional(&self.0.pool).await?;
        Ok(row.map(|row| Ban {
            reason: legible(self.0.keys.decrypt(&row.reason, "bans.reason")),
            since: row.banned_at,
            until: ends(row.until),
            by: row.banned_by,
        }))
    }

    /// Gives the bans of people who are there the names of the first key.
    ///
    /// # Errors
    /// [`StoreError`]; done again, it goes on.
    pub(crate) async fn rename(&self) -> Result<(), StoreError> {
        const STEP: i64 = 500;
        let mut after = 0;
        loop {
            let rows: Vec<(i64,)> = sqlx::query_as(MARKED).bind(after).bind(STEP).fetch_all(&self.0.pool).await?;
            let Some((last,)) = rows.last().copied() else { return Ok(()) };
            after = last;
            for (user_id,) in rows {
                let names = self.names(user_id);
                if let [now, before @ ..] = names.as_slice()
                    && !before.is_empty()
                {
                    sqlx::query(RENAME).bind(before).bind(now).execute(&self.0.pool).await?;
                }
            }
        }
    }

    /// What somebody is called in `bans`: by each key of the list, that of the first first.
    pub(crate) fn names(&self, user_id: i64) -> Vec<String> {
        self.0.audit().names(KIND, user_id)
    }
}

/// When a ban ends that is kept until then; nothing for one that is for good.
pub(crate) fn ends(until: DateTime<Utc>) -> Option<DateTime<Utc>> {
    Some(until).filter(|until| until.year() < end_of_time().year())
}
