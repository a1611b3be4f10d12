//! What a pass found out, as conditions: each says what is, why, and where something is wrong, how to mend it.

use k8s_openapi::api::apps::v1::Deployment;

use crate::EvolveBot;
use crate::apply::ApplyError;
use crate::build::{REFUSE, RETRY, names};
use crate::crd::{Refusal, RolloutPhase, RolloutStrategy};
use crate::dereference::Dereferenced;
use crate::plan::Plan;
use crate::plan::backups::{Backups, Newest, Restore};
use crate::plan::migration::Gate;
use crate::status::conditions::{ACCEPTED, BACKED_UP, Finding, MIGRATED, READY, RESOLVED, ROLLED_OUT};

/// The reason where a Secret or ConfigMap, or an entry of one, is not there.
const REFERENCES_MISSING: &str = "ReferencesNotFound";
/// The reason while nobody is to be served.
const HIBERNATED: &str = "Hibernated";

/// The reason where the cluster does not know a kind that the bot asks for.
const KIND_MISSING: &str = "KindMissing";

/// What came of the plan.
pub(super) struct Written<'a> {
    /// What was refused.
    pub(super) refused: &'a [ApplyError],
    /// Whether the migration's Job is there.
    pub(super) has_begun: bool,
}

impl Written<'_> {
    /// What was refused, as a person is told of it.
    fn why(&self) -> Option<String> {
        let [first, rest @ ..] = self.refused else { return None };
        let rest: Vec<_> = rest.iter().map(|error| format!("{} {}", error.kind, error.name)).collect();
        Some(if rest.is_empty() { first.to_string() } else { format!("{first}; nor the {}", rest.join(", the ")) })
    }
}

/// All of them, the most telling one first.
pub(super) fn findings(
    bot: &EvolveBot,
    found: &Dereferenced,
    plan: &Plan,
    written: Written<'_>,
    parts: &[Option<Deployment>; 2],
) -> Vec<Finding> {
    let mut findings = vec![Finding::yes(ACCEPTED, "Valid", "the spec can be followed"), resolved(found)];
    findings.push(migrated(plan, &written));
    findings.push(rolled_out(bot, plan));
    findings.extend(plan.backups.as_ref().map(|backups| backed_up(bot, backups, &found.missing_for_backup)));
    let ready = match written.why() {
        Some(why) => apply_failed(bot, why, parts),
        None => ready(bot, plan, &findings, parts),
    };
    findings.insert(0, ready);
    findings
}

fn resolved(found: &Dereferenced) -> Finding {
    let missing: Vec<&str> = found.missing.iter().chain(&found.missing_for_backup).map(String::as_str).collect();
    if !missing.is_empty() {
        return Finding::no(RESOLVED, "NotFound", missing.join("; "));
    }
    if !found.lacking.is_empty() {
        return Finding::no(RESOLVED, KIND_MISSING, found.lacking.join("; "));
    }
    Finding::yes(RESOLVED, "AllFound", "everything that the spec names is there")
}

fn migrated(plan: &Plan, written: &Written<'_>) -> Finding {
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
        Gate::Missing if !written.has_begun => {
            let why = written.why().unwrap_or_default();
            Finding::unknown(MIGRATED, "NotStarted", format!("the migration could not begin: {why}"))
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
        _ if plan.is_held => Finding::no_news(
            ROLLED_OUT,
            "Waiting",
            "the pods stay as they are until everything that they read is there",
        ),
        RolloutPhase::Stable => match &plan.course.stuck {
            None => Finding::yes(ROLLED_OUT, "RolledOut", "all pods are of the wanted version"),
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

fn backed_up(bot: &EvolveBot, backups: &Backups, missing: &[String]) -> Finding {
    if !missing.is_empty() {
        let message = format!("{}; until then, no copy of the database can be made", missing.join("; "));
        return Finding::no(BACKED_UP, REFERENCES_MISSING, message);
    }
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
        Newest::Old(made, oldest) => {
            let made = made.as_ref().map_or_else(
                || "no copy of the database was ever made".to_owned(),
                |made| format!("the last good copy of the database is of {}", made.0),
            );
            let message = format!(
                "{made}, and by the schedule there is one each {} hours at the latest: `kubectl describe cronjob {}` says \
                 why none was tried, and `kubectl evolve backup {}` makes one now",
                oldest / 3600,
                names::backup(bot),
                bot.name()
            );
            Finding::no(BACKED_UP, "BackupOld", message)
        }
    }
}

/// That not everything could be written. No other condition says so: where it serves all the same, this is a warning.
fn apply_failed(bot: &EvolveBot, message: String, parts: &[Option<Deployment>; 2]) -> Finding {
    match serves(bot, parts) {
        true => Finding { is_quiet: false, ..degraded(&message) },
        false => Finding::no(READY, "ApplyFailed", message),
    }
}

/// That it serves, or the first thing that is in the way.
fn ready(bot: &EvolveBot, plan: &Plan, findings: &[Finding], parts: &[Option<Deployment>; 2]) -> Finding {
    let of = |about| findings.iter().find(|finding| finding.about == about && finding.holds != Some(true));
    // In a rollout, the rollout's own condition says it.
    let trouble = plan.trouble.as_ref().filter(|_| plan.course.status.phase == RolloutPhase::Stable);
    if serves(bot, parts) {
        let unfinished = [RESOLVED, MIGRATED, ROLLED_OUT].into_iter().filter_map(of).find(|finding| !finding.is_quiet);
        return match (unfinished, trouble) {
            (Some(finding), _) => degraded(&finding.message),
            (None, Some(trouble)) => Finding { is_quiet: false, ..degraded(&trouble.message) },
            (None, None) => Finding::yes(READY, "Serving", "API and bot are ready"),
        };
    }
    match of(RESOLVED) {
        Some(lacking) if lacking.reason == KIND_MISSING => {
            return Finding::no(READY, KIND_MISSING, lacking.message.clone());
        }
        Some(missing) if plan.is_held => return Finding::no(READY, REFERENCES_MISSING, missing.message.clone()),
        _ => {}
    }
    if bot.spec.hibernated {
        return Finding::no_news(READY, HIBERNATED, asleep(plan));
    }
    let blocking = [MIGRATED, ROLLED_OUT].into_iter().find_map(of).map(|finding| finding.message.clone());
    let why = blocking.or_else(|| trouble.map(|trouble| trouble.message.clone()));
    let why = why.unwrap_or_else(|| match parts.iter().position(|part| !part.as_ref().is_some_and(is_serving)) {
        Some(0) => not_ready(&plan.names.api),
        _ => not_ready(&plan.names.bot),
    });
    // One that is new, or wakes, is not ready by the way of things; one that served has stopped.
    let before = bot.status.iter().flat_map(|status| &status.conditions).find(|known| known.type_ == READY);
    let wakes = before.is_some_and(|before| before.reason == HIBERNATED);
    let is_quiet = wakes || plan.course.status.last_good.is_none();
    Finding { is_quiet, ..Finding::no(READY, "NotServing", why) }
}

/// What to do about a bot that sleeps: it may sleep for a restore.
fn asleep(plan: &Plan) -> String {
    let restore = plan.backups.as_ref().and_then(|backups| backups.restore.as_ref());
    match restore {
        Some(Restore::Runs(job)) => format!(
            "no pod runs; the Job {job} puts a copy of the database in place, and the migration follows by itself: wait \
             for both, then set spec.hibernated to false to wake it"
        ),
        Some(Restore::Done(job)) if plan.gate != Gate::Open => format!(
            "no pod runs; the Job {job} has put a copy of the database in place, and the migration brings it to the bot's \
             version: wait for {}, then set spec.hibernated to false to wake it",
            plan.names.migration
        ),
        Some(Restore::Failed(job)) => format!(
            "no pod runs; the restore failed, and the database is as it was before (`kubectl logs job/{job}` says why): \
             mend that and restore again, or set spec.hibernated to false to wake it"
        ),
        Some(Restore::Done(_)) | None => "no pod runs; set spec.hibernated to false to wake it".to_owned(),
    }
}

fn not_ready(deployment: &str) -> String {
    format!(
        "the pods are not ready yet; if it lasts, see `kubectl describe deployment/{deployment}` and `kubectl logs \
         deployment/{deployment}`"
    )
}

fn degraded(why: &str) -> Finding {
    Finding::yes(READY, "Degraded", format!("it serves, but {why}"))
}

fn serves(bot: &EvolveBot, parts: &[Option<Deployment>; 2]) -> bool {
    !bot.spec.hibernated && parts.iter().all(|part| part.as_ref().is_some_and(is_serving))
}

fn is_serving(part: &Deployment) -> bool {
    part.status.as_ref().and_then(|status| status.available_replicas).unwrap_or_default() > 0
}
