//! A home for one test, and the command run in it.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use evolve_testkit::process::is_alive;
use tempfile::TempDir;

/// What is set around us and must not decide a test.
const FOREIGN: [&str; 27] = [
    "TELEGRAM_BOT_TOKEN",
    "GOOGLE_API_KEY",
    "DATABASE_URL",
    "DATABASE_URL_FILE",
    "REDIS_URL",
    "JWT_SECRET",
    "ENCRYPTION_KEY",
    "ENCRYPTION_KEY_FILE",
    "SERVICE_KEY",
    "WEBHOOK_SECRET",
    "EVOLVE_HOME",
    "ADMIN_RATE_LIMIT",
    "ADMIN_REGISTRATION_TOKEN",
    "ENABLE_QUERY_ANALYSIS",
    "MODEL_PRICES",
    "OIDC_CLIENT_ID",
    "OIDC_CLIENT_SECRET",
    "OIDC_ISSUER",
    "OIDC_ROLES",
    "OIDC_ROLE_CLAIM",
    "OIDC_SCOPES",
    "PANEL_RATE_LIMIT",
    "PANEL_SECOND_FACTOR",
    "PANEL_URL",
    "REPORT_TIME_ZONE",
    "STATS_API_RATE_LIMIT",
    "TRUSTED_PROXY_HOPS",
];

/// A home, in which everything is stopped at the end.
pub(crate) struct World {
    directory: TempDir,
}

impl World {
    /// An empty one.
    pub(crate) fn new() -> Self {
        let directory = tempfile::Builder::new().prefix("evolve-cli-").tempdir().unwrap();
        // The servers' account must be able to go there when root runs the tests.
        std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o711)).unwrap();
        Self { directory }
    }

    /// Where `.evolve` is.
    pub(crate) fn home(&self) -> PathBuf {
        self.directory.path().join("evolve")
    }

    /// Where commands are run.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The command, not started yet.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.program(env!("CARGO_BIN_EXE_evolve"));
        command.args(arguments);
        command
    }

    /// Any program in the same surroundings, not started yet.
    pub(crate) fn program(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.directory.path()).stdin(Stdio::null());
        FOREIGN.iter().for_each(|name| {
            command.env_remove(name);
        });
        command.env("EVOLVE_HOME", self.home()).env("LANG", "en_US.UTF-8").env("USER", "Ada");
        command
    }

    /// Runs it to its end.
    pub(crate) fn evolve(&self, arguments: &[&str]) -> Ran {
        Ran::from(self.command(arguments).output().unwrap())
    }

    /// Runs it to its end, and it must succeed.
    #[track_caller]
    pub(crate) fn must(&self, arguments: &[&str]) -> String {
        let ran = self.evolve(arguments);
        assert!(ran.succeeded, "evolve {arguments:?} failed:\n{}{}", ran.said, self.logs());
        ran.said
    }

    /// What `state.json` says.
    pub(crate) fn state(&self) -> serde_json::Value {
        serde_json::from_slice(&std::fs::read(self.home().join("state.json")).unwrap()).unwrap()
    }

    /// The process ids of everything that runs: what was started, and its starter.
    pub(crate) fn pids(&self) -> Vec<i32> {
        let state = self.state();
        let parts = state["pids"].as_object().unwrap().values().cloned();
        parts.chain([state["pid"].clone()]).map(|pid| i32::try_from(pid.as_i64().unwrap()).unwrap()).collect()
    }

    /// The ends of all logs, for a failed assertion.
    pub(crate) fn logs(&self) -> String {
        let logs = self.home().join("logs");
        let entries = std::fs::read_dir(&logs).into_iter().flatten().flatten();
        entries.map(|entry| format!("--- {}\n{}", entry.path().display(), tail(&entry.path()))).collect()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // A test that failed may have left it running.
        let _ = self.command(&["down"]).output();
    }
}

fn tail(path: &Path) -> String {
    evolve_testkit::error::log_tail(path, 15)
}

/// How a command ended.
pub(crate) struct Ran {
    /// Whether with 0.
    pub(crate) succeeded: bool,
    /// All that it printed.
    pub(crate) said: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = [output.stdout, output.stderr].concat();
        Self { succeeded: output.status.success(), said: String::from_utf8_lossy(&text).into_owned() }
    }
}

/// Which of these still run.
pub(crate) fn alive(pids: &[i32]) -> Vec<i32> {
    pids.iter().copied().filter(|pid| is_alive(*pid)).collect()
}
