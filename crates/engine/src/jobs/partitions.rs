//! Keeps partitions of `messages` made ahead of time. Where that fails nothing is lost: the default partition takes what has no
//! other.

use tokio_util::sync::CancellationToken;

use super::{Did, Means};

/// The current month and the two after it.
const MONTHS: i32 = 3;

pub(super) async fn run(Means { engine, .. }: Means, _: CancellationToken) -> anyhow::Result<Did> {
    let made = engine.store.messages().ensure_partitions(engine.clock.now(), MONTHS).await?;
    Ok(Did::all(u64::try_from(made)?))
}
