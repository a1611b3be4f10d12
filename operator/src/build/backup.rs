//! Copies of the database on a schedule: `pg_dump` in an image of Postgres, to a volume, or by way of rclone to a store that
//! speaks S3. The scripts are in `scripts/`; they read the database's URL from the environment and hand it on in libpq's
//! own variables, so that it is in no argument list. A copy is in `pg_dump`'s custom format and named after its time.

use k8s_openapi::api::batch::v1::{CronJob, CronJobSpec, Job, JobSpec, JobTemplateSpec};
use k8s_openapi::api::core::v1::{
    Container, EnvVar, PersistentVolumeClaim, PersistentVolumeClaimSpec, PersistentVolumeClaimVolumeSource, PodSpec,
    PodTemplateSpec, Volume, VolumeResourceRequirements,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::container::{self, plain_variable, secret_variable};
use super::period::longest_gap;
use super::{Inputs, labels, names, surroundings};
use crate::crd::{Backup, EvolveBot, S3, SecretKeyRef};

const COMPONENT: &str = "backup";
/// Where the copies are in the containers.
const PLACE: &str = "/backups";
/// Longest time that a backup or a restore may take, seconds.
pub(super) const DEADLINE: i64 = 6 * 3600;
/// How late a copy may begin, after an outage, seconds.
pub(super) const LATEST_START: i64 = 3600;

/// libpq's variables from `DATABASE_URL`; goes before the scripts that connect.
pub const CONNECTION: &str = include_str!("scripts/connection.sh");
/// Makes one copy in `FOLDER`.
pub const DUMP: &str = include_str!("scripts/dump.sh");
/// Writes down in the database that the newest copy in `FOLDER` is there.
pub const RECORD: &str = include_str!("scripts/record.sh");
/// Removes copies in `FOLDER` that are older than `KEEP_DAYS`.
pub const PRUNE: &str = include_str!("scripts/prune.sh");
/// Looks into the store; goes before the scripts that use it.
pub(super) const STORE: &str = include_str!("scripts/store.sh");
const UPLOAD: &str = include_str!("scripts/upload.sh");

/// The volume to be made for backups.
pub(super) fn volume(bot: &EvolveBot) -> Option<PersistentVolumeClaim> {
    let settings = bot.spec.backup.as_ref()?.volume.as_ref()?;
    let size = settings.size.clone()?;
    Some(PersistentVolumeClaim {
        metadata: labels::unowned(bot, names::backup(bot), COMPONENT),
        spec: Some(PersistentVolumeClaimSpec {
            access_modes: Some(vec!["ReadWriteOnce".to_owned()]),
            storage_class_name: settings.storage_class_name.clone(),
            resources: Some(VolumeResourceRequirements {
                requests: Some([("storage".to_owned(), size)].into()),
                limits: None,
            }),
            ..PersistentVolumeClaimSpec::default()
        }),
        status: None,
    })
}

/// The CronJob that makes copies.
pub(super) fn schedule(bot: &EvolveBot, inputs: &Inputs) -> Option<CronJob> {
    let settings = bot.spec.backup.as_ref()?;
    let template = JobTemplateSpec {
        metadata: Some(ObjectMeta { labels: Some(labels::labels(bot, COMPONENT)), ..ObjectMeta::default() }),
        spec: Some(JobSpec {
            backoff_limit: Some(2),
            active_deadline_seconds: Some(DEADLINE),
            template: pod_template(bot, COMPONENT, pod(bot, settings, inputs)),
            ..JobSpec::default()
        }),
    };
    Some(CronJob {
        metadata: labels::owned(bot, names::backup(bot), COMPONENT),
        spec: Some(CronJobSpec {
            schedule: settings.schedule.clone(),
            time_zone: Some(settings.time_zone.clone().unwrap_or_else(|| "Etc/UTC".to_owned())),
            concurrency_policy: Some("Forbid".to_owned()),
            // After an outage, one copy is made at once if it is not too long ago.
            starting_deadline_seconds: Some(LATEST_START),
            successful_jobs_history_limit: Some(3),
            failed_jobs_history_limit: Some(3),
            suspend: Some(false),
            job_template: template,
        }),
        status: None,
    })
}

/// How old the newest good copy may become by this schedule, seconds: two of its pauses, or one where a late and long copy takes more.
/// Nothing where it is never due.
#[must_use]
pub fn oldest(schedule: &str) -> Option<i64> {
    let pause = longest_gap(schedule)?.num_seconds();
    Some((2 * pause).max(pause + LATEST_START + DEADLINE))
}

/// A backup out of turn, as the schedule would make it. `suffix` tells it apart: 10 letters and digits at most.
#[must_use]
pub fn now(bot: &EvolveBot, schedule: &CronJob, suffix: &str) -> Option<Job> {
    let template = schedule.spec.as_ref()?.job_template.clone();
    Some(Job {
        metadata: labels::owned(bot, format!("{}-{suffix}", names::backup(bot)), COMPONENT),
        spec: template.spec,
        status: None,
    })
}

pub(super) fn pod_template(bot: &EvolveBot, component: &str, pod: PodSpec) -> PodTemplateSpec {
    let metadata = ObjectMeta { labels: Some(labels::labels(bot, component)), ..ObjectMeta::default() };
    PodTemplateSpec { metadata: Some(metadata), spec: Some(pod) }
}

fn pod(bot: &EvolveBot, settings: &Backup, inputs: &Inputs) -> PodSpec {
    let mut variables = vec![database(bot, inputs), folder(bot)];
    variables.extend(container::trust(bot));
    let keep = plain_variable("KEEP_DAYS", settings.keep_days.to_string());
    let ours = |name: &str, scripts: &[&str], variables| step(settings, name, &settings.image, scripts, variables);
    let (init, container) = match &settings.s3 {
        None => {
            variables.push(keep);
            (None, ours(COMPONENT, &[CONNECTION, DUMP, RECORD, PRUNE], variables))
        }
        // A copy that did not reach the store is none: it is written down after that, by the image that can.
        Some(s3) => {
            let mut store = store_variables(bot, s3);
            store.extend([folder(bot), keep]);
            let dump = ours("dump", &[CONNECTION, DUMP], variables.clone());
            let upload = step(settings, "upload", &s3.image, &[STORE, UPLOAD], store);
            (Some(vec![dump, upload]), ours(COMPONENT, &[CONNECTION, RECORD], variables))
        }
    };
    PodSpec {
        init_containers: init,
        containers: vec![container],
        restart_policy: Some("Never".to_owned()),
        volumes: Some(vec![container::scratch("tmp", "256Mi"), copies(bot, settings)]),
        ..container::pod(bot)
    }
}

/// Where copies are while a pod works on them: the volume, or room on the node on their way to and from the store.
pub(super) fn copies(bot: &EvolveBot, settings: &Backup) -> Volume {
    const NAME: &str = "backups";
    let Some(volume) = &settings.volume else { return container::scratch(NAME, "") };
    let claim_name = volume.claim_name.clone().unwrap_or_else(|| names::backup(bot));
    Volume {
        name: NAME.to_owned(),
        persistent_volume_claim: Some(PersistentVolumeClaimVolumeSource { claim_name, read_only: None }),
        ..Volume::default()
    }
}

/// A container that runs `scripts` one after the other, up to the first that fails.
pub(super) fn step(settings: &Backup, name: &str, image: &str, scripts: &[&str], env: Vec<EnvVar>) -> Container {
    Container {
        name: name.to_owned(),
        image: Some(image.to_owned()),
        command: Some(vec!["sh".to_owned(), "-euc".to_owned(), scripts.join("\n")]),
        env: Some(env),
        resources: Some(container::resources(
            settings.resources.as_ref(),
            &container::amounts([("50m", "64Mi"), ("", "512Mi")]),
        )),
        security_context: Some(container::confined()),
        volume_mounts: Some(vec![container::mount("tmp", "/tmp"), container::mount("backups", PLACE)]),
        termination_message_policy: Some("FallbackToLogsOnError".to_owned()),
        ..Container::default()
    }
}

/// The database that is copied.
pub(super) fn database(bot: &EvolveBot, inputs: &Inputs) -> EnvVar {
    secret_variable("DATABASE_URL", &surroundings(bot, inputs).database_url)
}

/// Several bots may share a volume.
pub(super) fn folder(bot: &EvolveBot) -> EnvVar {
    plain_variable("FOLDER", format!("{PLACE}/{}", prefix(bot)))
}

fn prefix(bot: &EvolveBot) -> String {
    match bot.namespace_name() {
        "" => bot.name().to_owned(),
        namespace => format!("{namespace}/{}", bot.name()),
    }
}

/// Several bots may share a bucket and a prefix, and none may be given the copy of another.
fn place_in_store(bot: &EvolveBot, s3: &S3) -> String {
    let own = prefix(bot);
    s3.prefix.as_ref().map_or_else(|| own.clone(), |prefix| format!("{}/{own}", prefix.trim_end_matches('/')))
}

/// What rclone is told of the store.
pub(super) fn store_variables(bot: &EvolveBot, s3: &S3) -> Vec<EnvVar> {
    let secret = |key: &str| secret_variable(key, &SecretKeyRef::new(&s3.credentials_secret_name, key));
    let mut list = vec![
        plain_variable("BUCKET", &s3.bucket),
        plain_variable("PREFIX", place_in_store(bot, s3)),
        plain_variable("RCLONE_S3_PROVIDER", if s3.endpoint.is_some() { "Other" } else { "AWS" }),
        plain_variable("RCLONE_S3_ENV_AUTH", "true"),
        // Making buckets is a right that backups should not need.
        plain_variable("RCLONE_S3_NO_CHECK_BUCKET", "true"),
        // One request puts a small copy in place, which rclone can sign over TLS only; in parts it goes to every store.
        plain_variable("RCLONE_S3_UPLOAD_CUTOFF", "0"),
        // That there is none, in rclone's words.
        plain_variable("RCLONE_CONFIG", "/notfound"),
        plain_variable("RCLONE_CACHE_DIR", "/tmp"),
        secret("AWS_ACCESS_KEY_ID"),
        secret("AWS_SECRET_ACCESS_KEY"),
    ];
    list.extend(s3.endpoint.as_ref().map(|endpoint| plain_variable("RCLONE_S3_ENDPOINT", endpoint)));
    list.extend(s3.region.as_ref().map(|region| plain_variable("RCLONE_S3_REGION", region)));
    list
}
