//! A Kubernetes control plane of our own: etcd, the API server and the controller manager, on private ports of loopback,
//! started once for all tests of this process and gone when the process goes, however it goes. There is no kubelet and
//! no scheduler: [`super::kubelet`] plays them.
//!
//! The programs are looked for where envtest looks for them: in the directory `KUBEBUILDER_ASSETS` names, or in
//! `/usr/local/kubebuilder/bin`. `EVOLVE_TEST_KUBECONFIG` names a cluster to use instead; its bots' pods are then left
//! to that cluster's own kubelets.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use evolve_testkit::process::{ServerProcess, Spec, free_port};
use evolve_testkit::within;
use kube::config::{
    AuthInfo, Cluster, Context, KubeConfigOptions, Kubeconfig, NamedAuthInfo, NamedCluster, NamedContext,
};
use kube::{Client, Config};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

const USUAL_PLACE: &str = "/usr/local/kubebuilder/bin";
const START_LIMIT: Duration = Duration::from_secs(60);
const STOP_LIMIT: Duration = Duration::from_secs(5);

/// How a test reaches a cluster.
#[derive(Clone)]
pub(super) struct Plane {
    kubeconfig: Kubeconfig,
    /// Whether pods run for themselves here, so that nobody needs to play the kubelet.
    pub(super) has_kubelets: bool,
}

/// The cluster that all tests of this process share; `None`, loudly, where there is nothing to make one of.
pub(super) fn shared() -> Option<&'static Plane> {
    static SHARED: OnceLock<Option<Plane>> = OnceLock::new();
    SHARED.get_or_init(start).as_ref()
}

impl Plane {
    /// A client with all rights. It belongs to the runtime that it is first used in: one for each test.
    pub(super) async fn client(&self) -> Client {
        Client::try_from(self.config().await).unwrap()
    }

    /// What a client is made of.
    pub(super) async fn config(&self) -> Config {
        let mut config =
            Config::from_custom_kubeconfig(self.kubeconfig.clone(), &KubeConfigOptions::default()).await.unwrap();
        // A test may hold a connection until its end; the usual five minutes without a byte are too patient here.
        config.connect_timeout = Some(Duration::from_secs(10));
        config
    }
}

fn start() -> Option<Plane> {
    if let Some(path) = std::env::var_os("EVOLVE_TEST_KUBECONFIG") {
        let kubeconfig = Kubeconfig::read_from(path).unwrap();
        return Some(prepared(Plane { kubeconfig, has_kubelets: true }));
    }
    let place = std::env::var_os("KUBEBUILDER_ASSETS").map_or_else(|| PathBuf::from(USUAL_PLACE), PathBuf::from);
    if !place.join("kube-apiserver").exists() {
        // Not `eprintln!`: what a passing test prints with that, nobody sees.
        let _ = writeln!(
            std::io::stderr(),
            "\nSKIPPED: the operator's tests against a real control plane. Set KUBEBUILDER_ASSETS to a directory with \
             etcd, kube-apiserver and kube-controller-manager, or EVOLVE_TEST_KUBECONFIG to a cluster's kubeconfig.\n"
        );
        return None;
    }
    let kubeconfig = launch(&place);
    Some(prepared(Plane { kubeconfig, has_kubelets: false }))
}

/// Waits until it answers, and installs the resource. On a thread of its own, since a test's runtime is busy waiting.
fn prepared(plane: Plane) -> Plane {
    let ready = plane.clone();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let client = ready.client().await;
            within(START_LIMIT, "the API server is ready", async || {
                let request = http::Request::get("/readyz").body(Vec::new()).unwrap();
                client.request_text(request).await
            })
            .await;
            super::install_resource(&client).await;
        });
    })
    .join()
    .unwrap();
    plane
}

fn launch(place: &Path) -> Kubeconfig {
    let home = tempfile::Builder::new().prefix("evolve-plane-").tempdir().unwrap().keep();
    let [clients, peers, port] = [(); 3].map(|()| free_port().unwrap());
    let authority = write_keys(&home);
    let kubeconfig = kubeconfig(port, &authority);
    let file = home.join("kubeconfig");
    std::fs::write(&file, serde_yaml_ng::to_string(&kubeconfig).unwrap()).unwrap();

    let at = |name: &str| home.join(name).display().to_string();
    let etcd = [
        format!("--data-dir={}", at("etcd")),
        format!("--listen-client-urls=http://127.0.0.1:{clients}"),
        format!("--advertise-client-urls=http://127.0.0.1:{clients}"),
        format!("--listen-peer-urls=http://127.0.0.1:{peers}"),
        "--unsafe-no-fsync".to_owned(),
    ];
    let api_server = [
        format!("--etcd-servers=http://127.0.0.1:{clients}"),
        "--bind-address=127.0.0.1".to_owned(),
        "--advertise-address=127.0.0.1".to_owned(),
        "--endpoint-reconciler-type=none".to_owned(),
        format!("--secure-port={port}"),
        format!("--tls-cert-file={}", at("server.crt")),
        format!("--tls-private-key-file={}", at("server.key")),
        format!("--token-auth-file={}", at("tokens.csv")),
        "--authorization-mode=RBAC".to_owned(),
        "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
        format!("--service-account-key-file={}", at("accounts.pub")),
        format!("--service-account-signing-key-file={}", at("accounts.key")),
        "--service-cluster-ip-range=10.96.0.0/16".to_owned(),
        "--profiling=false".to_owned(),
    ];
    let controllers = [
        format!("--kubeconfig={}", file.display()),
        format!("--service-account-private-key-file={}", at("accounts.key")),
        format!("--root-ca-file={}", at("authority.crt")),
        "--leader-elect=false".to_owned(),
        "--secure-port=0".to_owned(),
        "--kube-api-qps=2000".to_owned(),
        "--kube-api-burst=4000".to_owned(),
        "--concurrent-deployment-syncs=20".to_owned(),
        "--concurrent-replicaset-syncs=20".to_owned(),
        "--concurrent-job-syncs=20".to_owned(),
        "--concurrent-gc-syncs=40".to_owned(),
        "--concurrent-namespace-syncs=20".to_owned(),
    ];
    let programs: [(&'static str, &[String]); 3] =
        [("etcd", &etcd), ("kube-apiserver", &api_server), ("kube-controller-manager", &controllers)];
    for (name, arguments) in programs {
        let spec = Spec {
            name,
            program: &place.join(name),
            arguments: arguments.iter().map(OsString::from).collect(),
            environment: Vec::new(),
            directory: &home,
            log: &home.join(format!("{name}.log")),
            account: None,
            stop_signal: "TERM",
            stop_limit: STOP_LIMIT,
            // The API server is the last one to need it: it asks to be shut down slowly.
            remove: (name == "kube-apiserver").then_some(home.as_path()),
        };
        let server = ServerProcess::spawn(&spec).unwrap();
        if name == "kube-apiserver" {
            // The controller manager gives up when nobody answers for ten seconds.
            wait_until_it_serves(&server);
        }
        // Never dropped: the pipe that keeps it alive closes with this process.
        std::mem::forget(server);
    }
    kubeconfig
}

/// Asks its log, since a connection to a free port of the ephemeral range may be one to itself.
fn wait_until_it_serves(server: &ServerProcess) {
    let start = std::time::Instant::now();
    loop {
        let log = std::fs::read_to_string(server.log()).unwrap_or_default();
        if log.contains("Serving securely") {
            return;
        }
        let is_running = server.exit().borrow().is_none() && start.elapsed() < START_LIMIT;
        assert!(is_running, "the API server did not begin to serve:\n{log}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

const TOKEN: &str = "for-tests-on-loopback-only";

/// Certificates and keys that the programs need, and the authority's certificate.
fn write_keys(home: &Path) -> String {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.distinguished_name.push(DnType::CommonName, "evolve tests");
    let authority_key = KeyPair::generate().unwrap();
    let certificate = authority.self_signed(&authority_key).unwrap().pem();
    let issuer = Issuer::new(authority, authority_key);
    let server_key = KeyPair::generate().unwrap();
    let server = CertificateParams::new(vec!["127.0.0.1".to_owned(), "localhost".to_owned()]).unwrap();
    let server = server.signed_by(&server_key, &issuer).unwrap();
    let accounts = KeyPair::generate().unwrap();
    let files = [
        ("authority.crt", certificate.clone()),
        ("server.crt", server.pem()),
        ("server.key", server_key.serialize_pem()),
        ("accounts.key", accounts.serialize_pem()),
        ("accounts.pub", accounts.public_key_pem()),
        ("tokens.csv", format!("{TOKEN},tests,tests,\"system:masters\"\n")),
    ];
    for (name, content) in files {
        std::fs::write(home.join(name), content).unwrap();
    }
    certificate
}

fn kubeconfig(port: u16, authority: &str) -> Kubeconfig {
    use base64::Engine as _;
    let cluster = Cluster {
        server: Some(format!("https://127.0.0.1:{port}")),
        certificate_authority_data: Some(base64::engine::general_purpose::STANDARD.encode(authority)),
        ..Cluster::default()
    };
    let user = AuthInfo { token: Some(TOKEN.to_owned().into()), ..AuthInfo::default() };
    let context = Context { cluster: "tests".to_owned(), user: Some("tests".to_owned()), ..Context::default() };
    Kubeconfig {
        api_version: Some("v1".to_owned()),
        kind: Some("Config".to_owned()),
        clusters: vec![NamedCluster { name: "tests".to_owned(), cluster: Some(cluster), ..Default::default() }],
        auth_infos: vec![NamedAuthInfo { name: "tests".to_owned(), auth_info: Some(user), ..Default::default() }],
        contexts: vec![NamedContext { name: "tests".to_owned(), context: Some(context), ..Default::default() }],
        current_context: Some("tests".to_owned()),
        ..Kubeconfig::default()
    }
}
