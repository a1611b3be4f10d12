//! Ends conversations that have fallen silent.

use tokio_util::sync::CancellationToken;

use super::{Did, Means};
use crate::conversations::end_some;

pub(super) async fn run(Means { engine, .. }: Means, stop: CancellationToken) -> anyhow::Result<Did> {
    let mut ended = 0;
    while !stop.is_cancelled() {
        match end_some(&engine).await? {
            0 => return Ok(Did::all(ended)),
            some => ended += some,
        }
    }
    Ok(Did::until(&stop, ended))
}
