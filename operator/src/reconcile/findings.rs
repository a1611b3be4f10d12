//! What a pass found out, as conditions: each says what is, why, and where something is wrong, how to mend it.

use k8s_openapi::api::apps::v1::Deployment;

use crate::EvolveBot;
use crate::apply::ApplyError;
use crate::build::{REFUSE, RETRY};
use crate::crd::{Refusal, RolloutPhase, RolloutStrategy};
use crate::dereference::Dereferenced;
use crate::plan::Plan;
use crate::plan::backups::{Backups, Newest};
use crate::plan::migration::Gate;
use crate::status::conditions::{ACCEPTED, BACKED_UP, Finding, MIGRATED, READY, RESOLVED, ROLLED_OUT};

/// The reason where the cluster does not know a kind that the bot asks for.
const KIND_MISSING: &str = "KindMissing";

/// All of them, the most telling one first.
pub(super) fn findings(
    bot: &EvolveBot,
    found: &Dereferenced,
    plan: &Plan,
    failure: Option<&ApplyError>,
    parts: &[Option<Deployment>; 2],
) -> Vec<Finding> {
    let mut findings = vec![Finding::yes(ACCEPTED, "Valid", "the spec can be followed"), resolved(found)];
    findings.push(migrated(plan));
    findings.push(rolled_out(bot, plan));
    findings.extend(plan.backups.as_ref().map(backed_up));
    findings.insert(0, ready(bot, failure, &findings, parts));
    findings
}

fn resolved(found: &Dereferenced) -> Finding {
    if !found.missing.is_empty() {
        return Finding::no(RESOLVED, "NotFound", found.missing.join("; "));
    }
    if !found.lacking.is_empty() {
        return Finding::no(RESOLVED, KIND_MISSING, found.lacking.join("; "));
    }
    Finding::yes(RESOLVED, "AllFound", "everything that the spec names is there")
}

fn migrated(plan: &Plan) -> Finding {
    match &plan.gate {
        Gate::Open => Finding::yes(MIGRATED, "Migrated", "the database fits the version"),
        Gate::Failed(message) => {
            let message = format!(
                "the migration failed, and the version before goes on: {message}. See `kubectl logs job/{}`; then change the \
                 spec, or set the annotation {} to any new value to try again",
                plan.names.migration, RETRY
            );
            Finding::no(MIGRATED, "MigrationFailed", message)
        }
        Gate::Missing if plan.is_held => {
            Finding::unknown(MIGRATED, "Waiting", "the migration begins when everything that the spec names is there")
        }
        Gate::Superseding(before) => {
            let message =
                format!("the Job {before}, of what was wanted before, is being stopped; then the migration begins");
            Finding::unknown(MIGRATED, "Stopping", message)
        }
        Gate::Missing | Gate::Running => match &plan.migration_trouble {
            None => Finding::unknown(MIGRATED, "Migrating", format!("the Job {} runs", plan.names.migration)),
            Some(trouble) => {
                let message = format!("the Job {} waits: {}", plan.names.migration, trouble.message);
                Finding { is_quiet: false, ..Finding::unknown(MIGRATED, trouble.reason, message) }
            }
        },
    }
}

fn rolled_out(bot: &EvolveBot, plan: &Plan) -> Finding {
    let status = &plan.course.status;
    let why = status.message.as_deref().unwrap_or("the rollout failed");
    match status.phase {
        RolloutPhase::Stable => match &plan.course.stuck {
            None => Finding::yes(ROLLED_OUT, "RolledOut", "the pods are as wanted, and ready"),
            Some(why) => Finding {
                is_quiet: false,
                ..Finding::yes(ROLLED_OUT, "NothingToGoBackTo", format!("{why}; remove the annotation {REFUSE}"))
            },
        },
        RolloutPhase::RollingBack => {
            Finding::no(ROLLED_OUT, "RollingBack", format!("{why}; going back to the last good version"))
        }
        RolloutPhase::RolledBack => {
            let mend = match status.reason {
                Some(Refusal::Request) => format!("until the annotation {REFUSE} is removed or the spec changes"),
                _ => format!("until the spec changes; set the annotation {RETRY} to any new value to try again"),
            };
            Finding::no(ROLLED_OUT, "RolledBack", format!("{why}; the last good version runs, {mend}"))
        }
        RolloutPhase::Migrating if plan.is_held => Finding::no_news(
            ROLLED_OUT,
            "Waiting",
            "the pods stay as they are until everything that they read is there",
        ),
        RolloutPhase::Migrating => Finding::no_news(ROLLED_OUT, "Waiting", "the pods are replaced after the migration"),
        phase => under_way(bot, plan, phase),
    }
}

fn under_way(bot: &EvolveBot, plan: &Plan, phase: RolloutPhase) -> Finding {
    let percent = bot.spec.rollout.canary.clone().unwrap_or_default();
    let (reason, what) = match phase {
        RolloutPhase::Staging if bot.spec.rollout.strategy == RolloutStrategy::Canary => {
            ("Staging", "the canary's pods are getting ready".to_owned())
        }
        RolloutPhase::Staging => {
            ("Staging", "a second set of the API's pods is getting ready, and has no requests yet".to_owned())
        }
        RolloutPhase::Canary => {
            let (share, seconds, most) = (percent.percent, percent.watch_seconds, percent.max_error_percent);
            let what = format!(
                "{share}% of the pods are new, and are watched for {seconds} seconds: they must stay ready, and at most \
                 {most}% of their requests may fail"
            );
            ("Canary", what)
        }
        RolloutPhase::Switched => {
            ("Switched", "the second set of the API's pods serves; the bot's pods are being replaced".to_owned())
        }
        RolloutPhase::Promoting => {
            ("Promoting", "the new pods have proved themselves; those before them are being replaced".to_owned())
        }
        _ => ("Rolling", "the pods are being replaced".to_owned()),
    };
    let also = plan.trouble.as_ref().map(|trouble| format!("; {}", trouble.message)).unwrap_or_default();
    match (&plan.course.stuck, &plan.trouble) {
        (Some(stuck), _) => {
            let reason = if phase == RolloutPhase::Canary { "CanaryStuck" } else { "DeadlineExceeded" };
            Finding::no(ROLLED_OUT, reason, format!("{stuck}{also}"))
        }
        (None, Some(trouble)) => Finding::no(ROLLED_OUT, trouble.reason, format!("{what}{also}")),
        (None, None) => Finding::no_news(ROLLED_OUT, reason, what),
    }
}

fn backed_up(backups: &Backups) -> Finding {
    match &backups.newest {
        Newest::Made => Finding::yes(BACKED_UP, "BackedUp", "the last copy of the database was made"),
        Newest::None => Finding::unknown(
            BACKED_UP,
            "NoneYet",
            "no copy of the database has been made yet; spec.backup.schedule says when",
        ),
        Newest::Failed(job, message) => {
            let message = format!(
                "the last copy of the database failed, and those before it are kept: {message}. See `kubectl logs \
                 job/{job}`, mend it, and the next one on spec.backup.schedule goes well"
            );
            Finding::no(BACKED_UP, "BackupFailed", message)
        }
        Newest::Waits(job, trouble) => {
            Finding::no(BACKED_UP, trouble.reason, format!("the Job {job} waits: {}", trouble.message))
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
        let reason = if missing.reason == KIND_MISSING { KIND_MISSING } else { "ReferencesNotFound" };
        return Finding::no(READY, reason, missing.message.clone());
    }
    if bot.spec.hibernated {
        return Finding::no_news(READY, "Hibernated", "no pod runs; set spec.hibernated to false to wake it");
    }
    let serves = parts.iter().all(|part| part.as_ref().is_some_and(is_serving));
    if !serves {
        let blocking = [MIGRATED, ROLLED_OUT].into_iter().filter_map(of).find(|finding| finding.holds != Some(true));
        let why = blocking.map_or("the pods are not ready yet".to_owned(), |finding| finding.message.clone());
        return Finding::no_news(READY, "NotServing", why);
    }
    let unfinished = [MIGRATED, ROLLED_OUT].into_iter().filter_map(of).filter(|finding| finding.holds != Some(true));
    match unfinished.into_iter().find(|finding| !finding.is_quiet) {
        Some(finding) => Finding::yes(READY, "Degraded", format!("it serves, but {}", finding.message)),
        None => Finding::yes(READY, "Serving", "API and bot are ready"),
    }
}

fn is_serving(part: &Deployment) -> bool {
    part.status.as_ref().and_then(|status| status.available_replicas).unwrap_or_default() > 0
}
