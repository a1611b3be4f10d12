//! A running turn: it is kept from being taken over, and hears when the person wants it to stop, and when the process has no time
//! left for it.
//!
//! An answer that is stopped ends with what was said so far, and is an answer like any other: stored, shown in the history,
//! paid for once. It may have been made by another process than the one that was asked to stop it; hence Postgres tells.

use std::time::Duration;

use evolve_store::{StoreError, turns::Extended};
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::{Instant, sleep_until, timeout},
};
use uuid::Uuid;

use super::{LEASE, Running, TurnError};
use crate::Engine;

/// How often a running turn's lease is extended.
const EXTEND_EVERY: Duration = Duration::from_secs(3);

impl Engine {
    /// Stops the answers to the messages with these keys, also where they are not being made yet; without keys, the one that
    /// is being made. False when there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn stop(&self, user_id: i64, keys: Option<&[String]>) -> Result<bool, StoreError> {
        self.store.turns().stop(user_id, keys, self.clock.now()).await
    }
}

impl Running<'_> {
    /// Runs `work` while the turn's lease is extended, and listens for the wish to stop.
    pub(super) async fn keep<T>(
        &self,
        mut stops: Receiver<Option<Uuid>>,
        work: impl Future<Output = Result<T, TurnError>>,
    ) -> Result<T, TurnError> {
        let mut work = std::pin::pin!(work);
        let mut look_at = Instant::now() + EXTEND_EVERY;
        loop {
            let is_meant = tokio::select! {
                done = &mut work => return done,
                is_meant = heard(&mut stops, self.lease.turn_id) => is_meant,
                () = sleep_until(look_at) => false,
                () = self.engine.handing_back.cancelled() => return Err(self.hand_back().await),
            };
            if is_meant {
                self.stop.cancel();
                continue;
            }
            let store = &self.engine.store;
            let turns = store.turns();
            let extended = turns.extend(&self.lease, self.engine.clock.now() + LEASE);
            // Nothing is made of the answer meanwhile: no longer than there is time for another try.
            match timeout(EXTEND_EVERY, extended).await {
                Ok(Ok(Extended::Kept)) => {}
                Ok(Ok(Extended::StopAsked)) => self.stop.cancel(),
                Ok(Ok(Extended::Lost)) => return Err(TurnError::Superseded),
                // Persist decides: if another took the turn over meanwhile, it will say so.
                Ok(Err(error)) => tracing::warn!(%error, "a turn's lease could not be extended"),
                Err(_) => {
                    tracing::warn!("a turn's lease could not be extended in time");
                    store.fell_silent();
                }
            }
            look_at = Instant::now() + EXTEND_EVERY;
        }
    }

    /// Lets another process make the answer, which whoever asks for it finds; nothing of this attempt is kept.
    async fn hand_back(&self) -> TurnError {
        tracing::info!(turn = %self.lease.turn_id, "no time is left for a turn; it is handed back");
        if let Err(error) = self.engine.store.turns().hand_back(&self.lease, self.engine.clock.now()).await {
            tracing::warn!(%error, turn = %self.lease.turn_id, "a turn could not be handed back; its lease will run out");
        }
        TurnError::Superseded
    }
}

/// Waits for the wish to stop this turn; false where it may have been missed.
async fn heard(stops: &mut Receiver<Option<Uuid>>, turn_id: Uuid) -> bool {
    loop {
        match stops.recv().await {
            Ok(Some(meant)) if meant == turn_id => return true,
            Ok(Some(_)) => {}
            Ok(None) | Err(RecvError::Lagged(_)) => return false,
            // The engine holds the other end; without it nothing runs.
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// What was said of an answer until it was stopped, so that it shows that more was to come.
pub(super) fn cut_off(said: &str) -> String {
    let said = said.trim_end();
    if said.is_empty() || said.ends_with(['.', '!', '?', '…']) { said.to_owned() } else { format!("{said}…") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_cut_off_shows_it() {
        assert_eq!(cut_off("Жили-были "), "Жили-были…");
        assert_eq!(cut_off("Жили-были."), "Жили-были.");
        assert_eq!(cut_off(" "), "");
    }
}
