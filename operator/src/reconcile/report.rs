//! What a pass has to say: the status, and the findings that become conditions and events.

use k8s_openapi::api::apps::v1::Deployment;

use crate::EvolveBot;
use crate::apply::ApplyError;
use crate::controller::cache::{Cache, Depth, Key};
use crate::controller::kinds::Kind;
use crate::crd::{EvolveBotStatus, MigrationPhase, MigrationStatus, PartStatus, RolloutPhase};
use crate::dereference::Dereferenced;
use crate::plan::migration::Gate;
use crate::plan::{Plan, live_deployment};
use crate::status::conditions::{ACCEPTED, Finding, READY};

use super::findings::{Written, findings};

/// What a pass has to say.
pub(super) struct Report {
    /// Become conditions and events.
    pub findings: Vec<Finding>,
    /// All but its generation; of its conditions, those that stay where no finding is about them.
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

/// Of a bot that this version of the operator cannot read.
pub(super) fn unreadable(bot: &EvolveBot, why: &str) -> Report {
    let message = format!(
        "{why}; the operator, version {}, cannot read this: correct the field, or upgrade the operator if a newer one knows it. \
         What runs is left as it is",
        env!("CARGO_PKG_VERSION")
    );
    let status = EvolveBotStatus { next_step: Some(message.clone()), ..bot.status.clone().unwrap_or_default() };
    let findings =
        vec![Finding::no(ACCEPTED, "Unreadable", message.clone()), Finding::no(READY, "Unreadable", message)];
    Report { findings, status }
}

/// Of a pass that went all the way.
pub(super) fn report(
    bot: &EvolveBot,
    found: &Dereferenced,
    plan: &Plan,
    refused: &[ApplyError],
    cache: &Cache,
) -> Report {
    let parts = [&plan.names.api, &plan.names.bot].map(|name| live_deployment(cache, bot, name));
    let job = Key::new(bot.namespace_name(), &plan.names.migration);
    let has_begun = cache.get((Kind::Job, Depth::Owned), &job).is_some();
    let findings = findings(bot, found, plan, Written { refused, has_begun }, &parts);
    let next_step = findings.iter().find(|finding| finding.needs_somebody()).map(|finding| finding.message.clone());
    let before = bot.status.clone().unwrap_or_default();
    let rollout = plan.course.status.clone();
    let version = match rollout.phase {
        // It may be another one that waits.
        _ if plan.is_held => before.version,
        RolloutPhase::Stable => bot.spec.version.clone(),
        RolloutPhase::RolledBack => plan.version_before.clone().or(before.version),
        _ => before.version,
    };
    let [api, telegram] = parts.map(|part| part.as_ref().map(part_status));
    let status = EvolveBotStatus {
        next_step,
        version,
        api,
        bot: telegram,
        migration: migration_status(plan, has_begun),
        rollout: Some(rollout),
        backup: plan.backups.as_ref().map(|backups| backups.status.clone()),
        ..EvolveBotStatus::default()
    };
    Report { findings, status }
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

fn migration_status(plan: &Plan, has_begun: bool) -> Option<MigrationStatus> {
    let (phase, message) = match &plan.gate {
        Gate::Open => (MigrationPhase::Succeeded, None),
        Gate::Failed(message) => (MigrationPhase::Failed, Some(message.clone())),
        Gate::Missing | Gate::Superseding(_) if !has_begun => (MigrationPhase::Waiting, None),
        Gate::Missing | Gate::Superseding(_) | Gate::Running => (MigrationPhase::Running, None),
    };
    Some(MigrationStatus { job: plan.names.migration.clone(), phase, message })
}
