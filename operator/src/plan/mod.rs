//! What to do about one bot: a pure decision over what is desired, what is live, and what was done before.

pub mod backups;
mod history;
pub mod migration;
mod objects;
mod placing;
pub mod pods;
pub mod rollout;
mod steps;
pub mod target;

use std::collections::BTreeSet;
use std::sync::Arc;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::PodTemplateSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use k8s_openapi::jiff::Timestamp;
use kube::ResourceExt as _;
use kube::api::DynamicObject;
use serde::de::DeserializeOwned;
use serde_json::json;

use self::backups::{Backups, backups};
use self::history::History;
use self::migration::{Gate, gate};
use self::objects::{manifests, superseded, unwanted};
use self::placing::{Live, place};
use self::pods::{Pods, Trouble, not_made};
use self::rollout::{Case, Course, Evidence, First, Second, Seen, Wishes, course, held};
use self::target::{Part, Target, part, stamp};
use crate::EvolveBot;
use crate::apply::manifest::{Manifest, ManifestError};
use crate::build::{Desired, REFUSE, RETRY, fingerprint, kept, twin};
use crate::controller::cache::{Cache, Depth, Key};
use crate::controller::kinds::Kind;
use crate::crd::{MigrationPhase, RolloutPhase, RolloutStatus};
use crate::dereference::Dereferenced;

pub use self::target::TEMPLATE;

/// What to do, and why.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Numbers of replicas to be let go of, before anything is applied.
    pub hand_overs: Vec<(Key, i32)>,
    /// What shall be, in the order in which it is written.
    pub apply: Vec<Manifest>,
    /// What shall no longer be.
    pub delete: Vec<(Kind, Arc<DynamicObject>)>,
    /// How far the migration is.
    pub gate: Gate,
    /// Whether pods and jobs are left as they are, since something that pods read is missing.
    pub is_held: bool,
    /// Where the rollout goes.
    pub course: Course,
    /// The version of the good target that the pods went back to.
    pub version_before: Option<String>,
    /// Why a pod of API or bot does not run.
    pub trouble: Option<Trouble>,
    /// Why a pod of the migration does not.
    pub migration_trouble: Option<Trouble>,
    /// How backups fare.
    pub backups: Option<Backups>,
    /// The pod templates of good targets, for the case that what keeps them is gone.
    pub remembered: serde_json::Value,
    /// The names of what the report is about.
    pub names: Names,
}

/// The names of what the report is about.
#[derive(Clone, Debug)]
pub struct Names {
    /// The Deployment of the API.
    pub api: String,
    /// The Deployment of the bot.
    pub bot: String,
    /// The Job of the migration.
    pub migration: String,
}

/// What is neither in the resource nor in the cache.
#[derive(Clone, Debug)]
pub struct Moment {
    /// How the requests to a canary went.
    pub evidence: Evidence,
    /// The time.
    pub now: Timestamp,
}

/// Decides.
///
/// # Errors
/// When a built object cannot be made ready to be sent.
pub fn plan(
    bot: &EvolveBot,
    mut desired: Desired,
    found: &Dereferenced,
    cache: &Cache,
    owner: &OwnerReference,
    moment: Moment,
) -> Result<Plan, ManifestError> {
    let now = moment.now;
    let names =
        Names { api: desired.api.name_any(), bot: desired.bot.name_any(), migration: desired.migration.name_any() };
    let is_held = !found.missing.is_empty();
    let job: Option<Job> = live(cache, bot, Kind::Job, &names.migration);
    // Of a Job of another's, whatever its name, nothing is believed.
    let job = job.filter(|job| is_owned(job, Some(&owner.uid)));
    let expiring = expiring(bot, cache, job.as_ref());
    let gate = match gate(job.as_ref()) {
        // Its Job may be gone, or run once more because somebody deleted it; what it did is not undone.
        _ if has_migrated(bot, &names.migration) => Gate::Open,
        Gate::Missing if !is_held => superseded(bot, cache, owner).map_or(Gate::Missing, Gate::Superseding),
        gate => gate,
    };
    let wanted = Target { api: stamp_of(&mut desired.api), bot: stamp_of(&mut desired.bot) };
    // A bot that wakes does not wake in the version before while its database is migrated to the next.
    let is_early = is_held || !matches!(gate, Gate::Open | Gate::Failed(_));
    let lives = [&names.api, &names.bot].map(|name| live_part(cache, bot, name, is_early));
    let pods = Pods::of(bot, cache);
    let before = bot.status.as_ref().and_then(|status| status.rollout.clone()).unwrap_or_default();
    let good = [&before.last_good, &before.previous_good];
    let history = History::of(bot, cache, good.into_iter().flatten());
    let course = if is_held {
        standstill(&before)
    } else {
        let seen = see(&before, &wanted, &lives, &pods, gate != Gate::Open, bot.spec.hibernated, moment);
        let settled = |target: &Target| {
            judge(&lives, target, bot.spec.hibernated, |live| live.stable.as_ref()).map(|p| p == Part::Settled)
        };
        let case = Case { before: &before, wanted: &wanted, settings: &bot.spec.rollout, seen: &seen };
        course(&case, &wishes(bot), |target| history.has(target), |target| settled(target) == [true; 2])
    };

    let (mut more, mut remembered) = (Vec::new(), serde_json::Map::new());
    remembered.extend(expiring.iter().map(|job| (EXPIRING.to_owned(), json!(job))));
    let good = [&course.status.last_good, &course.status.previous_good];
    for target in good.into_iter().flatten() {
        let wanted = template_of(&desired.api).zip(template_of(&desired.bot)).filter(|_| *target == wanted.text());
        let Some(templates) = wanted.map(|(api, bot)| [api, bot]).or_else(|| history.good(target)) else { continue };
        more.push(Manifest::new(&kept::build(bot, target, templates), bot.namespace_name(), owner)?);
        remembered.insert(target.clone(), serde_json::json!(templates));
    }
    let placing = place(bot, &mut desired, &lives, &course, is_held, &history, &pods);
    for next in &placing.next {
        more.push(Manifest::new(next, bot.namespace_name(), owner)?);
    }
    let mut needed: BTreeSet<String> = placing.spared.into_iter().collect();
    let good = [&course.status.last_good, &course.status.previous_good];
    needed.extend(good.into_iter().flatten().map(|target| kept::name(bot, target)));

    let mut manifests = manifests(desired, bot, owner)?;
    manifests.extend(more);
    manifests.sort_by_key(|manifest| manifest.kind);
    let delete = unwanted(bot, owner, cache, &manifests, &needed, &gate);
    manifests.retain(|manifest| match manifest.kind {
        // One that exists is never changed.
        Kind::Job => {
            job.is_none()
                && matches!(gate, Gate::Missing | Gate::Open)
                && !is_held
                && expiring.as_ref() != Some(&names.migration)
        }
        Kind::CronJob => !is_held && found.missing_for_backup.is_empty(),
        Kind::Deployment => !placing.skipped.contains(&manifest.key.name),
        _ => true,
    });
    let version_before = match &course.first {
        First::Good(good) => history.template(&good.api).and_then(version),
        _ => None,
    };
    Ok(Plan {
        hand_overs: placing.hand_overs,
        apply: manifests,
        delete,
        is_held,
        course,
        version_before,
        trouble: refused(&lives).or_else(|| pods.trouble()),
        migration_trouble: (gate == Gate::Running).then(|| pods.trouble_of_job(&names.migration)).flatten(),
        gate,
        backups: backups(bot, cache, &pods, now),
        remembered: remembered.into(),
        names,
    })
}

/// Whether the bot with this `uid` owns a Job.
fn is_owned(job: &Job, uid: Option<&str>) -> bool {
    job.owner_references().iter().any(|owner| Some(owner.uid.as_str()) == uid)
}

/// Why pods that shall be are not even made.
fn refused(lives: &[Live; 2]) -> Option<Trouble> {
    lives.iter().flat_map(|live| [&live.stable, &live.next]).flatten().find_map(not_made)
}

/// In the memory of a bot: its migration's Job, where somebody lets such Jobs go by themselves.
const EXPIRING: &str = "expiringJob";

/// The migration's Job, if it is one that goes by itself some time after its end, as policies of clusters have it: it would
/// go again each time that it was brought back.
fn expiring(bot: &EvolveBot, cache: &Cache, job: Option<&Job>) -> Option<String> {
    let Some(job) = job else {
        let known = cache.get((Kind::EvolveBot, Depth::Remembered), &Key::new(bot.namespace_name(), bot.name()))?;
        return known.data.get(EXPIRING)?.as_str().map(str::to_owned);
    };
    let expires = job.spec.as_ref().is_some_and(|spec| spec.ttl_seconds_after_finished.is_some());
    expires.then(|| job.name_any())
}

/// Whether this very Job succeeded once.
fn has_migrated(bot: &EvolveBot, job: &str) -> bool {
    let migration = bot.status.as_ref().and_then(|status| status.migration.as_ref());
    migration.is_some_and(|known| known.phase == MigrationPhase::Succeeded && known.job == job)
}

/// Nothing moves.
fn standstill(before: &RolloutStatus) -> Course {
    let (first, second) = (First::AsIs, Second::None);
    Course { first, second, rollback: None, stuck: None, look_again: None, status: held(before) }
}

fn see(
    before: &RolloutStatus,
    wanted: &Target,
    lives: &[Live; 2],
    pods: &Pods,
    is_closed: bool,
    is_hibernated: bool,
    moment: Moment,
) -> Seen {
    let is_watched = matches!(before.phase, RolloutPhase::Canary | RolloutPhase::Switched);
    let since = before.since.as_ref().filter(|_| is_watched);
    Seen {
        stable: judge(lives, wanted, is_hibernated, |live| live.stable.as_ref()),
        next: judge(lives, wanted, is_hibernated, |live| live.next.as_ref()),
        ill: since.and_then(|since| pods.illness([&wanted.api, &wanted.bot], since)),
        evidence: moment.evidence,
        is_closed,
        is_hibernated,
        now: moment.now,
    }
}

fn judge(
    lives: &[Live; 2],
    target: &Target,
    is_hibernated: bool,
    which: impl Fn(&Live) -> Option<&Deployment>,
) -> [Part; 2] {
    [part(which(&lives[0]), &target.api, is_hibernated), part(which(&lives[1]), &target.bot, is_hibernated)]
}

fn wishes(bot: &EvolveBot) -> Wishes {
    let annotations = bot.annotations();
    Wishes { refuse: annotations.get(REFUSE).cloned(), retry: annotations.get(RETRY).map(fingerprint) }
}

fn stamp_of(deployment: &mut Deployment) -> String {
    deployment.spec.as_mut().map(|spec| stamp(&mut spec.template)).unwrap_or_default()
}

fn template_of(deployment: &Deployment) -> Option<&PodTemplateSpec> {
    Some(&deployment.spec.as_ref()?.template)
}

/// The version that a pod template runs: the tag of its image.
fn version(template: &PodTemplateSpec) -> Option<String> {
    let image = template.spec.as_ref()?.containers.first()?.image.as_deref()?;
    let (_, tag) = image.split_once('@').map_or(image, |(named, _)| named).rsplit_once(':')?;
    Some(tag.to_owned())
}

/// A live Deployment of the bot.
#[must_use]
pub fn live_deployment(cache: &Cache, bot: &EvolveBot, name: &str) -> Option<Deployment> {
    live(cache, bot, Kind::Deployment, name)
}

fn live_part(cache: &Cache, bot: &EvolveBot, name: &str, is_early: bool) -> Live {
    let stable = live_deployment(cache, bot, name);
    let replicas = stable.as_ref().and_then(|live| live.spec.as_ref()?.replicas);
    Live {
        sleeps_on: is_early && replicas == Some(0),
        stable,
        next: live_deployment(cache, bot, &twin::name(name)),
        service: live(cache, bot, Kind::Service, name),
    }
}

fn live<K: DeserializeOwned>(cache: &Cache, bot: &EvolveBot, kind: Kind, name: &str) -> Option<K> {
    typed(&*cache.get((kind, Depth::Owned), &Key::new(bot.namespace_name(), name))?)
}

fn typed<K: DeserializeOwned>(object: &DynamicObject) -> Option<K> {
    serde_json::from_value(serde_json::to_value(object).ok()?).ok()
}
