//! When Prometheus wakes somebody, where its operator is installed. What people who chat notice is critical, and wakes
//! somebody; what they would notice later is a warning, and waits for the morning.

mod machinery;
mod people;

use kube::core::{DynamicObject, TypeMeta};
use serde_json::{Value, json};

use super::{Cluster, labels, names};
use crate::crd::EvolveBot;

/// The page that runbook links lead to where a bot names no other: a heading for each alert.
const RUNBOOK: &str = "https://github.com/evolveai/evolve/blob/main/docs/troubleshooting.md";

/// Somebody is woken.
const CRITICAL: &str = "critical";
/// Somebody looks in the morning.
const WARNING: &str = "warning";

/// An alert, but for what all alerts of a bot share.
struct Alert {
    name: &'static str,
    severity: &'static str,
    /// How long the expression holds before anybody is told, such as `5m`.
    lasting: &'static str,
    /// A series for each thing that is wrong.
    expression: String,
    /// What is wrong: after the bot's name and a colon.
    summary: String,
    /// What to do.
    description: String,
}

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
    let alerts = people::alerts(bot, &api, &telegram).into_iter().chain(machinery::alerts(bot, &api, &telegram));
    alerts.map(|alert| alert.of(bot)).collect()
}

impl Alert {
    /// The labels say whose it is: expressions have none left, and what is alike in two bots would be told once.
    fn of(self, bot: &EvolveBot) -> Value {
        let runbook = bot.spec.observability.alerts.runbook_url.as_deref().unwrap_or(RUNBOOK);
        // Annotations are templates, in which Prometheus would answer whoever may write an EvolveBot about anybody's series.
        let runbook = runbook.replace('{', "%7B").replace('}', "%7D");
        json!({
            "alert": self.name,
            "expr": self.expression,
            "for": self.lasting,
            "labels": { "severity": self.severity, "namespace": bot.namespace_name(), "bot": bot.name() },
            "annotations": {
                "summary": format!("{}: {}", bot.name(), self.summary),
                "description": self.description,
                "runbook_url": format!("{runbook}#{}", self.name.to_lowercase()),
            },
        })
    }
}

/// What finds the series of a Service's pods.
fn series(bot: &EvolveBot, service: &str) -> String {
    format!("namespace=\"{}\",service=\"{service}\"", bot.namespace_name())
}
