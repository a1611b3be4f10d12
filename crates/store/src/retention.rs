//! How long what was said is kept: whole months for everybody, and by the day for who wants that.
//!
//! A month is dropped with its partition, which costs the same however much was said in it. What goes along (the index of its
//! words, vectors, that something was spoken) goes first, a few people at a time: so as long as the partition is there, it is
//! known that something may be left, and a process that dies in the middle leaves nothing that the next run does not find.
//! Who wants their messages kept for a shorter time has them taken out one by one.
//!
//! Summaries, weeks and facts stay: they are what is remembered, and are forgotten on request ([`crate::forgetting`]).

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{Store, StoreError, forgetting::unindex, memory::month_of, users::hold, vectors};

/// Retention. Borrowed from [`Store::retention`].
#[derive(Debug)]
pub struct Retention<'a>(&'a Store);

impl Store {
    /// How long what was said is kept.
    #[must_use]
    pub fn retention(&self) -> Retention<'_> {
        Retention(self)
    }
}

/// Somebody who wants their messages kept for so many days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromRow)]
pub struct Keeping {
    /// Their Telegram id.
    pub user_id: i64,
    /// How many days.
    pub keep_days: i16,
}

/// Names of partitions in the order of their months. $1 the name of the first that is kept.
const OVER: &str = r#"
    SELECT to_date(substr(c.relname, 10), 'YYYY_MM') FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'messages'::regclass AND c.relname ~ '^messages_[0-9]{4}_[0-9]{2}$'
      AND c.relname::text COLLATE "C" < $1
    ORDER BY c.relname"#;

/// The next people, who are held first, as in every statement that writes for somebody. $1 after whom, $2 how many.
const NEXT: &str = "SELECT id FROM users WHERE id > $1 ORDER BY id LIMIT $2 FOR NO KEY UPDATE";

/// $1 people, $2 the first month that is kept. Each begins with people, so that it is found by its primary key or its index of
/// people, whatever is known of the table: a statement that joins them may read all of it for a few.
const LET_GO: [&str; 2] = [
    "DELETE FROM message_terms WHERE user_id = ANY ($1) AND month < $2",
    "DELETE FROM message_vectors WHERE user_id = ANY ($1) AND month < $2",
];

/// $1 people, $2 the beginning of that month.
const LET_GO_BY_TIME: [&str; 2] = [
    "DELETE FROM audio_files WHERE user_id = ANY ($1) AND created_at < $2",
    "DELETE FROM messages_default WHERE user_id = ANY ($1) AND created_at < $2",
];

const DROP: &str = "SELECT drop_message_partition($1)";

const KEEPING: &str = "
    SELECT user_id, keep_days FROM settings WHERE keep_days IS NOT NULL AND user_id > $1 ORDER BY user_id LIMIT $2";

/// $1 person, $2 before when, $3 how many.
const OLD: &str = "
    SELECT id, created_at, number, text FROM messages WHERE user_id = $1 AND created_at < $2 ORDER BY created_at LIMIT $3";

/// $1 ids, $2 times: they lead to one partition.
const REMOVE: &str = "
    DELETE FROM messages m USING unnest($1::uuid[], $2::timestamptz[]) AS o (id, created_at)
    WHERE m.id = o.id AND m.created_at = o.created_at";

/// That it was spoken, and the answer as it is kept for repeats. $1 person, $2 before when.
const REMOVE_REST: [&str; 2] = [
    "DELETE FROM audio_files WHERE user_id = $1 AND created_at < $2",
    "DELETE FROM turns WHERE user_id = $1 AND started_at < $2 AND state <> 'running'",
];

#[derive(FromRow)]
struct Old {
    id: Uuid,
    created_at: DateTime<Utc>,
    number: Option<i32>,
    text: String,
}

impl Retention<'_> {
    /// The months of which all is older than `before` and that still have a partition, by their first day, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn over(&self, before: DateTime<Utc>) -> Result<Vec<NaiveDate>, StoreError> {
        let first_kept = month_of(before);
        let name = format!("messages_{:04}_{:02}", first_kept.year(), first_kept.month());
        let months: Vec<(NaiveDate,)> = sqlx::query_as(OVER).bind(name).fetch_all(&self.0.pool).await?;
        Ok(months.into_iter().map(|(month,)| month).collect())
    }

    /// Removes what goes along with the messages of the months before `first_kept`, of the next `people` people whose ids are
    /// above `after`; the highest id among them, and nothing when there were none.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing of theirs was removed.
    pub async fn let_go(&self, after: i64, first_kept: NaiveDate, people: u32) -> Result<Option<i64>, StoreError> {
        let mut transaction = self.0.pool.begin().await?;
        let query = sqlx::query_scalar(NEXT).bind(after).bind(i64::from(people));
        let people: Vec<i64> = query.fetch_all(&mut *transaction).await?;
        for statement in LET_GO {
            sqlx::query(statement).bind(&people).bind(first_kept).execute(&mut *transaction).await?;
        }
        let begins = first_kept.and_time(NaiveTime::MIN).and_utc();
        for statement in LET_GO_BY_TIME {
            sqlx::query(statement).bind(&people).bind(begins).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(people.last().copied())
    }

    /// Drops the messages of a month; whether there were any to drop. It gives way to who talks: then it is an error, and worth
    /// trying again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn drop_month(&self, month: NaiveDate) -> Result<bool, StoreError> {
        let (dropped,) = sqlx::query_as(DROP).bind(month).fetch_one(&self.0.pool).await?;
        Ok(dropped)
    }

    /// The next people, after an id, who want their messages kept for a time of their own.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn keeping(&self, after: i64, limit: u32) -> Result<Vec<Keeping>, StoreError> {
        Ok(sqlx::query_as(KEEPING).bind(after).bind(i64::from(limit)).fetch_all(&self.0.pool).await?)
    }

    /// Removes the oldest messages of a person that are older than `before`, at most `limit`, with all that goes along; how many
    /// there were.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was removed.
    pub async fn remove_old(&self, user_id: i64, before: DateTime<Utc>, limit: u32) -> Result<u64, StoreError> {
        let mut transaction = self.0.pool.begin().await?;
        if hold(&mut transaction, user_id).await?.is_none() {
            return Ok(0);
        }
        let query = sqlx::query_as(OLD).bind(user_id).bind(before).bind(i64::from(limit));
        let old: Vec<Old> = query.fetch_all(&mut *transaction).await?;
        let texts: Vec<_> = old.iter().map(|old| (old.number, old.created_at, old.text.as_str())).collect();
        unindex(&mut transaction, user_id, &texts).await?;
        vectors::gone(&mut transaction, user_id, old.iter().filter_map(|old| old.number).collect()).await?;
        let ids: Vec<_> = old.iter().map(|old| old.id).collect();
        let times: Vec<_> = old.iter().map(|old| old.created_at).collect();
        sqlx::query(REMOVE).bind(ids).bind(times).execute(&mut *transaction).await?;
        for statement in REMOVE_REST {
            sqlx::query(statement).bind(user_id).bind(before).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(u64::try_from(old.len()).unwrap_or(u64::MAX))
    }
}
