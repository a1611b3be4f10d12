//! Forgets what was said in groups when it is no context any more. Any replica may do it, any number of times.

use std::time::Duration;

use evolve_runtime::shutdown::Tasks;

use crate::Engine;

/// Pause between two looks.
const EVERY: Duration = Duration::from_secs(3600);

/// Starts the work, as a task of `tasks`.
pub fn start(engine: Engine, tasks: &Tasks) {
    let soft = tasks.soft();
    tasks.spawn("rooms", async move {
        loop {
            match engine.store.rooms().sweep(engine.clock.now()).await {
                Ok(0) => {}
                Ok(forgotten) => tracing::info!(forgotten, "forgot what was said in groups"),
                Err(error) => tracing::warn!(%error, "what was said in groups could not be forgotten; trying again"),
            }
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = soft.cancelled() => return Ok(()),
            }
        }
    });
}
