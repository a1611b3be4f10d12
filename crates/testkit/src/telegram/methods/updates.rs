//! `getUpdates`.

use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::super::params::Params;
use super::super::refusal::{Outcome, Refusal};
use super::super::shared::Shared;
use super::super::world::World;

/// Telegram waits for updates no longer than this, seconds.
const LONGEST_WAIT: i64 = 50;

/// What is known of a poll after the first look.
enum First {
    Done(Outcome),
    Wait { poller: u64, from: i64 },
}

/// Returns updates that are there, or waits for the first. Nothing is returned when Telegram goes down meanwhile: the
/// connection is to be cut.
pub(in super::super) async fn get_updates(shared: &Shared, params: &Params) -> Option<Outcome> {
    let limit = params.int("limit");
    let limit = usize::try_from(if limit == 0 { 100 } else { limit.clamp(1, 100) }).unwrap_or(100);
    let wait = params.int("timeout").clamp(0, LONGEST_WAIT).unsigned_abs();
    let mut changes = shared.subscribe();
    let (poller, from) = match shared.change(|world| first_look(world, params, limit, wait)) {
        First::Done(outcome) => return Some(outcome),
        First::Wait { poller, from } => (poller, from),
    };
    let deadline = Instant::now() + Duration::from_secs(wait);
    loop {
        changes.borrow_and_update();
        if let Some(ended) = shared.read(|world| look(world, poller, from, limit)) {
            return ended;
        }
        if !matches!(timeout_at(deadline, changes.changed()).await, Ok(Ok(()))) {
            return Some(Ok(Value::Array(Vec::new())));
        }
    }
}

fn first_look(world: &mut World, params: &Params, limit: usize, wait: u64) -> First {
    if world.webhook.is_some() {
        return First::Done(Err(conflict(
            "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
        )));
    }
    world.updates.allow(params.json("allowed_updates").ok().flatten().as_ref());
    let from = world.updates.confirm(params.int("offset"));
    let batch = world.updates.batch(from, limit);
    if wait == 0 || !batch.is_empty() {
        return First::Done(Ok(batch.into()));
    }
    // A poll that has to wait takes the place of the one that waits already.
    world.updates.poller += 1;
    First::Wait { poller: world.updates.poller, from }
}

/// How a waiting poll ends, if it does: with an outcome, or cut.
fn look(world: &World, poller: u64, from: i64, limit: usize) -> Option<Option<Outcome>> {
    if world.is_down {
        return Some(None);
    }
    if world.webhook.is_some() {
        return Some(Some(Err(conflict("terminated by setWebhook request"))));
    }
    if world.updates.poller != poller {
        return Some(Some(Err(conflict(
            "terminated by other getUpdates request; make sure that only one bot instance is running",
        ))));
    }
    let batch = world.updates.batch(from, limit);
    (!batch.is_empty()).then(|| Some(Ok(batch.into())))
}

fn conflict(what: &str) -> Refusal {
    Refusal::new(409, format!("Conflict: {what}"))
}
