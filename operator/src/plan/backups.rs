//! How the copies of the database fare, as the CronJob and its Jobs tell it.

use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;
use kube::ResourceExt as _;

use super::migration::{Gate, gate};
use super::pods::{Pods, Trouble};
use super::{is_owned, live, typed};
use crate::EvolveBot;
use crate::build::backup::oldest;
use crate::build::{COMPONENT, OPERATOR, RESTORED, names};
use crate::controller::cache::Cache;
use crate::controller::kinds::Kind;
use crate::crd::BackupStatus;

/// How the copies fare.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Backups {
    /// For the status.
    pub status: BackupStatus,
    /// How the newest copy fares.
    pub newest: Newest,
    /// How the newest restore fares.
    pub restore: Option<Restore>,
    /// When the newest copy is too old, unless there is another by then: seconds from now.
    pub look_again: Option<i64>,
}

/// How a restore fares; its Job is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Restore {
    /// It has not ended.
    Runs(String),
    /// The copy is in place.
    Done(String),
    /// The database is as it was.
    Failed(String),
}

/// How the newest copy fares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Newest {
    /// There is none yet.
    #[default]
    None,
    /// It succeeded.
    Made,
    /// Its Job failed, and Kubernetes' own sentence.
    Failed(String, String),
    /// Its Job cannot run.
    Waits(String, Trouble),
    /// No Job failed, and yet there is no good copy that is younger than so many seconds: when the last was made, if any was.
    Old(Option<Time>, i64),
}

/// Of `bot`; nothing where there are to be none.
pub(super) fn backups(bot: &EvolveBot, cache: &Cache, pods: &Pods, now: Timestamp) -> Option<Backups> {
    let settings = bot.spec.backup.as_ref()?;
    let schedule: Option<CronJob> = live(cache, bot, Kind::CronJob, &names::backup(bot));
    let begun = schedule.as_ref().and_then(CronJob::creation_timestamp);
    let changed = schedule.as_ref().and_then(changed);
    // By what is in the cluster: until what is wanted is there, nothing is late by it.
    let runs_on = schedule.as_ref().and_then(|schedule| schedule.spec.as_ref()).map(|spec| &spec.schedule);
    let oldest = oldest(runs_on.unwrap_or(&settings.schedule));
    let status = schedule.and_then(|schedule| schedule.status).unwrap_or_default();
    let copies = jobs(bot, cache, "backup");
    // The newest one that has ended, or that cannot.
    let told = copies.iter().find_map(|job| {
        let name = job.name_any();
        match gate(Some(job)) {
            Gate::Open => Some(Newest::Made),
            Gate::Failed(message) => Some(Newest::Failed(name, message)),
            Gate::Missing | Gate::Superseding(_) | Gate::Running => {
                let trouble = pods.trouble_of_job(&name)?;
                Some(Newest::Waits(name, trouble))
            }
        }
    });
    // Its Job may be gone by now; of one out of turn, the schedule knows nothing.
    let good = copies.iter().filter(|&job| gate(Some(job)) == Gate::Open).filter_map(ended).max();
    let good = good.max(status.last_successful_time.clone());
    let made = status.last_successful_time.is_some();
    let newest = told.unwrap_or(if made { Newest::Made } else { Newest::None });
    // A schedule that was tightened has had no time yet for what it asks.
    let since = good.clone().or(begun).max(changed).map(|since| now.as_second() - since.0.as_second());
    let left = oldest.zip(since).map(|(oldest, age)| (oldest, oldest - age));
    let newest = match (newest, left) {
        // Nothing failed, since nothing was tried, or all of it is forgotten: nobody would hear of it.
        (Newest::None | Newest::Made, Some((oldest, left))) if left < 0 => Newest::Old(good, oldest),
        (newest, _) => newest,
    };
    let look_again = left.map(|(_, left)| left + 1).filter(|left| *left > 0);
    let status = BackupStatus { last_started: status.last_schedule_time, last_succeeded: status.last_successful_time };
    let restore = own_jobs(bot, cache, "restore").first().map(|job| match gate(Some(job)) {
        Gate::Open => Restore::Done(job.name_any()),
        Gate::Failed(_) => Restore::Failed(job.name_any()),
        Gate::Missing | Gate::Superseding(_) | Gate::Running => Restore::Runs(job.name_any()),
    });
    Some(Backups { status, newest, restore, look_again })
}

/// The UID of the restore that put a copy in place last. Its Job may be gone by now: then the migration that followed it
/// remembers it.
#[must_use]
pub fn restored(bot: &EvolveBot, cache: &Cache) -> Option<String> {
    let mut done = own_jobs(bot, cache, "restore");
    done.retain(|job| gate(Some(job)) == Gate::Open);
    let newest = done.into_iter().max_by_key(ended).and_then(|job| job.metadata.uid);
    newest.or_else(|| own_jobs(bot, cache, "migration").iter().find_map(|job| job.annotations().get(RESTORED).cloned()))
}

/// When the operator changed the schedule last; what Kubernetes writes of its runs is no change of it.
fn changed(schedule: &CronJob) -> Option<Time> {
    let fields = schedule.managed_fields().iter();
    let ours = fields.filter(|fields| fields.manager.as_deref() == Some(OPERATOR) && fields.subresource.is_none());
    ours.filter_map(|fields| fields.time.clone()).max()
}

fn ended(job: &Job) -> Option<Time> {
    job.status.as_ref().and_then(|status| status.completion_time.clone())
}

/// As [`jobs`]; those alone that `bot` owns, since what they did decides what runs.
fn own_jobs(bot: &EvolveBot, cache: &Cache, part: &str) -> Vec<Job> {
    let mut jobs = jobs(bot, cache, part);
    jobs.retain(|job| is_owned(job, bot.metadata.uid.as_deref()));
    jobs
}

/// The Jobs of one part of `bot`, the newest first.
fn jobs(bot: &EvolveBot, cache: &Cache, part: &str) -> Vec<Job> {
    let all = cache.of_bot(Kind::Job, bot.namespace_name(), bot.name());
    let mut jobs: Vec<Job> = all.iter().filter_map(|job| typed(job)).collect();
    jobs.retain(|job| job.labels().get(COMPONENT).is_some_and(|component| component == part));
    jobs.sort_by_key(|job| std::cmp::Reverse((job.creation_timestamp(), job.name_any())));
    jobs
}
