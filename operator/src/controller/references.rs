//! Which bots read which Secrets and ConfigMaps, so that a change of one asks for passes over exactly its readers.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use super::cache::Key;
use super::kinds::Kind;

type ByBot = HashMap<Key, Box<[(Kind, Key)]>>;

/// What each bot reads. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct References(Arc<Mutex<ByBot>>);

impl References {
    /// `bot` reads these, and nothing else.
    pub fn set(&self, bot: &Key, reads: BTreeSet<(Kind, Key)>) {
        self.locked(|by_bot| by_bot.insert(bot.clone(), reads.into_iter().collect()));
    }

    /// `bot` is gone.
    pub fn forget(&self, bot: &Key) {
        self.locked(|by_bot| by_bot.remove(bot));
    }

    /// Who reads it.
    #[must_use]
    pub fn readers(&self, kind: Kind, key: &Key) -> Vec<Key> {
        let wanted = (kind, key.clone());
        self.locked(|by_bot| {
            let readers = by_bot.iter().filter(|(_, reads)| reads.contains(&wanted));
            readers.map(|(bot, _)| bot.clone()).collect()
        })
    }

    fn locked<T>(&self, act: impl FnOnce(&mut ByBot) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
