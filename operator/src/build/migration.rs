//! The Job that brings the database to a version. Its name holds the hash of everything that it is made of, so it is
//! created once and never changed: a Job's fields cannot be.

use k8s_openapi::api::batch::v1::{Job, JobSpec};
use k8s_openapi::api::core::v1::{Container, PodSpec, PodTemplateSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::ResourceExt;

use super::environment::Variable;
use super::{Inputs, Release, container, fingerprint, labels, names, surroundings};
use crate::crd::EvolveBot;

const COMPONENT: &str = "migration";

/// The migration of `bot` to `release`.
pub(super) fn build(bot: &EvolveBot, release: &Release, environment: &[Variable], inputs: &Inputs) -> Job {
    let settings = &bot.spec.migration;
    let mut variables = container::variables(environment);
    variables.extend(container::trust(bot));
    // A database that is another one, or has its password mended, is worth another try.
    // With the encryption key, which nobody can guess: who may read Jobs must not be able to try passwords on a hash of the
    // database's address alone.
    let salt = inputs.secrets.get(&surroundings(bot, inputs).encryption_key);
    let content = fingerprint(&(container::content_hash(&variables, inputs), salt));
    let container = Container {
        name: COMPONENT.to_owned(),
        image: Some(release.image.clone()),
        image_pull_policy: Some(bot.spec.image.pull_policy.unwrap_or_default().as_str().to_owned()),
        command: Some(command(bot)),
        env: Some(variables),
        resources: Some(container::resources(
            settings.resources.as_ref(),
            &container::amounts([("50m", "64Mi"), ("", "256Mi")]),
        )),
        security_context: Some(container::confined()),
        volume_mounts: Some(vec![container::mount("tmp", "/tmp")]),
        // The reason of a failure, where the log is not at hand.
        termination_message_policy: Some("FallbackToLogsOnError".to_owned()),
        ..Container::default()
    };
    let spec = JobSpec {
        backoff_limit: Some(i32::try_from(settings.retries).unwrap_or(i32::MAX)),
        active_deadline_seconds: Some(i64::from(settings.timeout_seconds)),
        template: PodTemplateSpec {
            metadata: Some(ObjectMeta {
                labels: Some(labels::labels(bot, COMPONENT)),
                annotations: Some(labels::map([(labels::CONFIG_HASH, &content)])),
                ..ObjectMeta::default()
            }),
            spec: Some(PodSpec {
                containers: vec![container],
                restart_policy: Some("Never".to_owned()),
                ..container::pod(bot)
            }),
        },
        ..JobSpec::default()
    };
    let retry = bot.annotations().get(labels::RETRY);
    let hash = match &inputs.restored {
        None => fingerprint(&(&spec, retry)),
        Some(restore) => fingerprint(&(&spec, retry, restore)),
    };
    let mut metadata = labels::owned(bot, names::migration(bot, &hash), COMPONENT);
    // The Job of a restore goes by itself after a while, and must not be forgotten with it.
    metadata.annotations = inputs.restored.as_ref().map(|restore| labels::map([(labels::RESTORED, restore)]));
    Job { metadata, spec: Some(spec), status: None }
}

/// Roles in the same step: a table that nobody may read is as good as none to a pod that has an account of its own.
fn command(bot: &EvolveBot) -> Vec<String> {
    let roles = bot.spec.database.roles_prefix.as_deref().map(|prefix| ["--roles", prefix]);
    ["evolve", "migrate", "up"].into_iter().chain(roles.into_iter().flatten()).map(str::to_owned).collect()
}
