//! A namespace with an operator and a played kubelet, and the command as a person calls it there.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use evolve_operator::EvolveBot;
use evolve_operator::controller::{self, config::Config};
use evolve_runtime::config::Reader;
use evolve_runtime::{metrics::Metrics, shutdown::Tasks};
use evolve_testkit::kubernetes::{self, Kubelet, Plane, leave_to_the_player};
use evolve_testkit::within;
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::{Namespace, Secret};
use kube::api::{Patch, PatchParams, PostParams};
use kube::{Api, Client, Resource, ResourceExt as _};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// How long the control plane may take on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(90);

/// A namespace with everything in it.
pub(super) struct World {
    pub(super) client: Client,
    pub(super) namespace: String,
    pub(super) kubelet: Kubelet,
    pub(super) kubeconfig: PathBuf,
    plane: &'static Plane,
    tasks: Tasks,
    place: tempfile::TempDir,
}

impl Drop for World {
    fn drop(&mut self) {
        self.tasks.hard().cancel();
    }
}

/// How the command ended.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) code: i32,
    pub(super) out: String,
    pub(super) err: String,
}

impl World {
    /// A new namespace with an operator; nothing where there is no control plane.
    pub(super) async fn new() -> Option<Self> {
        let definition = evolve_operator::crd::definition;
        let plane = tokio::task::spawn_blocking(move || kubernetes::shared(definition)).await.unwrap()?;
        let client = plane.client().unwrap();
        let namespace: Namespace =
            serde_json::from_value(json!({ "metadata": { "generateName": "evolve-cli-" } })).unwrap();
        let namespace = Api::all(client.clone()).create(&PostParams::default(), &namespace).await.unwrap().name_any();
        let kubelet = Kubelet::start(&client, &namespace);
        let place = tempfile::Builder::new().prefix("evolve-kubectl-").tempdir().unwrap();
        let kubeconfig = plane.kubeconfig().to_owned();
        let world = Self { client, namespace, kubelet, kubeconfig, plane, tasks: Tasks::new(), place };
        world.start_operator().await;
        Some(world)
    }

    async fn start_operator(&self) {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let variables = [
            ("POD_NAME", "one"),
            ("POD_NAMESPACE", &self.namespace),
            ("WATCH_NAMESPACES", &self.namespace),
            // Nobody takes over here, and on a busy machine a short one is lost.
            ("LEASE_DURATION_SECONDS", "60"),
            ("DEFAULT_IMAGE_REPOSITORY", "evolve.test/evolve"),
            ("DEFAULT_VERSION", "1.0.0"),
        ];
        let config = Config::read(&mut Reader::from_values(variables));
        controller::start(&config, self.plane.config(), listener, &self.tasks, &Metrics::new()).unwrap();
    }

    /// A file of this test.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    /// `kubectl evolve …`, not started yet: the binary, called as kubectl calls it.
    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let plugin = self.path("kubectl-evolve");
        if !plugin.exists() {
            std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_evolve"), &plugin).unwrap();
        }
        self.command_of(&plugin, arguments)
    }

    /// The same under another name.
    pub(super) fn command_of(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).args(["--namespace", &self.namespace]).env("KUBECONFIG", &self.kubeconfig);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    /// Runs it to its end.
    pub(super) async fn evolve(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().await.unwrap())
    }

    /// Runs it to its end, and somebody types `answer`.
    pub(super) async fn evolve_and_say(&self, arguments: &[&str], answer: &str) -> Ran {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(answer.as_bytes()).await.unwrap();
        Ran::of(child.wait_with_output().await.unwrap())
    }

    /// Runs it to its end, and it must succeed.
    #[track_caller]
    pub(super) fn must(&self, arguments: &[&str]) -> impl Future<Output = String> {
        let (place, text) = (std::panic::Location::caller(), format!("{arguments:?}"));
        let running = self.command(arguments).output();
        async move {
            let ran = Ran::of(running.await.unwrap());
            assert_eq!(ran.code, 0, "{place}: {text}\n{}{}", ran.out, ran.err);
            ran.out
        }
    }

    /// A kubeconfig of somebody who may do nothing but what `role` says.
    pub(super) async fn person(&self, name: &str, rules: Value) -> PathBuf {
        use k8s_openapi::api::rbac::v1::{Role, RoleBinding};
        self.create::<Role>(json!({ "metadata": { "name": name }, "rules": rules })).await;
        self.create::<RoleBinding>(json!({
            "metadata": { "name": name },
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name },
            "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": name }],
        }))
        .await;
        let text = std::fs::read_to_string(&self.kubeconfig).unwrap();
        let mut kubeconfig: Value = serde_yaml_ng::from_str(&text).unwrap();
        kubeconfig["users"][0]["user"]["as"] = json!(name);
        let path = self.path(name);
        std::fs::write(&path, serde_yaml_ng::to_string(&kubeconfig).unwrap()).unwrap();
        path
    }

    /// The API of one kind in this namespace.
    pub(super) fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// What `kubectl create -f` does.
    pub(super) async fn create<K>(&self, object: Value) -> K
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + Clone + DeserializeOwned + Serialize,
        K: std::fmt::Debug,
    {
        let object = serde_json::from_value(object).unwrap();
        self.api::<K>().create(&PostParams::default(), &object).await.unwrap()
    }

    /// What `kubectl patch --type merge` does to a bot.
    pub(super) async fn patch(&self, bot: &str, patch: Value) {
        let params = PatchParams::default();
        self.api::<EvolveBot>().patch(bot, &params, &Patch::Merge(patch)).await.unwrap();
    }

    /// A bot that says no more than `spec`, and the Secret that it reads.
    pub(super) async fn bot(&self, name: &str, spec: Value) {
        let data = json!({ "DATABASE_URL": "postgres://db/s3cret-word", "TELEGRAM_BOT_TOKEN": "1:s3cret-word" });
        self.create::<Secret>(json!({ "metadata": { "name": name }, "stringData": data })).await;
        let mut whole = json!({ "version": "1.0.0", "ai": { "providers": [{ "kind": "scripted" }] } });
        for (field, value) in spec.as_object().unwrap() {
            whole[field] = value.clone();
        }
        leave_to_the_player(&mut whole);
        self.create::<EvolveBot>(json!({
            "apiVersion": "evolveai.dev/v1alpha1", "kind": "EvolveBot", "metadata": { "name": name }, "spec": whole,
        }))
        .await;
    }

    /// The bot as it is.
    pub(super) async fn see(&self, name: &str) -> EvolveBot {
        self.api().get(name).await.unwrap()
    }

    /// Waits until a condition of the bot has this status.
    pub(super) async fn until(&self, bot: &str, condition: &str, status: &str) {
        within(PATIENCE, &format!("{condition} of {bot} is {status}"), async || {
            let bot = self.see(bot).await;
            let known = bot.status.clone().unwrap_or_default().conditions;
            let found = known.into_iter().find(|known| known.type_ == condition);
            found
                .filter(|found| found.status == status && found.observed_generation == bot.metadata.generation)
                .ok_or(bot.status)
        })
        .await;
    }
}

impl Ran {
    fn of(output: std::process::Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) }
    }
}
