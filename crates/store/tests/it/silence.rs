//! Postgres falls silent in the middle of what changes a memory by several statements: wherever that is, the change is there whole
//! or not at all.

use chrono::NaiveDate;
use evolve_domain::{fact::Category, profile::ProfilePatch};
use evolve_store::{
    Store, StoreError,
    corrections::Correction,
    turns::{Last, LastAnswer, Replace, Replaced, Said, TurnLease, Usage},
};
use evolve_testkit::proxy::{CountingProxy, Lost};
use rstest::rstest;
use uuid::Uuid;

use crate::support::{IVAN, World, defaults, learning, store, work, world};

/// As nothing is after a change. Whoever is in the middle of one holds the person.
const BEFORE: &str = "
    UPDATE users SET facts_version = 0, profile = NULL;
    UPDATE facts SET day = NULL;
    UPDATE usage_days SET edits = 0;
    UPDATE conversations SET summed_messages = 2, extracted_messages = 2, reread = '{}'";

/// An answer may teach something.
const UNLEARNT: &str = "DELETE FROM facts";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    /// A fact is put right, and what was summed up with it is summed up anew.
    Fact,
    /// A message says something else: its words, what they told, the summary, the count of edits.
    Words,
    /// An answer takes the place of another one: its words, what was learnt, the profile, the turn, the summary.
    Answer,
}

struct Story {
    world: World,
    said: Said,
    last: LastAnswer,
    fact: Uuid,
}

impl Story {
    async fn new() -> Self {
        let mut world = world().await;
        world.plans.free.messages_per_day = None;
        let (turn, person) = world.admitted("first").await;
        let learnt = learning("likes tea");
        let mut done = work("I like tea", "Noted", world.now);
        done.facts = &learnt;
        assert!(world.store.turns().persist(&turn, &person, &done).await.unwrap().is_written());
        let said = world.store.turns().said_under(IVAN, "first").await.unwrap().unwrap();
        let Some(Last::Answered(last)) = world.store.turns().last(IVAN).await.unwrap() else { panic!("no answer") };
        Self { fact: learnt.learnt[0].id, world, said, last }
    }

    /// The turn in which a change is made, where it takes one.
    async fn turn(&self, change: Change, number: usize) -> Option<TurnLease> {
        if change != Change::Answer {
            return None;
        }
        sqlx::query(UNLEARNT).execute(&self.world.sql).await.unwrap();
        Some(self.world.admitted(&format!("again-{number}")).await.0)
    }

    async fn make(
        &self,
        change: Change,
        turn: Option<&TurnLease>,
        store: &Store,
        text: &str,
    ) -> Result<bool, StoreError> {
        let now = self.world.now;
        match change {
            Change::Fact => {
                let (right, day) = (Correction::Is(None), NaiveDate::from_ymd_opt(2026, 12, 1));
                let facts = store.facts();
                let corrected = facts.correct(IVAN, self.fact, right, Category::Preferences, day, now).await?;
                Ok(corrected.is_some())
            }
            Change::Words => store.turns().correct(IVAN, &self.said, text, now).await,
            Change::Answer => {
                let facts = learning("likes coffee");
                let patch = ProfilePatch { city: Some(Some("Тверь".to_owned())), ..ProfilePatch::default() };
                let work = Replace {
                    first_ms: None,
                    last: &self.last,
                    reply: text,
                    picture: None,
                    facts: &facts,
                    patch: &patch,
                    settings: defaults(),
                    usage: Usage { input_tokens: 10, output_tokens: 5 },
                    tools: &[],
                    model: "scripted",
                    now,
                };
                Ok(store.turns().replace(turn.unwrap(), &work).await? == Replaced::Written)
            }
        }
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
            Change::Answer => sqlx::query_as(
                "SELECT ARRAY[(SELECT text = $1 FROM messages WHERE role = 'assistant'), EXISTS (SELECT FROM facts),
                              (SELECT profile IS NOT NULL FROM users),
                              (SELECT state = 'done' FROM turns ORDER BY id DESC LIMIT 1),
                              (SELECT summed_messages = 0 FROM conversations)]",
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
    #[values(Change::Fact, Change::Words, Change::Answer)] change: Change,
    #[values(Lost::Request, Lost::Answer)] lost: Lost,
) {
    let story = Story::new().await;
    let proxy = CountingProxy::postgres(&story.world.url).await.unwrap();
    let mut undone = 0;
    // Each time a round trip later than before, until it comes about undisturbed.
    for round_trip in 1..200 {
        let text = format!("I like coffee, {round_trip}");
        sqlx::raw_sql(BEFORE).execute(&story.world.sql).await.unwrap();
        let turn = story.turn(change, round_trip).await;
        // A connection of its own, on which no statement is known yet.
        let caller = store(proxy.url(), &story.world.key);
        let silence = proxy.silence_at(round_trip, lost);
        let made = tokio::select! {
            made = story.make(change, turn.as_ref(), &caller, &text) => Some(made),
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
