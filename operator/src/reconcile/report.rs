//! What a pass has to say: the status, and the findings that become conditions and events.

use k8s_openapi::api::apps::v1::Deployment;

use crate::EvolveBot;
use crate::apply::ApplyError;
use crate::controller::cache::Cache;
use crate::crd::{EvolveBotStatus, MigrationPhase, MigrationStatus, PartStatus, RolloutPhase};
use crate::dereference::Dereferenced;
use crate::plan::migration::Gate;
use crate::plan::{Plan, live_deployment};
use crate::status::conditions::{ACCEPTED, Finding, MIGRATED, READY, RESOLVED, ROLLED_OUT};

/// What a pass has to say.
pub(super) struct Report {
    /// Become conditions and events.
    pub findings: Vec<Finding>,
    /// All but its conditions and generation.
    pub status: EvolveBotStatus,
}

/// Of a bot that is to be left alone: what was known stays known.
pub(super) fn paused(bot: &EvolveBot) -> Report {
    let message = "nothing is changed or mended while spec.paused is true";
    let status = EvolveBotStatus {
        next_step: Some("set spec.paused to false to go on".to_owned()),
        ..bot.status.clone().unwrap_or_default()
    };
    Report { findings: vec![Finding::unknown(READY, "Paused", message)], status }
}

/// Of a bot whose spec cannot be followed.
pub(super) fn refused(bot: &EvolveBot, problems: &[String]) -> Report {
    let message = problems.join("; ");
    let status = EvolveBotStatus { next_step: Some(message.clone()), ..bot.status.clone().unwrap_or_default() };
    let findings = vec![Finding::no(ACCEPTED, "Invalid", message.clone()), Finding::no(READY, "Invalid", message)];
    Report { findings, status }
}

/// Of a bot in whose namespace the operator has not all its rights. What runs goes on, unseen.
pub(super) fn forbidden(bot: &EvolveBot, why: String) -> Report {
    let status = EvolveBotStatus { next_step: Some(why.clone()), ..bot.status.clone().unwrap_or_default() };
    let finding = Finding { is_quiet: false, ..Finding::unknown(READY, "Forbidden", why) };
    Report { findings: vec![finding], status }
}

/// Of a pass that went all the way.
pub(super) fn report(
    bot: &EvolveBot,
    found: &Dereferenced,
    plan: &Plan,
    failure: Option<&ApplyError>,
    cache: &Cache,
) -> Report {
    let parts = [&plan.names.api, &plan.names.bot].map(|name| live_deployment(cache, bot, name));
    let mut findings = vec![Finding::yes(ACCEPTED, "Valid", "the spec can be followed"), resolved(found)];
    findings.push(migrated(plan));
    findings.push(rolled_out(plan));
    let ready = ready(bot, failure, &findings, &parts);
    let next_step = (ready.holds != Some(true)).then(|| ready.message.clone());
    findings.insert(0, ready);
    let before = bot.status.clone().unwrap_or_default();
    let mut rollout = plan.course.status.clone();
    let since =
        before.rollout.as_ref().filter(|known| known.phase == rollout.phase).and_then(|known| known.since.clone());
    rollout.since = since.or_else(|| Some(k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(now())));
    let version = if rollout.phase == RolloutPhase::Stable { bot.spec.version.clone() } else { before.version.clone() };
    let [api, telegram] = parts.map(|part| part.as_ref().map(part_status));
    let status = EvolveBotStatus {
        next_step,
        version,
        api,
        bot: telegram,
        migration: migration_status(plan),
        rollout: Some(rollout),
        backup: before.backup,
        ..EvolveBotStatus::default()
    };
    Report { findings, status }
}

/// Seconds are enough for people, and all that the API server keeps.
fn now() -> k8s_openapi::jiff::Timestamp {
    let now = k8s_openapi::jiff::Timestamp::now();
    k8s_openapi::jiff::Timestamp::from_second(now.as_second()).unwrap_or(now)
}

fn resolved(found: &Dereferenced) -> Finding {
    if found.missing.is_empty() {
        return Finding::yes(RESOLVED, "AllFound", "everything that the spec names is there");
    }
    Finding::no(RESOLVED, "NotFound", found.missing.join("; "))
}

fn migrated(plan: &Plan) -> Finding {
    match &plan.gate {
        Gate::Open => Finding::yes(MIGRATED, "Migrated", "the database fits the version"),
        Gate::Failed(message) => {
            let message = format!(
                "the migration failed, and the version before goes on: {message}. See `kubectl logs job/{}`; then change the \
                 spec, or set the annotation {} to any new value to try again",
                plan.names.migration,
                crate::build::RETRY
            );
            Finding::no(MIGRATED, "MigrationFailed", message)
        }
        Gate::Missing if plan.is_held => {
            Finding::unknown(MIGRATED, "Waiting", "the migration begins when everything that the spec names is there")
        }
        Gate::Missing | Gate::Running => {
            Finding::unknown(MIGRATED, "Migrating", format!("the Job {} runs", plan.names.migration))
        }
    }
}

fn rolled_out(plan: &Plan) -> Finding {
    match plan.course.status.phase {
        RolloutPhase::Stable => Finding::yes(ROLLED_OUT, "RolledOut", "the pods are as wanted, and ready"),
        RolloutPhase::RollingBack => {
            let why = plan.course.rollback.as_deref().unwrap_or("the rollout was not ready in its deadline");
            Finding::no(ROLLED_OUT, "RollingBack", format!("{why}; going back to the last good version"))
        }
        RolloutPhase::RolledBack => Finding::no(
            ROLLED_OUT,
            "RolledBack",
            "the rollout was not ready in its deadline; the last good version runs, and stays until the spec changes",
        ),
        RolloutPhase::Migrating => Finding::no_news(ROLLED_OUT, "Waiting", "the pods are replaced after the migration"),
        RolloutPhase::Rolling | RolloutPhase::Staging | RolloutPhase::Canary => {
            let overdue = plan.overdue.as_deref();
            let message = overdue.unwrap_or("the pods are being replaced");
            match overdue {
                Some(message) => Finding::no(ROLLED_OUT, "DeadlineExceeded", message),
                None => Finding::no_news(ROLLED_OUT, "Rolling", message),
            }
        }
    }
}

/// The first thing that is in the way, or that it serves.
fn ready(
    bot: &EvolveBot,
    failure: Option<&ApplyError>,
    findings: &[Finding],
    parts: &[Option<Deployment>; 2],
) -> Finding {
    if let Some(failure) = failure {
        return Finding::no(READY, "ApplyFailed", failure.to_string());
    }
    let of = |about| findings.iter().find(|finding| finding.about == about);
    if let Some(missing) = of(RESOLVED).filter(|finding| finding.holds == Some(false)) {
        return Finding::no(READY, "ReferencesNotFound", missing.message.clone());
    }
    if bot.spec.hibernated {
        return Finding::no_news(READY, "Hibernated", "no pod runs; set spec.hibernated to false to wake it");
    }
    let serves = parts.iter().all(|part| part.as_ref().is_some_and(is_serving));
    if !serves {
        let blocking = of(MIGRATED).filter(|finding| finding.holds != Some(true));
        let why = blocking.map_or("the pods are not ready yet".to_owned(), |finding| finding.message.clone());
        return Finding::no_news(READY, "NotServing", why);
    }
    let unfinished = [MIGRATED, ROLLED_OUT].into_iter().filter_map(of).find(|finding| finding.holds == Some(false));
    match unfinished.filter(|finding| !finding.is_quiet) {
        Some(finding) => Finding::yes(READY, "Degraded", format!("it serves, but {}", finding.message)),
        None => Finding::yes(READY, "Serving", "API and bot are ready"),
    }
}

fn is_serving(part: &Deployment) -> bool {
    part.status.as_ref().and_then(|status| status.available_replicas).unwrap_or_default() > 0
}

fn part_status(part: &Deployment) -> PartStatus {
    let wanted = part.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1);
    let status = part.status.as_ref();
    let ready = status.and_then(|status| status.ready_replicas).unwrap_or_default();
    let selector = part.spec.as_ref().and_then(|spec| spec.selector.match_labels.as_ref());
    let selector = selector.into_iter().flatten().map(|(name, value)| format!("{name}={value}"));
    PartStatus {
        replicas: status.and_then(|status| status.replicas).unwrap_or_default(),
        ready_replicas: ready,
        ready: format!("{ready}/{wanted}"),
        selector: selector.collect::<Vec<_>>().join(","),
    }
}

fn migration_status(plan: &Plan) -> Option<MigrationStatus> {
    let (phase, message) = match &plan.gate {
        Gate::Open => (MigrationPhase::Succeeded, None),
        Gate::Failed(message) => (MigrationPhase::Failed, Some(message.clone())),
        Gate::Missing | Gate::Running => (MigrationPhase::Running, None),
    };
    Some(MigrationStatus { job: plan.names.migration.clone(), phase, message })
}
