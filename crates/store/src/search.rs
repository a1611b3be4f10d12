//! What was said, over all people: for those who run the bot and may read it. And one conversation, page by page.
//!
//! The index of words is made for one person at a time ([`crate::memory`]); another index of it ([migration 0050]) leads from a word
//! to the people and months that have it. Months are read newest first, a few people at a time, so that a word that everybody
//! says costs no more than a rare one. A page is so many people's months, and holds what is found in them: perhaps little, and
//! still another page follows; or more than a page has room for, and the next one goes on within the month.
//!
//! [migration 0050]: ../../../migrations/0050_words_of_all.up.sql

mod conversation;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use evolve_domain::memory::{index::postings, terms::terms};
use sqlx::FromRow;
use uuid::Uuid;

pub use conversation::{Line, Spoken};

use crate::{
    Store, StoreError,
    messages::{Message, Role},
};

/// People's months that are looked at for a page.
const LOOKED_AT: i64 = 40;
/// Most messages of a page.
const MOST: usize = 60;
/// Most words of a search: each is looked up.
const MOST_WORDS: usize = 8;

/// Where a search goes on: after this person's month; with a number, after that message of it.
pub type Place = (NaiveDate, i64, Option<i32>);

/// A month of a person.
type Month = (NaiveDate, i64);

/// A message that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Whose conversation it is.
    pub user_id: i64,
    /// The conversation.
    pub conversation_id: Uuid,
    /// Its place in the conversation.
    pub place: i32,
    /// The message.
    pub message: Message,
}

/// A page of a search.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hits {
    /// Newest first, within a month person by person.
    pub hits: Vec<Hit>,
    /// Where the next page begins, if there may be one.
    pub next: Option<Place>,
}

/// Searches. Borrowed from [`Store::search`].
#[derive(Debug)]
pub struct Search<'a>(&'a Store);

impl Store {
    /// What was said, over all people.
    #[must_use]
    pub fn search(&self) -> Search<'_> {
        Search(self)
    }
}

/// $1 a word, $2/$3 the month and the person before which, $4 how many, $5 one person alone.
const MONTHS: &str = "
    SELECT month, user_id FROM message_terms
    WHERE term = $1 AND (month, user_id) < ($2, $3) AND ($5::bigint IS NULL OR user_id = $5)
    ORDER BY month DESC, user_id DESC LIMIT $4";

/// As [`MONTHS`], by the key of the table.
const MONTHS_OF: &str = "
    SELECT month, user_id FROM message_terms
    WHERE user_id = $5 AND term = $1 AND (month, user_id) < ($2, $3)
    ORDER BY month DESC LIMIT $4";

/// $1/$2 people and months, $3 words.
const POSTINGS: &str = "
    SELECT t.user_id, t.month, t.term, t.postings
    FROM unnest($1::bigint[], $2::date[]) AS w (user_id, month)
    JOIN message_terms t ON t.user_id = w.user_id AND t.month = w.month AND t.term = ANY ($3)";

/// $1/$2/$3 people, numbers and months. `LIMIT 1` keeps Postgres at looking each number up.
const FETCH: &str = "
    SELECT w.user_id, m.number, m.conversation_id, m.place, m.role, m.text, m.has_image, m.created_at
    FROM unnest($1::bigint[], $2::integer[], $3::date[]) AS w (user_id, number, month) CROSS JOIN LATERAL (
        SELECT number, conversation_id, place, role, text, has_image, created_at FROM messages
        WHERE user_id = w.user_id AND number = w.number
          AND created_at >= w.month::timestamp AT TIME ZONE 'UTC'
          AND created_at < (w.month + interval '1 month') AT TIME ZONE 'UTC'
        LIMIT 1) AS m
    ORDER BY m.created_at DESC, w.user_id, m.number DESC";

#[derive(FromRow)]
struct PostingsRow {
    user_id: i64,
    month: NaiveDate,
    term: String,
    postings: Vec<u8>,
}

#[derive(FromRow)]
struct HitRow {
    user_id: i64,
    conversation_id: Uuid,
    place: i32,
    role: String,
    text: String,
    has_image: bool,
    created_at: DateTime<Utc>,
}

/// Every statement of this file, and values to ask it with, for the test that none reads more than it shows.
#[cfg(test)]
pub(crate) const ASKED: [(&str, &str); 9] = [
    (MONTHS, "'word7', '9999-12-01', 9223372036854775807, 40, NULL"),
    (MONTHS_OF, "'word7', '9999-12-01', 9223372036854775807, 40, 7"),
    (POSTINGS, "'{7,8}', '{2026-11-01,2026-11-01}', '{word7,word8}'"),
    (FETCH, "'{7,8}', '{10,11}', '{2026-11-01,2026-11-01}'"),
    (conversation::CONVERSATION, "'00000000-0000-0000-0000-000000000007'"),
    (conversation::BEFORE, "'00000000-0000-0000-0000-000000000007', 2147483647, 51, '2026-10-20', '2026-11-22'"),
    (conversation::FROM, "'00000000-0000-0000-0000-000000000007', 1, 51, '2026-10-20', '2026-11-22'"),
    (conversation::AHEAD, "'00000000-0000-0000-0000-000000000007', 2, '2026-10-20', '2026-11-22'"),
    (conversation::BEHIND, "'00000000-0000-0000-0000-000000000007', 2, '2026-10-20', '2026-11-22'"),
];

impl Search<'_> {
    /// Messages that hold all of these words, whatever their endings: of everybody, or of one person. Where the text has no word
    /// that says anything, nothing is found.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find(&self, text: &str, of: Option<i64>, after: Option<Place>) -> Result<Hits, StoreError> {
        let words: BTreeSet<String> = terms(text).into_iter().take(MOST_WORDS).collect();
        // The longest is seldom the most common.
        let Some(leading) = words.iter().max_by_key(|word| word.chars().count()) else { return Ok(Hits::default()) };
        let months = self.months(leading, of, after).await?;
        let is_full = i64::try_from(months.len()).is_ok_and(|len| len == LOOKED_AT);
        let mut next = months.last().filter(|_| is_full).map(|(month, user_id)| (*month, *user_id, None));
        let found = self.numbers(&months, &words).await?;
        let mut wanted: Vec<(i64, i32, NaiveDate)> = Vec::new();
        for place in &months {
            let (month, user_id) = *place;
            let before = after.filter(|after| (after.0, after.1) == *place).and_then(|(_, _, number)| number);
            let numbers = found.get(place).into_iter().flatten().copied();
            let mut numbers = numbers.filter(|number| before.is_none_or(|before| *number < before)).peekable();
            wanted.extend(numbers.by_ref().take(MOST - wanted.len()).map(|number| (user_id, number, month)));
            if wanted.len() == MOST {
                // Somebody's month may hold more than a page.
                let last = wanted.last().filter(|_| numbers.peek().is_some()).map(|(_, number, _)| *number);
                let is_more = last.is_some() || is_full || months.last() != Some(place);
                next = is_more.then_some((month, user_id, last));
                break;
            }
        }
        Ok(Hits { hits: self.fetch(&wanted).await?, next })
    }

    async fn months(&self, word: &str, of: Option<i64>, after: Option<Place>) -> Result<Vec<Month>, StoreError> {
        let (month, user_id) = match after {
            None => (NaiveDate::from_ymd_opt(9999, 12, 1).unwrap_or_default(), i64::MAX),
            Some((month, user_id, None)) => (month, user_id),
            // That month once more.
            Some((month, user_id, Some(_))) => (month, user_id.saturating_add(1)),
        };
        let query = sqlx::query_as(if of.is_some() { MONTHS_OF } else { MONTHS });
        Ok(query.bind(word).bind(month).bind(user_id).bind(LOOKED_AT).bind(of).fetch_all(&self.0.pool).await?)
    }

    /// The numbers of messages that hold all words, newest first, by person and month.
    async fn numbers(
        &self,
        months: &[Month],
        words: &BTreeSet<String>,
    ) -> Result<BTreeMap<Month, Vec<i32>>, StoreError> {
        let rows: Vec<PostingsRow> = sqlx::query_as(POSTINGS)
            .bind(months.iter().map(|(_, user_id)| *user_id).collect::<Vec<_>>())
            .bind(months.iter().map(|(month, _)| *month).collect::<Vec<_>>())
            .bind(words.iter().cloned().collect::<Vec<_>>())
            .fetch_all(&self.0.pool)
            .await?;
        let mut holding: BTreeMap<Month, BTreeMap<u32, BTreeSet<String>>> = BTreeMap::new();
        for PostingsRow { user_id, month, term, postings: bytes } in rows {
            let of_place = holding.entry((month, user_id)).or_default();
            for posting in postings(&bytes) {
                of_place.entry(posting.number).or_default().insert(term.clone());
            }
        }
        let with_all = |of_place: BTreeMap<u32, BTreeSet<String>>| -> Vec<i32> {
            let all = of_place.into_iter().rev().filter(|(_, held)| held.len() == words.len());
            all.filter_map(|(number, _)| i32::try_from(number).ok()).collect()
        };
        Ok(holding.into_iter().map(|(place, of_place)| (place, with_all(of_place))).collect())
    }

    async fn fetch(&self, wanted: &[(i64, i32, NaiveDate)]) -> Result<Vec<Hit>, StoreError> {
        let rows: Vec<HitRow> = sqlx::query_as(FETCH)
            .bind(wanted.iter().map(|(user_id, _, _)| *user_id).collect::<Vec<_>>())
            .bind(wanted.iter().map(|(_, number, _)| *number).collect::<Vec<_>>())
            .bind(wanted.iter().map(|(_, _, month)| *month).collect::<Vec<_>>())
            .fetch_all(&self.0.pool)
            .await?;
        let hit = |row: HitRow| Hit {
            user_id: row.user_id,
            conversation_id: row.conversation_id,
            place: row.place,
            message: message(&row.role, row.text, row.has_image, row.created_at),
        };
        Ok(rows.into_iter().map(hit).collect())
    }
}

fn message(role: &str, text: String, has_image: bool, created_at: DateTime<Utc>) -> Message {
    let role = if role == Role::User.as_str() { Role::User } else { Role::Assistant };
    Message { role, text, has_image, created_at }
}
