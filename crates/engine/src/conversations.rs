//! Ends conversations that have fallen silent. Any replica may do it, any number of times. What ended is summed up to its
//! end, and gets the title of all of it ([`crate::summary`]).

use evolve_store::StoreError;

use crate::Engine;

/// Conversations at once.
const STEP: u32 = 200;

/// Ends some; how many. None when none is left.
///
/// # Errors
/// [`StoreError`]; then none was ended.
pub async fn end_some(engine: &Engine) -> Result<u64, StoreError> {
    engine.store.conversations().end_silent(engine.clock.now() - engine.silence, STEP).await
}
