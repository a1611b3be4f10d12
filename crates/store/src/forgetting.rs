//! Forgetting: a fact that a person wants forgotten goes from everywhere, and not only from the list of facts.
//!
//! Asking marks the fact's chain ([`FactChanges::forgotten`]), or of what is over the fact alone, since what took its place may
//! hold still ([`FactChanges::forgotten_alone`]); from then on nothing shows it, and its rows are what is owed.
//! [`Forgetting::settle`] pays: in one transaction it empties the messages that hold the fact (the one in which it was told,
//! the answers that take it up, the asking, and wherever it was said again), takes them out of the index and out of the answers that are
//! kept for repeats, throws away the summaries and titles that may hold it, so that they are made anew from what is left, and
//! removes the fact with its history.
//!
//! What a fact says that no key opens is not known: its message, the asking and their answers go, and everything that was made
//! of talks, for any of it may tell it. It must not stay owed: while it is, nothing of the person is summed up or forgotten.
//!
//! [`FactChanges::forgotten`]: crate::facts::FactChanges::forgotten
//! [`FactChanges::forgotten_alone`]: crate::facts::FactChanges::forgotten_alone

mod found;
mod telling;
mod unindex;

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use evolve_domain::memory::{candidates::Block, forget::Trace, terms::terms};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

pub(crate) use self::unindex::{BLOCKS, UNINDEX, unindex};

use self::{
    found::Found,
    telling::{that_tell, weeks_that_tell},
};
use crate::{
    Keyring, Store, StoreError,
    memory::POSTINGS,
    messages::{Role, legible},
    users::hold,
    vectors,
};

/// What forgetting took along.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Facts removed, those of their history included.
    pub facts: u64,
    /// Messages emptied.
    pub messages: u64,
    /// Conversations whose summary is made anew.
    pub summaries: u64,
}

/// Forgetting. Borrowed from [`Store::forgetting`].
#[derive(Debug)]
pub struct Forgetting<'a>(&'a Store);

impl Store {
    /// Forgetting.
    #[must_use]
    pub fn forgetting(&self) -> Forgetting<'_> {
        Forgetting(self)
    }
}

/// $1 before when it was asked, $2 people to leave out.
const OWED: &str = "
    SELECT user_id FROM facts WHERE forgotten_at <= $1 AND user_id <> ALL ($2) ORDER BY forgotten_at LIMIT 1";

/// When it ended counts where nothing took its place: what did was told then, and is not to be forgotten with it.
const TO_FORGET: &str = "
    SELECT f.content, f.message_id, f.created_at, f.forgotten_at, m.number,
           CASE WHEN NOT EXISTS (SELECT FROM facts s WHERE s.user_id = f.user_id AND s.chain = f.chain AND s.forgotten_at IS NULL)
                THEN f.ended_at END AS over_at
    FROM facts f
    LEFT JOIN messages m ON m.id = f.message_id AND m.created_at = f.created_at
    WHERE f.user_id = $1 AND f.forgotten_at IS NOT NULL";

/// $1 person, $2/$3 the messages in which it was told, $4 numbers of messages that hold it, $5 when it was asked to forget it,
/// and when it was said to be over: if that was in a turn, its answer has that time. An answer belongs to the turn of its
/// message, and is written when that ends. $6 the messages whose answers hold it for certain: no words tell. $7 those times of
/// asking of which the turn holds it for certain.
const HELD: &str = "
    WITH source AS (
        SELECT m.* FROM unnest($2::uuid[], $3::timestamptz[]) AS s (id, created_at)
        JOIN messages m ON m.id = s.id AND m.created_at = s.created_at WHERE m.user_id = $1
    ), asked AS (
        SELECT m.turn_id, m.created_at FROM unnest($5::timestamptz[]) AS a (created_at)
        JOIN messages m ON m.user_id = $1 AND m.created_at = a.created_at AND m.role = 'assistant'
    )
    SELECT id, created_at, number, turn_id, conversation_id, role, text, true AS certain FROM source
    UNION
    SELECT m.id, m.created_at, m.number, m.turn_id, m.conversation_id, m.role, m.text, true FROM messages m
    WHERE m.user_id = $1 AND m.number = ANY ($4)
    UNION
    SELECT m.id, m.created_at, m.number, m.turn_id, m.conversation_id, m.role, m.text, s.id = ANY ($6) FROM source s
    JOIN messages m ON m.user_id = $1 AND m.turn_id = s.turn_id AND m.role = 'assistant'
                   AND m.created_at >= s.created_at AND m.created_at < s.created_at + interval '1 day'
    UNION
    SELECT m.id, m.created_at, m.number, m.turn_id, m.conversation_id, m.role, m.text, a.created_at = ANY ($7::timestamptz[]) FROM asked a
    JOIN messages m ON m.user_id = $1 AND m.turn_id = a.turn_id
                   AND m.created_at <= a.created_at AND m.created_at > a.created_at - interval '1 day'";

/// What was quoted goes with anything: it repeats what was said elsewhere. $1 person, $2/$3 messages, $4 turns whose answer is
/// among them, $5 turns whose message is.
const EMPTY: &str = "
    WITH emptied AS (
        UPDATE messages m SET text = '' FROM unnest($2::uuid[], $3::timestamptz[]) AS e (id, created_at)
        WHERE m.id = e.id AND m.created_at = e.created_at
    )
    UPDATE turns SET quoted = NULL,
                     reply = CASE WHEN id = ANY ($4) OR again_of = ANY ($4) THEN NULL ELSE reply END,
                     reply_picture = CASE WHEN id = ANY ($4) OR again_of = ANY ($4) THEN NULL ELSE reply_picture END,
                     image_ref = CASE WHEN id = ANY ($5) OR again_of = ANY ($5) THEN NULL ELSE image_ref END
    WHERE user_id = $1 AND (id = ANY ($4::uuid[] || $5::uuid[]) OR again_of = ANY ($4::uuid[] || $5::uuid[]) OR quoted IS NOT NULL)";

/// That something was spoken, where what was said is forgotten. $1 person, $2 turns.
const SPOKEN: &str = "DELETE FROM audio_files WHERE user_id = $1 AND turn_id = ANY ($2)";

/// What nobody has heard or answered yet may tell anything: it cannot be tried again.
const UNHEARD: &str = "
    UPDATE inbox SET payload = NULL, state = 'done' WHERE user_id = $1 AND state <> 'pending' AND payload IS NOT NULL";

/// An answer that could not be sent may tell anything too: it cannot be replayed.
const UNSENT: &str = "
    UPDATE outbox SET params = NULL WHERE user_id = $1 AND state = 'dead' AND params IS NOT NULL";

/// A pass that is under way has read what is to be forgotten: without its lease it cannot write. $1 conversations.
pub(crate) const RESTART: &str = "
    WITH dropped AS (
        DELETE FROM summaries WHERE conversation_id = ANY ($1)
    ), weeks AS (
        UPDATE weeks w SET content = NULL, stale = true, leased_until = NULL, attempts = 0 FROM conversations c
        WHERE c.id = ANY ($1) AND w.user_id = c.user_id AND w.starts_on <= (c.last_message_at AT TIME ZONE 'UTC')::date
          AND w.starts_on > (c.started_at AT TIME ZONE 'UTC')::date - 7
    )
    UPDATE conversations SET summed_messages = 0, title = NULL, summary_leased_until = NULL, summary_attempts = 0
    WHERE id = ANY ($1)";

/// $1 person, $2 Mondays.
const RESTART_WEEKS: &str = "
    UPDATE weeks SET content = NULL, stale = true, leased_until = NULL, attempts = 0
    WHERE user_id = $1 AND starts_on = ANY ($2)";

/// Any other pass that is under way was shown the fact as known, and may tell it anew: it writes by a lease that is no longer
/// the same. What is left for a while stays left.
const FENCE: &str = "
    UPDATE conversations SET summary_leased_until = summary_leased_until + interval '1 microsecond'
    WHERE user_id = $1 AND summary_leased_until IS NOT NULL";

const REMOVE: &str = "DELETE FROM facts WHERE user_id = $1 AND forgotten_at IS NOT NULL";

/// In the order that foreign keys ask for.
const ALL: [&str; 14] = [
    "DELETE FROM message_terms WHERE user_id = $1",
    "DELETE FROM messages WHERE user_id = $1",
    "DELETE FROM summaries WHERE user_id = $1",
    "DELETE FROM conversations WHERE user_id = $1",
    "UPDATE turns SET reply = NULL, reply_picture = NULL, quoted = NULL, image_ref = NULL WHERE user_id = $1",
    "UPDATE users SET messages = 0, facts_version = facts_version + 1 WHERE id = $1",
    "DELETE FROM facts WHERE user_id = $1",
    "DELETE FROM weeks WHERE user_id = $1",
    "DELETE FROM room_turns WHERE user_id = $1",
    "DELETE FROM message_vectors WHERE user_id = $1",
    "DELETE FROM vector_progress WHERE user_id = $1",
    "DELETE FROM audio_files WHERE user_id = $1",
    UNHEARD,
    UNSENT,
];

#[derive(FromRow)]
struct FactRow {
    content: String,
    message_id: Option<Uuid>,
    created_at: DateTime<Utc>,
    forgotten_at: DateTime<Utc>,
    number: Option<i32>,
    over_at: Option<DateTime<Utc>>,
}

#[derive(FromRow)]
struct MessageRow {
    id: Uuid,
    created_at: DateTime<Utc>,
    number: Option<i32>,
    turn_id: Uuid,
    conversation_id: Uuid,
    role: String,
    text: String,
    certain: bool,
}

impl Forgetting<'_> {
    /// Somebody for whom forgetting is owed since before a time, and who is none of `but`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn owed(&self, before: DateTime<Utc>, but: &[i64]) -> Result<Option<i64>, StoreError> {
        let row: Option<(i64,)> = sqlx::query_as(OWED).bind(before).bind(but).fetch_optional(&self.0.pool).await?;
        Ok(row.map(|(user_id,)| user_id))
    }

    /// Forgets all that a person asked to forget, everywhere.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was done, and it is still owed.
    pub async fn settle(&self, user_id: i64) -> Result<Forgotten, StoreError> {
        let keys = &self.0.keys;
        let mut transaction = self.0.pool.begin().await?;
        let Some(messages) = hold(&mut transaction, user_id).await? else { return Ok(Forgotten::default()) };
        let facts: Vec<FactRow> = sqlx::query_as(TO_FORGET).bind(user_id).fetch_all(&mut *transaction).await?;
        if facts.is_empty() {
            return Ok(Forgotten::default());
        }
        let found = traces(&mut transaction, keys, user_id, &facts, messages).await?;
        let emptied = empty(&mut transaction, user_id, &facts, &found).await?;
        let mut conversations: BTreeSet<Uuid> = emptied.iter().map(|message| message.conversation_id).collect();
        conversations.extend(that_tell(&mut transaction, keys, user_id, &found).await?);
        let conversations: Vec<_> = conversations.into_iter().collect();
        sqlx::query(RESTART).bind(&conversations).execute(&mut *transaction).await?;
        let weeks = weeks_that_tell(&mut transaction, keys, user_id, &found).await?;
        sqlx::query(RESTART_WEEKS).bind(user_id).bind(weeks).execute(&mut *transaction).await?;
        sqlx::query(FENCE).bind(user_id).execute(&mut *transaction).await?;
        let removed = sqlx::query(REMOVE).bind(user_id).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(Forgotten {
            facts: removed.rows_affected(),
            messages: u64::try_from(emptied.len()).unwrap_or(u64::MAX),
            summaries: u64::try_from(conversations.len()).unwrap_or(u64::MAX),
        })
    }

    /// Forgets everything that was ever said and learnt: facts, messages, summaries, the index. Profile, plan and
    /// relationship stay.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was done.
    pub async fn everything(&self, user_id: i64) -> Result<Forgotten, StoreError> {
        let mut transaction = self.0.pool.begin().await?;
        if hold(&mut transaction, user_id).await?.is_none() {
            return Ok(Forgotten::default());
        }
        let mut counts = [0; ALL.len()];
        for (count, statement) in counts.iter_mut().zip(ALL) {
            *count = sqlx::query(statement).bind(user_id).execute(&mut *transaction).await?.rows_affected();
        }
        transaction.commit().await?;
        let [_, messages, summaries, _, _, _, facts, ..] = counts;
        Ok(Forgotten { facts, messages, summaries })
    }
}

/// Reads what is to be forgotten.
async fn traces(
    connection: &mut PgConnection,
    keys: &Keyring,
    user_id: i64,
    facts: &[FactRow],
    messages: i32,
) -> Result<Found, StoreError> {
    type Columns = (i32, Option<Vec<String>>, Option<Vec<NaiveDate>>, Option<Vec<Vec<u8>>>);
    let opened: Vec<Option<String>> =
        facts.iter().map(|fact| legible(keys.decrypt(&fact.content, "facts.content"))).collect();
    let illegible = opened.iter().enumerate().filter(|(_, text)| text.is_none()).map(|(at, _)| at).collect();
    // No words leave no trace.
    let texts: Vec<String> = opened.into_iter().map(Option::unwrap_or_default).collect();
    let words: BTreeSet<String> = texts.iter().flat_map(|text| terms(text)).collect();
    let words: Vec<_> = words.into_iter().collect();
    let (_, found, months, postings): Columns =
        sqlx::query_as(POSTINGS).bind(user_id).bind(words).fetch_one(connection).await?;
    let (found, months, postings) =
        (found.unwrap_or_default(), months.unwrap_or_default(), postings.unwrap_or_default());
    let blocks: Vec<_> = found
        .iter()
        .zip(months)
        .zip(&postings)
        .map(|((term, month), postings)| Block { term, month, postings })
        .collect();
    let all = u32::try_from(messages).unwrap_or_default();
    let traces: Vec<_> = texts.iter().map(|text| Trace::of(text, &blocks, all)).collect();
    let told_in = facts.iter().map(|fact| fact.number.and_then(|number| u32::try_from(number).ok()));
    let (mut of_one_word, mut of_more) = (BTreeSet::new(), BTreeSet::new());
    for (trace, told_in) in traces.iter().zip(told_in) {
        let numbers = trace.holding(&blocks, told_in).into_iter().filter_map(|number| i32::try_from(number).ok());
        if trace.is_of_one_word() { of_one_word.extend(numbers) } else { of_more.extend(numbers) }
    }
    let numbers = of_one_word.union(&of_more).copied().collect();
    of_one_word.retain(|number| !of_more.contains(number));
    Ok(Found { traces, illegible, numbers, of_one_word })
}

/// Empties the messages that hold a fact, and says which.
async fn empty(
    connection: &mut PgConnection,
    user_id: i64,
    facts: &[FactRow],
    found: &Found,
) -> Result<Vec<MessageRow>, StoreError> {
    let sources: (Vec<_>, Vec<_>) = facts.iter().filter_map(|fact| Some((fact.message_id?, fact.created_at))).unzip();
    let illegible = facts.iter().enumerate().filter(|(at, _)| found.illegible.contains(at));
    let asked = facts.iter().flat_map(|fact| [Some(fact.forgotten_at), fact.over_at]).flatten();
    let unsaid = facts.iter().zip(&found.traces).filter(|(_, trace)| trace.is_unsaid());
    let rows: Vec<MessageRow> = sqlx::query_as(HELD)
        .bind(user_id)
        .bind(&sources.0)
        .bind(sources.1)
        .bind(&found.numbers)
        .bind(asked.collect::<Vec<_>>())
        .bind(unsaid.filter_map(|(fact, _)| fact.message_id).collect::<Vec<_>>())
        .bind(illegible.map(|(_, fact)| fact.forgotten_at).collect::<Vec<_>>())
        .fetch_all(&mut *connection)
        .await?;
    let rows: Vec<_> = found.held(rows, &sources.0).into_values().filter(|row| !row.text.is_empty()).collect();
    let texts: Vec<_> = rows.iter().map(|row| (row.number, row.created_at, row.text.as_str())).collect();
    unindex(connection, user_id, &texts).await?;
    vectors::gone(connection, user_id, rows.iter().filter_map(|row| row.number).collect()).await?;
    let (answers, messages): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.role == Role::Assistant.as_str());
    sqlx::query(EMPTY)
        .bind(user_id)
        .bind(rows.iter().map(|row| row.id).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.created_at).collect::<Vec<_>>())
        .bind(answers.iter().map(|row| row.turn_id).collect::<Vec<_>>())
        .bind(messages.iter().map(|row| row.turn_id).collect::<Vec<_>>())
        .execute(&mut *connection)
        .await?;
    let spoken = sqlx::query(SPOKEN).bind(user_id).bind(rows.iter().map(|row| row.turn_id).collect::<Vec<_>>());
    spoken.execute(&mut *connection).await?;
    sqlx::query(UNHEARD).bind(user_id).execute(&mut *connection).await?;
    sqlx::query(UNSENT).bind(user_id).execute(connection).await?;
    Ok(rows)
}
