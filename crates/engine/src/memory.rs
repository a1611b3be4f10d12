//! Gives numbers to messages that have none, and indexes them: those of before there was an index, and all of them after
//! a change of what a message's terms are. New messages are indexed by the turn that stores them.

use std::time::Duration;

use evolve_runtime::shutdown::Tasks;

use crate::Engine;

/// Messages at once: a person's turn waits for no more than these.
const STEP: u32 = 200;
/// Pause after a failure, and before looking again whether a roll-back left messages without numbers.
const PAUSE: Duration = Duration::from_secs(600);

/// Starts the work, as a task of `tasks`.
pub fn start(engine: Engine, tasks: &Tasks) {
    let soft = tasks.soft();
    tasks.spawn("memory", async move {
        loop {
            while !soft.is_cancelled() && index_some(&engine).await {}
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                () = soft.cancelled() => return Ok(()),
            }
        }
    });
}

/// Indexes some messages of one person. False when none is left, or when it did not work and is better left for a while.
pub async fn index_some(engine: &Engine) -> bool {
    match engine.store.memory().index_some(STEP).await {
        Ok(indexed) => indexed > 0,
        Err(error) => {
            tracing::warn!(%error, "messages could not be indexed; trying again later");
            false
        }
    }
}
