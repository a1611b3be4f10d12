//! Ends turns whose process died and whose key nobody asks again, and gives their message of the day back.

use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;

use super::{Did, Means};

/// After its lease has run out, so that whoever asks again takes the turn over as it is, with the quota that it holds.
const GRACE: TimeDelta = TimeDelta::minutes(15);
/// Turns at once.
const STEP: u32 = 100;

pub(super) async fn run(Means { engine, .. }: Means, stop: CancellationToken) -> anyhow::Result<Did> {
    let mut ended = 0;
    while !stop.is_cancelled() {
        let now = engine.clock.now();
        match engine.store.turns().expire(now - GRACE, now, STEP).await? {
            0 => return Ok(Did::all(ended)),
            some => ended += some,
        }
    }
    Ok(Did::until(&stop, ended))
}
