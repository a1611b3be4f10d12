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
    /// Cancelled when the server stops.
    pub(super) stop: CancellationToken,
}

impl Shared {
    pub(super) fn new(options: Options) -> Self {
        Self { world: Mutex::new(World::new(options)), changes: watch::Sender::new(0), stop: CancellationToken::new() }
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
