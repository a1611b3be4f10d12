//! Looks at premium that ends: tells people, and tidies up. Who is on premium does not depend on it.

use tokio_util::sync::CancellationToken;

use super::{Did, Means};
use crate::payments::see_to_endings;

pub(super) async fn run(Means { engine, .. }: Means, _: CancellationToken) -> anyhow::Result<Did> {
    // Of people who chose none.
    let language = engine.persona.language.as_str();
    Ok(Did::all(see_to_endings(&engine.store, &engine.clock, language).await?))
}
