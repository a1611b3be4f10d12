//! Room for people's files: how much of them this process holds at once.
//!
//! A file is held several times over on its way to the API (as it came, in base64, in a body), until the answer is there. Ten
//! large ones at a time would be more than a small container has; whoever comes when there is no room waits a little.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes of files at once: some five times as much memory.
const ALL: u64 = 20 * 1024 * 1024;
const UNIT: u64 = 64 * 1024;

/// The room that there is. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Room(Arc<Semaphore>);

impl Default for Room {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(usize::try_from(ALL / UNIT).unwrap_or(1))))
    }
}

impl Room {
    /// Room for files of so many bytes, for as long as what is returned is held.
    pub(crate) async fn take(&self, bytes: u64) -> Option<OwnedSemaphorePermit> {
        let units = u32::try_from(bytes.div_ceil(UNIT).clamp(1, ALL / UNIT)).unwrap_or(u32::MAX);
        // It is never closed.
        Arc::clone(&self.0).acquire_many_owned(units).await.ok()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn large_files_wait_for_each_other_and_small_ones_do_not() {
        let room = Room::default();
        let large = room.take(ALL * 2).await.unwrap();
        assert!(tokio::time::timeout(Duration::from_secs(60), room.take(1)).await.is_err());
        drop(large);
        let held = [room.take(ALL / 2).await, room.take(ALL / 4).await, room.take(1000).await];
        assert!(held.iter().all(Option::is_some));
        assert!(tokio::time::timeout(Duration::from_secs(60), room.take(ALL / 4)).await.is_err());
    }
}
