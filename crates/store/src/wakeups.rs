//! Who waits for rows hears of them: one `LISTEN` connection per process, handed on to any number of waiters.
//!
//! While the connection is down nothing is heard, so everybody is woken when it is back; and no waiter may rely on a wakeup
//! alone: each has a time at which it looks by itself.
//!
//! A connection that only listens does not notice that nobody speaks any more. So after a while of silence the server is asked
//! whether it is there, and still takes changes: one that is no longer the primary has nothing to notify.

use std::{io, time::Duration};

use evolve_runtime::shutdown::Tasks;
use sqlx::postgres::PgListener;
use tokio::{
    sync::{broadcast, watch},
    time::timeout,
};
use uuid::Uuid;

use crate::{Store, pool};

/// Pause before a broken connection is tried again.
const RECONNECT: Duration = Duration::from_secs(1);
/// After so long without a word the server is asked whether it is there, and has as long to say so. As long as waiters sleep.
const SILENCE: Duration = Duration::from_secs(30);

/// Hands on what Postgres notifies. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Wakeups {
    inbox: watch::Sender<()>,
    outbox: watch::Sender<()>,
    events: watch::Sender<()>,
    configured: watch::Sender<()>,
    turns: broadcast::Sender<Option<Uuid>>,
    stops: broadcast::Sender<Option<Uuid>>,
}

/// One waiter on one queue.
#[derive(Debug)]
pub struct Wakeup(watch::Receiver<()>);

impl Wakeup {
    /// Returns once something was signalled since the last wait (or since this was made).
    pub async fn wait(&mut self) {
        if self.0.changed().await.is_err() {
            // The listener has stopped, and the process with it.
            std::future::pending::<()>().await;
        }
    }
}

impl Wakeups {
    /// Starts listening, as a task of `tasks`.
    #[must_use]
    pub fn start(store: &Store, tasks: &Tasks) -> Self {
        Self::start_with(store, tasks, SILENCE)
    }

    fn start_with(store: &Store, tasks: &Tasks, silence: Duration) -> Self {
        let (turns, stops) = (broadcast::Sender::new(1024), broadcast::Sender::new(1024));
        let queue = || watch::Sender::new(());
        let this = Self { inbox: queue(), outbox: queue(), events: queue(), configured: queue(), turns, stops };
        let (to, store, soft) = (this.clone(), store.clone(), tasks.soft());
        tasks.spawn("listen", async move {
            loop {
                let ended = tokio::select! {
                    ended = to.listen(&store, silence) => ended,
                    () = soft.cancelled() => return Ok(()),
                };
                if let Err(error) = ended {
                    tracing::warn!(%error, "lost the connection that listens for new rows; trying again");
                }
                tokio::select! {
                    () = tokio::time::sleep(RECONNECT) => {}
                    () = soft.cancelled() => return Ok(()),
                }
            }
        });
        this
    }

    /// Waits for the inbox.
    #[must_use]
    pub fn inbox(&self) -> Wakeup {
        Wakeup(self.inbox.subscribe())
    }

    /// Waits for the outbox.
    #[must_use]
    pub fn outbox(&self) -> Wakeup {
        Wakeup(self.outbox.subscribe())
    }

    /// Waits for what other systems are to be told.
    #[must_use]
    pub fn events(&self) -> Wakeup {
        Wakeup(self.events.subscribe())
    }

    /// Waits for what administrators set while everything runs: flags and prompts.
    #[must_use]
    pub fn configured(&self) -> Wakeup {
        Wakeup(self.configured.subscribe())
    }

    /// Hears of every turn that ends from now on; `None` means that some may have been missed.
    #[must_use]
    pub fn turns(&self) -> broadcast::Receiver<Option<Uuid>> {
        self.turns.subscribe()
    }

    /// Hears of every turn that is asked to stop from now on; `None` means that some may have been missed.
    #[must_use]
    pub fn stops(&self) -> broadcast::Receiver<Option<Uuid>> {
        self.stops.subscribe()
    }

    async fn listen(&self, store: &Store, silence: Duration) -> Result<(), sqlx::Error> {
        // Not from the pool: this connection is held for good, and must not cost the pool one.
        let pool = sqlx::postgres::PgPoolOptions::new()
            .max_connections(1)
            .connect_lazy_with((*store.pool.connect_options()).clone());
        let mut listener = PgListener::connect_with(&pool).await?;
        listener.ignore_pool_close_event(true);
        listener.listen_all(["inbox", "outbox", "turn_done", "turn_stop", "webhooks", "configured"]).await?;
        self.wake_everybody();
        loop {
            let Ok(heard) = timeout(silence, listener.try_recv()).await else {
                is_there(&mut listener, silence).await?;
                continue;
            };
            match heard? {
                Some(notification) => match notification.channel() {
                    "inbox" => self.inbox.send_replace(()),
                    "outbox" => self.outbox.send_replace(()),
                    "webhooks" => self.events.send_replace(()),
                    "configured" => self.configured.send_replace(()),
                    "turn_stop" => drop(self.stops.send(notification.payload().parse().ok())),
                    _ => drop(self.turns.send(notification.payload().parse().ok())),
                },
                // The connection was lost and made again: something may have been missed.
                None => self.wake_everybody(),
            }
        }
    }

    fn wake_everybody(&self) {
        self.inbox.send_replace(());
        self.outbox.send_replace(());
        self.events.send_replace(());
        self.configured.send_replace(());
        // An error only says that nobody waits.
        drop(self.turns.send(None));
        drop(self.stops.send(None));
    }
}

/// Asks whether what is listened to is there, and takes changes.
async fn is_there(listener: &mut PgListener, limit: Duration) -> Result<(), sqlx::Error> {
    let asked = sqlx::query_as(pool::IS_READ_ONLY).fetch_one(listener);
    let (is_read_only,): (bool,) = timeout(limit, asked).await.unwrap_or_else(|_| Err(pool::silent()))?;
    if is_read_only {
        return Err(sqlx::Error::Io(io::Error::other("the server takes no changes, and has nothing to notify")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use evolve_runtime::metrics::Metrics;
    use evolve_testkit::{TestDatabase, eventually, proxy::CountingProxy};

    use super::*;
    use crate::StoreConfig;

    #[tokio::test]
    async fn who_listens_to_a_connection_that_fell_silent_listens_anew() {
        let database = TestDatabase::migrated().await;
        let proxy = CountingProxy::postgres(database.url()).await.unwrap();
        let key = fernet::Fernet::generate_key();
        let config =
            StoreConfig { database_url: proxy.url().into(), pool_size: 1, encryption_key: key.as_str().into() };
        let (store, tasks, sql) = (Store::connect(&config, &Metrics::new()).unwrap(), Tasks::new(), database.pool());
        let wakeups = Wakeups::start_with(&store, &tasks, Duration::from_millis(500));
        let mut turns = wakeups.turns();
        // Of a turn, since what wakes everybody says of none.
        let hears = async |turns: &mut broadcast::Receiver<Option<Uuid>>| {
            let id = Uuid::now_v7();
            sqlx::query("SELECT pg_notify('turn_done', $1)").bind(id.to_string()).execute(&sql).await.unwrap();
            let within = Duration::from_millis(200);
            while let Ok(Ok(heard)) = timeout(within, turns.recv()).await {
                if heard == Some(id) {
                    return true;
                }
            }
            false
        };
        eventually("it listens", async || hears(&mut turns).await).await;
        proxy.silence();
        eventually("it listens again", async || hears(&mut turns).await).await;
        tasks.hard().cancel();
    }
}
