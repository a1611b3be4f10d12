//! Telling: the status, written only when it changed, and an event for each piece of news ([`conditions::conditions`] says
//! what is none).

pub mod conditions;
pub mod events;

use kube::ResourceExt as _;
use kube::api::{DynamicObject, Patch, PatchParams};
use serde_json::json;

use crate::EvolveBot;
use crate::apply::Applier;
use crate::build::OPERATOR;
use crate::controller::cache::{Depth, Key};
use crate::controller::kinds::Kind;
use crate::controller::watches::trim;
use crate::crd::EvolveBotStatus;

/// Writes `status` if it is another than the one `bot` has. Whether it was written.
///
/// # Errors
/// What the API server said against it.
pub async fn write(applier: &Applier, bot: &EvolveBot, status: &EvolveBotStatus) -> kube::Result<bool> {
    if bot.status.as_ref() == Some(status) {
        return Ok(false);
    }
    let key = Key::new(bot.namespace_name(), bot.name());
    let resource = Kind::EvolveBot.resource();
    let patch = json!({
        "apiVersion": resource.api_version, "kind": resource.kind,
        // With its UID, so that a bot that was made anew under the same name gets no report about its predecessor.
        "metadata": { "name": key.name, "uid": bot.uid() },
        "status": status,
    });
    let params = PatchParams::apply(OPERATOR).force();
    let mut written: DynamicObject =
        applier.api(Kind::EvolveBot, &key).patch_status(&key.name, &params, &Patch::Apply(patch)).await?;
    trim(&mut written);
    applier.cache.insert((Kind::EvolveBot, Depth::Owned), written);
    Ok(true)
}
