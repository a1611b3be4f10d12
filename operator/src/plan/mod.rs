//! What to do about one bot: a pure decision over what is desired, what is live, and what was done before.

mod history;
pub mod migration;
mod objects;
pub mod rollout;

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::ResourceExt as _;
use kube::api::DynamicObject;
use serde::de::DeserializeOwned;

use self::history::History;
use self::migration::{Gate, gate};
use self::objects::{manifests, superseded, unwanted};
use self::rollout::{Course, Part, Target, course, part, stamp};
use crate::EvolveBot;
use crate::apply::manifest::{Manifest, ManifestError};
use crate::build::{Desired, config_maps_of};
use crate::controller::cache::{Cache, Depth, Key};
use crate::controller::kinds::Kind;
use crate::crd::{Autoscaling, RolloutPhase};
use crate::dereference::Dereferenced;

/// On a Deployment: who holds `replicas`, `spec` or `autoscaler`.
const REPLICAS_OF: &str = "evolveai.dev/replicas";

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
    /// Whether pods and jobs are left as they are, since something that they read is missing.
    pub is_held: bool,
    /// Where the rollout goes.
    pub course: Course,
    /// Kubernetes' sentence about pods that are not ready in time, where nothing goes back.
    pub overdue: Option<String>,
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
) -> Result<Plan, ManifestError> {
    let names =
        Names { api: desired.api.name_any(), bot: desired.bot.name_any(), migration: desired.migration.name_any() };
    let is_held = !found.missing.is_empty();
    let job: Option<Job> = live(cache, bot, Kind::Job, &names.migration);
    let gate = match gate(job.as_ref()) {
        Gate::Missing if !is_held => superseded(bot, cache, owner).map_or(Gate::Missing, Gate::Superseding),
        gate => gate,
    };
    let wanted = Target { api: stamp_of(&mut desired.api), bot: stamp_of(&mut desired.bot) };
    let lives = [live_deployment(cache, bot, &names.api), live_deployment(cache, bot, &names.bot)];
    let judge = |target: &Target| [part(lives[0].as_ref(), &target.api), part(lives[1].as_ref(), &target.bot)];
    let before = bot.status.as_ref().and_then(|status| status.rollout.clone()).unwrap_or_default();
    let history = History::of(bot, cache);
    let is_kept = |target: &Target| history.has(target);
    let mut course = course(&before, &wanted, bot.spec.rollout.automatic_rollback, is_kept, judge);
    let is_closed = is_held || gate != Gate::Open;
    if is_closed && course.go_back_to.is_none() {
        course.status.phase = RolloutPhase::Migrating;
        course.status.level = format!("{:?}", course.status.phase);
    }
    let overdue = judge(&wanted).into_iter().find_map(|part| match part {
        Part::Overdue(message) => Some(message),
        _ => None,
    });

    let (skipped, hand_overs) = choose_templates(bot, &mut desired, &lives, &course, is_closed, &history);
    let needed: BTreeSet<String> = [&desired.api, &desired.bot]
        .into_iter()
        .filter_map(|deployment| Some(config_maps_of(&deployment.spec.as_ref()?.template)))
        .chain(history.templates().map(config_maps_of))
        .flatten()
        .collect();

    let manifests = manifests(desired, bot, owner)?;
    let apply: Vec<Manifest> = manifests
        .iter()
        .filter(|manifest| match manifest.kind {
            // One that exists is never changed.
            Kind::Job => gate == Gate::Missing && !is_held,
            Kind::CronJob => !is_held,
            Kind::Deployment => !skipped.contains(&manifest.key.name),
            _ => true,
        })
        .cloned()
        .collect();
    let delete = unwanted(bot, owner, cache, &manifests, &needed, &gate);
    Ok(Plan { hand_overs, apply, delete, gate, is_held, course, overdue, names })
}

/// Puts into each Deployment the pod template that it shall have now: the wanted one, the last good one, or the one that it
/// has. Returns the Deployments that are not to be made yet, and the numbers of replicas that are to be handed over.
fn choose_templates(
    bot: &EvolveBot,
    desired: &mut Desired,
    lives: &[Option<Deployment>; 2],
    course: &Course,
    is_closed: bool,
    history: &History,
) -> (HashSet<String>, Vec<(Key, i32)>) {
    let (mut skipped, mut hand_overs) = (HashSet::new(), Vec::new());
    let back = course.go_back_to.as_ref();
    let parts = [
        (&mut desired.api, &bot.spec.api.autoscaling, back.map(|target| target.api.as_str())),
        (&mut desired.bot, &bot.spec.bot.autoscaling, back.map(|target| target.bot.as_str())),
    ];
    for ((deployment, autoscaling, back), live) in parts.into_iter().zip(lives) {
        let instead = match back {
            Some(hash) => history.template(hash),
            None if is_closed => live.as_ref().and_then(|live| Some(live.spec.as_ref()?.template.clone())),
            None => None,
        };
        if let (Some(template), Some(spec)) = (instead, &mut deployment.spec) {
            spec.template = template;
        } else if is_closed && live.is_none() {
            skipped.insert(deployment.name_any());
        }
        hand_overs.extend(hand_over(deployment, live.as_ref(), autoscaling.as_ref()));
    }
    (skipped, hand_overs)
}

fn stamp_of(deployment: &mut Deployment) -> String {
    deployment.spec.as_mut().map(|spec| stamp(&mut spec.template)).unwrap_or_default()
}

/// Marks who holds `replicas`; where that is no longer the spec, the number that must be handed over so that it does not
/// fall to one: what runs, or the autoscaler's fewest where nothing does.
fn hand_over(
    desired: &mut Deployment,
    live: Option<&Deployment>,
    autoscaling: Option<&Autoscaling>,
) -> Option<(Key, i32)> {
    let is_autoscaled = desired.spec.as_ref().is_some_and(|spec| spec.replicas.is_none());
    let holder = if is_autoscaled { "autoscaler" } else { "spec" };
    desired.annotations_mut().insert(REPLICAS_OF.to_owned(), holder.to_owned());
    let live = live.filter(|_| is_autoscaled)?;
    if live.annotations().get(REPLICAS_OF).map(String::as_str) == Some(holder) {
        return None;
    }
    let running = live.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1);
    let fewest = autoscaling.map_or(1, |autoscaling| autoscaling.min_replicas);
    let key = Key::new(live.namespace().unwrap_or_default(), live.name_any());
    Some((key, running.max(fewest)))
}

/// A live Deployment of the bot.
#[must_use]
pub fn live_deployment(cache: &Cache, bot: &EvolveBot, name: &str) -> Option<Deployment> {
    live(cache, bot, Kind::Deployment, name)
}

fn live<K: DeserializeOwned>(cache: &Cache, bot: &EvolveBot, kind: Kind, name: &str) -> Option<K> {
    typed(&*cache.get((kind, Depth::Owned), &Key::new(bot.namespace_name(), name))?)
}

fn typed<K: DeserializeOwned>(object: &DynamicObject) -> Option<K> {
    serde_json::from_value(serde_json::to_value(object).ok()?).ok()
}
