//! A neighbour cannot serve, and then it can again: what people see of it, and how soon all goes on. What is told at the level of
//! one part is not told again here; `docs/degradation.md` names the test of each case.

mod models;
mod postgres;

use std::time::Duration;

use tokio::time::Instant;

use crate::system::Process;

const IVAN: i64 = 42;

/// Whether a process says that it can serve.
async fn is_ready(process: &Process) -> bool {
    reqwest::get(format!("{}/ready", process.url)).await.unwrap().status().is_success()
}

/// When a neighbour was well again.
struct Recovery(Instant);

impl Recovery {
    fn begins() -> Self {
        Self(Instant::now())
    }

    /// All goes on by now. The bounds are what `docs/degradation.md` says, with room for a busy machine.
    #[track_caller]
    fn took_at_most(&self, seconds: u64) {
        let took = self.0.elapsed();
        println!("recovered in {} ms", took.as_millis());
        assert!(took <= Duration::from_secs(seconds), "it took {took:?}");
    }
}
