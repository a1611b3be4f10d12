//! The processes that `evolve up` runs, beside Postgres and Redis: the simulated Telegram, the API, the bot. Each is
//! under the same watchdog as the private servers, so it goes when we go, however that happens; each writes its own
//! log; and each sees exactly the variables that were rendered for it, secrets among them, none of them on a command
//! line.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use evolve_operator::build::environment::{Value, Variable};
use evolve_operator::crd::SecretKeyRef;
use evolve_testkit::error::log_tail;
use evolve_testkit::process::{ServerProcess, Spec};

use crate::home::Home;
use crate::say::command;

/// How long a child may take to finish what it has in hand. Two of them, the simulator, Redis and Postgres one after
/// the other stay under the 30 seconds that a stop may take.
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// Variables of ours that every child gets, where they are set: the way out through a proxy, and which certificates to
/// trust on it.
const INHERITED: [&str; 11] = [
    "HOME",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "RUST_BACKTRACE",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TMPDIR",
];

/// The values of secrets, by where the resource says that they are.
pub(crate) type Secrets = BTreeMap<SecretKeyRef, String>;

/// A process of ours that is to run.
pub(crate) struct Child<'a> {
    /// Its name, also of its log.
    pub(crate) name: &'static str,
    /// Its program.
    pub(crate) program: PathBuf,
    /// Its arguments.
    pub(crate) arguments: Vec<OsString>,
    /// Its environment, with secrets by reference.
    pub(crate) environment: &'a [Variable],
}

impl Child<'_> {
    /// Starts it.
    pub(crate) fn start(self, home: &Home, secrets: &Secrets) -> anyhow::Result<ServerProcess> {
        let mut environment: Vec<(String, String)> =
            INHERITED.iter().filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?))).collect();
        for variable in self.environment {
            let value = match &variable.value {
                Value::Plain(text) => text.clone(),
                Value::Secret(source) => secrets
                    .get(source)
                    .cloned()
                    .ok_or_else(|| anyhow!("{} has no value: set {}", variable.name, source.key))?,
            };
            environment.push((variable.name.clone(), value));
        }
        let log = home.fresh_log(self.name);
        ServerProcess::spawn(&Spec {
            name: self.name,
            program: &self.program,
            arguments: self.arguments,
            environment,
            directory: home.path(),
            log: &log,
            account: None,
            stop_signal: "TERM",
            stop_limit: STOP_LIMIT,
            remove: None,
        })
        .with_context(|| format!("cannot start {}", self.name))
    }
}

/// A program that was built together with this one, and so stands beside it.
pub(crate) fn sibling(name: &str) -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("cannot find my own program")?;
    let path = own.parent().unwrap_or(Path::new(".")).join(name);
    if !path.is_file() {
        bail!("{} is not there: build it with `cargo build --workspace --bins` (`make up` does)", path.display());
    }
    Ok(path)
}

/// What a person should know about a child that ended when it should not have.
pub(crate) fn ended(name: &str, status: Option<i32>, log: &Path) -> anyhow::Error {
    let status = status.map(|status| format!(" (status {status})")).unwrap_or_default();
    anyhow!(
        "{name} ended{status}, so everything is stopped. Its last lines, from {}:\n{}Mend what they say and run `{}` \
         again; `{}` looks at the whole machine",
        log.display(),
        log_tail(log, 20),
        command("up"),
        command("doctor"),
    )
}
