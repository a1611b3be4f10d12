//! `EvolveBot`, API version `evolveai.dev/v1alpha1`: one bot, as a person declares it. Everything but its name has a
//! default; secrets are named, never held.
//!
//! Defaults are filled in when the resource is read, not by the API server: a default in the schema is written into every
//! stored object at its next write, where a later version of the operator could not tell it from somebody's wish. The one
//! exception is `api.replicas`, which `kubectl scale` needs to find. What a default is, the description says; it is taken
//! from the code ([`definition`]).
//!
//! Unknown fields are not refused when the resource is read by the operator: one object of a newer schema must not stop
//! the watch over all the others. They are refused by the API server (`kubectl apply` asks it to), and by
//! [`EvolveBot::parse`].

mod ai;
mod backup;
mod data;
mod definition;
mod image;
mod kubernetes;
mod network;
mod observability;
mod parts;
mod persona;
mod plans;
mod pod;
mod reference;
mod rollout;
mod rules;
mod status;
mod telegram;

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::rules::{all, rules, rules_at};

pub use self::ai::{Ai, Embeddings, Provider, ProviderKind, Voice};
pub use self::backup::{Backup, BackupVolume, S3};
pub use self::data::{Database, Redis, Retention, Security};
pub use self::definition::{definition, definition_yaml, schema};
pub use self::image::{Image, ObjectName, PullPolicy};
pub use self::network::NetworkPolicySettings;
pub use self::observability::{Alerts, LogFormat, Metrics, Observability, Tracing};
pub use self::parts::{Api, Bot};
pub use self::persona::{Level, MAX_PROMPT, Persona};
pub use self::plans::{FreePlan, Limit, Plans, PremiumPlan, Price};
pub use self::pod::{Amounts, Autoscaling, ExtraVariable, Pod, Resources, ValueFrom};
pub use self::reference::{ConfigMapKeyRef, SecretKeyRef};
pub use self::rollout::{Canary, Migration, Rollout, RolloutStrategy};
pub use self::status::{
    BackupStatus, EvolveBotStatus, MigrationPhase, MigrationStatus, PartStatus, Refusal, RolloutPhase, RolloutStatus,
};
pub use self::telegram::{
    GatewayRef, IngressSettings, Payments, Streaming, Telegram, TelegramMode, WEBHOOK_PATH, Webhook,
};
pub use evolve_domain::language::Language;

/// `apiVersion` of the resource.
pub const API_VERSION: &str = "evolveai.dev/v1alpha1";
/// `kind` of the resource.
pub const KIND: &str = "EvolveBot";

/// What fields far apart from each other must agree on.
fn across() -> serde_json::Value {
    const PRICE: &str = "has(self.plans) && has(self.plans.premium) && has(self.plans.premium.price)";
    let stars = format!(
        "!({PRICE} && has(self.plans.premium.price.stars)) || !has(self.telegram) || !has(self.telegram.payments) || \
         !has(self.telegram.payments.stars) || self.telegram.payments.stars"
    );
    let amount = format!(
        "!({PRICE} && has(self.plans.premium.price.amount)) || (has(self.telegram) && has(self.telegram.payments) && \
         has(self.telegram.payments.providerTokenSecretRef))"
    );
    all([
        rules_at(
            ".plans.premium.price.stars",
            &[(&stars, "nobody could pay it: set telegram.payments.stars: true, or remove stars from the price")],
        ),
        rules_at(
            ".plans.premium.price.amount",
            &[(
                &amount,
                "nobody could pay it: set telegram.payments.providerTokenSecretRef, or remove amount and currency from the price",
            )],
        ),
        rules_at(
            ".database.urlSecretRef",
            &[(
                "!has(self.telegram) || !has(self.telegram.tokenSecretRef) || !has(self.database) || \
                 !has(self.database.urlSecretRef) || self.telegram.tokenSecretRef.name != self.database.urlSecretRef.name || \
                 self.telegram.tokenSecretRef.key != self.database.urlSecretRef.key",
                "names the same entry as telegram.tokenSecretRef, and one value cannot be both: name another entry",
            )],
        ),
        rules_at(
            ".redis.urlSecretRef",
            &[(
                "!has(self.redis) || !has(self.redis.urlSecretRef) || !has(self.database) || \
                 !has(self.database.urlSecretRef) || self.redis.urlSecretRef.name != self.database.urlSecretRef.name || \
                 self.redis.urlSecretRef.key != self.database.urlSecretRef.key",
                "names the same entry as database.urlSecretRef, and one value cannot be both: name another entry",
            )],
        ),
    ])
}

/// What is wanted of a bot.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "evolveai.dev",
    version = "v1alpha1",
    kind = "EvolveBot",
    namespaced,
    shortname = "evb",
    category = "all",
    status = "EvolveBotStatus",
    derive = "PartialEq",
    doc = "One companion bot.",
    scale(
        spec_replicas_path = ".spec.api.replicas",
        status_replicas_path = ".status.api.replicas",
        label_selector_path = ".status.api.selector"
    ),
    printcolumn(
        name = "Ready",
        type_ = "string",
        description = "Whether it serves",
        json_path = r#".status.conditions[?(@.type=="Ready")].status"#
    ),
    printcolumn(name = "Version", type_ = "string", description = "The version that serves", json_path = ".status.version"),
    printcolumn(name = "API", type_ = "string", description = "Ready pods of the API", json_path = ".status.api.ready"),
    printcolumn(name = "Bot", type_ = "string", description = "Ready pods of the bot", json_path = ".status.bot.ready"),
    printcolumn(
        name = "Rollout",
        type_ = "string",
        description = "How far the rollout is",
        json_path = ".status.rollout.level"
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(
        name = "Next",
        type_ = "string",
        description = "The next thing to do",
        json_path = ".status.nextStep",
        priority = 1
    ),
    validation = kube::core::Rule::new(
        "size(self.metadata.name) <= 40 && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')"
    )
    .message("must be 1 to 40 lower-case letters, digits or dashes, begin with a letter and not end with a dash: the names of everything made for the bot begin with it")
    .field_path(".metadata.name")
)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = across()))]
pub struct EvolveBotSpec {
    /// The version of the product, as the image is tagged: `1.4.0`. When absent, the version that the operator came with
    /// when the bot was made; it stays until this is set, however the operator is upgraded.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128), extend("x-kubernetes-validations" = rules(&[
        ("self.matches('^[A-Za-z0-9_][A-Za-z0-9_.-]*$')", "must be the tag of an image, such as 1.4.0"),
        ("self != 'latest'", "must be a version such as 1.4.0: with latest nobody can tell what runs, nor go back to it"),
    ])))]
    pub version: Option<String>,
    /// Where the container image comes from.
    pub image: Image,
    /// The way to Telegram.
    pub telegram: Telegram,
    /// Who answers.
    pub ai: Ai,
    /// Who the companion is.
    pub persona: Persona,
    /// What people get, paying or not.
    pub plans: Plans,
    /// Postgres.
    pub database: Database,
    /// Redis, for caches and for limits that hold across replicas.
    pub redis: Redis,
    /// Keys. Made once and kept where they are not given.
    pub security: Security,
    /// The API's process.
    pub api: Api,
    /// The bot's process.
    pub bot: Bot,
    /// The migration of the database.
    pub migration: Migration,
    /// How long data is kept.
    pub retention: Retention,
    /// Copies of the database; none are made when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backup: Option<Backup>,
    /// How a change reaches the running pods.
    pub rollout: Rollout,
    /// Logs, traces, metrics, alerts.
    pub observability: Observability,
    /// Who may reach the pods over the network.
    pub network_policy: NetworkPolicySettings,
    /// Leaves everything as it is: nothing is changed, mended or removed until this is false again.
    pub paused: bool,
    /// Runs no pod at all, and keeps everything else. Telegram keeps updates for a day meanwhile.
    pub hibernated: bool,
}

/// Why a file is not an `EvolveBot`.
#[derive(Debug, thiserror::Error)]
pub enum ParseError {
    /// Not YAML; the message has the line.
    #[error("not YAML: {0}")]
    Yaml(#[from] serde_yaml_ng::Error),
    /// Not the fields of an `EvolveBot`; the message begins with the path.
    #[error("not an EvolveBot: {0}")]
    Shape(String),
    /// The fields are there and contradict each other or their bounds.
    #[error("{} problem(s):\n{}", .0.len(), .0.iter().map(|problem| format!("  - {problem}")).collect::<Vec<_>>().join("\n"))]
    Invalid(Vec<String>),
}

impl EvolveBot {
    /// Reads a bot from YAML (or JSON, which is YAML) and validates it, as the API server and the operator would.
    ///
    /// # Errors
    /// [`ParseError`], with every problem that validation finds.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        crate::validate::parse(text)
    }

    /// Its name; empty where it has none, which no API server lets through.
    #[must_use]
    pub fn name(&self) -> &str {
        self.metadata.name.as_deref().unwrap_or_default()
    }

    /// The namespace of the bot and of everything made for it; empty outside a cluster.
    #[must_use]
    pub fn namespace_name(&self) -> &str {
        self.metadata.namespace.as_deref().unwrap_or_default()
    }
}
