//! Histories in Postgres: written in bulk as they stand in the tables, and indexed by the store as the job does it.

use chrono::{DateTime, Datelike as _, Utc};
use evolve_domain::memory::Side;
use evolve_store::Store;
use sqlx::PgPool;
use uuid::Uuid;

use crate::corpus::Turn;

const PERSON: &str = "INSERT INTO users (id, created_at, last_seen_at) VALUES ($1, 'epoch', 'epoch')";

const CONVERSATION: &str = "
    INSERT INTO conversations (id, user_id, started_at, last_message_at, ended_at, messages)
    VALUES ($1, $2, $3, $4, $4, $5)";

const MESSAGES: &str = "
    INSERT INTO messages (id, created_at, user_id, conversation_id, turn_id, place, role, text)
    SELECT gen_random_uuid(), m.at, $1, $2, gen_random_uuid(), m.place, m.role, m.text
    FROM unnest($3::timestamptz[], $4::text[], $5::text[]) WITH ORDINALITY AS m (at, role, text, place)";

/// Writes histories.
pub(crate) struct History {
    store: Store,
    sql: PgPool,
}

impl History {
    pub(crate) fn new(store: Store, sql: PgPool) -> Self {
        Self { store, sql }
    }

    /// Gives a new person these messages.
    pub(crate) async fn say(&mut self, user_id: i64, turns: &[Turn]) -> anyhow::Result<()> {
        sqlx::query(PERSON).bind(user_id).execute(&self.sql).await?;
        self.partitions(turns).await?;
        for session in turns.chunk_by(|a, b| a.session == b.session) {
            let (Some(first), Some(last)) = (session.first(), session.last()) else { continue };
            let id = Uuid::now_v7();
            sqlx::query(CONVERSATION)
                .bind(id)
                .bind(user_id)
                .bind(first.at)
                .bind(last.at)
                .bind(i32::try_from(session.len())?)
                .execute(&self.sql)
                .await?;
            sqlx::query(MESSAGES)
                .bind(user_id)
                .bind(id)
                .bind(session.iter().map(|turn| turn.at).collect::<Vec<_>>())
                .bind(session.iter().map(|turn| role(turn.side)).collect::<Vec<_>>())
                .bind(session.iter().map(|turn| turn.text.as_str()).collect::<Vec<_>>())
                .execute(&self.sql)
                .await?;
        }
        Ok(())
    }

    /// Live, months are made before they come.
    async fn partitions(&self, turns: &[Turn]) -> anyhow::Result<()> {
        let month = |at: DateTime<Utc>| at.year() * 12 + i32::try_from(at.month0()).unwrap_or_default();
        let (first, last) = (turns.iter().map(|t| t.at).min(), turns.iter().map(|t| t.at).max());
        if let (Some(first), Some(last)) = (first, last) {
            self.store.messages().ensure_partitions(first, month(last) - month(first) + 1).await?;
        }
        Ok(())
    }

    /// Indexes everything.
    pub(crate) async fn index(&self) -> anyhow::Result<()> {
        while self.store.memory().index_some(1000).await? > 0 {}
        Ok(())
    }

    /// What autovacuum would have done by now.
    pub(crate) async fn analyze(&self) -> anyhow::Result<()> {
        sqlx::query("VACUUM ANALYZE").execute(&self.sql).await?;
        Ok(())
    }
}

fn role(side: Side) -> &'static str {
    match side {
        Side::Person => "user",
        Side::Companion => "assistant",
    }
}
