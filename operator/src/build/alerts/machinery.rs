//! What people notice later: something is left alone, waits, is nearly used up, or was not done.

use chrono::Duration;

use super::{Alert, CRITICAL, WARNING, names, series};
use crate::apply::differs::amount;
use crate::build::backup::{DEADLINE, LATEST_START};
use crate::build::container;
use crate::build::part::Part;
use crate::build::period::longest_gap;
use crate::crd::{Backup, EvolveBot};

/// `api` and `telegram` find the series of the two parts.
pub(super) fn alerts(bot: &EvolveBot, api: &str, telegram: &str) -> Vec<Alert> {
    let mut list = vec![breaker(bot)];
    list.extend(queues(telegram));
    list.push(pool(bot));
    list.extend(memory(bot));
    list.extend([files(bot), pods(bot)]);
    list.push(job(api));
    list.extend(bot.spec.backup.as_ref().map(|backup| too_old(bot, backup, api)));
    list
}

/// What finds the series of both parts' pods.
fn both(bot: &EvolveBot) -> String {
    format!("namespace=\"{}\",service=~\"{}|{}\"", bot.namespace_name(), names::api(bot), names::bot(bot))
}

/// An open one is tried again after a minute, and what is tried is not open: so it counts as open for five. One that opened once
/// is over before anybody is told.
fn breaker(bot: &EvolveBot) -> Alert {
    Alert {
        name: "EvolveBreakerOpen",
        severity: WARNING,
        lasting: "10m",
        expression: format!("max by (breaker, name) (max_over_time(circuit_breaker_state{{{}}}[5m])) == 2", both(bot)),
        summary: "{{ $labels.name }} ({{ $labels.breaker }}) fails again and again, and is left alone".to_owned(),
        description: "`/ready` of a pod shows it, and the log says what it answers. A refused key or a used-up quota is mended in \
                      its Secret or at the provider; what is overloaded closes by itself."
            .to_owned(),
    }
}

/// Every replica shows the same. A broadcast waits in the outbox behind whatever is more urgent, and counts in no age.
fn queues(telegram: &str) -> [Alert; 2] {
    [
        Alert {
            name: "EvolveInboxOld",
            severity: CRITICAL,
            lasting: "10m",
            expression: format!("max(telegram_inbox_oldest_seconds{{{telegram}}}) > 300"),
            summary: "somebody's message has waited for more than five minutes".to_owned(),
            description: "`telegram_inbox_failures_total` by reason says whether the API does not answer; if nothing fails, the bot \
                          has too few workers: raise spec.bot.workers or its replicas."
                .to_owned(),
        },
        Alert {
            name: "EvolveOutboxOld",
            severity: WARNING,
            lasting: "15m",
            expression: format!("max(telegram_outbox_oldest_seconds{{{telegram}}}) > 900"),
            summary: "what is owed to somebody has waited for more than a quarter of an hour".to_owned(),
            description: "`telegram_outbox_failures_total` by reason says what Telegram answers; 429 passes by itself. Broadcasts do \
                          not count."
                .to_owned(),
        },
    ]
}

/// Of what it may have, not of what is open: a pool opens connections as it needs them, and all of one may be in use.
fn pool(bot: &EvolveBot) -> Alert {
    let of = both(bot);
    Alert {
        name: "EvolvePoolBusy",
        severity: WARNING,
        lasting: "10m",
        expression: format!(
            "max by (service, pod) (database_connection_pool_in_use{{{of}}} / database_connection_pool_max{{{of}}}) > 0.8"
        ),
        summary: "{{ $labels.pod }} uses more than four fifths of its connections to Postgres".to_owned(),
        description: "Soon its callers wait for one. Look for who holds a lock and for slow statements (`GET \
                      /admin/db_metrics`), and only then raise spec.database.poolSize."
            .to_owned(),
    }
}

/// The limit is the one that is in the pods. Where there is none the node's memory is, which is not ours to tell of.
fn memory(bot: &EvolveBot) -> Option<Alert> {
    let parts = [Part::api(bot, &[]), Part::bot(bot, &[])];
    let near: Vec<String> = parts
        .iter()
        .filter_map(|part| {
            let limit = container::resources(part.pod.resources.as_ref(), &part.resources).limits?.remove("memory")?;
            let nine_tenths = amount(&limit.0)? / 1_000_000_000 * 9 / 10;
            let of = series(bot, &part.name);
            Some(format!("max by (service, pod) (process_resident_memory_bytes{{{of}}}) > {nine_tenths}"))
        })
        .collect();
    (!near.is_empty()).then(|| Alert {
        name: "EvolveMemoryNearlyUsedUp",
        severity: WARNING,
        lasting: "10m",
        expression: near.join(" or "),
        summary: "{{ $labels.pod }} has more than nine tenths of the memory that it may have".to_owned(),
        description: "At its limit it is ended (OOMKilled), and others do again what it was at. Raise \
                      spec.api.pod.resources.limits.memory, or spec.bot.pod's, or let more pods share the work."
            .to_owned(),
    })
}

/// Sockets are among them: one for each person who waits.
fn files(bot: &EvolveBot) -> Alert {
    let of = both(bot);
    Alert {
        name: "EvolveFilesNearlyUsedUp",
        severity: WARNING,
        lasting: "10m",
        expression: format!("max by (service, pod) (process_open_fds{{{of}}} / process_max_fds{{{of}}}) > 0.8"),
        summary: "{{ $labels.pod }} has opened more than four fifths of the files and sockets that it may".to_owned(),
        description: "Soon it takes no more connections and makes none. `http_requests_in_progress` says whether so many wait; else the \
                      pod leaks them: delete it, and tell who makes it."
            .to_owned(),
    }
}

/// While another one answers, nobody notices more than a connection that breaks; so it goes on for days where nobody is told. A
/// rollout's pods are others.
fn pods(bot: &EvolveBot) -> Alert {
    let of = both(bot);
    Alert {
        name: "EvolvePodFails",
        severity: WARNING,
        lasting: "10m",
        expression: format!(
            "max by (service, pod) (changes(process_start_time_seconds{{{of}}}[1h])) >= 3 or \
             max by (service, pod) (avg_over_time(up{{{of}}}[15m])) < 0.3"
        ),
        summary: "{{ $labels.pod }} ends again and again, or does not answer".to_owned(),
        description: format!(
            "`kubectl evolve status {0} --namespace {1}` says why it was ended, and `kubectl evolve logs {0} --namespace {1} \
             --previous` has its last words. Others do its work meanwhile, as far as there are any.",
            bot.name(),
            bot.namespace_name()
        ),
    }
}

/// A job that failed is tried again at once, and then each quarter of an hour: one that went well since is none. What the API calls
/// `job` Prometheus calls `exported_job`, since `job` is its own word for what it scrapes.
fn job(api: &str) -> Alert {
    let runs = |outcomes: &str| {
        format!("sum by (exported_job) (increase(job_runs_total{{{api},outcome=~\"{outcomes}\"}}[30m])) > 0")
    };
    Alert {
        name: "EvolveJobFailed",
        severity: WARNING,
        lasting: "15m",
        expression: format!("{} unless on (exported_job) {}", runs("failed|lost"), runs("done|unfinished")),
        summary: "the job {{ $labels.exported_job }} of the API fails each time it is tried".to_owned(),
        description:
            "`GET /admin/scheduler_status`, and the panel's page of jobs, say why. Nothing is lost: it is tried again \
                      each quarter of an hour."
                .to_owned(),
    }
}

/// That the last copy is older than the schedule lets one become; or that there is none, though there could be one since the
/// schedule was made. Where nobody tells how CronJobs fare, the API does of the copies that were written down, or of how long there
/// has been none. A copy is good that could not be written down, so that the API is not asked where both could tell.
/// Replicas look by turns: the least of what they say is of the one that looked last.
fn too_old(bot: &EvolveBot, settings: &Backup, api: &str) -> Alert {
    // One that is never due shall be told too.
    let gap = longest_gap(&settings.schedule).unwrap_or_else(Duration::zero);
    let longest = gap.num_seconds() + LATEST_START + DEADLINE;
    let labels = format!("namespace=\"{}\",cronjob=\"{}\"", bot.namespace_name(), names::backup(bot));
    let [succeeded, made] =
        ["status_last_successful_time", "created"].map(|of| format!("kube_cronjob_{of}{{{labels}}}"));
    let by_cluster = format!("time() - max({succeeded} or on (namespace, cronjob) {made})");
    Alert {
        name: "EvolveBackupOld",
        severity: WARNING,
        // Which is also what summer time may add.
        lasting: "1h",
        expression: format!("({by_cluster} or min(backup_age_seconds{{{api}}})) > {longest}"),
        summary: format!(
            "no copy of the database was made for {} hours, which the schedule {} does not explain",
            longest / 3600,
            settings.schedule
        ),
        description: format!(
            "`kubectl evolve backups {0} --namespace {1}` lists those that were tried, and `kubectl evolve logs {0} --namespace {1} \
             --part backup` says why they failed.",
            bot.name(),
            bot.namespace_name()
        ),
    }
}
