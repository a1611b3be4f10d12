//! Makes the days that every report is read from ([`crate::reports`]).

use tokio_util::sync::CancellationToken;

use super::{Did, Means};
use crate::reports::RolledUp;

pub(super) async fn run(Means { reports, .. }: Means, stop: CancellationToken) -> anyhow::Result<Did> {
    let RolledUp { made, closed, unfinished } = reports.roll_up(&stop).await?;
    let note = (closed > 0).then(|| format!("days closed: {closed}"));
    Ok(Did { count: made, note, unfinished })
}
