//! The Job that puts a copy of the database back. It is no part of what a bot becomes: somebody asks for it, with the bot
//! hibernated, and it refuses to run while others use the database. It replaces everything in the schema `public` in one
//! transaction: the database is as it was in the copy, or as it was before.

use k8s_openapi::api::batch::v1::{Job, JobSpec};
use k8s_openapi::api::core::v1::PodSpec;
use kube::Resource as _;

use super::backup::{self, CONNECTION, STORE};
use super::container::{self, plain_variable};
use super::{Inputs, labels, names};
use crate::crd::EvolveBot;

const COMPONENT: &str = "restore";

/// Puts the copy `COPY` (or the `latest`) of `FOLDER` back, with room for its work in `WORK`.
pub const RESTORE: &str = include_str!("scripts/restore.sh");
const DOWNLOAD: &str = include_str!("scripts/download.sh");

/// Why there is no such restore.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RestoreError {
    /// The bot has no backups.
    #[error("this bot has no spec.backup, so nobody knows where its copies are")]
    NoBackup,
    /// Not the name of a copy.
    #[error("{0:?} is not the name of a copy: it is `latest`, or a time such as 2026-03-01T03-30-00Z.dump")]
    Name(String),
}

/// The Job that puts `copy` back: a name, or `latest`. `suffix` tells it apart: 10 letters and digits at most.
///
/// # Errors
/// [`RestoreError`]
pub fn job(bot: &EvolveBot, inputs: &Inputs, copy: &str, suffix: &str) -> Result<Job, RestoreError> {
    let settings = bot.spec.backup.as_ref().ok_or(RestoreError::NoBackup)?;
    if !is_copy(copy) {
        return Err(RestoreError::Name(copy.to_owned()));
    }
    let variable = || plain_variable("COPY", copy);
    let scripts = [CONNECTION, RESTORE];
    let mut variables = vec![backup::database(bot, inputs), backup::folder(bot), variable()];
    variables.extend(container::trust(bot));
    variables.push(plain_variable("WORK", "/work"));
    let download = settings.s3.as_ref().map(|s3| {
        let mut store = backup::store_variables(bot, s3);
        store.extend([backup::folder(bot), variable()]);
        vec![backup::step(settings, "download", &s3.image, &[STORE, DOWNLOAD], store)]
    });
    let mut container = backup::step(settings, COMPONENT, &settings.image, &scripts, variables);
    container.volume_mounts.get_or_insert_default().push(container::mount("work", "/work"));
    let pod = PodSpec {
        init_containers: download,
        containers: vec![container],
        restart_policy: Some("Never".to_owned()),
        volumes: Some(vec![
            container::scratch("tmp", "256Mi"),
            container::scratch("work", ""),
            backup::copies(bot, settings),
        ]),
        ..container::pod(bot)
    };
    let mut metadata = labels::owned(bot, names::restore(bot, suffix), COMPONENT);
    // What it did is believed of no Job of another's.
    metadata.owner_references = bot.controller_owner_ref(&()).map(|owner| vec![owner]);
    Ok(Job {
        metadata,
        spec: Some(JobSpec {
            // Who restores wants to know at once that it did not work.
            backoff_limit: Some(0),
            active_deadline_seconds: Some(backup::DEADLINE),
            template: backup::pod_template(bot, COMPONENT, pod),
            ..JobSpec::default()
        }),
        status: None,
    })
}

/// Nothing that leads out of the folder, or that a shell would take for something else.
fn is_copy(name: &str) -> bool {
    let stem = name.strip_suffix(".dump");
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    name == "latest" || stem.is_some_and(|stem| (1..=40).contains(&stem.len()) && stem.bytes().all(allowed))
}
