//! Telling: the status, written only when it changed, and an event for each piece of news ([`conditions::conditions`] says
//! what is none).

pub mod conditions;

use kube::api::{DynamicObject, Patch, PatchParams};
use kube::runtime::events::{Event, EventType, Recorder};
use kube::{Resource as _, ResourceExt as _};
use serde_json::json;

use self::conditions::Finding;
use crate::EvolveBot;
use crate::apply::Applier;
use crate::build::OPERATOR;
use crate::controller::cache::{Depth, Key};
use crate::controller::kinds::Kind;
use crate::controller::watches::trim;
use crate::crd::EvolveBotStatus;

/// Longest note of an event, bytes; Kubernetes refuses more than 1024.
const LONGEST_NOTE: usize = 1000;

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

/// Publishes an event for each finding. One that cannot be published is logged and counted by the API calls' metric: the
/// condition says the same.
pub async fn tell(recorder: &Recorder, bot: &EvolveBot, news: &[Finding]) {
    let about = bot.object_ref(&());
    for finding in news {
        let type_ = if finding.is_quiet { EventType::Normal } else { EventType::Warning };
        let event = Event {
            type_,
            reason: finding.reason.to_owned(),
            note: Some(shortened(&finding.message)),
            action: finding.about.to_owned(),
            secondary: None,
        };
        if let Err(error) = recorder.publish(&event, &about).await {
            tracing::warn!(%error, reason = finding.reason, "an event could not be published");
        }
    }
}

fn shortened(text: &str) -> String {
    if text.len() <= LONGEST_NOTE {
        return text.to_owned();
    }
    let end = (0..=LONGEST_NOTE).rev().find(|index| text.is_char_boundary(*index)).unwrap_or_default();
    format!("{}…", &text[..end])
}
