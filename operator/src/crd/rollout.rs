//! How a change reaches the running pods: the migration first, then the pods, and back by itself where it does not work.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::pod::Resources;
use super::rules::rules_at;

/// The migration of the database, which runs to its end before any pod of a new version starts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Migration {
    /// Longest time that it may take, seconds.
    #[schemars(range(min = 10, max = 86_400))]
    pub timeout_seconds: u32,
    /// How many times a failed pod of it is tried again.
    #[schemars(range(min = 0, max = 20))]
    pub retries: u32,
    /// What it may use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,
}

impl Default for Migration {
    fn default() -> Self {
        Self { timeout_seconds: 600, retries: 3, resources: None }
    }
}

/// How a change reaches the running pods.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules_at(".canary", &[
    ("!has(self.canary) || (has(self.strategy) && self.strategy == 'Canary')",
     "canary does nothing with another strategy: set strategy: Canary, or remove canary"),
])))]
pub struct Rollout {
    /// Which way.
    pub strategy: RolloutStrategy,
    /// How long a rollout may take to become ready, seconds; then it goes back to the last good version.
    #[schemars(range(min = 30, max = 7200))]
    pub deadline_seconds: u32,
    /// Whether it goes back by itself.
    pub automatic_rollback: bool,
    /// The details of `Canary`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canary: Option<Canary>,
}

impl Default for Rollout {
    fn default() -> Self {
        Self { strategy: RolloutStrategy::default(), deadline_seconds: 600, automatic_rollback: true, canary: None }
    }
}

/// Which way a change reaches the running pods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RolloutStrategy {
    /// Pod by pod; none goes before its successor is ready.
    #[default]
    RollingUpdate,
    /// A whole second set of pods, which takes over at once when all of it is ready.
    BlueGreen,
    /// A share of the pods first; the rest when that has proved itself.
    Canary,
}

/// The details of `Canary`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Canary {
    /// The share of the pods that is changed first, percent; at least one pod.
    #[schemars(range(min = 1, max = 50))]
    pub percent: u32,
    /// How long that share is watched, seconds.
    #[schemars(range(min = 10, max = 7200))]
    pub watch_seconds: u32,
    /// Most of its requests that may fail meanwhile, percent.
    #[schemars(range(min = 0, max = 100))]
    pub max_error_percent: u32,
}

impl Default for Canary {
    fn default() -> Self {
        Self { percent: 20, watch_seconds: 300, max_error_percent: 5 }
    }
}
