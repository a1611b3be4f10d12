//! Writes to the next people of broadcasts, and sees to those that are over.

use tokio_util::sync::CancellationToken;

use super::{Did, Means};
use crate::broadcasts::work;

pub(super) async fn run(Means { engine, .. }: Means, stop: CancellationToken) -> anyhow::Result<Did> {
    let chosen = work(&engine.store, &engine.clock, &engine.relationship.levels, &stop).await?;
    Ok(Did::until(&stop, chosen))
}
