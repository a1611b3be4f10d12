//! Everything that belongs to a bot, as it was found.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use serde::Serialize;

use super::pods::Look;
use crate::kubectl::bot::{Migration, Rollout};

/// Something that was read, or why it could not be.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(super) enum Found<T> {
    /// It was read.
    Known(T),
    /// It was not, in a sentence.
    Unknown {
        /// Why.
        unknown: String,
    },
}

/// A bot and all that belongs to it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) ready: bool,
    /// Whether the operator has seen the spec as it is now.
    pub(super) is_observed: bool,
    pub(super) paused: bool,
    pub(super) hibernated: bool,
    pub(super) created: Option<Time>,
    pub(super) version: Option<String>,
    pub(super) next_step: Option<String>,
    pub(super) conditions: Vec<Condition>,
    pub(super) rollout: Option<Rollout>,
    pub(super) migration: Option<Migration>,
    /// The pods of migrations, backups and restores that are not done.
    pub(super) jobs: Found<Vec<Look>>,
    pub(super) parts: Vec<PartReport>,
    pub(super) backups: Backups,
    pub(super) secrets: Found<Vec<SecretReport>>,
    /// The latest first.
    pub(super) warnings: Found<Vec<Warning>>,
}

/// The API or the bot.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PartReport {
    /// `api` or `bot`.
    pub(super) name: &'static str,
    pub(super) deployments: Found<Vec<DeploymentReport>>,
    pub(super) pods: Found<Vec<Look>>,
    pub(super) autoscalers: Found<Vec<Autoscaler>>,
    /// `service/eva-api 10.96.0.7:8000`, `ingress/eva-bot https://…`.
    pub(super) addresses: Found<Vec<String>>,
}

/// A Deployment.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeploymentReport {
    pub(super) name: String,
    pub(super) ready: i32,
    pub(super) wanted: i32,
    pub(super) image: String,
}

/// An HPA.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Autoscaler {
    pub(super) name: String,
    pub(super) current: i32,
    pub(super) min: i32,
    pub(super) max: i32,
    /// Why it does not scale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) trouble: Option<String>,
}

/// Backups.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Backups {
    /// Whether the spec asks for any.
    pub(super) are_wanted: bool,
    pub(super) schedule: Found<Option<Schedule>>,
}

/// What makes backups.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Schedule {
    pub(super) name: String,
    pub(super) cron: String,
    pub(super) time_zone: String,
    pub(super) running: usize,
    pub(super) last_started: Option<Time>,
    pub(super) last_succeeded: Option<Time>,
    pub(super) next: Option<Time>,
}

/// A Secret that the bot names, or the one that is made for it; never what is in it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SecretReport {
    pub(super) name: String,
    /// The entries that are read.
    pub(super) keys: Vec<String>,
    /// Whether the operator makes it.
    pub(super) generated: bool,
    pub(super) present: Found<bool>,
}

/// A warning about the bot or something of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Warning {
    /// `Pod/eva-api-…`
    pub(super) about: String,
    pub(super) reason: String,
    pub(super) message: String,
    pub(super) count: i32,
    pub(super) last: Option<Time>,
}
