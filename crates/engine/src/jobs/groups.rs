//! Forgets what was said in groups when it is no context any more.

use tokio_util::sync::CancellationToken;

use super::{Did, Means};

pub(super) async fn run(Means { engine, .. }: Means, _: CancellationToken) -> anyhow::Result<Did> {
    Ok(Did::all(engine.store.rooms().sweep(engine.clock.now()).await?))
}
