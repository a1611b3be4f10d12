//! What happens now, as lines: that somebody wrote, came, paid; never a word of it. Postgres is asked every few seconds: whatever
//! writes these rows is then in it, whichever replica or process that was, and nothing that people wait for does anything for it.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use evolve_store::happenings::Happening as Row;
use futures::{Stream, StreamExt as _, stream};
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

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
/// What the keys of the names of events are derived for.
const PURPOSE: &str = "names of live events";
/// Bytes of such a name: lines of one microsecond are told apart by it.
const NAME: usize = 8;

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

/// What a row is called to whoever listens. Its own name may be the number of somebody whom they may not see, and a number of ten digits
/// is found from a plain hash by trying; by our own key every replica calls it the same, and nobody learns whose it is.
fn name(key: &SecretString, row: &Row) -> String {
    // HMAC takes keys of any length.
    let hash = Hmac::<Sha256>::new_from_slice(key.expose_secret().as_bytes()).map(|mut mac| {
        mac.update(row.id.as_bytes());
        mac.finalize().into_bytes()
    });
    let hash = hash.into_iter().flatten().take(NAME).map(|byte| format!("{byte:02x}"));
    hash.collect::<String>()
}

/// Up to where somebody has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Had {
    /// What happened until then.
    until: DateTime<Utc>,
    /// Of that moment, what happened up to the event of this name; all of it, where none is known.
    name: Option<String>,
}

impl Had {
    /// All until a moment.
    #[must_use]
    pub const fn all(until: DateTime<Utc>) -> Self {
        Self { until, name: None }
    }

    /// What a mark, or an event's id, says.
    #[must_use]
    pub fn read(id: &str) -> Option<Self> {
        let name = id.split_once('-').map(|(_, name)| name.to_owned());
        Some(Self { until: read(id)?, name })
    }

    /// The same, as if what happened before a moment was all told.
    #[must_use]
    pub fn since(self, moment: DateTime<Utc>) -> Self {
        if self.until < moment { Self::all(moment) } else { self }
    }
}

/// What was told already.
struct Told {
    api: Api,
    key: SecretString,
    /// Up to here the page had it.
    began: Had,
    newest: DateTime<Utc>,
    /// What is known of the time that is looked at again and again.
    known: BTreeMap<String, DateTime<Utc>>,
    is_first: bool,
}

impl Told {
    /// What is new, oldest first, each with the id of its event: the newest moment that was told (of what is seen late not its own, or
    /// what came before would be told again), and its name.
    async fn look(&mut self) -> Vec<(String, Row)> {
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
        let began = &self.began;
        let is_last = |row: &Row| row.at == began.until && began.name.as_ref() == Some(&name(&self.key, row));
        let last = rows.iter().position(is_last);
        let mut new = Vec::new();
        for (place, row) in rows.into_iter().enumerate() {
            self.newest = self.newest.max(row.at);
            let is_known = self.known.insert(row.id.clone(), row.at).is_some();
            // At the first look, what was there when the page was made is on it.
            let is_had = row.at < began.until || (row.at == began.until && last.is_none_or(|last| place <= last));
            let is_told = is_known || (self.is_first && is_had);
            if !is_told {
                new.push((format!("{}-{}", mark(self.newest), name(&self.key, &row)), row));
            }
        }
        self.is_first = false;
        new
    }
}

/// What happens after what somebody has, as parts of a page.
pub fn parts(api: Api, began: Had, sees_people: bool, words: Words) -> impl Stream<Item = LivePart> + Send + 'static {
    // The first signs, and the list is never empty.
    let key = api.store.keys().signing_keys(PURPOSE).into_iter().next().unwrap_or_default();
    let newest = began.until;
    let told_already = Told { api, key, began, newest, known: BTreeMap::new(), is_first: true };
    stream::unfold(told_already, |mut state| async move {
        if !state.is_first {
            tokio::time::sleep(EVERY).await;
        }
        let new = state.look().await;
        Some((stream::iter(new), state))
    })
    .flatten()
    .map(move |(id, row)| LivePart { id: Some(id), html: told(row, sees_people, words).markup() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_again_also_from_the_id_of_an_event() {
        let at = DateTime::from_timestamp_micros(1_795_000_000_123_456).unwrap();
        assert_eq!(read(&mark(at)), Some(at));
        assert_eq!(read(&format!("{}-0a1b2c", mark(at))), Some(at));
        let had = Had { until: at, name: Some("0a1b2c".to_owned()) };
        assert_eq!(Had::read(&format!("{}-0a1b2c", mark(at))), Some(had));
        assert_eq!(Had::read(&mark(at)), Some(Had::all(at)));
        for nonsense in ["", "-", "-5", "soon", "99999999999999999999"] {
            assert_eq!(read(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn the_name_of_an_event_does_not_say_whose_it_is() {
        let row = |user_id: i64| Row {
            id: format!("person:{user_id}"),
            at: DateTime::default(),
            what: "person".to_owned(),
            user_id: Some(user_id),
            amount: None,
            currency: None,
            level: None,
        };
        let of = |key: &str, user_id| name(&key.into(), &row(user_id));
        assert_eq!(of("key", 734_002_117).len(), 2 * NAME);
        assert_eq!(of("key", 42), of("key", 42));
        assert_ne!(of("key", 42), of("key", 43));
        assert_ne!(of("key", 42), of("another", 42), "nobody finds it by trying");
    }
}
