//! A control plane to test against: etcd, the API server and the controller manager, on private ports of loopback,
//! started once for all tests of this process. There is no kubelet and no scheduler: [`super::Kubelet`] plays them.
//!
//! The programs are looked for where envtest looks for them: in the directory `KUBEBUILDER_ASSETS` names, or in
//! `/usr/local/kubebuilder/bin`. `EVOLVE_TEST_KUBECONFIG` names a cluster to use instead; the pods are played there too, since what
//! they would run is nowhere to be pulled from: bots ask for nodes that have [`super::PLAYED`], and no real node has.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::Context as _;
use axum::http::Request;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Patch, PatchParams};
use kube::config::{AuthInfo, KubeConfigOptions, Kubeconfig};
use kube::runtime::wait::{await_condition, conditions};
use kube::{Api, Client, Config, ResourceExt as _};

use super::programs::{self, Programs};
use crate::within;

const USUAL_PLACE: &str = "/usr/local/kubebuilder/bin";
const START_LIMIT: Duration = Duration::from_secs(60);

/// Who writes what a test prepares.
const FIELD_MANAGER: &str = "evolve-tests";

/// A control plane, and the ways into it.
#[derive(Debug)]
pub struct Plane {
    kubeconfig: PathBuf,
    config: Config,
    _programs: Option<Programs>,
}

/// The control plane that all tests of this process share, with this resource installed; `None`, loudly, where there is
/// nothing to make one of. Blocks while it starts, a few seconds.
///
/// # Panics
/// When it cannot be started.
#[expect(clippy::panic, reason = "for tests, whose failure this is")]
pub fn shared(definition: impl FnOnce() -> CustomResourceDefinition) -> Option<&'static Plane> {
    static SHARED: OnceLock<Option<Plane>> = OnceLock::new();
    let begin = || {
        let plane = Plane::start().unwrap_or_else(|error| panic!("no control plane: {error:#}"))?;
        let installed = plane.install(&definition());
        installed.unwrap_or_else(|error| panic!("the control plane does not take the resource: {error:#}"));
        Some(plane)
    };
    SHARED.get_or_init(begin).as_ref()
}

impl Plane {
    /// Starts one, or finds the one that the environment names; `None`, with a line on standard error that says what to
    /// set, where there is neither.
    ///
    /// # Errors
    /// When a program does not start, or a kubeconfig cannot be used.
    pub fn start() -> anyhow::Result<Option<Self>> {
        if let Some(path) = std::env::var_os("EVOLVE_TEST_KUBECONFIG") {
            return Self::reach(PathBuf::from(path), None).map(Some);
        }
        let place = std::env::var_os("KUBEBUILDER_ASSETS").map_or_else(|| PathBuf::from(USUAL_PLACE), PathBuf::from);
        if !place.join("kube-apiserver").exists() {
            // Not `eprintln!`: what a passing test prints with that, nobody sees.
            let _ = writeln!(
                std::io::stderr(),
                "\nSKIPPED: what needs a real Kubernetes control plane. Set KUBEBUILDER_ASSETS to a directory with etcd, \
                 kube-apiserver and kube-controller-manager, or EVOLVE_TEST_KUBECONFIG to a cluster's kubeconfig.\n"
            );
            return Ok(None);
        }
        let programs = programs::launch(&place)?;
        Self::reach(programs.kubeconfig.clone(), Some(programs)).map(Some)
    }

    fn reach(kubeconfig: PathBuf, programs: Option<Programs>) -> anyhow::Result<Self> {
        let read = Kubeconfig::read_from(&kubeconfig).with_context(|| format!("{}", kubeconfig.display()))?;
        let config = apart(|| async {
            let mut config = Config::from_custom_kubeconfig(read, &KubeConfigOptions::default()).await?;
            // A test may hold a connection until its end; the usual patience is too long here.
            config.connect_timeout = Some(Duration::from_secs(10));
            let client = Client::try_from(config.clone())?;
            within(START_LIMIT, "the API server is ready", async || {
                let request = Request::get("/readyz").body(Vec::new()).map_err(kube::Error::HttpError)?;
                client.request_text(request).await
            })
            .await;
            anyhow::Ok(config)
        })?;
        Ok(Self { kubeconfig, config, _programs: programs })
    }

    /// Installs a resource, and waits until it is served. Blocks.
    ///
    /// # Errors
    /// What the API server said against it.
    pub fn install(&self, definition: &CustomResourceDefinition) -> anyhow::Result<()> {
        apart(|| async {
            let client = Client::try_from(self.config())?;
            install_resource(&client, definition).await
        })
    }

    /// The administrator's kubeconfig, for programs such as kubectl and helm.
    #[must_use]
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// What an administrator's client is made of.
    #[must_use]
    pub fn config(&self) -> Config {
        self.config.clone()
    }

    /// What the client of somebody with this bearer token is made of, such as a ServiceAccount.
    #[must_use]
    pub fn config_for(&self, token: &str) -> Config {
        let mut config = self.config();
        config.auth_info = AuthInfo { token: Some(token.to_owned().into()), ..AuthInfo::default() };
        config
    }

    /// A client with all rights. It belongs to the runtime that it is first used in: one for each test.
    ///
    /// # Errors
    /// When the configuration of `EVOLVE_TEST_KUBECONFIG` cannot be used.
    pub fn client(&self) -> kube::Result<Client> {
        Client::try_from(self.config())
    }
}

/// Installs a resource, and waits until it is served.
///
/// # Errors
/// What the API server said against it.
pub async fn install_resource(client: &Client, definition: &CustomResourceDefinition) -> anyhow::Result<()> {
    let definitions = Api::all(client.clone());
    let name = definition.name_any();
    let params = PatchParams::apply(FIELD_MANAGER).force();
    definitions.patch(&name, &params, &Patch::Apply(definition)).await?;
    await_condition(definitions, &name, conditions::is_crd_established()).await?;
    Ok(())
}

/// Runs `work` on a thread and a runtime of its own, since the caller may be a test whose runtime is busy waiting.
fn apart<T: Send, F: Future<Output = anyhow::Result<T>>>(work: impl FnOnce() -> F + Send) -> anyhow::Result<T> {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(work())
        });
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
