//! What happens now, as lines: that somebody wrote, came, paid; never a word of it. Postgres is asked every few seconds: whatever
//! writes these rows is then in it, whichever replica or process that was, and nothing that people wait for does anything for it.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use evolve_store::happenings::Happening as Row;
use futures::{Stream, StreamExt as _, stream};

use crate::{
    panel::{live::LivePart, pages::overview::Happening, parts::Tone, words::Words},
    state::Api,
};

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(2);
/// A row may be seen so much later than the time that is in it: its statement was under way, or waited.
const LATE: TimeDelta = TimeDelta::seconds(30);
/// Most lines of one look: more nobody reads.
const MOST: u32 = 30;

/// A line, for a reader who may see whom it is about, or may not.
#[must_use]
pub fn told(row: Row, sees_people: bool, words: Words) -> Happening {
    let tone = match row.what.as_str() {
        "payment" | "person" | "level" => Tone::Good,
        "refund" => Tone::Warning,
        "failure" => Tone::Bad,
        _ => Tone::Plain,
    };
    let person = row.user_id.filter(|_| sees_people);
    let money = row.amount.zip(row.currency).map(|(amount, currency)| words.money(amount, &currency));
    Happening {
        at: row.at,
        what: row.what,
        person: person.map(|id| (id.to_string(), Some(format!("/admin/panel/people/{id}")))),
        detail: money.or_else(|| row.level.map(|level| level.to_string())),
        tone,
        words,
    }
}

/// A moment, as it stands in addresses and in the ids of events.
#[must_use]
pub fn mark(at: DateTime<Utc>) -> String {
    at.timestamp_micros().to_string()
}

/// The moment of a mark, and of an event's id, which begins with one.
#[must_use]
pub fn read(mark: &str) -> Option<DateTime<Utc>> {
    let micros = mark.split('-').next()?.parse::<i64>().ok().filter(|micros| *micros >= 0)?;
    DateTime::from_timestamp_micros(micros)
}

/// What was told already.
struct Told {
    api: Api,
    /// Up to here the page had it.
    began: DateTime<Utc>,
    newest: DateTime<Utc>,
    /// What is known of the time that is looked at again and again.
    known: BTreeMap<String, DateTime<Utc>>,
    is_first: bool,
}

impl Told {
    /// What is new, oldest first.
    async fn look(&mut self) -> Vec<Row> {
        let since = self.newest - LATE;
        let mut rows = match self.api.reports.happened(Some(since), MOST).await {
            Ok(rows) => rows,
            Err(error) => {
                tracing::warn!(%error, "what happens could not be looked at");
                return Vec::new();
            }
        };
        rows.reverse();
        self.known.retain(|_, at| *at > since);
        let mut new = Vec::new();
        for row in rows {
            self.newest = self.newest.max(row.at);
            let is_known = self.known.insert(row.id.clone(), row.at).is_some();
            // At the first look, what was there when the page was made is on it.
            let is_shown = self.is_first && row.at <= self.began;
            if !is_known && !is_shown {
                new.push(row);
            }
        }
        self.is_first = false;
        new
    }
}

/// What happens after a moment, as parts of a page.
pub fn parts(
    api: Api,
    after: DateTime<Utc>,
    sees_people: bool,
    words: Words,
) -> impl Stream<Item = LivePart> + Send + 'static {
    let told_already = Told { api, began: after, newest: after, known: BTreeMap::new(), is_first: true };
    stream::unfold(told_already, |mut state| async move {
        if !state.is_first {
            tokio::time::sleep(EVERY).await;
        }
        let new = state.look().await;
        Some((stream::iter(new), state))
    })
    .flatten()
    .map(move |row| {
        let id = format!("{}-{}", mark(row.at), row.id);
        LivePart { id: Some(id), html: told(row, sees_people, words).markup() }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_again_also_from_the_id_of_an_event() {
        let at = DateTime::from_timestamp_micros(1_795_000_000_123_456).unwrap();
        assert_eq!(read(&mark(at)), Some(at));
        assert_eq!(read(&format!("{}-turn:0197-x", mark(at))), Some(at));
        for nonsense in ["", "-", "-5", "soon", "99999999999999999999"] {
            assert_eq!(read(nonsense), None, "{nonsense}");
        }
    }
}
