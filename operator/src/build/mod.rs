//! From an `EvolveBot` to what runs it: one file per kind of object, all of them pure. The same bot and inputs make the same
//! bytes, whatever the version of the operator, so that upgrading the operator restarts nothing.

pub mod alerts;
pub mod backup;
mod config;
mod container;
mod deployment;
pub mod environment;
mod fingerprint;
mod ingress;
pub mod kept;
mod labels;
mod migration;
mod monitor;
pub mod names;
mod network;
mod part;
mod period;
mod references;
pub mod restore;
mod scaling;
mod service;
mod service_account;
pub mod twin;

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::{ConfigMap, PersistentVolumeClaim, Service, ServiceAccount};
use k8s_openapi::api::networking::v1::{Ingress, NetworkPolicy};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::core::DynamicObject;

use self::part::Part;
use crate::crd::{ConfigMapKeyRef, EvolveBot, SecretKeyRef};

pub use self::fingerprint::fingerprint;
pub use self::labels::{
    AWAKE, COMPONENT, CONFIG_HASH, INSTANCE, MANAGED_BY, OPERATOR, REFUSE, RESTORED, RETRY, TRACK, Track,
    selector as pod_selector,
};
pub use self::part::{API_PORT, Part as BotPart};
pub use self::references::{Generated, Needed, References, generated, references};

/// What is known of the cluster, and of the operator's own release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// The image's repository where a bot names none.
    pub image: String,
    /// The version of a bot that names none, when it is made.
    pub version: String,
    /// Whether ServiceMonitors and PrometheusRules exist.
    pub has_prometheus: bool,
    /// Whether HTTPRoutes exist.
    pub has_gateway: bool,
    /// Where the operator itself is.
    pub operator_namespace: String,
}

/// What has been read of what a bot names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inputs {
    /// The version that an absent `spec.version` was pinned to when the bot was made.
    pub pinned_version: Option<String>,
    /// The hash of each entry of a Secret that [`references`] names.
    pub secrets: BTreeMap<SecretKeyRef, String>,
    /// The UID of the Job that put a copy of the database in place last: it may be of an earlier version.
    pub restored: Option<String>,
    /// The content of each entry of a ConfigMap that [`references`] names.
    pub config_maps: BTreeMap<ConfigMapKeyRef, String>,
}

/// Everything that a bot becomes: one field per object. Whoever applies it takes it apart without `..`, so that an object
/// that is built and not applied does not compile.
#[derive(Clone, Debug, PartialEq)]
pub struct Desired {
    /// Who the pods are; without a token.
    pub service_account: ServiceAccount,
    /// The API's configuration, for people to read: pods have it in their template.
    pub api_config: ConfigMap,
    /// The bot's configuration, in the same way.
    pub bot_config: ConfigMap,
    /// The migration. Its name holds the hash of all that it is made of: it is created, and never changed.
    pub migration: Job,
    /// The API.
    pub api: Deployment,
    /// Where the bot finds the API.
    pub api_service: Service,
    /// How many pods the API has, by load.
    pub api_autoscaler: Option<HorizontalPodAutoscaler>,
    /// How many pods of the API may be away at once.
    pub api_disruption: PodDisruptionBudget,
    /// The bot.
    pub bot: Deployment,
    /// Where the webhook and Prometheus find the bot.
    pub bot_service: Service,
    /// How many pods the bot has, by load.
    pub bot_autoscaler: Option<HorizontalPodAutoscaler>,
    /// How many pods of the bot may be away at once.
    pub bot_disruption: PodDisruptionBudget,
    /// Who may reach the API.
    pub api_network: Option<NetworkPolicy>,
    /// Who may reach the bot.
    pub bot_network: Option<NetworkPolicy>,
    /// That nobody may reach the jobs.
    pub jobs_network: Option<NetworkPolicy>,
    /// The webhook's way in.
    pub ingress: Option<Ingress>,
    /// The webhook's way in, where a Gateway is named.
    pub http_route: Option<DynamicObject>,
    /// Where backups are kept. Has no owner: it outlives the bot.
    pub backup_volume: Option<PersistentVolumeClaim>,
    /// Backups.
    pub backup: Option<CronJob>,
    /// What Prometheus scrapes.
    pub service_monitor: Option<DynamicObject>,
    /// When Prometheus wakes somebody.
    pub alerts: Option<DynamicObject>,
}

/// Builds everything that `bot` becomes.
///
/// `bot` has no [`problems`](crate::validate::problems), and `inputs` has what [`references`] names; what is missing there
/// is built as if it were empty.
#[must_use]
pub fn build(bot: &EvolveBot, inputs: &Inputs, cluster: &Cluster) -> Desired {
    let release = Release::of(bot, inputs, cluster);
    let environments = environment::environments(bot, &surroundings(bot, inputs));
    let api = Part::api(bot, &environments.api);
    let telegram = Part::bot(bot, &environments.bot);
    let (api_config, bot_config) = (config::build(&api), config::build(&telegram));
    Desired {
        service_account: service_account::build(bot),
        migration: migration::build(bot, &release, &environments.migration, inputs),
        api: deployment::build(&api, &release, inputs),
        api_service: service::build(&api),
        api_autoscaler: scaling::autoscaler(&api),
        api_disruption: scaling::disruption_budget(&api),
        bot: deployment::build(&telegram, &release, inputs),
        bot_service: service::build(&telegram),
        bot_autoscaler: scaling::autoscaler(&telegram),
        bot_disruption: scaling::disruption_budget(&telegram),
        api_network: network::api(&api, &telegram, cluster),
        bot_network: network::bot(&telegram),
        jobs_network: network::jobs(bot),
        ingress: ingress::ingress(bot),
        http_route: ingress::http_route(bot, cluster),
        backup_volume: backup::volume(bot),
        backup: backup::schedule(bot, inputs),
        service_monitor: monitor::build(bot, cluster),
        alerts: alerts::build(bot, cluster),
        api_config,
        bot_config,
    }
}

/// Which image runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// The version, as it is shown.
    pub version: String,
    /// The image, as containers name it.
    pub image: String,
}

impl Release {
    /// The release that `bot` wants: of its version, or of the one that it was pinned to, or of the operator's own.
    #[must_use]
    pub fn of(bot: &EvolveBot, inputs: &Inputs, cluster: &Cluster) -> Self {
        let (spec, pinned) = (&bot.spec, inputs.pinned_version.as_ref());
        let version = spec.version.as_ref().or(pinned).unwrap_or(&cluster.version).clone();
        let repository = spec.image.repository.as_ref().unwrap_or(&cluster.image);
        let image = match &spec.image.digest {
            Some(digest) => format!("{repository}:{version}@{digest}"),
            None => format!("{repository}:{version}"),
        };
        Self { version, image }
    }
}

/// What surrounds the processes in a cluster.
fn surroundings(bot: &EvolveBot, inputs: &Inputs) -> environment::Surroundings {
    let spec = &bot.spec;
    let own = |key: &str| SecretKeyRef::new(bot.name(), key);
    let key = |named: &Option<SecretKeyRef>, key: &str| {
        named.clone().unwrap_or_else(|| SecretKeyRef::new(names::keys(bot), key))
    };
    let named = |named: &Option<SecretKeyRef>, key: &str| named.clone().unwrap_or_else(|| own(key));
    let owner = named(&spec.database.url_secret_ref, "DATABASE_URL");
    let account = |named: &Option<SecretKeyRef>| named.clone().unwrap_or_else(|| owner.clone());
    environment::Surroundings {
        api_address: format!("0.0.0.0:{}", API_PORT),
        bot_address: format!("0.0.0.0:{}", part::BOT_PORT),
        api_url: format!("http://{}:{}", names::api(bot), API_PORT),
        telegram_api_url: environment::TELEGRAM_API_URL.to_owned(),
        api_database_url: account(&spec.database.api_url_secret_ref),
        bot_database_url: account(&spec.database.bot_url_secret_ref),
        database_url: owner,
        redis_url: spec.redis.url_secret_ref.clone(),
        telegram_token: named(&spec.telegram.token_secret_ref, "TELEGRAM_BOT_TOKEN"),
        jwt_secret: key(&spec.security.jwt_secret_ref, "JWT_SECRET"),
        encryption_key: key(&spec.security.encryption_key_secret_ref, "ENCRYPTION_KEY"),
        service_key: key(&None, "SERVICE_KEY"),
        webhook_secret: key(&None, "WEBHOOK_SECRET"),
        provider_keys: bot.name().to_owned(),
        prompt: spec.persona.prompt_from.as_ref().and_then(|source| inputs.config_maps.get(source).cloned()),
    }
}
