//! When Prometheus wakes somebody, where its operator is installed: what people who chat would notice.

use chrono::Duration;
use kube::core::{DynamicObject, TypeMeta};
use serde_json::{Value, json};

use super::backup::{DEADLINE, LATEST_START};
use super::period::longest_gap;
use super::{Cluster, labels, names};
use crate::crd::{Backup, EvolveBot};

/// The PrometheusRule of `bot`.
pub(super) fn build(bot: &EvolveBot, cluster: &Cluster) -> Option<DynamicObject> {
    let settings = &bot.spec.observability.alerts;
    if !(settings.enabled && cluster.has_prometheus) {
        return None;
    }
    let mut metadata = labels::owned(bot, bot.name().to_owned(), "alerts");
    metadata.labels.get_or_insert_default().extend(settings.labels.clone());
    Some(DynamicObject {
        types: Some(TypeMeta { api_version: "monitoring.coreos.com/v1".to_owned(), kind: "PrometheusRule".to_owned() }),
        metadata,
        data: json!({ "spec": { "groups": [{ "name": format!("evolve-{}", bot.name()), "rules": rules(bot) }] } }),
    })
}

/// The alert rules of `bot`, as a group of Prometheus has them.
#[must_use]
pub fn rules(bot: &EvolveBot) -> Vec<Value> {
    let (api, telegram) = (series(bot, &names::api(bot)), series(bot, &names::bot(bot)));
    let mut list = Vec::new();
    if !bot.spec.hibernated {
        list.push(rule(
            "EvolveApiDown",
            "critical",
            "5m",
            format!("absent(up{{{api}}} == 1)"),
            "No pod of the API answers: people get no answers. Look at `kubectl evolve status`.",
        ));
        list.push(rule(
            "EvolveBotDown",
            "critical",
            "5m",
            format!("absent(up{{{telegram}}} == 1)"),
            "No pod of the bot answers: messages wait at Telegram. Look at `kubectl evolve status`.",
        ));
    }
    list.push(rule(
        "EvolveApiErrors",
        "warning",
        "10m",
        format!(
            "sum(rate(http_requests_total{{{api},status=~\"5..\"}}[5m])) / sum(rate(http_requests_total{{{api}}}[5m])) > 0.05"
        ),
        "More than one request in twenty to the API fails. Its logs say why.",
    ));
    list.extend(of_payments(&api));
    list.extend(bot.spec.backup.as_ref().map(|backup| too_old(bot, backup)));
    list
}

/// What people were told that somebody looks into: nobody does who is not told. Each replica counts the same.
fn of_payments(api: &str) -> [Value; 2] {
    [
        rule(
            "EvolvePaymentsToDecide",
            "warning",
            "5m",
            format!("max(payments_to_decide{{{api}}}) > 0"),
            "Somebody wants a payment back, or paid for no offer of ours, and was told that it is looked into. \
             `GET /admin/payments` of the API lists what is to be decided.",
        ),
        rule(
            "EvolvePaymentsNotBooked",
            "warning",
            "15m",
            format!("max(payment_reports_waiting{{{api}}}) > 0"),
            "Telegram took a payment that the API cannot book, though it was tried again and again. The logs of the bot \
             and the API say why.",
        ),
    ]
}

/// That the last copy is older than the schedule lets one become; or that there is none, though there could be one since the
/// schedule was made.
fn too_old(bot: &EvolveBot, settings: &Backup) -> Value {
    // One that is never due shall be told too.
    let gap = longest_gap(&settings.schedule).unwrap_or_else(Duration::zero);
    let longest = gap.num_seconds() + LATEST_START + DEADLINE;
    let labels = format!("namespace=\"{}\",cronjob=\"{}\"", bot.namespace_name(), names::backup(bot));
    let [succeeded, made] =
        ["status_last_successful_time", "created"].map(|of| format!("kube_cronjob_{of}{{{labels}}}"));
    rule(
        "EvolveBackupOld",
        "warning",
        // Which is also what summer time may add.
        "1h",
        format!("time() - max by (namespace, cronjob) ({succeeded} or on (namespace, cronjob) {made}) > {longest}"),
        &format!(
            "No copy of the database was made for {} hours, which the schedule {} does not explain. `kubectl evolve backups \
             {}` lists those that were tried, and `kubectl evolve logs {2} --part backup` says why they failed.",
            longest / 3600,
            settings.schedule,
            bot.name()
        ),
    )
}

fn series(bot: &EvolveBot, service: &str) -> String {
    format!("namespace=\"{}\",service=\"{service}\"", bot.namespace_name())
}

fn rule(name: &str, severity: &str, lasting: &str, expression: String, summary: &str) -> Value {
    json!({
        "alert": name,
        "expr": expression,
        "for": lasting,
        "labels": { "severity": severity },
        "annotations": { "summary": summary },
    })
}
