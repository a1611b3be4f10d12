//! How many live parts are listened to at once. Each asks Postgres every second or two for as long as somebody looks, and whoever wants
//! can open any number: so there are so many places in a process, and so many for one who looks.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use evolve_contract::Code;
use futures::{Stream, StreamExt as _};

use super::{live::LivePart, respond};
use crate::problem::{ApiError, seconds_up};

/// Places in a process.
const MOST: usize = 200;
/// Of them, for one who looks: more pages nobody has before their eyes.
const MOST_OF_ONE: usize = 10;
/// When whoever found none may come back.
const COME_BACK: Duration = Duration::from_secs(30);

/// The places, by who has how many. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Seats(Arc<Mutex<HashMap<String, usize>>>);

/// Why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// They have all that one may have.
    OfOne,
    /// Others have all that there are.
    OfAll,
}

impl IntoResponse for Full {
    fn into_response(self) -> Response {
        if self == Self::OfOne {
            let detail = "so much is listened to by the same already; close what nobody looks at";
            return ApiError::new(Code::RateLimited).detail(detail).retry_after(COME_BACK).into_response();
        }
        let mut response = StatusCode::SERVICE_UNAVAILABLE.into_response();
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds_up(COME_BACK)));
        respond::private(response)
    }
}

impl Seats {
    /// A place for who looks, as the log calls them, for as long as what is returned is held.
    ///
    /// # Errors
    /// [`Full`].
    pub fn take(&self, actor: &str) -> Result<Seat, Full> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.get(actor).is_some_and(|count| *count >= MOST_OF_ONE) {
            return Err(Full::OfOne);
        }
        if taken.values().sum::<usize>() >= MOST {
            return Err(Full::OfAll);
        }
        *taken.entry(actor.to_owned()).or_default() += 1;
        Ok(Seat { actor: actor.to_owned(), taken: Arc::clone(&self.0) })
    }
}

/// A place.
#[derive(Debug)]
#[must_use = "a place is free again once it is dropped"]
pub struct Seat {
    actor: String,
    taken: Arc<Mutex<HashMap<String, usize>>>,
}

impl Seat {
    /// The parts, which keep the place for as long as anybody listens.
    pub fn keeps<S>(self, parts: S) -> impl Stream<Item = LivePart> + Send + 'static
    where
        S: Stream<Item = LivePart> + Send + 'static,
    {
        parts.map(move |part| {
            let _kept = &self;
            part
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.actor) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.actor);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_has_few_places_and_all_together_so_many_and_who_goes_leaves_theirs() {
        let seats = Seats::default();
        let mut held = Vec::new();
        for place in 0..MOST {
            held.push(seats.take(&format!("account:{}", place / MOST_OF_ONE)).unwrap());
        }
        assert_eq!(seats.take("account:0").unwrap_err(), Full::OfOne);
        assert_eq!(seats.take("account:another").unwrap_err(), Full::OfAll);
        let answer = Full::OfAll.into_response();
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.headers()[header::RETRY_AFTER], "30");
        drop(held.remove(0));
        let listened = seats.take("account:0").unwrap().keeps(futures::stream::pending());
        assert_eq!(seats.take("account:0").unwrap_err(), Full::OfOne);
        drop(listened);
        held.clear();
        assert!(seats.0.lock().unwrap().is_empty());
    }
}
