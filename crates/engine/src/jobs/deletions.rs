//! Removes people who asked for it and whose time to think is over.

use tokio_util::sync::CancellationToken;

use super::{Did, Means};

pub(super) async fn run(Means { deletions, .. }: Means, stop: CancellationToken) -> anyhow::Result<Did> {
    let mut removed = 0;
    while !stop.is_cancelled() {
        match u64::try_from(deletions.carry_out().await?)? {
            0 => return Ok(Did::all(removed)),
            some => removed += some,
        }
    }
    Ok(Did::until(&stop, removed))
}
