//! A store that speaks S3, on loopback: rclone itself, which is server and client. `make setup` puts the version of the
//! image into `.tools/` of the checkout; one in PATH is as good if it can serve.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use evolve_testkit::process::{ServerProcess, Spec, free_port};
use evolve_testkit::within;

/// Who may use the store.
pub(super) const KEY: &str = "AKIAEVOLVE";
/// Their secret.
pub(super) const SECRET: &str = "s3cret-word-of-the-store";
/// The bucket that is there.
pub(super) const BUCKET: &str = "copies";

/// A running store, with one bucket.
pub(super) struct Store {
    pub(super) endpoint: String,
    buckets: PathBuf,
    _server: ServerProcess,
}

impl Store {
    /// Starts one; nothing, with a line that says what to do, where there is no rclone.
    pub(super) async fn start() -> Option<Self> {
        let Some(rclone) = rclone() else {
            // Not `eprintln!`: what a passing test prints with that, nobody sees.
            let _ = writeln!(
                std::io::stderr(),
                "\nSKIPPED: backups in a store that speaks S3. Run `make setup`, or install rclone 1.65 or newer.\n"
            );
            return None;
        };
        let home = tempfile::Builder::new().prefix("evolve-store-").tempdir().unwrap().keep();
        let buckets = home.join("buckets");
        std::fs::create_dir_all(buckets.join(BUCKET)).unwrap();
        let address = format!("127.0.0.1:{}", free_port().unwrap());
        // What a test puts into the folder is there at once.
        let options = ["--verbose", "--config=/notfound", "--dir-cache-time=0s", "--addr", &address];
        let arguments = ["serve", "s3"].into_iter().chain(options).map(Into::into);
        let server = ServerProcess::spawn(&Spec {
            name: "rclone",
            program: &rclone,
            arguments: arguments.chain([buckets.clone().into_os_string()]).collect(),
            // In quotes, since it is a list.
            environment: vec![("RCLONE_AUTH_KEY".to_owned(), format!("\"{KEY},{SECRET}\""))],
            directory: &home,
            log: &home.join("log"),
            account: None,
            stop_signal: "TERM",
            stop_limit: Duration::from_secs(5),
            remove: Some(&home),
        })
        .unwrap();
        let log = server.log().to_owned();
        within(Duration::from_secs(60), "the store serves", async || {
            let said = std::fs::read_to_string(&log).unwrap();
            if said.contains("Starting s3 server on") { Ok(()) } else { Err(said) }
        })
        .await;
        Some(Self { endpoint: format!("http://{address}"), buckets, _server: server })
    }

    /// What is in the folder `prefix` of the bucket.
    pub(super) fn names(&self, prefix: &str) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.buckets.join(BUCKET).join(prefix)) else { return Vec::new() };
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Puts a file of that age into the bucket, as if somebody had stored it then.
    pub(super) fn put(&self, path: &str, days: u64) {
        let file = self.buckets.join(BUCKET).join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, "old").unwrap();
        let then = std::time::SystemTime::now() - Duration::from_secs(days * 86_400);
        std::fs::File::options().write(true).open(&file).unwrap().set_modified(then).unwrap();
    }
}

/// rclone, if it is there and can serve.
pub(super) fn rclone() -> Option<PathBuf> {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?.join(".tools/rclone/bin/rclone");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let others = std::env::split_paths(&path).map(|directory| directory.join("rclone"));
    let can_serve = |program: &PathBuf| {
        let output = Command::new(program).args(["serve", "s3", "--help"]).output();
        output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("--auth-key"))
    };
    std::iter::once(ours).chain(others).filter(|program| program.is_file()).find(can_serve)
}
