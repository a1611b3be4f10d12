//! Which pods there shall be: the pod template of each Deployment, the second set beside them, and whom the Services choose.

use std::collections::HashSet;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{PodTemplateSpec, Service};
use kube::ResourceExt as _;

use super::history::History;
use super::pods::Pods;
use super::rollout::{Course, First, Second};
use super::target::stamped;
use crate::EvolveBot;
use crate::build::{Desired, TRACK, Track, twin};
use crate::controller::cache::Key;
use crate::crd::Autoscaling;

/// On a Deployment: who holds `replicas`, `spec` or `autoscaler`.
const REPLICAS_OF: &str = "evolveai.dev/replicas";

/// The live Deployments of one part.
#[derive(Clone, Debug, Default)]
pub(super) struct Live {
    /// The first set.
    pub(super) stable: Option<Deployment>,
    /// The second.
    pub(super) next: Option<Deployment>,
    /// The Service.
    pub(super) service: Option<Service>,
    /// Whether it has no pods, and is to have none yet.
    pub(super) sleeps_on: bool,
}

/// What is to be done beside writing [`Desired`].
#[derive(Default)]
pub(super) struct Placing {
    /// Deployments that are not to be made yet.
    pub(super) skipped: HashSet<String>,
    /// The numbers of replicas that are to be handed over.
    pub(super) hand_overs: Vec<(Key, i32)>,
    /// The second sets.
    pub(super) next: Vec<Deployment>,
    /// Second sets that are neither written nor removed.
    pub(super) spared: Vec<String>,
}

/// Puts into each Deployment the pod template that it shall have now, and into each Service whom it chooses.
pub(super) fn place(
    bot: &EvolveBot,
    desired: &mut Desired,
    lives: &[Live; 2],
    course: &Course,
    is_held: bool,
    history: &History,
    pods: &Pods,
) -> Placing {
    let mut placing = Placing::default();
    let [api, telegram] = templates(course, history);
    let percent = bot.spec.rollout.canary.clone().unwrap_or_default().percent;
    let parts = [
        ("api", &mut desired.api, &mut desired.api_service, &bot.spec.api.autoscaling, api),
        ("bot", &mut desired.bot, &mut desired.bot_service, &bot.spec.bot.autoscaling, telegram),
    ];
    for ((component, deployment, service, autoscaling, instead), live) in parts.into_iter().zip(lives) {
        let second = match course.second {
            Second::Whole(_) if component == "bot" => Second::None,
            second => second,
        };
        if let Some(replicas) = size(second, deployment, live, percent) {
            placing.next.push(twin::deployment(deployment, replicas));
        }
        let track = match is_held {
            true => live.service.as_ref().and_then(track_of),
            false => chosen(second, live.next.is_some() || pods.has_next(component)),
        };
        if let Some(track) = track {
            *service = twin::narrow(std::mem::take(service), track);
        }
        placing.spared.extend(live.next.as_ref().filter(|_| is_held).map(kube::ResourceExt::name_any));
        let (live, sleeps_on) = (live.stable.as_ref(), live.sleeps_on);
        let instead = match instead {
            Template::Wanted => None,
            Template::Of(template) => Some(template.clone()),
            Template::AsIs(good) => live.map_or(good, |live| as_it_is(live, history)).cloned(),
        };
        match (instead, &mut deployment.spec) {
            (Some(template), Some(spec)) => spec.template = template,
            _ if course.first == First::AsIs => drop(placing.skipped.insert(deployment.name_any())),
            _ => {}
        }
        placing.hand_overs.extend(hand_over(deployment, live, autoscaling.as_ref(), sleeps_on));
    }
    placing
}

#[derive(Clone, Copy)]
enum Template<'a> {
    Wanted,
    Of(&'a PodTemplateSpec),
    /// The live one. Where there is none, since somebody deleted it, this: what is to come may be long in coming.
    AsIs(Option<&'a PodTemplateSpec>),
}

/// The template of `live`: as it was made, where that is known. With Kubernetes' defaults in it, it would be written anew.
fn as_it_is<'a>(live: &'a Deployment, history: &'a History) -> Option<&'a PodTemplateSpec> {
    let template = &live.spec.as_ref()?.template;
    Some(stamped(template).and_then(|hash| history.as_made(hash)).unwrap_or(template))
}

fn templates<'a>(course: &Course, history: &'a History) -> [Template<'a>; 2] {
    let good = course.status.last_good.as_deref().and_then(|good| history.good(good));
    let [api, bot] = good.map_or([None; 2], |good| good.map(Some)).map(Template::AsIs);
    let of = |hash: &str, instead| history.template(hash).map_or(instead, Template::Of);
    match &course.first {
        First::Wanted => [Template::Wanted; 2],
        First::Good(good) => [of(&good.api, api), of(&good.bot, bot)],
        First::GoodApi(good) => [of(&good.api, api), Template::Wanted],
        First::AsIs => [api, bot],
    }
}

/// How many pods a second set has, if there is to be one. It keeps the number that it began with, whatever the autoscaler
/// does to the first: a set that changes its size cannot be judged. Only while it does not serve yet, it grows with the
/// first.
fn size(second: Second, desired: &Deployment, live: &Live, percent: u32) -> Option<i32> {
    let replicas = |deployment: &Deployment| deployment.spec.as_ref()?.replicas;
    let first = live.stable.as_ref().and_then(replicas).or_else(|| replicas(desired)).unwrap_or(1).max(1);
    let template = |deployment: &Deployment| stamped(&deployment.spec.as_ref()?.template).map(str::to_owned);
    let begun = live.next.as_ref().filter(|next| template(next) == template(desired)).and_then(replicas);
    let begun = begun.filter(|replicas| *replicas > 0);
    match second {
        Second::None => None,
        Second::Share => Some(begun.unwrap_or_else(|| twin::share(first, percent))),
        Second::Whole(Track::Stable) => Some(first.max(begun.unwrap_or_default())),
        Second::Whole(Track::Next) => Some(begun.unwrap_or(first)),
    }
}

/// Which set a Service is narrowed to, if to one: a canary is chosen beside the first set; a second set that is on its way
/// out no longer is.
fn chosen(second: Second, is_there: bool) -> Option<Track> {
    match second {
        Second::Whole(track) => Some(track),
        Second::None if is_there => Some(Track::Stable),
        Second::None | Second::Share => None,
    }
}

/// As a Service is narrowed now.
fn track_of(service: &Service) -> Option<Track> {
    let chosen = service.spec.as_ref()?.selector.as_ref()?.get(TRACK)?;
    [Track::Stable, Track::Next].into_iter().find(|track| track.as_str() == chosen)
}

/// Marks who holds `replicas`; where that is no longer the spec, the number that must be handed over so that it does not
/// fall to one: what runs, or the autoscaler's fewest where nothing does.
///
/// Where an autoscaler shall hold it, two are held by the spec all the same: a Deployment that is new, which begins with the
/// autoscaler's fewest and not with the one pod of Kubernetes' default; and one that `sleeps_on`.
fn hand_over(
    desired: &mut Deployment,
    live: Option<&Deployment>,
    autoscaling: Option<&Autoscaling>,
    sleeps_on: bool,
) -> Option<(Key, i32)> {
    let fewest = autoscaling.map_or(1, |autoscaling| autoscaling.min_replicas);
    if let Some(spec) = &mut desired.spec {
        spec.replicas = match live {
            Some(_) if sleeps_on => Some(0),
            Some(_) => spec.replicas,
            None => spec.replicas.or(Some(fewest)),
        };
    }
    let is_autoscaled = desired.spec.as_ref().is_some_and(|spec| spec.replicas.is_none());
    let holder = if is_autoscaled { "autoscaler" } else { "spec" };
    desired.annotations_mut().insert(REPLICAS_OF.to_owned(), holder.to_owned());
    let live = live.filter(|_| is_autoscaled)?;
    if live.annotations().get(REPLICAS_OF).map(String::as_str) == Some(holder) {
        return None;
    }
    let running = live.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1);
    let key = Key::new(live.namespace().unwrap_or_default(), live.name_any());
    Some((key, running.max(fewest)))
}
