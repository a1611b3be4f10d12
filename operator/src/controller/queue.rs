//! Which bots wait for a pass, and how long a bot waits after a failure: twice as long each time, with jitter, and anew
//! after a success. Scheduling itself is kube's: one pass of a bot at a time, requests for the same bot merged.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::Stream;
use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use kube::api::DynamicObject;
use kube::runtime::reflector::ObjectRef;
use prometheus_client::metrics::gauge::Gauge;
use rand::RngExt as _;

use super::cache::Key;
use super::kinds::Kind;

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// Where requests for passes go. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Queue {
    sender: UnboundedSender<ObjectRef<DynamicObject>>,
    waiting: Arc<Mutex<HashSet<Key>>>,
    failures: Arc<Mutex<HashMap<Key, u32>>>,
    depth: Gauge,
}

impl Queue {
    /// An empty queue, and its other end.
    pub fn new(depth: Gauge) -> (Self, impl Stream<Item = Result<ObjectRef<DynamicObject>, std::convert::Infallible>>) {
        let (sender, receiver): (_, UnboundedReceiver<_>) = unbounded();
        let this = Self { sender, waiting: Arc::default(), failures: Arc::default(), depth };
        (this, futures::StreamExt::map(receiver, Ok))
    }

    /// Asks for a pass over the bot `key`.
    pub fn request(&self, key: &Key) {
        let depth = locked(&self.waiting, |waiting| {
            waiting.insert(key.clone());
            waiting.len()
        });
        self.depth.set(i64::try_from(depth).unwrap_or(i64::MAX));
        let reference = ObjectRef::new_with(&key.name, Kind::EvolveBot.resource()).within(&key.namespace);
        // A closed queue belongs to a process that ends.
        let _ = self.sender.unbounded_send(reference);
    }

    /// A pass over `key` begins.
    pub fn begun(&self, key: &Key) {
        let depth = locked(&self.waiting, |waiting| {
            waiting.remove(key);
            waiting.len()
        });
        self.depth.set(i64::try_from(depth).unwrap_or(i64::MAX));
    }

    /// A pass went well.
    pub fn succeeded(&self, key: &Key) {
        locked(&self.failures, |failures| failures.remove(key));
    }

    /// There is no such bot any longer.
    pub fn forget(&self, key: &Key) {
        self.begun(key);
        self.succeeded(key);
    }

    /// A pass failed: how long to wait before the next.
    #[must_use]
    pub fn failed(&self, key: &Key) -> Duration {
        let before = locked(&self.failures, |failures| {
            let count = failures.entry(key.clone()).or_default();
            *count = count.saturating_add(1);
            *count - 1
        });
        pause(before).mul_f64(rand::rng().random_range(0.75..1.25))
    }
}

fn pause(failures_before: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(failures_before)).min(LONGEST_PAUSE)
}

fn locked<T, R>(mutex: &Mutex<T>, act: impl FnOnce(&mut T) -> R) -> R {
    act(&mut mutex.lock().unwrap_or_else(PoisonError::into_inner))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_doubles_the_pause_and_a_success_begins_anew() {
        let (queue, _requests) = Queue::new(Gauge::default());
        let key = Key::new("default", "eva");
        let pauses: Vec<_> = (0..3).map(|_| queue.failed(&key)).collect();
        assert!(pauses[0] < Duration::from_millis(626) && pauses[2] > Duration::from_millis(1499), "{pauses:?}");
        queue.succeeded(&key);
        assert!(queue.failed(&key) < Duration::from_millis(626));
        assert_eq!(pause(60), LONGEST_PAUSE);
    }
}
