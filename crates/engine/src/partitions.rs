//! Keeps partitions of `messages` made ahead of time. Any replica may do it, any number of times.

use std::time::Duration;

use evolve_runtime::shutdown::Tasks;

use crate::Engine;

/// The current month and the two after it.
const MONTHS: i32 = 3;
/// Looking again this often notices a new month in time, whenever the process was started.
const EVERY: Duration = Duration::from_secs(6 * 3600);
/// Pause after a failure; nothing is lost meanwhile, since the default partition takes what has no other.
const AFTER_FAILURE: Duration = Duration::from_secs(60);

/// Starts the work, as a task of `tasks`.
pub fn start(engine: Engine, tasks: &Tasks) {
    let soft = tasks.soft();
    tasks.spawn("partitions", async move {
        loop {
            let pause = match engine.store.messages().ensure_partitions(engine.clock.now(), MONTHS).await {
                Ok(0) => EVERY,
                Ok(made) => {
                    tracing::info!(made, "made partitions for the coming months");
                    EVERY
                }
                Err(error) => {
                    tracing::warn!(%error, "partitions could not be made; trying again");
                    AFTER_FAILURE
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = soft.cancelled() => return Ok(()),
            }
        }
    });
}
