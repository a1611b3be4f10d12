//! The second set of pods of a part, while a rollout is blue-green or a canary. The first set keeps its name and its
//! selector and is where every rollout ends, so that autoscalers and people find it where it was; the second is there only
//! as long as it is tried:
//!
//! - **BlueGreen**: [`deployment`] with all the pods, while [`narrow`] keeps the Service at the first set; when all of the
//!   second are ready, the Service is narrowed to it; then the first gets the new template, the Service goes back to it,
//!   and the second is removed.
//! - **Canary**: [`deployment`] with a share of the pods, behind the same Service, which chooses both; when they have proved
//!   themselves, the first gets the new template, and the second is removed.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Service;

use super::labels::{TRACK, Track};

/// The name of the second set of the Deployment `name`.
#[must_use]
pub fn name(name: &str) -> String {
    format!("{name}-next")
}

/// The second set beside `stable`, with its template, and `replicas` pods.
#[must_use]
pub fn deployment(stable: &Deployment, replicas: i32) -> Deployment {
    let mut next = stable.clone();
    next.metadata.name = stable.metadata.name.as_deref().map(name);
    let mark = |labels: &mut Option<std::collections::BTreeMap<String, String>>| {
        labels.get_or_insert_default().insert(TRACK.to_owned(), Track::Next.as_str().to_owned());
    };
    mark(&mut next.metadata.labels);
    if let Some(spec) = &mut next.spec {
        spec.replicas = Some(replicas);
        mark(&mut spec.selector.match_labels);
        mark(&mut spec.template.metadata.get_or_insert_default().labels);
    }
    next
}

/// How many pods a canary of `percent` has beside `replicas` pods: one at least.
#[must_use]
pub fn share(replicas: i32, percent: u32) -> i32 {
    let share = (i64::from(replicas.max(0)) * i64::from(percent) + 50) / 100;
    i32::try_from(share).unwrap_or(i32::MAX).max(1)
}

/// `service`, choosing the pods of one set alone.
#[must_use]
pub fn narrow(mut service: Service, track: Track) -> Service {
    if let Some(spec) = &mut service.spec {
        spec.selector.get_or_insert_default().insert(TRACK.to_owned(), track.as_str().to_owned());
    }
    service
}
