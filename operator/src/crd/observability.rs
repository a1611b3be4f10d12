//! Logs, traces, metrics, alerts.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::reference::SecretKeyRef;
use super::rules::{URL, all, http_url, labels, rules, texts};

/// A word that is no level would be taken for a module's name, and all lines but that module's be lost.
fn levels() -> String {
    const ONE: &str = "([A-Za-z_][A-Za-z0-9_:-]*=)?(error|warn|info|debug|trace|off)";
    format!("self.matches('(?i)^{ONE}(,{ONE})*$')")
}

/// Labels of what Prometheus' operator reads: not those by which our own finds what it made.
fn chosen_by() -> Value {
    all([
        labels(),
        rules(&[(
            "self.all(name, !(name in ['app.kubernetes.io/component', 'app.kubernetes.io/instance', 'app.kubernetes.io/managed-by']))",
            "app.kubernetes.io/component, instance and managed-by are the operator's: let Prometheus choose by another label",
        )]),
    ])
}

/// Logs, traces, metrics, alerts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Observability {
    /// A level (`INFO`), or a filter such as `info,evolve_store=debug`.
    #[schemars(length(min = 1, max = 200), extend("x-kubernetes-validations" = rules(&[
        (&levels(), "must be a level such as INFO, or a filter such as info,evolve_store=debug; levels are error, warn, info, debug, trace and off"),
    ])))]
    pub log_level: String,
    /// How a line looks.
    pub log_format: LogFormat,
    /// Traces; none are sent when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tracing: Option<Tracing>,
    /// The DSN of a Sentry project for errors; none are sent when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sentry_dsn_secret_ref: Option<SecretKeyRef>,
    /// Whether Prometheus' operator, where there is one, is told to scrape, and how.
    pub metrics: Metrics,
    /// Whether Prometheus' operator, where there is one, gets alert rules.
    pub alerts: Alerts,
}

impl Default for Observability {
    fn default() -> Self {
        Self {
            log_level: "INFO".to_owned(),
            log_format: LogFormat::Json,
            tracing: None,
            sentry_dsn_secret_ref: None,
            metrics: Metrics::default(),
            alerts: Alerts::default(),
        }
    }
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object per line.
    #[default]
    Json,
    /// For a terminal.
    Pretty,
}

impl LogFormat {
    /// As every process's configuration says it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Pretty => "pretty",
        }
    }
}

/// Where traces go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tracing {
    /// An OTLP collector, such as `http://collector:4317`.
    #[schemars(length(max = URL), extend("x-kubernetes-validations" = http_url()))]
    pub endpoint: String,
    /// The share of traces that is kept, percent.
    #[serde(default = "default_sample")]
    #[schemars(range(min = 0, max = 100))]
    pub sample_percent: u32,
}

const fn default_sample() -> u32 {
    10
}

/// A ServiceMonitor, where that kind exists.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Metrics {
    /// Whether it is made.
    pub service_monitor: bool,
    /// Labels by which Prometheus chooses it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 32, "additionalProperties" = texts(63), "x-kubernetes-validations" = chosen_by()))]
    pub labels: BTreeMap<String, String>,
    /// How often pods are scraped, seconds.
    #[schemars(range(min = 5, max = 600))]
    pub interval_seconds: u32,
}

impl Default for Metrics {
    fn default() -> Self {
        Self { service_monitor: true, labels: BTreeMap::new(), interval_seconds: 30 }
    }
}

/// A PrometheusRule, where that kind exists.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Alerts {
    /// Whether it is made.
    pub enabled: bool,
    /// Labels by which Prometheus chooses it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 32, "additionalProperties" = texts(63), "x-kubernetes-validations" = chosen_by()))]
    pub labels: BTreeMap<String, String>,
    /// The page that tells what to do, which each alert leads to with `#` and its own name in lower case behind it. The project's
    /// own guide when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = URL), extend("x-kubernetes-validations" = http_url()))]
    pub runbook_url: Option<String>,
}

impl Default for Alerts {
    fn default() -> Self {
        Self { enabled: true, labels: BTreeMap::new(), runbook_url: None }
    }
}
