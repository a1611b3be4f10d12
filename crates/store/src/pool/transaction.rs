//! Several statements that count together or not at all.

use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
};

use sqlx::{Executor, PgConnection};

use super::{
    lent::{Lent, State},
    ready::Ready,
};

/// A transaction, undone when it is dropped. In place of sqlx's, for two reasons. That gives its connection back by sqlx's own
/// way, which has no end where the server fell silent after the commit. And where its caller goes while it begins, it gives back a
/// connection that is in a transaction: what the next one writes through it would be undone with it.
#[derive(Debug)]
pub(crate) struct Transaction {
    lent: Lent,
    ready: Arc<Ready>,
}

impl Transaction {
    /// `ready` is where its connection goes once it is committed.
    pub(super) async fn begin(lent: Lent, ready: Arc<Ready>) -> Result<Self, sqlx::Error> {
        let mut transaction = Self { lent, ready };
        transaction.turn("BEGIN", State::InTransaction).await?;
        Ok(transaction)
    }

    /// Ends it: from now on it counts. Where this fails for want of an answer, nobody knows whether it does; it does whole
    /// or not at all.
    pub(crate) async fn commit(mut self) -> Result<(), sqlx::Error> {
        let care = Arc::clone(&self.lent.care);
        care.within(care.deadline(), self.turn("COMMIT", State::Sound)).await?;
        self.ready.put(self.lent);
        Ok(())
    }

    /// Until the server has said so, and where it never does, nobody knows how the connection stands.
    async fn turn(&mut self, sql: &'static str, then: State) -> Result<(), sqlx::Error> {
        self.lent.state = State::Unknown;
        Executor::execute(&mut *self.lent, sqlx::raw_sql(sql)).await?;
        self.lent.state = then;
        Ok(())
    }
}

impl Deref for Transaction {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.lent
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.lent
    }
}
