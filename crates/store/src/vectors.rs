//! What messages mean: a vector for each, made by an embedding model, for databases that have pgvector.
//!
//! Vectors follow the messages: who is to be looked at next, and up to where, is one row for each person; a message that was
//! corrected is looked at again, and one that was forgotten has no vector any more. A vector is written only if its message
//! still says what the model was shown.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection};

use crate::{Store, StoreError, users::hold};

/// What a question means.
#[derive(Clone, PartialEq)]
pub struct Meaning {
    /// By which model, dimensions included: as it stands with the vectors that it is compared with.
    pub model: String,
    /// The vector.
    pub vector: Vec<f32>,
}

impl std::fmt::Debug for Meaning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Meaning").field("model", &self.model).finish_non_exhaustive()
    }
}

/// A message without a vector.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Unplaced {
    number: i32,
    created_at: DateTime<Utc>,
    /// What it says.
    pub text: String,
}

/// Vectors of messages. Borrowed from [`Store::vectors`].
#[derive(Debug)]
pub struct Vectors<'a>(&'a Store);

impl Store {
    /// Vectors of messages.
    #[must_use]
    pub fn vectors(&self) -> Vectors<'_> {
        Vectors(self)
    }
}

/// The messages that stand nearest to a question, nearest first: $1 person, the parameter with its vector, the one with the
/// vector's model, and which numbers and messages alone count. Of somebody who said very much, the newest 20,000 are compared,
/// which bounds what a question takes.
macro_rules! near {
    ($vector:literal, $model:literal, $among:literal, $but:literal) => {
        concat!(
            "(SELECT json_agg(f ORDER BY f.distance) FROM (
                 SELECT m.*, c.distance FROM (
                     SELECT number, month, vector <=> ",
            $vector,
            "::real[]::halfvec AS distance FROM message_vectors
                     WHERE user_id = $1 AND model = ",
            $model,
            " AND vector IS NOT NULL AND vector_dims(vector) = cardinality(",
            $vector,
            "::real[]) AND number > (SELECT messages - 20000 FROM users WHERE id = $1) ",
            $among,
            "
                     ORDER BY distance LIMIT 20) c
                 CROSS JOIN LATERAL (
                     SELECT number, role, text, has_image, created_at, place = 1 AS opens FROM messages
                     WHERE user_id = $1 AND number = c.number AND text <> '' ",
            $but,
            "
                       AND created_at >= c.month::timestamp AT TIME ZONE 'UTC'
                       AND created_at < (c.month + interval '1 month') AT TIME ZONE 'UTC'
                     LIMIT 1) AS m) f) AS near"
        )
    };
}
pub(crate) use near;

/// Where nothing is compared.
macro_rules! nothing_near {
    () => {
        "NULL::json AS near"
    };
}
pub(crate) use nothing_near;

const IS_ENABLED: &str = "
    SELECT EXISTS (SELECT FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
                   WHERE a.attrelid = 'message_vectors'::regclass AND a.attname = 'vector' AND t.typname = 'halfvec')";

/// In order, in one transaction: one replica does it, the others then find it done. Half precision: embeddings lose nothing that
/// matters, a vector of 768 numbers stays in its row, and comparing takes a quarter of the time.
///
/// By a function that runs as the owner of the table, since our own account may own nothing ([`crate::roles`]).
const ENABLE: [&str; 2] =
    ["SELECT pg_advisory_xact_lock(hashtextextended('message_vectors', 0))", "SELECT enable_message_vectors()"];

/// $1 person, $2 model, $3 how many. Those that were corrected come first, then those that come next. What is too old to be
/// compared ([`near`]) needs no vector.
const UNPLACED: &str = "
    WITH at AS (
        SELECT u.messages - 20000 AS before, COALESCE(p.upto, 0) AS upto
        FROM users u LEFT JOIN vector_progress p ON p.user_id = u.id AND p.model = $2
        WHERE u.id = $1
    )
    SELECT number, created_at, text FROM (
        (SELECT m.number, m.created_at, m.text FROM message_vectors v
         JOIN messages m ON m.user_id = v.user_id AND m.number = v.number
         WHERE v.user_id = $1 AND v.vector IS NULL AND v.number > (SELECT before FROM at)
           AND v.number <= (SELECT upto FROM at) AND m.text <> ''
         ORDER BY v.number LIMIT $3)
        UNION ALL
        (SELECT m.number, m.created_at, m.text FROM messages m
         WHERE m.user_id = $1 AND m.number > (SELECT GREATEST(before, upto) FROM at) AND m.text <> ''
         ORDER BY m.number LIMIT $3)) AS owed
    ORDER BY number LIMIT $3";

/// $1 person, $2 model, $3–$5 number, time and text of each message, $6 all vectors one after the other, $7 dimensions. What says something else by now gets
/// no vector, and is owed one; what is gone gets nothing.
const WRITE: &str = "
    WITH given AS (
        SELECT g.number, g.created_at, g.text, ($6::real[])[(g.place - 1) * $7 + 1 : g.place * $7] AS vector
        FROM unnest($3::integer[], $4::timestamptz[], $5::text[]) WITH ORDINALITY AS g (number, created_at, text, place)
    ), still AS (
        SELECT g.number, g.created_at, CASE WHEN m.text = g.text THEN g.vector END AS vector
        FROM given g JOIN messages m ON m.user_id = $1 AND m.number = g.number AND m.created_at = g.created_at
        WHERE m.text <> ''
    ), placed AS (
        INSERT INTO message_vectors (user_id, number, month, model, vector)
        SELECT $1, number, date_trunc('month', created_at AT TIME ZONE 'UTC')::date, $2, vector FROM still
        ON CONFLICT (user_id, number) DO UPDATE SET month = excluded.month, model = excluded.model, vector = excluded.vector
    )
    INSERT INTO vector_progress AS p (user_id, model, upto)
    SELECT $1, $2, max(number) FROM still HAVING count(*) > 0
    ON CONFLICT (user_id) DO UPDATE
    SET model = $2, upto = CASE WHEN p.model = $2 THEN GREATEST(p.upto, excluded.upto) ELSE excluded.upto END";

/// $1 person, $2 number.
const CORRECTED: &str = "UPDATE message_vectors SET vector = NULL WHERE user_id = $1 AND number = $2";

/// $1 person, $2 numbers.
const GONE: &str = "DELETE FROM message_vectors WHERE user_id = $1 AND number = ANY ($2)";

impl Vectors<'_> {
    /// Makes the database able to compare vectors, if it is not yet.
    ///
    /// # Errors
    /// [`StoreError`]: also where pgvector 0.7 or newer is not installed on the server, or our account may not add it to the
    /// database.
    pub async fn enable(&self) -> Result<(), StoreError> {
        let is_enabled = async |connection: &mut PgConnection| -> Result<bool, StoreError> {
            let (is_enabled,) = sqlx::query_as(IS_ENABLED).fetch_one(connection).await?;
            Ok(is_enabled)
        };
        let enabled = async {
            let mut transaction = self.0.pool.begin().await?;
            if is_enabled(&mut transaction).await? {
                return Ok(());
            }
            let [lock, enable] = ENABLE;
            sqlx::query(lock).execute(&mut *transaction).await?;
            if !is_enabled(&mut transaction).await? {
                sqlx::query(enable).execute(&mut *transaction).await?;
            }
            transaction.commit().await?;
            Ok(())
        };
        self.0.pool.within(enabled).await
    }

    /// Messages of a person that have no vector of this model, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn unplaced(&self, user_id: i64, model: &str, limit: u32) -> Result<Vec<Unplaced>, StoreError> {
        let query = sqlx::query_as(UNPLACED).bind(user_id).bind(model).bind(i64::from(limit));
        Ok(query.fetch_all(&self.0.pool).await?)
    }

    /// Keeps vectors, one for each of `messages`, all of `dimensions` numbers, in `vectors` one after the other.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    pub async fn place(
        &self,
        user_id: i64,
        model: &str,
        messages: &[Unplaced],
        (vectors, dimensions): (&[f32], usize),
    ) -> Result<(), StoreError> {
        self.0
            .pool
            .within(async {
                let mut transaction = self.0.pool.begin().await?;
                // Whoever forgets or corrects something holds the person too.
                hold(&mut transaction, user_id).await?;
                sqlx::query(WRITE)
                    .bind(user_id)
                    .bind(model)
                    .bind(messages.iter().map(|message| message.number).collect::<Vec<_>>())
                    .bind(messages.iter().map(|message| message.created_at).collect::<Vec<_>>())
                    .bind(messages.iter().map(|message| message.text.as_str()).collect::<Vec<_>>())
                    .bind(vectors)
                    .bind(i64::try_from(dimensions).unwrap_or(i64::MAX))
                    .execute(&mut *transaction)
                    .await?;
                transaction.commit().await?;
                Ok(())
            })
            .await
    }
}

/// A message says something else now.
pub(crate) async fn corrected(connection: &mut PgConnection, user_id: i64, number: i32) -> Result<(), StoreError> {
    sqlx::query(CORRECTED).bind(user_id).bind(number).execute(connection).await?;
    Ok(())
}

/// Messages say nothing any more.
pub(crate) async fn gone(connection: &mut PgConnection, user_id: i64, numbers: Vec<i32>) -> Result<(), StoreError> {
    sqlx::query(GONE).bind(user_id).bind(numbers).execute(connection).await?;
    Ok(())
}
