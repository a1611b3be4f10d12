//! Postgres falls silent in the middle of what changes a memory by several statements: wherever that is, the change is there whole
//! or not at all.

use chrono::NaiveDate;
use evolve_domain::fact::Category;
use evolve_store::{Store, StoreError, corrections::Correction, turns::Said};
use evolve_testkit::proxy::{CountingProxy, Lost};
use rstest::rstest;
use uuid::Uuid;

use crate::support::{IVAN, World, learning, store, work, world};

/// As nothing is after a change. Whoever is in the middle of one holds the person.
const BEFORE: &str = "
    UPDATE users SET last_seen_at = last_seen_at;
    UPDATE facts SET day = NULL;
    UPDATE usage_days SET edits = 0;
    UPDATE conversations SET summed_messages = 2, extracted_messages = 2, reread = '{}'";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    /// A fact is put right, and what was summed up with it is summed up anew.
    Fact,
    /// A message says something else: its words, what they told, the summary, the count of edits.
    Words,
}

struct Story {
    world: World,
    said: Said,
    fact: Uuid,
}

impl Story {
    async fn new() -> Self {
        let world = world().await;
        let (turn, person) = world.admitted("first").await;
        let learnt = learning("likes tea");
        let mut done = work("I like tea", "Noted", world.now);
        done.facts = &learnt;
        assert!(world.store.turns().persist(&turn, &person, &done).await.unwrap().is_written());
        let said = world.store.turns().said_under(IVAN, "first").await.unwrap().unwrap();
        Self { fact: learnt.learnt[0].id, world, said }
    }

    async fn make(&self, change: Change, store: &Store, text: &str) -> Result<bool, StoreError> {
        let now = self.world.now;
        if change == Change::Words {
            return store.turns().correct(IVAN, &self.said, text, now).await;
        }
        let day = NaiveDate::from_ymd_opt(2026, 12, 1);
        let right = Correction::Is(None);
        let corrected = store.facts().correct(IVAN, self.fact, right, Category::Preferences, day, now).await?;
        Ok(corrected.is_some())
    }

    /// Which parts of a change are there, once nobody is in the middle of it.
    async fn parts(&self, change: Change, text: &str) -> Vec<bool> {
        let sql = &self.world.sql;
        sqlx::query("UPDATE users SET last_seen_at = last_seen_at").execute(sql).await.unwrap();
        let parts = match change {
            Change::Fact => sqlx::query_as(
                "SELECT ARRAY[(SELECT day IS NOT NULL FROM facts), (SELECT summed_messages = 0 FROM conversations)]",
            ),
            Change::Words => sqlx::query_as(
                "SELECT ARRAY[(SELECT text = $1 FROM messages WHERE role = 'user'), (SELECT edits = 1 FROM usage_days),
                              (SELECT summed_messages = 0 FROM conversations),
                              (SELECT cardinality(reread) = 1 FROM conversations)]",
            )
            .bind(text),
        };
        let (parts,): (Vec<bool>,) = parts.fetch_one(sql).await.unwrap();
        parts
    }
}

#[rstest]
#[tokio::test]
async fn what_changes_a_memory_is_there_whole_or_not_at_all_wherever_postgres_falls_silent(
    #[values(Change::Fact, Change::Words)] change: Change,
    #[values(Lost::Request, Lost::Answer)] lost: Lost,
) {
    let story = Story::new().await;
    let proxy = CountingProxy::postgres(&story.world.url).await.unwrap();
    let mut undone = 0;
    // Each time a round trip later than before, until it comes about undisturbed.
    for round_trip in 1..200 {
        let text = format!("I like coffee, {round_trip}");
        sqlx::raw_sql(BEFORE).execute(&story.world.sql).await.unwrap();
        // A connection of its own, on which no statement is known yet.
        let caller = store(proxy.url(), &story.world.key);
        let silence = proxy.silence_at(round_trip, lost);
        let made = tokio::select! {
            made = story.make(change, &caller, &text) => Some(made),
            () = silence => None,
        };
        // The server hears by and by that nobody is there any more; here at once.
        proxy.cut();
        let parts = story.parts(change, &text).await;
        let is_whole = parts.iter().all(|part| *part);
        assert!(is_whole || parts.iter().all(|part| !*part), "half of it is there, round trip {round_trip}: {parts:?}");
        if let Some(made) = made {
            assert!(made.unwrap() && is_whole);
            assert!(undone > 3, "it was disturbed in its middle {undone} times");
            return;
        }
        undone += u32::from(!is_whole);
    }
    panic!("it never came about");
}
