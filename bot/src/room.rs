//! Room for people's files: how much of them this process holds at once.
//!
//! A file is held several times over on its way to the API (as it came, in base64, in a body), until the answer is there. Ten
//! large ones at a time would be more than a small container has; whoever comes when there is no room comes back in a moment,
//! since whoever waited here would keep one of the hands busy that others' words need.

use std::{sync::Arc, time::Duration};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::handlers::Trouble;

/// Bytes of files at once: some five times as much memory.
const ALL: u64 = 20 * 1024 * 1024;
const UNIT: u64 = 64 * 1024;
/// When whoever found no room comes back.
const COME_BACK: Duration = Duration::from_secs(1);

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
    ///
    /// # Errors
    /// [`Trouble::NotYet`], where there is none.
    pub(crate) fn take(&self, bytes: u64) -> Result<OwnedSemaphorePermit, Trouble> {
        let units = u32::try_from(bytes.div_ceil(UNIT).clamp(1, ALL / UNIT)).unwrap_or(u32::MAX);
        // Those who find none do not all come back at once.
        let after = COME_BACK.mul_f64(rand::random_range(1.0..1.5));
        Arc::clone(&self.0).try_acquire_many_owned(units).map_err(|_| Trouble::NotYet { after })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_files_come_back_while_there_is_no_room_and_small_ones_find_some() {
        let room = Room::default();
        let large = room.take(ALL * 2).unwrap();
        assert!(matches!(room.take(1), Err(Trouble::NotYet { .. })));
        drop(large);
        let _held = [room.take(ALL / 2).unwrap(), room.take(ALL / 4).unwrap(), room.take(1000).unwrap()];
        assert!(matches!(room.take(ALL / 4), Err(Trouble::NotYet { .. })));
    }
}
