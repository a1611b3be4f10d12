//! Room for large messages: how much of their bodies this process reads at once.
//!
//! A body of a picture or a recording is held several times over while it is read, parsed and decoded, and whoever sends it may
//! take their time. What comes when there is no room waits a little, and then is told to come back. Words need no room: they go
//! on whoever sends pictures.

use std::{sync::Arc, time::Duration};

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
pub struct Room(Arc<Semaphore>);

impl Default for Room {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(ALL / UNIT)))
    }
}

impl Room {
    /// Room for the body that these headers announce, for as long as what is returned is held; nothing where it needs none.
    ///
    /// # Errors
    /// `rate_limited`, where there is none.
    pub(super) async fn take(&self, headers: &HeaderMap) -> Result<Option<OwnedSemaphorePermit>, ApiError> {
        let bytes = announced(headers);
        if bytes <= SMALL {
            return Ok(None);
        }
        let units = u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX);
        match tokio::time::timeout(PATIENCE, Arc::clone(&self.0).acquire_many_owned(units)).await {
            Ok(Ok(room)) => Ok(Some(room)),
            // It is never closed.
            Ok(Err(_)) | Err(_) => Err(ApiError::new(Code::RateLimited)
                .detail("too many large messages are being read; come back in a moment")
                .retry_after(COME_BACK)),
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
        for headers in [body(MAX_BODY), HeaderMap::new(), body(usize::MAX)] {
            held.push(room.take(&headers).await.unwrap().unwrap());
        }
        assert_eq!(room.take(&body(MAX_BODY)).await.unwrap_err().code(), Code::RateLimited);
        assert!(room.take(&body(2000)).await.unwrap().is_none());
        held.pop();
        assert!(room.take(&body(MAX_BODY)).await.unwrap().is_some());
    }
}
