//! The world behind a lock, and the signal that it has changed.

use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::Options;
use super::world::World;

/// What all handlers share. The lock is only ever held for a moment, never across an await.
#[derive(Debug)]
pub(super) struct Shared {
    world: Mutex<World>,
    changes: watch::Sender<u64>,
    /// The method whose answers are kept back, if there is one.
    kept_back: watch::Sender<Option<String>>,
    /// Cancelled when the server stops.
    pub(super) stop: CancellationToken,
}

impl Shared {
    pub(super) fn new(options: Options) -> Self {
        Self {
            world: Mutex::new(World::new(options)),
            changes: watch::Sender::new(0),
            kept_back: watch::Sender::new(None),
            stop: CancellationToken::new(),
        }
    }

    /// Keeps the answers of a method back, or those of none.
    pub(super) fn keep_back(&self, method: Option<&str>) {
        self.kept_back.send_replace(method.map(str::to_owned));
    }

    /// Waits until answers of this method may go.
    pub(super) async fn may_answer(&self, method: &str) {
        let is_let_go = |kept: &Option<String>| kept.as_ref().is_none_or(|kept| !kept.eq_ignore_ascii_case(method));
        // The sender lives as long as we do.
        drop(self.kept_back.subscribe().wait_for(is_let_go).await);
    }

    /// Looks at the world.
    pub(super) fn read<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        // A panic elsewhere leaves the world as it is; tests that go on may still want to see it.
        look(&self.world.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the world, and wakes whoever waits for a change.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let result = change(&mut self.world.lock().unwrap_or_else(PoisonError::into_inner));
        self.changes.send_modify(|version| *version += 1);
        result
    }

    /// Whoever subscribes before they look misses no change after.
    pub(super) fn subscribe(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}
