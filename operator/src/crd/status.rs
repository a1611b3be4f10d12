//! What the operator reports of a bot. Written only when it changed; nothing in it is needed to find the way back but
//! the version that an absent `spec.version` was pinned to, and what a rollout is in the middle of.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the operator reports of a bot.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct EvolveBotStatus {
    /// The generation of the spec that all of this is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// `Ready`, and what it consists of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
    /// The next thing to do, in a sentence; absent when there is nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_step: Option<String>,
    /// The version that serves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The API's pods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api: Option<PartStatus>,
    /// The bot's pods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bot: Option<PartStatus>,
    /// The migration of the wanted version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub migration: Option<MigrationStatus>,
    /// The rollout that runs, or the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollout: Option<RolloutStatus>,
    /// Backups.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backup: Option<BackupStatus>,
}

/// The pods of one part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct PartStatus {
    /// Pods there are.
    pub replicas: i32,
    /// Pods that are ready.
    pub ready_replicas: i32,
    /// `2/2`: ready, of how many are wanted.
    pub ready: String,
    /// The label selector of the pods, as `kubectl get pods -l` takes it.
    pub selector: String,
}

/// The migration of the wanted version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct MigrationStatus {
    /// Its Job; `kubectl logs job/…` shows what it said.
    pub job: String,
    /// How far it is.
    pub phase: MigrationPhase,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// How far a migration is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum MigrationPhase {
    /// Its Job has not begun.
    Waiting,
    /// Its Job has not ended.
    #[default]
    Running,
    /// The database fits the version.
    Succeeded,
    /// The database may not fit; the version before goes on.
    Failed,
}

/// The rollout that runs, or the last one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct RolloutStatus {
    /// How far it is, in a word or two: `Stable`, `Canary 20%`, `RolledBack`.
    pub level: String,
    /// How far it is.
    pub phase: RolloutPhase,
    /// The hash of what is being rolled out, or was. The annotation `evolveai.dev/refuse` with this text takes it back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The last that was ready as a whole: what a roll-back goes to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_good: Option<String>,
    /// The one that was good before it: what a roll-back goes to that takes back the last good one itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_good: Option<String>,
    /// The hash of what was rolled back; not tried again until the spec changes, or on the annotation `evolveai.dev/retry`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// Why it was, in a word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Refusal>,
    /// Why it was, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The hash of the annotation `evolveai.dev/retry` as it was last seen: another one is another request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry: Option<String>,
    /// When the phase began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Time>,
}

/// How far a rollout is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RolloutPhase {
    /// Nothing is to be rolled out.
    #[default]
    Stable,
    /// The new version's migration runs.
    Migrating,
    /// Pods are replaced.
    Rolling,
    /// A second set of pods is getting ready.
    Staging,
    /// A share of the pods is new, and watched.
    Canary,
    /// The second set of the API's pods serves; the bot's pods are replaced.
    Switched,
    /// The second set has proved itself: the first is replaced, and then the second goes.
    Promoting,
    /// The old version is coming back.
    RollingBack,
    /// The old version is back, and stays until the spec changes.
    RolledBack,
}

/// Why a rollout was taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Refusal {
    /// Its pods were not ready in time.
    Deadline,
    /// Its pods were ready, and then they were not, or crashed.
    Unready,
    /// Too many of its requests failed.
    Errors,
    /// Nobody could tell how many of its requests failed.
    Unmeasured,
    /// Somebody asked for it.
    Request,
}

impl Refusal {
    /// Each of them.
    pub const ALL: [Self; 5] = [Self::Deadline, Self::Unready, Self::Errors, Self::Unmeasured, Self::Request];

    /// As metrics say it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Deadline => "deadline",
            Self::Unready => "unready",
            Self::Errors => "errors",
            Self::Unmeasured => "unmeasured",
            Self::Request => "request",
        }
    }
}

/// Backups.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct BackupStatus {
    /// When the last one was started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_started: Option<Time>,
    /// When the last one succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_succeeded: Option<Time>,
}
