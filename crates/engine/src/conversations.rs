//! Ends conversations that have fallen silent. Any replica may do it, any number of times. What ended is summed up to its
//! end, and gets the title of all of it ([`crate::summary`]).

use std::time::Duration;

use evolve_runtime::shutdown::Tasks;

use crate::Engine;

/// Pause between looks: a silence is hours, so that minutes do not matter.
const PAUSE: Duration = Duration::from_secs(300);
/// Conversations at once.
const STEP: u32 = 200;

/// Starts the work, as a task of `tasks`.
pub fn start(engine: Engine, tasks: &Tasks) {
    let soft = tasks.soft();
    tasks.spawn("conversations", async move {
        loop {
            while !soft.is_cancelled() && end_some(&engine).await {}
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                () = soft.cancelled() => return Ok(()),
            }
        }
    });
}

/// Ends some. False when none is left, or when it did not work and is better left for a while.
pub async fn end_some(engine: &Engine) -> bool {
    match engine.store.conversations().end_silent(engine.clock.now() - engine.silence, STEP).await {
        Ok(ended) => ended > 0,
        Err(error) => {
            tracing::warn!(%error, "silent conversations could not be ended; trying again later");
            false
        }
    }
}
