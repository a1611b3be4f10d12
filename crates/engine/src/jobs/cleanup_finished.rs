//! Removes rows that are finished and of no more use: which, and after how long, is [`Finished`]'s to say.

use evolve_store::purge::Finished;
use tokio_util::sync::CancellationToken;

use super::{Did, Means};

/// Rows at once.
const STEP: u32 = 1000;

pub(super) async fn run(means: Means, stop: CancellationToken) -> anyhow::Result<Did> {
    let Means { engine, message_days, .. } = means;
    let (mut removed, mut told) = (0, Vec::new());
    for finished in Finished::ALL {
        let before = engine.clock.now() - finished.kept_for(message_days);
        let mut of_kind = 0;
        while !stop.is_cancelled() {
            match engine.store.purge(finished, before, STEP).await? {
                0 => break,
                some => of_kind += some,
            }
        }
        if of_kind > 0 {
            removed += of_kind;
            told.push(format!("{}: {of_kind}", finished.name()));
        }
    }
    let note = (!told.is_empty()).then(|| told.join(", "));
    Ok(Did { note, ..Did::until(&stop, removed) })
}
