//! A bot as the cluster holds it, read leniently: what this version does not know is passed over, so that a person can look
//! at a bot whose operator is of another version.

use anyhow::{Context as _, bail};
use evolve_operator::EvolveBot;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, ObjectMeta, Time};
use kube::api::DynamicObject;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A bot as the cluster holds it.
#[derive(Clone, Debug)]
pub(crate) struct Bot {
    /// Its name, generation, annotations.
    pub(crate) metadata: ObjectMeta,
    /// What the operator says of it.
    pub(crate) status: Status,
    spec: Value,
}

/// What the operator says of a bot.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Status {
    /// The generation that it is about.
    pub(crate) observed_generation: Option<i64>,
    /// `Ready`, and what it consists of.
    pub(crate) conditions: Vec<Condition>,
    /// The next thing to do.
    pub(crate) next_step: Option<String>,
    /// The version that serves.
    pub(crate) version: Option<String>,
    /// The API's pods.
    pub(crate) api: Part,
    /// The bot's pods.
    pub(crate) bot: Part,
    /// The migration.
    pub(crate) migration: Option<Migration>,
    /// The rollout.
    pub(crate) rollout: Option<Rollout>,
}

/// The pods of a part.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Part {
    /// `2/2`: ready, of how many are wanted.
    pub(crate) ready: String,
}

/// The migration of the wanted version.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Migration {
    /// Its Job.
    pub(crate) job: String,
    /// `Running`, `Succeeded` or `Failed`.
    pub(crate) phase: String,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<String>,
}

/// The rollout that runs, or the last one.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Rollout {
    /// How far it is, in a word or two.
    pub(crate) level: String,
    /// How far it is.
    pub(crate) phase: String,
    /// What is being rolled out, or was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) target: Option<String>,
    /// The last that was ready as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_good: Option<String>,
    /// The one before that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) previous_good: Option<String>,
    /// What was rolled back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) refused: Option<String>,
    /// When the phase began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) since: Option<Time>,
}

impl Bot {
    /// The bot in an object of the API.
    pub(crate) fn of(object: DynamicObject) -> Self {
        let mut data = object.data;
        let status = serde_json::from_value(data["status"].take()).unwrap_or_default();
        Self { metadata: object.metadata, status, spec: data["spec"].take() }
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        self.metadata.name.as_deref().unwrap_or_default()
    }

    /// Its namespace.
    pub(crate) fn namespace(&self) -> &str {
        self.metadata.namespace.as_deref().unwrap_or_default()
    }

    /// Whether the operator leaves it as it is.
    pub(crate) fn is_paused(&self) -> bool {
        self.spec["paused"] == true
    }

    /// Whether it is to run no pods.
    pub(crate) fn is_hibernated(&self) -> bool {
        self.spec["hibernated"] == true
    }

    /// Whether it has a schedule of backups.
    pub(crate) fn has_backups(&self) -> bool {
        !self.spec["backup"].is_null()
    }

    /// Whether the operator's words are about the spec as it is now.
    pub(crate) fn is_observed(&self) -> bool {
        self.status.observed_generation.is_some() && self.status.observed_generation == self.metadata.generation
    }

    /// One of its conditions.
    pub(crate) fn condition(&self, type_: &str) -> Option<&Condition> {
        self.status.conditions.iter().find(|condition| condition.type_ == type_)
    }

    /// Whether it serves, and as the spec is now.
    pub(crate) fn is_ready(&self) -> bool {
        self.is_observed() && self.condition("Ready").is_some_and(|ready| ready.status == "True")
    }

    /// One of its annotations.
    pub(crate) fn annotation(&self, name: &str) -> Option<&str> {
        self.metadata.annotations.as_ref()?.get(name).map(String::as_str)
    }

    /// The bot as this version's types have it, for what is built of it.
    ///
    /// # Errors
    /// When it is of another version.
    pub(crate) fn typed(&self) -> anyhow::Result<EvolveBot> {
        let spec = serde_json::from_value(self.spec.clone()).context(
            "this version of the command cannot read the bot: use the one of the operator's version \
             (`kubectl evolve --version`)",
        )?;
        Ok(EvolveBot { metadata: self.metadata.clone(), spec, status: None })
    }

    /// That the operator would do something about a change.
    ///
    /// # Errors
    /// When it leaves the bot alone.
    pub(crate) fn must_be_followed(&self) -> anyhow::Result<()> {
        if self.is_paused() {
            bail!(
                "{name} is paused, so that the operator would do nothing about it, and nothing was changed. `kubectl patch \
                 evolvebot {name} -n {namespace} --type merge -p '{{\"spec\":{{\"paused\":false}}}}'` ends that",
                name = self.name(),
                namespace = self.namespace()
            );
        }
        Ok(())
    }
}
