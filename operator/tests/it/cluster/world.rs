//! What a story happens in: a namespace, a kubelet, operators, and short words for what people do and see.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use evolve_operator::EvolveBot;
use evolve_operator::controller::{
    self,
    access::Grant,
    client::WRITES,
    config::{Config, Timing},
    metrics::OperatorMetrics,
};
use evolve_runtime::errors::{ErrorConfig, Errors};
use evolve_runtime::logs::{LogConfig, LogFormat};
use evolve_runtime::traces::{Keep, TraceConfig, Traces};
use evolve_runtime::{metrics::Metrics, shutdown::Tasks};
use evolve_testkit::kubernetes::{Kubelet, Plane, leave_to_the_player};
use evolve_testkit::within;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Namespace, Pod, Secret};
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::{Api, Client, Resource, ResourceExt as _};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

/// How long the control plane may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// A namespace with everything in it.
pub(super) struct World {
    /// With all rights.
    pub(super) client: Client,
    /// Its name.
    pub(super) namespace: String,
    /// Plays the nodes.
    pub(super) kubelet: Kubelet,
    plane: &'static Plane,
}

/// A running operator.
pub(super) struct Operator {
    /// What it counts.
    pub(super) metrics: OperatorMetrics,
    /// Where its HTTP server is.
    pub(super) address: SocketAddr,
    tasks: Tasks,
}

impl Operator {
    /// As a power cut would.
    pub(super) fn kill(self) {
        self.tasks.hard().cancel();
    }

    /// As SIGTERM would.
    pub(super) async fn stop(self) {
        self.tasks.clone().stop(std::future::pending()).await.unwrap();
    }

    /// Waits until it ends by itself, and hands out why.
    pub(super) async fn ended(self) -> anyhow::Result<()> {
        self.tasks.soft().cancelled().await;
        self.tasks.clone().stop(std::future::pending()).await
    }

    /// Calls that wrote, so far. The Lease is not one of them: it is renewed all the time, and by another client.
    pub(super) fn writes(&self) -> u64 {
        self.metrics.calls_of(&WRITES)
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        self.tasks.hard().cancel();
    }
}

impl World {
    /// A new namespace; nothing where there is no control plane.
    pub(super) async fn new() -> Option<Self> {
        Self::on(super::plane).await
    }

    /// As [`World::new`], where the cluster's definitions may be changed.
    pub(super) async fn apart() -> Option<Self> {
        Self::on(super::plane_apart).await
    }

    async fn on(plane: fn() -> Option<&'static Plane>) -> Option<Self> {
        let plane = tokio::task::spawn_blocking(plane).await.unwrap()?;
        let client = plane.client().unwrap();
        let namespace: Namespace =
            serde_json::from_value(json!({ "metadata": { "generateName": "evolve-test-" } })).unwrap();
        let namespace = Api::all(client.clone()).create(&PostParams::default(), &namespace).await.unwrap().name_any();
        let kubelet = Kubelet::start(&client, &namespace);
        Some(Self { client, namespace, kubelet, plane })
    }

    /// The way to the API server, with all rights.
    pub(super) fn config(&self) -> kube::Config {
        self.plane.config()
    }

    /// Starts one replica of the operator.
    pub(super) async fn operator(&self, identity: &str) -> Operator {
        self.operator_by(identity, self.config(), Timing::default()).await
    }

    /// Starts one replica that goes to the API server by `cluster`, with this much patience.
    pub(super) async fn operator_by(&self, identity: &str, cluster: kube::Config, timing: Timing) -> Operator {
        let logs = LogConfig {
            filter: std::env::var("LOG_LEVEL").unwrap_or_else(|_| "warn".to_owned()),
            path: None,
            format: LogFormat::Pretty,
        };
        evolve_runtime::logs::init(&logs, &Traces::default(), &Errors::default());
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let config = Config {
            http_addr: address,
            namespaces: vec![self.namespace.clone()],
            own_namespace: self.namespace.clone(),
            grant: Grant::default(),
            lease_name: "evolve-operator".to_owned(),
            identity: identity.to_owned(),
            // A leader on a busy machine must not be taken for a dead one: nothing starts it again here.
            lease_duration: Duration::from_secs(10),
            concurrency: 8,
            image_repository: "evolve.test/evolve".to_owned(),
            version: "1.0.0".to_owned(),
            timing,
            logs,
            traces: TraceConfig {
                endpoint: None,
                keep: Keep::default(),
                ratio: 0.0,
                service: "evolve-operator".to_owned(),
            },
            errors: ErrorConfig { dsn: None, environment: "test".to_owned() },
        };
        let tasks = Tasks::new();
        let metrics = controller::start(&config, cluster, listener, &tasks, &Metrics::new()).unwrap();
        Operator { metrics, address, tasks }
    }

    /// The API of one kind in this namespace.
    pub(super) fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// What `kubectl create -f` does.
    pub(super) async fn create<K>(&self, object: Value) -> K
    where
        K: Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>
            + Clone
            + DeserializeOwned
            + Serialize
            + std::fmt::Debug,
    {
        let object = serde_json::from_value(object).unwrap();
        self.api::<K>().create(&PostParams::default(), &object).await.unwrap()
    }

    /// What `kubectl patch --type merge` does.
    pub(super) async fn patch<K>(&self, name: &str, patch: Value) -> K
    where
        K: Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>
            + Clone
            + DeserializeOwned
            + std::fmt::Debug,
    {
        self.api::<K>().patch(name, &PatchParams::default(), &Patch::Merge(patch)).await.unwrap()
    }

    /// What `kubectl delete` does.
    pub(super) async fn delete<K>(&self, name: &str)
    where
        K: Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>
            + Clone
            + DeserializeOwned
            + std::fmt::Debug,
    {
        self.api::<K>().delete(name, &DeleteParams::background()).await.unwrap();
    }

    /// The Secret that a bot reads which names none.
    pub(super) async fn secret(&self, bot: &str) {
        let data = json!({ "DATABASE_URL": "postgres://db/eva", "TELEGRAM_BOT_TOKEN": "1:a" });
        self.create::<Secret>(json!({ "metadata": { "name": bot }, "stringData": data })).await;
    }

    /// A bot with a version and a model that needs no key.
    pub(super) async fn bot(&self, name: &str, spec: Value) -> EvolveBot {
        let mut whole = json!({ "version": "1.0.0", "ai": { "providers": [{ "kind": "scripted" }] } });
        merge(&mut whole, spec);
        leave_to_the_player(&mut whole);
        self.create::<EvolveBot>(json!({
            "apiVersion": "evolveai.dev/v1alpha1", "kind": "EvolveBot", "metadata": { "name": name }, "spec": whole,
        }))
        .await
    }

    /// The bot as it is.
    pub(super) async fn see(&self, name: &str) -> EvolveBot {
        self.api().get(name).await.unwrap()
    }

    /// Waits until `condition` of the bot has this status, and hands the condition out.
    pub(super) async fn until(&self, bot: &str, condition: &str, status: &str) -> Condition {
        let begun = Instant::now();
        within(PATIENCE, &format!("{condition} of {bot} is {status}"), async || {
            let bot = self.see(bot).await;
            let current = bot.metadata.generation;
            let found = conditions(&bot).into_iter().find(|known| known.type_ == condition);
            match found.filter(|found| found.status == status && found.observed_generation == current) {
                Some(found) => Ok(found),
                // What the cluster itself says, so that a slow cluster is told apart from an operator that missed it.
                None if begun.elapsed() + Duration::from_secs(1) > PATIENCE => Err((bot.status, self.parts().await)),
                None => Err((None, Vec::new())),
            }
        })
        .await
    }

    /// The Deployments and their pods, in a line each.
    async fn parts(&self) -> Vec<String> {
        let deployments = self.api::<Deployment>().list(&ListParams::default()).await.unwrap();
        let pods = self.api::<Pod>().list(&ListParams::default()).await.unwrap();
        let deployments = deployments.iter().map(|one| format!("{} {:?}", one.name_any(), one.status));
        let phase = |pod: &Pod| pod.status.as_ref().and_then(|status| status.phase.clone());
        deployments.chain(pods.iter().map(|pod| format!("{} {:?}", pod.name_any(), phase(pod)))).collect()
    }

    /// Waits until an object is there that `accepts` takes.
    pub(super) async fn until_seen<K, T>(&self, name: &str, what: &str, accepts: impl Fn(&K) -> Option<T>) -> T
    where
        K: Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>
            + Clone
            + DeserializeOwned
            + std::fmt::Debug,
    {
        let api = self.api::<K>();
        within(PATIENCE, what, async || api.get_opt(name).await.unwrap().and_then(|object| accepts(&object))).await
    }

    /// The reasons of the events about a bot, so far.
    pub(super) async fn events(&self, bot: &str) -> Vec<String> {
        let events = self.api::<Event>().list(&ListParams::default()).await.unwrap();
        let about =
            |event: &Event| event.regarding.as_ref().and_then(|about| about.name.clone()).as_deref() == Some(bot);
        events.items.into_iter().filter(about).filter_map(|event| event.reason).collect()
    }
}

/// The conditions of a bot.
pub(super) fn conditions(bot: &EvolveBot) -> Vec<Condition> {
    bot.status.as_ref().map(|status| status.conditions.clone()).unwrap_or_default()
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}
