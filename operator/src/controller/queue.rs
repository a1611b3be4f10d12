//! Which bots wait for a pass, and how long a bot waits after a failure: twice as long each time, with jitter, and anew
//! after a success. Scheduling itself is kube's: one pass of a bot at a time, requests for the same bot merged.
//!
//! A request is held for a moment, in which all that follow for the same bot are one with it: what a pass writes comes back
//! by several watches, and controllers of Kubernetes answer it, all at once. kube's own debounce begins anew with each
//! request, so that a bot of which something changes all the time would never have its pass; here the first one counts.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures::{Stream, StreamExt as _};
use kube::api::DynamicObject;
use kube::runtime::reflector::ObjectRef;
use prometheus_client::metrics::gauge::Gauge;
use rand::RngExt as _;
use tokio::time::{Instant, sleep_until};

use super::cache::Key;
use super::kinds::Kind;

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// Where requests for passes go. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Queue {
    sender: UnboundedSender<(Key, Instant)>,
    merge: Duration,
    held: Arc<Mutex<HashSet<Key>>>,
    waiting: Arc<Mutex<HashSet<Key>>>,
    failures: Arc<Mutex<HashMap<Key, u32>>>,
    depth: Gauge,
}

impl Queue {
    /// An empty queue, which holds each request for `merge`, and its other end.
    pub fn new(
        depth: Gauge,
        merge: Duration,
    ) -> (Self, impl Stream<Item = Result<ObjectRef<DynamicObject>, Infallible>>) {
        let (sender, receiver): (_, UnboundedReceiver<(Key, Instant)>) = unbounded();
        let held = Arc::<Mutex<HashSet<Key>>>::default();
        let this =
            Self { sender, merge, held: Arc::clone(&held), waiting: Arc::default(), failures: Arc::default(), depth };
        // All are held equally long, so that whichever came first goes first, and one after another is waited for.
        let requests = receiver.then(move |(key, due)| {
            let held = Arc::clone(&held);
            async move {
                sleep_until(due).await;
                // From here on a request is another one: the pass may have begun by the time that it comes.
                locked(&held, |held| held.remove(&key));
                let bot = ObjectRef::<DynamicObject>::new_with(&key.name, Kind::EvolveBot.resource());
                Ok::<_, Infallible>(bot.within(&key.namespace))
            }
        });
        (this, requests)
    }

    /// Asks for a pass over the bot `key`.
    pub fn request(&self, key: &Key) {
        let depth = locked(&self.waiting, |waiting| {
            waiting.insert(key.clone());
            waiting.len()
        });
        self.depth.set(i64::try_from(depth).unwrap_or(i64::MAX));
        locked(&self.held, |held| {
            if held.insert(key.clone()) {
                // A closed queue belongs to a process that ends.
                let _ = self.sender.unbounded_send((key.clone(), Instant::now() + self.merge));
            }
        });
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
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn requests_for_one_bot_are_one_until_the_first_of_them_is_due_and_no_longer() {
        let merge = Duration::from_millis(100);
        let (queue, requests) = Queue::new(Gauge::default(), merge);
        let mut requests = std::pin::pin!(requests);
        let [eva, ada] = ["eva", "ada"].map(|name| Key::new("default", name));
        let began = Instant::now();
        queue.request(&eva);
        tokio::time::advance(merge / 2).await;
        queue.request(&ada);
        for _ in 0..9 {
            tokio::time::advance(merge / 20).await;
            queue.request(&eva);
        }
        assert_eq!(requests.next().await.unwrap().unwrap().name, "eva");
        let waited = began.elapsed();
        assert!(waited >= merge && waited < merge + merge / 10, "{waited:?}: the first request counts");
        // This one came after the pass may have begun.
        queue.request(&eva);
        assert_eq!(requests.next().await.unwrap().unwrap().name, "ada");
        assert_eq!(requests.next().await.unwrap().unwrap().name, "eva");
        assert!(requests.next().now_or_never().is_none(), "each was asked for once");
    }

    #[test]
    fn each_failure_doubles_the_pause_and_a_success_begins_anew() {
        let (queue, _requests) = Queue::new(Gauge::default(), Duration::ZERO);
        let key = Key::new("default", "eva");
        let pauses: Vec<_> = (0..3).map(|_| queue.failed(&key)).collect();
        assert!(pauses[0] < Duration::from_millis(626) && pauses[2] > Duration::from_millis(1499), "{pauses:?}");
        queue.succeeded(&key);
        assert!(queue.failed(&key) < Duration::from_millis(626));
        assert_eq!(pause(60), LONGEST_PAUSE);
    }
}
