//! The three programs of a control plane, each under the watchdog of [`crate::process`]: they are gone when this process
//! goes, however it goes.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::credentials;
use crate::process::{ServerProcess, Spec, free_port};

const START_LIMIT: Duration = Duration::from_secs(60);
const STOP_LIMIT: Duration = Duration::from_secs(5);

/// What runs.
#[derive(Debug)]
pub(super) struct Programs {
    /// The administrator's kubeconfig.
    pub(super) kubeconfig: PathBuf,
    /// Dropping them stops them.
    _servers: Vec<ServerProcess>,
}

/// Starts the programs of the directory `place`. Blocks until the API server takes connections.
pub(super) fn launch(place: &Path) -> anyhow::Result<Programs> {
    // Removed by the watchdog of the API server.
    let home = tempfile::Builder::new().prefix("evolve-plane-").tempdir()?.keep();
    let (clients, peers, port) = (free_port()?, free_port()?, free_port()?);
    let authority = credentials::write(&home)?;
    let kubeconfig = home.join("kubeconfig");
    std::fs::write(&kubeconfig, serde_yaml_ng::to_string(&credentials::kubeconfig(port, &authority))?)?;
    let programs: [(&'static str, Vec<String>); 3] = [
        ("etcd", etcd(&home, clients, peers)),
        ("kube-apiserver", api_server(&home, clients, port)),
        ("kube-controller-manager", controllers(&home)),
    ];
    let mut servers = Vec::new();
    for (name, arguments) in programs {
        let server = ServerProcess::spawn(&Spec {
            name,
            program: &place.join(name),
            arguments: arguments.into_iter().map(OsString::from).collect(),
            environment: Vec::new(),
            directory: &home,
            log: &home.join(format!("{name}.log")),
            account: None,
            stop_signal: "TERM",
            stop_limit: STOP_LIMIT,
            // The API server is the last one to need it: it asks to be shut down slowly.
            remove: (name == "kube-apiserver").then_some(home.as_path()),
        })?;
        if name == "kube-apiserver" {
            // The controller manager gives up when nobody answers for ten seconds. The log is asked, since a connection
            // to a free port of the ephemeral range may be one to itself.
            let log = server.log().to_owned();
            let serves = || std::fs::read_to_string(&log).is_ok_and(|log| log.contains("Serving securely"));
            server.wait_until_ready(START_LIMIT, serves)?;
        }
        servers.push(server);
    }
    Ok(Programs { kubeconfig, _servers: servers })
}

fn at(home: &Path, name: &str) -> String {
    home.join(name).display().to_string()
}

fn etcd(home: &Path, clients: u16, peers: u16) -> Vec<String> {
    vec![
        format!("--data-dir={}", at(home, "etcd")),
        format!("--listen-client-urls=http://127.0.0.1:{clients}"),
        format!("--advertise-client-urls=http://127.0.0.1:{clients}"),
        format!("--listen-peer-urls=http://127.0.0.1:{peers}"),
        "--unsafe-no-fsync".to_owned(),
    ]
}

fn api_server(home: &Path, etcd: u16, port: u16) -> Vec<String> {
    vec![
        format!("--etcd-servers=http://127.0.0.1:{etcd}"),
        "--bind-address=127.0.0.1".to_owned(),
        "--advertise-address=127.0.0.1".to_owned(),
        "--endpoint-reconciler-type=none".to_owned(),
        format!("--secure-port={port}"),
        format!("--tls-cert-file={}", at(home, "server.crt")),
        format!("--tls-private-key-file={}", at(home, "server.key")),
        format!("--token-auth-file={}", at(home, "tokens.csv")),
        "--authorization-mode=RBAC".to_owned(),
        "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
        format!("--service-account-key-file={}", at(home, "accounts.pub")),
        format!("--service-account-signing-key-file={}", at(home, "accounts.key")),
        "--service-cluster-ip-range=10.96.0.0/16".to_owned(),
        "--profiling=false".to_owned(),
    ]
}

fn controllers(home: &Path) -> Vec<String> {
    vec![
        format!("--kubeconfig={}", at(home, "kubeconfig")),
        format!("--service-account-private-key-file={}", at(home, "accounts.key")),
        format!("--root-ca-file={}", at(home, "authority.crt")),
        "--leader-elect=false".to_owned(),
        "--secure-port=0".to_owned(),
        "--kube-api-qps=2000".to_owned(),
        "--kube-api-burst=4000".to_owned(),
        "--concurrent-deployment-syncs=20".to_owned(),
        "--concurrent-replicaset-syncs=20".to_owned(),
        "--concurrent-job-syncs=20".to_owned(),
        "--concurrent-gc-syncs=40".to_owned(),
        "--concurrent-namespace-syncs=20".to_owned(),
    ]
}
