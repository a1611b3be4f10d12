//! The operator on a real control plane, with a bot that is rolled out again and again, one that cannot be, and one with a webhook.

use std::{fs::File, path::Path, time::Duration};

use evolve_operator::EvolveBot;
use evolve_testkit::{
    kubernetes::{self, Kubelet, leave_to_the_player},
    process::free_port,
    within,
};
use k8s_openapi::api::core::v1::{Namespace, Secret, Service};
use kube::{
    Api, Client, Resource, ResourceExt as _,
    api::{Patch, PatchParams, PostParams},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tokio::process::Child;

use super::prometheus::Target;
use crate::processes::start;

/// The Service of the operator, as the chart names it, and so Prometheus' job.
pub(super) const NAME: &str = "evolve-operator";
/// The namespace that the chart is released into.
pub(super) const RELEASED_INTO: &str = "ops";

const PATIENCE: Duration = Duration::from_secs(90);
const ROLLED_OUT: &str = "eva";
/// Its API's Service is there already, and somebody else's.
const CROWDED_OUT: &str = "crowded";
/// It has a webhook, and so a certificate.
const CALLED: &str = "called";

/// The operator's process, and the namespace that it looks after.
pub(super) struct Operators {
    client: Client,
    namespace: String,
    port: u16,
    _process: Child,
    _kubelet: Kubelet,
    _logs: tempfile::TempDir,
}

impl Operators {
    /// Starts it; nothing, loudly, where there is no control plane.
    pub(super) async fn start(binaries: &Path) -> Option<Self> {
        let plane = || kubernetes::shared(evolve_operator::crd::definition);
        let plane = tokio::task::spawn_blocking(plane).await.unwrap()?;
        let client = plane.client().unwrap();
        let namespace: Namespace =
            serde_json::from_value(json!({ "metadata": { "generateName": "evolve-dashboards-" } })).unwrap();
        let namespace = Api::all(client.clone()).create(&PostParams::default(), &namespace).await.unwrap().name_any();
        let (kubelet, logs, port) =
            (Kubelet::start(&client, &namespace), tempfile::tempdir().unwrap(), free_port().unwrap());
        let log = File::create(logs.path().join("operator")).unwrap();
        let variables = [
            ("KUBECONFIG", plane.kubeconfig().to_str().unwrap()),
            ("POD_NAME", "one"),
            ("POD_NAMESPACE", namespace.as_str()),
            ("WATCH_NAMESPACES", namespace.as_str()),
            ("DEFAULT_IMAGE_REPOSITORY", "evolve.test/evolve"),
        ];
        let process = start(&binaries.join("evolve-operator"), &log, port, &variables);
        let this = Self { client, namespace, port, _process: process, _kubelet: kubelet, _logs: logs };
        let taken = json!({ "selector": { "app": "others" }, "ports": [{ "port": 80 }] });
        let name = format!("{CROWDED_OUT}-api");
        this.create::<Service>(json!({ "metadata": { "name": name }, "spec": taken })).await;
        let webhook = json!({ "host": "bots.example.org", "tlsSecretName": CALLED });
        this.bot(CALLED, json!({ "mode": "webhook", "webhook": webhook })).await;
        for bot in [ROLLED_OUT, CROWDED_OUT] {
            this.bot(bot, json!({})).await;
        }
        let bots: Api<EvolveBot> = Api::namespaced(this.client.clone(), &this.namespace);
        within(PATIENCE, "a bot is rolled out", async || {
            let bot = bots.get(ROLLED_OUT).await.unwrap();
            let conditions = bot.status.into_iter().flat_map(|status| status.conditions);
            conditions.into_iter().any(|known| known.type_ == "RolledOut" && known.status == "True")
        })
        .await;
        Some(this)
    }

    /// Where Prometheus finds it.
    pub(super) fn target(&self) -> Target {
        Target { namespace: RELEASED_INTO, service: NAME, part: None, port: self.port }
    }

    /// Somebody wants another version.
    pub(super) async fn work(&self, round: u32) {
        let bots: Api<EvolveBot> = Api::namespaced(self.client.clone(), &self.namespace);
        let version = json!({ "spec": { "version": format!("1.0.{round}") } });
        bots.patch(ROLLED_OUT, &PatchParams::default(), &Patch::Merge(version)).await.unwrap();
    }

    async fn bot(&self, name: &str, telegram: Value) {
        let data = json!({ "DATABASE_URL": "postgres://db/eva", "TELEGRAM_BOT_TOKEN": "1:a" });
        self.create::<Secret>(json!({ "metadata": { "name": name }, "stringData": data })).await;
        let models = json!({ "providers": [{ "kind": "scripted" }] });
        let mut spec = json!({ "version": "1.0.0", "ai": models, "telegram": telegram });
        leave_to_the_player(&mut spec);
        self.create::<EvolveBot>(json!({
            "apiVersion": "evolveai.dev/v1alpha1", "kind": "EvolveBot", "metadata": { "name": name }, "spec": spec,
        }))
        .await;
    }

    async fn create<K>(&self, object: Value)
    where
        K: Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>
            + Clone
            + DeserializeOwned
            + Serialize
            + std::fmt::Debug,
    {
        let object: K = serde_json::from_value(object).unwrap();
        let api: Api<K> = Api::namespaced(self.client.clone(), &self.namespace);
        api.create(&PostParams::default(), &object).await.unwrap();
    }
}
