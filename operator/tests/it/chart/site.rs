//! Where the chart is installed: a control plane with namespaces whose nodes are played, and the operator as the chart's
//! Deployment would run it.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use evolve_operator::EvolveBot;
use evolve_operator::controller::{self, config::Config};
use evolve_runtime::config::Reader;
use evolve_runtime::{metrics::Metrics, shutdown::Tasks};
use evolve_testkit::kubernetes::{self, Kubelet, Plane, leave_to_the_player};
use evolve_testkit::within;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::authentication::v1::TokenRequest;
use k8s_openapi::api::core::v1::{Container, Namespace, Secret, ServiceAccount};
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::api::{ListParams, PostParams};
use kube::{Api, Client, ResourceExt as _};
use serde_json::{Value, json};

use super::helm::{chart, chart_for_any_version, helm};

/// How long the control plane may take on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(180);

/// A control plane that the chart is installed on.
pub(super) struct Site {
    plane: Home,
    /// With all rights.
    pub(super) client: Client,
    kubelets: Vec<Kubelet>,
}

enum Home {
    Own(Box<Plane>),
    Shared(&'static Plane),
}

impl Site {
    /// On a control plane of its own, for what concerns a whole cluster; nothing where there is none to start. A cluster that
    /// belongs to somebody is left alone.
    pub(super) async fn own() -> Option<Self> {
        if std::env::var_os("EVOLVE_TEST_KUBECONFIG").is_some() {
            return None;
        }
        let plane = tokio::task::spawn_blocking(Plane::start).await.unwrap().unwrap()?;
        let client = plane.client().unwrap();
        Some(Self { plane: Home::Own(Box::new(plane)), client, kubelets: Vec::new() })
    }

    /// On the control plane of all tests, where the resource is known already.
    pub(super) async fn shared() -> Option<Self> {
        let shared = || kubernetes::shared(evolve_operator::crd::definition);
        let plane = tokio::task::spawn_blocking(shared).await.unwrap()?;
        let client = plane.client().unwrap();
        Some(Self { plane: Home::Shared(plane), client, kubelets: Vec::new() })
    }

    fn plane(&self) -> &Plane {
        match &self.plane {
            Home::Own(plane) => plane,
            Home::Shared(plane) => plane,
        }
    }

    /// A new namespace whose name begins so. It takes none but `restricted` pods.
    pub(super) async fn namespace(&mut self, prefix: &str) -> String {
        let namespace: Namespace = serde_json::from_value(json!({ "metadata": {
            "generateName": format!("{prefix}-"), "labels": { "pod-security.kubernetes.io/enforce": "restricted" },
        } }))
        .unwrap();
        let made = Api::all(self.client.clone()).create(&PostParams::default(), &namespace).await.unwrap();
        let name = made.name_any();
        self.kubelets.push(Kubelet::start(&self.client, &name));
        name
    }

    /// Helm with this control plane: what it printed.
    pub(super) async fn helm(&self, namespace: &str, arguments: &[&str]) -> String {
        let kubeconfig = self.plane().kubeconfig().display().to_string();
        let place = ["--kubeconfig", &kubeconfig, "--namespace", namespace];
        helm(&[arguments, &place].concat()).await.unwrap()
    }

    /// `helm upgrade --install` of the chart as the release `evolve`.
    pub(super) async fn install(&self, namespace: &str, arguments: &[&str]) -> String {
        let version = self.client.apiserver_version().await.unwrap().git_version;
        // What an API server says that was built from source without a release's name. No chart takes that.
        let chart = if version.starts_with("v0.0.0") { chart_for_any_version() } else { chart() };
        self.helm(namespace, &[&["upgrade", "--install", "evolve", &chart], arguments].concat()).await
    }

    /// The client that a pod of the chart's Deployment would have.
    pub(super) async fn account(&self, namespace: &str) -> kube::Config {
        let accounts: Api<ServiceAccount> = Api::namespaced(self.client.clone(), namespace);
        let (params, request) = (PostParams::default(), TokenRequest::default());
        let answer = accounts.create_token_request("evolve-operator", &params, &request).await.unwrap();
        self.plane().config_for(&answer.status.unwrap().token)
    }

    /// Starts the operator that was installed in `namespace`: with the variables of its Deployment, as its ServiceAccount.
    pub(super) async fn operator(&self, namespace: &str) -> Operator {
        let deployments: Api<Deployment> = Api::namespaced(self.client.clone(), namespace);
        let deployment = deployments.get("evolve-operator").await.unwrap();
        let container = deployment.spec.unwrap().template.spec.unwrap().containers.remove(0);
        let mut variables = Reader::from_values(variables(container, namespace));
        let read = Config::read(&mut variables);
        let config = variables.finish(read).unwrap();
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let tasks = Tasks::new();
        let account = self.account(namespace).await;
        controller::start(&config, account, listener, &tasks, &Metrics::new()).unwrap();
        Operator { address, tasks }
    }

    /// The Secret that a bot reads which names none.
    pub(super) async fn secret(&self, namespace: &str, bot: &str) {
        let data = json!({ "DATABASE_URL": "postgres://db/eva", "TELEGRAM_BOT_TOKEN": "1:a" });
        let secret: Secret =
            serde_json::from_value(json!({ "metadata": { "name": bot }, "stringData": data })).unwrap();
        Api::namespaced(self.client.clone(), namespace).create(&PostParams::default(), &secret).await.unwrap();
    }

    /// A bot.
    pub(super) async fn bot(&self, namespace: &str, name: &str, mut spec: Value) {
        leave_to_the_player(&mut spec);
        let bot: EvolveBot = serde_json::from_value(json!({
            "apiVersion": "evolveai.dev/v1alpha1", "kind": "EvolveBot", "metadata": { "name": name }, "spec": spec,
        }))
        .unwrap();
        self.bots(namespace).create(&PostParams::default(), &bot).await.unwrap();
    }

    /// The bots of a namespace.
    pub(super) fn bots(&self, namespace: &str) -> Api<EvolveBot> {
        Api::namespaced(self.client.clone(), namespace)
    }

    /// Waits until a condition of a bot has this status and reason, for the bot as it is now.
    pub(super) async fn until(&self, namespace: &str, bot: &str, condition: &str, wanted: [&str; 2]) -> Condition {
        let what = format!("{condition} of {bot} is {wanted:?}");
        within(PATIENCE, &what, async || {
            let bot = self.bots(namespace).get(bot).await.unwrap();
            let conditions = bot.status.iter().flat_map(|status| status.conditions.clone());
            let mut found = conditions.filter(|known| {
                known.type_ == condition
                    && [known.status.as_str(), known.reason.as_str()] == wanted
                    && known.observed_generation == bot.metadata.generation
            });
            found.next().ok_or(bot.status)
        })
        .await
    }

    /// Waits until there is an event with this reason about a bot.
    pub(super) async fn until_event(&self, namespace: &str, reason: &str) -> Event {
        let events: Api<Event> = Api::namespaced(self.client.clone(), namespace);
        within(PATIENCE, &format!("an event says {reason}"), async || {
            let events = events.list(&ListParams::default()).await.unwrap();
            events.items.into_iter().find(|event| event.reason.as_deref() == Some(reason))
        })
        .await
    }
}

/// The variables of a container as the kubelet would fill them in.
fn variables(container: Container, namespace: &str) -> Vec<(String, String)> {
    let value = |field: &str| match field {
        "metadata.name" => "the-pod".to_owned(),
        "metadata.namespace" => namespace.to_owned(),
        field => panic!("nothing is known of {field}"),
    };
    let one = |variable: k8s_openapi::api::core::v1::EnvVar| {
        let field = variable.value_from.and_then(|source| source.field_ref);
        (variable.name, field.map_or_else(|| variable.value.unwrap_or_default(), |field| value(&field.field_path)))
    };
    container.env.unwrap().into_iter().map(one).collect()
}

/// A running operator.
pub(super) struct Operator {
    address: SocketAddr,
    tasks: Tasks,
}

impl Operator {
    /// Where it answers.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// As SIGTERM would.
    pub(super) async fn stop(self) {
        self.tasks.clone().stop(std::future::pending()).await.unwrap();
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        self.tasks.hard().cancel();
    }
}
