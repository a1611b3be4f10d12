//! Pays what forgetting owes: what turns were asked to forget, and what was cut off.

use tokio_util::sync::CancellationToken;

use super::{Did, Means};
use crate::memories::settle_owed;

pub(super) async fn run(Means { engine, .. }: Means, stop: CancellationToken) -> anyhow::Result<Did> {
    let settled = settle_owed(&engine, || stop.is_cancelled()).await?;
    Ok(Did::until(&stop, u64::try_from(settled)?))
}
