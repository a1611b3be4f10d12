//! The operator's own configuration, from environment variables.

use std::net::SocketAddr;
use std::time::Duration;

use evolve_runtime::config::{ConfigError, Reader};
use evolve_runtime::errors::ErrorConfig;
use evolve_runtime::logs::LogConfig;
use evolve_runtime::traces::TraceConfig;

use super::access::Grant;

/// The operator's configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where `/healthz`, `/readyz` and `/metrics` are.
    pub http_addr: SocketAddr,
    /// The namespaces that it looks after; all of them when empty.
    pub namespaces: Vec<String>,
    /// Where its Lease is.
    pub own_namespace: String,
    /// By what it gets its rights in one more namespace.
    pub grant: Grant,
    /// The Lease's name.
    pub lease_name: String,
    /// Who it is among the replicas.
    pub identity: String,
    /// How long a silent leader is still respected.
    pub lease_duration: Duration,
    /// Most bots that are worked on at once.
    pub concurrency: u16,
    /// The image of bots that name no repository, without tag.
    pub image_repository: String,
    /// The version of bots that name none.
    pub version: String,
    /// How long it waits for what.
    pub timing: Timing,
    /// Logs.
    pub logs: LogConfig,
    /// Traces.
    pub traces: TraceConfig,
    /// Where errors are told.
    pub errors: ErrorConfig,
}

/// How long the operator waits for what. Nobody configures it; tests have less patience.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// How often the kinds that a cluster may lack are looked for.
    pub look_again: Duration,
    /// How long the server lets one watch request live, seconds: a quiet watch shows a sign of life at least this often,
    /// and one on which nothing came for five seconds longer is taken for dead.
    pub watch_seconds: u32,
    /// How long a watch may show no sign of life until `/healthz` fails.
    pub stuck: Duration,
    /// How long the API server may take to begin its answer.
    pub answer: Duration,
    /// How long a request for a pass is held, so that all that follow it are one with it: long enough for what a pass's own
    /// writes set off, and a tenth of the second in which what was deleted is back.
    pub merge: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        let watch_seconds = 240;
        Self {
            look_again: Duration::from_secs(60),
            watch_seconds,
            // Two lives of a watch, and the longest pause between them.
            stuck: Duration::from_secs(2 * u64::from(watch_seconds) + 60),
            answer: Duration::from_secs(30),
            merge: Duration::from_millis(100),
        }
    }
}

impl Config {
    /// Reads the environment of this process.
    ///
    /// # Errors
    /// Every problem that was found.
    pub fn from_env() -> Result<Self, ConfigError> {
        let mut env = Reader::from_env();
        let config = Self::read(&mut env);
        env.finish(config)
    }

    /// Reads each variable.
    pub fn read(env: &mut Reader) -> Self {
        let address: String =
            env.or("HTTP_ADDR", "0.0.0.0:8080", "Where `/healthz`, `/readyz` and `/metrics` are served.");
        let http_addr = address.parse().unwrap_or_else(|error| {
            env.problem(format!("HTTP_ADDR is not an address and a port ({error}); try 0.0.0.0:8080"));
            SocketAddr::from(([0, 0, 0, 0], 8080))
        });
        let namespaces: String =
            env.or("WATCH_NAMESPACES", "", "The namespaces to look after, comma-separated; all of them when empty.");
        let lease_seconds: u64 =
            env.or("LEASE_DURATION_SECONDS", "15", "How long a silent leader is still respected, seconds.");
        let concurrency: u16 = env.or("RECONCILE_CONCURRENCY", "8", "Most bots that are worked on at once.");
        if lease_seconds < 3 || concurrency == 0 {
            env.problem("LEASE_DURATION_SECONDS must be 3 or more, and RECONCILE_CONCURRENCY 1 or more".to_owned());
        }
        let own_namespace: String =
            env.or("POD_NAMESPACE", "default", "The operator's own namespace, where its Lease is.");
        let account: String =
            env.or("SERVICE_ACCOUNT", "evolve-operator", "Its ServiceAccount, as it is named to people.");
        let cluster_role = env.optional(
            "GRANT_CLUSTER_ROLE",
            "The ClusterRole that gives it its rights in a namespace where it is bound, as it is named to people.",
        );
        Self {
            http_addr,
            namespaces: namespaces.split(',').map(str::trim).filter(|n| !n.is_empty()).map(str::to_owned).collect(),
            grant: Grant { cluster_role, service_account: format!("{own_namespace}:{account}") },
            own_namespace,
            lease_name: env.or("LEASE_NAME", "evolve-operator", "The name of the Lease."),
            identity: env.required("POD_NAME", "Who this is among the replicas: the pod's name."),
            lease_duration: Duration::from_secs(lease_seconds.max(3)),
            concurrency: concurrency.max(1),
            image_repository: env.or(
                "DEFAULT_IMAGE_REPOSITORY",
                "ghcr.io/evolveai/evolve",
                "The image of bots that name no repository, without tag.",
            ),
            version: env.or(
                "DEFAULT_VERSION",
                env!("CARGO_PKG_VERSION"),
                "The version of bots that name none when they are made.",
            ),
            timing: Timing::default(),
            logs: LogConfig::read(env),
            traces: TraceConfig::read(env, "evolve-operator"),
            errors: ErrorConfig::read(env),
        }
    }
}
