//! The index of what was said: postings of a question's terms, and the messages that they lead to.
//!
//! Two statements find an answer among any number of messages; the ranking between them is pure
//! ([`evolve_domain::memory`]). In a turn, the first is part of admit and the second of recall, so that remembering costs
//! no round trip of its own. Entries are written by [`crate::turns`], in the statement that stores the message.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use evolve_domain::memory::{
    Side,
    candidates::{Block, Candidate, candidates},
    fuse::fuse,
    index::{Entry, index, without},
    question::Question,
    rank::{Text, rank},
};
use serde::Deserialize;
use sqlx::{FromRow, PgConnection, types::Json};
use uuid::Uuid;

use crate::{
    Store, StoreError,
    forgetting::{BLOCKS, UNINDEX},
    messages::{Message, Role},
    users::hold,
    vectors::{self, Meaning, near, nothing_near},
};

/// What was said long ago. Borrowed from [`Store::memory`].
#[derive(Debug)]
pub struct Memory<'a>(&'a Store);

impl Store {
    /// What was said long ago.
    #[must_use]
    pub fn memory(&self) -> Memory<'_> {
        Memory(self)
    }
}

/// The postings of a question's terms.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Postings {
    /// How many messages there are.
    messages: u32,
    blocks: Vec<(String, NaiveDate, Vec<u8>)>,
}

impl std::fmt::Debug for Postings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Postings").field("messages", &self.messages).field("blocks", &self.blocks.len()).finish()
    }
}

impl Postings {
    /// From the columns of a statement, which are absent where no term is known.
    pub(crate) fn of(
        messages: i32,
        terms: Option<Vec<String>>,
        months: Option<Vec<NaiveDate>>,
        postings: Option<Vec<Vec<u8>>>,
    ) -> Self {
        let (terms, months) = (terms.unwrap_or_default(), months.unwrap_or_default());
        let blocks = terms.into_iter().zip(months).zip(postings.unwrap_or_default());
        let blocks = blocks.map(|((term, month), postings)| (term, month, postings)).collect();
        Self { messages: u32::try_from(messages).unwrap_or_default(), blocks }
    }

    /// The messages that are worth reading for a question.
    #[must_use]
    pub fn candidates(&self, question: &Question) -> Vec<Candidate> {
        let blocks: Vec<_> =
            self.blocks.iter().map(|(term, month, postings)| Block { term, month: *month, postings }).collect();
        candidates(question, &blocks, self.messages)
    }
}

/// A message of the past that was looked for, as the statements return it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct FoundRow {
    number: u32,
    #[serde(flatten)]
    message: Message,
    opens: bool,
}

/// As a column.
pub(crate) type Found = Json<Vec<FoundRow>>;

/// $1 person, $2 terms.
pub(crate) const POSTINGS: &str = "
    SELECT COALESCE((SELECT messages FROM users WHERE id = $1), 0), array_agg(term), array_agg(month), array_agg(postings)
    FROM message_terms WHERE user_id = $1 AND term = ANY ($2)";

/// $1 person, $2 numbers, $3 the month of each: it leads to one partition. `LIMIT 1` keeps Postgres at looking each number
/// up; without it, it may read all that the person said.
macro_rules! fetch {
    ($near:expr) => {
        concat!(
            "SELECT (SELECT json_agg(f) FROM (
                 SELECT m.* FROM unnest($2::integer[], $3::date[]) AS c (number, month) CROSS JOIN LATERAL (
                     SELECT number, role, text, has_image, created_at, place = 1 AS opens FROM messages
                     WHERE user_id = $1 AND number = c.number
                       AND created_at >= c.month::timestamp AT TIME ZONE 'UTC'
                       AND created_at < (c.month + interval '1 month') AT TIME ZONE 'UTC'
                     LIMIT 1) AS m) f) AS found, ",
            $near
        )
    };
}

const FETCH: &str = fetch!(nothing_near!());

/// As [`FETCH`]; $4 vector, $5 its model.
const FETCH_NEAR: &str = fetch!(near!("$4", "$5", "", ""));

const UNNUMBERED: &str = "SELECT user_id FROM messages WHERE number IS NULL LIMIT 1";

/// $1 person, $2 how many.
const TO_NUMBER: &str = "
    SELECT id, created_at, role, text FROM messages WHERE user_id = $1 AND number IS NULL
    ORDER BY created_at, place LIMIT $2";

/// $1 person, $2–$4 id, time and number of each message, $5 how many, $6–$8 term, month and postings of each entry.
const NUMBER: &str = "
    WITH numbered AS (
        UPDATE messages m SET number = n.number
        FROM unnest($2::uuid[], $3::timestamptz[], $4::integer[]) AS n (id, created_at, number)
        WHERE m.id = n.id AND m.created_at = n.created_at
    ), counted AS (
        UPDATE users SET messages = messages + $5 WHERE id = $1
    )
    INSERT INTO message_terms AS t (user_id, term, month, postings)
    SELECT $1, e.term, e.month, e.postings FROM unnest($6::text[], $7::date[], $8::bytea[]) AS e (term, month, postings)
    ON CONFLICT (user_id, term, month) DO UPDATE SET postings = t.postings || excluded.postings";

impl Memory<'_> {
    /// What was said that answers a question, most likely first, at most `limit` messages: by its words, and by its meaning
    /// where that is known.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find(
        &self,
        user_id: i64,
        question: &Question,
        meaning: Option<&Meaning>,
        limit: usize,
    ) -> Result<Vec<Message>, StoreError> {
        if question.terms.is_empty() && meaning.is_none() {
            return Ok(Vec::new());
        }
        let candidates = self.postings(user_id, question).await?.candidates(question);
        let (numbers, months) = places(&candidates);
        let mut query = sqlx::query_as(if meaning.is_some() { FETCH_NEAR } else { FETCH });
        query = query.bind(user_id).bind(numbers).bind(months);
        if let Some(Meaning { model, vector }) = meaning {
            query = query.bind(vector).bind(model);
        }
        let (rows, near): (Option<Found>, Option<Found>) = query.fetch_one(&self.0.pool).await?;
        let mut found = best(question, &candidates, rows, near);
        found.truncate(limit);
        Ok(found)
    }

    /// The postings of a question's terms, for a turn whose message is known only after admit.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn postings(&self, user_id: i64, question: &Question) -> Result<Postings, StoreError> {
        let (messages, terms, months, postings): (i32, _, _, _) =
            sqlx::query_as(POSTINGS).bind(user_id).bind(&question.terms).fetch_one(&self.0.pool).await?;
        Ok(Postings::of(messages, terms, months, postings))
    }

    /// Numbers and indexes messages that are not yet: of one person, at most `limit`. How many; 0 when none is left.
    /// Any number of processes may do it at once.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was done.
    pub async fn index_some(&self, limit: u32) -> Result<usize, StoreError> {
        #[derive(FromRow)]
        struct Row {
            id: Uuid,
            created_at: DateTime<Utc>,
            role: String,
            text: String,
        }
        self.0
            .pool
            .within(async {
                let mut transaction = self.0.pool.begin().await?;
                let person: Option<(i64,)> = sqlx::query_as(UNNUMBERED).fetch_optional(&mut *transaction).await?;
                let Some((user_id,)) = person else { return Ok(0) };
                let Some(before) = hold(&mut transaction, user_id).await? else { return Ok(0) };
                let rows: Vec<Row> =
                    sqlx::query_as(TO_NUMBER).bind(user_id).bind(i64::from(limit)).fetch_all(&mut *transaction).await?;
                let mut entries = Entries::default();
                let numbers: Vec<i32> = (before + 1..).take(rows.len()).collect();
                for (row, number) in rows.iter().zip(&numbers) {
                    entries.add(*number, month_of(row.created_at), &row.text, side(&row.role));
                }
                let (terms, months, postings) = entries.columns();
                sqlx::query(NUMBER)
                    .bind(user_id)
                    .bind(rows.iter().map(|row| row.id).collect::<Vec<_>>())
                    .bind(rows.iter().map(|row| row.created_at).collect::<Vec<_>>())
                    .bind(&numbers)
                    .bind(i32::try_from(rows.len()).unwrap_or(i32::MAX))
                    .bind(terms)
                    .bind(months)
                    .bind(postings)
                    .execute(&mut *transaction)
                    .await?;
                transaction.commit().await?;
                Ok(rows.len())
            })
            .await
    }
}

/// $1 person, $2 number, $3 month, $4/$5 term and what follows the number.
const REINDEX: &str = "
    INSERT INTO message_terms AS t (user_id, term, month, postings)
    SELECT $1, e.term, $3, int4send($2) || e.posting FROM unnest($4::text[], $5::bytea[]) AS e (term, posting)
    ON CONFLICT (user_id, term, month) DO UPDATE SET postings = t.postings || excluded.postings";

/// Files a message under its new words instead of its old ones. One that has no number yet is filed by [`Memory::index_some`].
pub(crate) async fn reindex(
    connection: &mut PgConnection,
    user_id: i64,
    created_at: DateTime<Utc>,
    number: Option<i32>,
    role: &str,
    (old, new): (&str, &str),
) -> Result<(), StoreError> {
    let Some(number) = number else { return Ok(()) };
    let month = month_of(created_at);
    let words: Vec<String> = index(old, side(role)).into_iter().map(|entry| entry.term).collect();
    let months = vec![month; words.len()];
    let blocks: Vec<(String, NaiveDate, Vec<u8>)> =
        sqlx::query_as(BLOCKS).bind(user_id).bind(words).bind(months).fetch_all(&mut *connection).await?;
    let gone: BTreeSet<u32> = u32::try_from(number).into_iter().collect();
    let (mut words, mut left) = (Vec::new(), Vec::new());
    for (term, _, postings) in blocks {
        words.push(term);
        left.push(without(&postings, &gone));
    }
    let months = vec![month; words.len()];
    sqlx::query(UNINDEX).bind(user_id).bind(words).bind(months).bind(left).execute(&mut *connection).await?;
    let (terms, payloads): (Vec<_>, Vec<_>) =
        index(new, side(role)).into_iter().map(|entry| (entry.term, entry.payload.to_vec())).unzip();
    let query = sqlx::query(REINDEX).bind(user_id).bind(number).bind(month).bind(terms).bind(payloads);
    query.execute(&mut *connection).await?;
    vectors::corrected(connection, user_id, number).await
}

/// Postings to be written, by term and month.
#[derive(Debug, Default)]
struct Entries(std::collections::BTreeMap<(String, NaiveDate), Vec<u8>>);

impl Entries {
    fn add(&mut self, number: i32, month: NaiveDate, text: &str, side: Side) {
        for Entry { term, payload } in index(text, side) {
            let postings = self.0.entry((term, month)).or_default();
            postings.extend(number.to_be_bytes());
            postings.extend(payload);
        }
    }

    fn columns(self) -> (Vec<String>, Vec<NaiveDate>, Vec<Vec<u8>>) {
        let (mut terms, mut months, mut all) = (Vec::new(), Vec::new(), Vec::new());
        for ((term, month), postings) in self.0 {
            terms.push(term);
            months.push(month);
            all.push(postings);
        }
        (terms, months, all)
    }
}

/// The entries of new messages, whose numbers the statement gives: role, term and payload of each.
pub(crate) fn entries(messages: &[(Role, &str)]) -> (Vec<&'static str>, Vec<String>, Vec<Vec<u8>>) {
    let (mut roles, mut terms, mut payloads) = (Vec::new(), Vec::new(), Vec::new());
    for (role, text) in messages {
        for Entry { term, payload } in index(text, (*role).into()) {
            roles.push(role.as_str());
            terms.push(term);
            payloads.push(payload.to_vec());
        }
    }
    (roles, terms, payloads)
}

/// The numbers of candidates and their months, as the statements take them.
pub(crate) fn places(candidates: &[Candidate]) -> (Vec<i32>, Vec<NaiveDate>) {
    candidates.iter().filter_map(|c| Some((i32::try_from(c.number).ok()?, c.month))).unzip()
}

/// The messages that words led to, and those that meaning did, nearest first; in one order, most likely first.
pub(crate) fn best(
    question: &Question,
    candidates: &[Candidate],
    rows: Option<Found>,
    near: Option<Found>,
) -> Vec<Message> {
    let (mut rows, near) = (rows.map(|json| json.0).unwrap_or_default(), near.map(|json| json.0).unwrap_or_default());
    let texts: Vec<_> = rows
        .iter()
        .map(|row| Text {
            number: row.number,
            side: row.message.role.into(),
            text: &row.message.text,
            day: row.message.created_at.date_naive(),
            opens: row.opens,
        })
        .collect();
    let by_meaning: Vec<u32> = near.iter().map(|row| row.number).collect();
    let order = fuse(&rank(question, candidates, &texts), &by_meaning);
    rows.extend(near);
    let take = |number: u32| {
        let at = rows.iter().position(|row| row.number == number)?;
        Some(rows.swap_remove(at).message)
    };
    order.into_iter().filter_map(take).collect()
}

impl From<Role> for Side {
    fn from(role: Role) -> Self {
        match role {
            Role::User => Self::Person,
            Role::Assistant => Self::Companion,
        }
    }
}

fn side(role: &str) -> Side {
    if role == Role::User.as_str() { Side::Person } else { Side::Companion }
}

/// The first day of the month of a moment, in UTC, as messages are partitioned.
pub(crate) fn month_of(at: DateTime<Utc>) -> NaiveDate {
    use chrono::Datelike as _;
    let day = at.date_naive();
    day.with_day(1).unwrap_or(day)
}
