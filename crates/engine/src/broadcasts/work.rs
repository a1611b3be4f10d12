//! Writes to people, step by step: counts what ended, stops what fails too often, and owes the next people their message.
//!
//! No more than some thousand messages of a broadcast wait at a time: rows that wait cost room in the database. What is paused
//! is taken back at once, however many wait.

use evolve_domain::{broadcast::is_failing, relationship::Levels};
use evolve_runtime::clock::Clock;
use evolve_store::{
    Store, StoreError,
    broadcasts::{Broadcast, Chosen, State},
};
use tokio_util::sync::CancellationToken;

use super::reach;

/// Messages of one broadcast that wait at most, about: the job comes every few seconds, and Telegram takes up to a thousand a
/// second.
const WAITING: u64 = 5000;
/// People looked at in a step.
const LOOK: u32 = 500;
/// Ends counted in a step: as many as are judged, so that none is passed over.
const COUNT: u32 = 200;
/// Broadcasts at once; the others begin when one of these is over.
const AT_ONCE: u32 = 100;

/// Does what there is to do now for all broadcasts, whose levels are `levels`; to how many people they are owed that they were
/// not before.
///
/// # Errors
/// [`StoreError`]; what was done by then stays done.
pub async fn work(store: &Store, clock: &Clock, levels: &Levels, stop: &CancellationToken) -> Result<u64, StoreError> {
    let broadcasts = store.broadcasts();
    let begun = broadcasts.begin(clock.now()).await?;
    if begun > 0 {
        tracing::info!(begun, "broadcasts begin");
    }
    let mut chosen = 0;
    for broadcast in broadcasts.at_work(AT_ONCE).await? {
        let goes_on = count(store, clock, &broadcast, stop).await?;
        if goes_on {
            chosen += choose(store, clock, levels, &broadcast, stop).await?;
        } else {
            broadcasts.take_back(broadcast.id, clock.now()).await?;
        }
        if broadcasts.settle(broadcast.id, clock.now()).await? {
            tracing::info!(broadcast = %broadcast.id, "a broadcast is over");
        }
    }
    Ok(chosen)
}

/// Counts what ended; whether it goes on.
async fn count(
    store: &Store,
    clock: &Clock,
    broadcast: &Broadcast,
    stop: &CancellationToken,
) -> Result<bool, StoreError> {
    let mut goes_on = broadcast.state == State::Running;
    while !stop.is_cancelled() {
        let tally = store.broadcasts().tally(broadcast.id, COUNT).await?;
        if goes_on && is_failing(&tally.lately) {
            goes_on = false;
            if store.broadcasts().halt(broadcast.id, State::Stopped, clock.now()).await? {
                tracing::error!(broadcast = %broadcast.id, "a broadcast stops: too many of it fail");
            }
        }
        if tally.ended < u64::from(COUNT) {
            break;
        }
    }
    Ok(goes_on)
}

/// Owes it to the next people, until enough of it waits; how many they are.
async fn choose(
    store: &Store,
    clock: &Clock,
    levels: &Levels,
    broadcast: &Broadcast,
    stop: &CancellationToken,
) -> Result<u64, StoreError> {
    let mut chosen = 0;
    let reach = reach(&broadcast.audience, levels, broadcast.began_at.unwrap_or(broadcast.send_at));
    while !stop.is_cancelled() && broadcast.waiting.saturating_add(chosen) < WAITING {
        match store.broadcasts().choose(broadcast, &reach, LOOK, clock.now()).await? {
            Chosen::People(people) => chosen += people,
            Chosen::All | Chosen::Halted => break,
        }
    }
    Ok(chosen)
}
