//! Room for large messages: how much of their bodies this process reads at once.
//!
//! A body of a picture or a recording is held several times over while it is read, parsed and decoded, and whoever sends it may
//! take their time. What comes when there is no room waits a little, and then is told to come back. Nobody has more than one of
//! them read at once: whoever announces many and sends nothing keeps no room from others. Words need no room: they go on whoever
//! sends pictures.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::http::{HeaderMap, header};
use evolve_contract::{Code, chat::MAX_BODY};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::problem::ApiError;

/// Bytes of large bodies at once: three of the largest.
const ALL: usize = 3 * MAX_BODY;
const UNIT: usize = 64 * 1024;
/// Largest body that needs no room.
const SMALL: usize = 2 * UNIT;
/// How long a body waits for room.
const PATIENCE: Duration = Duration::from_secs(5);
/// When whoever found none may come back.
const COME_BACK: Duration = Duration::from_secs(3);

/// The room that there is. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Room {
    units: Arc<Semaphore>,
    /// Who has a place in it, or waits for one.
    people: Arc<Mutex<HashSet<i64>>>,
}

impl Default for Room {
    fn default() -> Self {
        Self { units: Arc::new(Semaphore::new(ALL / UNIT)), people: Arc::default() }
    }
}

/// Room for one body, for as long as it is held.
#[derive(Debug)]
pub(super) struct Taken {
    _units: OwnedSemaphorePermit,
    _place: Place,
}

/// That a person has a place, or waits for one.
#[derive(Debug)]
struct Place {
    person: i64,
    people: Arc<Mutex<HashSet<i64>>>,
}

impl Place {
    /// Nothing where the person has one already.
    fn of(person: i64, people: &Arc<Mutex<HashSet<i64>>>) -> Option<Self> {
        let is_first = people.lock().unwrap_or_else(PoisonError::into_inner).insert(person);
        is_first.then(|| Self { person, people: Arc::clone(people) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.people.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.person);
    }
}

impl Room {
    /// Room for the body that a person's headers announce, for as long as what is returned is held; nothing where it needs none.
    ///
    /// # Errors
    /// `rate_limited`, where there is none.
    pub(super) async fn take(&self, person: i64, headers: &HeaderMap) -> Result<Option<Taken>, ApiError> {
        let bytes = announced(headers);
        if bytes <= SMALL {
            return Ok(None);
        }
        let full = |detail: &str| ApiError::new(Code::RateLimited).detail(detail).retry_after(COME_BACK);
        let place = Place::of(person, &self.people)
            .ok_or_else(|| full("another large message of this person is being read; send one after the other"))?;
        let units = u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX);
        match tokio::time::timeout(PATIENCE, Arc::clone(&self.units).acquire_many_owned(units)).await {
            Ok(Ok(units)) => Ok(Some(Taken { _units: units, _place: place })),
            // It is never closed.
            Ok(Err(_)) | Err(_) => Err(full("too many large messages are being read; come back in a moment")),
        }
    }
}

/// How long the body is; as long as it may be where nobody says.
fn announced(headers: &HeaderMap) -> usize {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    length.unwrap_or(MAX_BODY).min(MAX_BODY)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(bytes: usize) -> HeaderMap {
        [(header::CONTENT_LENGTH, bytes.to_string().parse().unwrap())].into_iter().collect()
    }

    #[tokio::test(start_paused = true)]
    async fn large_bodies_wait_for_each_other_a_while_and_words_never_do() {
        let room = Room::default();
        let mut held = Vec::new();
        for (person, headers) in [(1, body(MAX_BODY)), (2, HeaderMap::new()), (3, body(usize::MAX))] {
            held.push(room.take(person, &headers).await.unwrap().unwrap());
        }
        assert_eq!(room.take(4, &body(MAX_BODY)).await.unwrap_err().code(), Code::RateLimited);
        assert!(room.take(4, &body(2000)).await.unwrap().is_none());
        held.pop();
        assert!(room.take(4, &body(MAX_BODY)).await.unwrap().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_announces_many_and_sends_nothing_keeps_no_room_from_others() {
        let room = Room::default();
        let held = room.take(1, &body(MAX_BODY)).await.unwrap().unwrap();
        for _ in 0..3 {
            assert_eq!(room.take(1, &body(MAX_BODY)).await.unwrap_err().code(), Code::RateLimited);
        }
        assert!(room.take(1, &body(2000)).await.unwrap().is_none(), "their words wait");
        let other = room.take(2, &body(MAX_BODY)).await.unwrap();
        assert!(other.is_some());
        drop(held);
        assert!(room.take(1, &body(MAX_BODY)).await.unwrap().is_some());
    }
}
