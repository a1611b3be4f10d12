//! Messages go out of the index.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use evolve_domain::memory::{
    Side,
    index::{index, without},
};
use sqlx::PgConnection;

use crate::{StoreError, memory::month_of};

/// $1 person, $2/$3 terms and months.
pub(crate) const BLOCKS: &str = "
    SELECT t.term, t.month, t.postings FROM unnest($2::text[], $3::date[]) AS w (term, month)
    JOIN message_terms t ON t.user_id = $1 AND t.term = w.term AND t.month = w.month";

/// $1 person, $2–$4 terms, months and what is left of their postings.
pub(crate) const UNINDEX: &str = "
    WITH left_over AS (
        SELECT * FROM unnest($2::text[], $3::date[], $4::bytea[]) AS l (term, month, postings)
    ), gone AS (
        DELETE FROM message_terms t USING left_over l
        WHERE t.user_id = $1 AND t.term = l.term AND t.month = l.month AND l.postings = ''
    )
    UPDATE message_terms t SET postings = l.postings FROM left_over l
    WHERE t.user_id = $1 AND t.term = l.term AND t.month = l.month AND l.postings <> ''";

/// Takes messages out of the index: the number of each, its time and its words.
pub(crate) async fn unindex(
    connection: &mut PgConnection,
    user_id: i64,
    messages: &[(Option<i32>, DateTime<Utc>, &str)],
) -> Result<(), StoreError> {
    let mut gone: BTreeMap<(String, NaiveDate), BTreeSet<u32>> = BTreeMap::new();
    for (number, created_at, text) in messages {
        let Some(number) = number.and_then(|number| u32::try_from(number).ok()) else { continue };
        for entry in index(text, Side::Person) {
            gone.entry((entry.term, month_of(*created_at))).or_default().insert(number);
        }
    }
    let (words, months): (Vec<_>, Vec<_>) = gone.keys().cloned().unzip();
    let blocks: Vec<(String, NaiveDate, Vec<u8>)> =
        sqlx::query_as(BLOCKS).bind(user_id).bind(words).bind(months).fetch_all(&mut *connection).await?;
    let (mut words, mut months, mut left) = (Vec::new(), Vec::new(), Vec::new());
    for (term, month, postings) in blocks {
        let key = (term, month);
        left.push(gone.get(&key).map_or_else(|| postings.clone(), |numbers| without(&postings, numbers)));
        words.push(key.0);
        months.push(key.1);
    }
    sqlx::query(UNINDEX).bind(user_id).bind(words).bind(months).bind(left).execute(connection).await?;
    Ok(())
}
