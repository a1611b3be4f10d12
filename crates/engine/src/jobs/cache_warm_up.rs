//! Fills the cache with the profiles of who talked last, when a process starts: after Redis was emptied, or where a new version
//! caches them under other keys, the first messages of all of them would else ask Postgres at once.

use tokio_util::sync::CancellationToken;

use super::{Did, Means};

/// People whose profile is cached, one after another: who writes meanwhile comes first.
const PEOPLE: u32 = 500;

pub(super) async fn run(Means { engine, profiles, .. }: Means, stop: CancellationToken) -> anyhow::Result<Did> {
    if !profiles.are_cached() {
        return Ok(Did { note: Some("nothing is cached".to_owned()), ..Did::default() });
    }
    let mut warmed = 0;
    for user_id in engine.store.conversations().talking(PEOPLE).await? {
        // What is not warm is loaded by whoever needs it: nothing is left undone.
        if stop.is_cancelled() {
            break;
        }
        warmed += u64::from(profiles.warm(user_id).await?);
    }
    Ok(Did::all(warmed))
}
