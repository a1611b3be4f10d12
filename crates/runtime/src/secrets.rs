//! Secrets in files that change while we run.
//!
//! `NAME_FILE` is read once, when the process starts. Whoever rotates a secret changes the file (Kubernetes swaps a link in the mounted
//! directory, Vault's agent writes it anew), and means that the new one counts. So the files are looked at again and again, and where
//! one says something else, the process ends softly, with a status that is not 0, and whoever runs it starts it again, with the new secret. One way
//! for every secret there is, those that a library took for itself included (the pool of Postgres, the connection to Redis, keys in
//! headers), and the one by which processes change anyway: nothing is lost in it, and nothing is half old and half new. Swapping in
//! place was weighed: each secret would need a way of its own, and those of Postgres and Redis would have none.
//!
//! Only the files that the configuration was read from: others rewrite theirs for themselves (a cloud's tokens change daily). What is no
//! file, such as a pipe, is read once and never looked at.
//!
//! Not all replicas at once: each waits for a while of its own, up to [`RotationConfig::spread`], and before it ends it is not ready any more for as long
//! as it takes to be sent nobody. A file that is gone or empty, as in the middle of being written, is no other secret, and one that comes
//! back as it was is none either. With a secret that cannot be right (too short, no key) no process would start again: so the
//! configuration is read before, and what runs goes on where it is wrong.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::{Path, PathBuf},
    time::Duration,
};

use secrecy::{ExposeSecret as _, SecretString};

use crate::{
    config::{ConfigError, Reader},
    shutdown::Tasks,
};

/// Shortest of several keys in one secret, in characters: as short as one alone may be.
const SHORTEST: usize = 32;

/// The keys in a secret that may hold several, comma-separated, so that one can take the place of another while processes with the one
/// list and with the other run side by side: the first is used, all are taken. What has a comma and parts that are too short for keys is
/// one key with a comma in it, as it was before there were lists.
pub fn keys(secret: &SecretString) -> impl Iterator<Item = &str> {
    let whole = secret.expose_secret();
    let is_list = whole.split(',').all(|key| key.trim().chars().count() >= SHORTEST);
    let separator = if is_list { "," } else { "\0" };
    whole.split(separator).map(move |key| if is_list { key.trim() } else { key })
}

/// The key that is used, of those in a secret.
#[must_use]
pub fn first(secret: &SecretString) -> SecretString {
    keys(secret).next().unwrap_or_default().into()
}

/// For how long a process that ends says first that it is not ready: two probes, five seconds apart, and the way to whoever sends people.
const LEAVING: Duration = Duration::from_secs(15);

/// How soon a process ends after a secret in a file has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RotationConfig {
    /// How often the files are looked at.
    pub every: Duration,
    /// In how long after a change the replicas end, one after another: a new one is ready within a few seconds.
    pub spread: Duration,
}

impl RotationConfig {
    /// Reads `SECRETS_CHECK_SECONDS` and `SECRETS_SPREAD_SECONDS`.
    pub fn read(env: &mut Reader) -> Self {
        let every = env.or(
            "SECRETS_CHECK_SECONDS",
            "30",
            "Seconds between two looks at the files of secrets (`NAME_FILE`), 1 or more.",
        );
        if every == 0 {
            env.problem("SECRETS_CHECK_SECONDS must be 1 or more".to_owned());
        }
        let spread = env.or(
            "SECRETS_SPREAD_SECONDS",
            "180",
            "Seconds within which the replicas end, each after a while of its own, to be started with a secret that has changed.",
        );
        Self { every: Duration::from_secs(every), spread: Duration::from_secs(spread) }
    }
}

/// The files that variables were read from (`NAME_FILE`), and what was in them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecretFiles {
    /// Never what is in them: that would be one more place with secrets.
    was: BTreeMap<PathBuf, u64>,
    /// Whether something came from what can be read only once.
    has_pipe: bool,
}

impl SecretFiles {
    /// Notes a file that was read, with what it said. Through links, as Kubernetes makes them.
    pub(crate) fn note(&mut self, path: &Path, content: &[u8]) {
        if std::fs::metadata(path).is_ok_and(|file| file.is_file()) {
            self.was.insert(path.to_owned(), hash(content));
        } else {
            self.has_pipe = true;
        }
    }

    /// The first file that says something else than when it was read.
    fn changed(&self) -> Option<&Path> {
        let is_other = |(path, was): &(&PathBuf, &u64)| content(path).is_some_and(|is| is != **was);
        self.was.iter().find(is_other).map(|(path, _)| path.as_path())
    }

    /// Looks at them until the process ends, and ends it softly, as failed, some time after one has changed, unless `read`, which reads
    /// the configuration once more, says that it could not start again.
    pub fn watch(
        self,
        tasks: &Tasks,
        config: RotationConfig,
        read: impl Fn() -> Result<(), ConfigError> + Send + Sync + 'static,
    ) {
        self.watch_with(tasks, config.every, config.spread.mul_f64(rand::random_range(0.0..1.0)), read);
    }

    fn watch_with(
        self,
        tasks: &Tasks,
        every: Duration,
        wait: Duration,
        read: impl Fn() -> Result<(), ConfigError> + Send + Sync + 'static,
    ) {
        if self.was.is_empty() {
            return;
        }
        let (soft, leaving) = (tasks.soft(), tasks.clone());
        tasks.spawn("watch-secrets", async move {
            tokio::select! {
                // A failure, so that it is started again also by what lets a process rest that ended well.
                path = self.changed_for_good(every, wait, &read) => {
                    leaving.leave();
                    if tokio::time::timeout(LEAVING, soft.cancelled()).await.is_ok() {
                        return Ok(());
                    }
                    Err(anyhow::anyhow!("the secret in {} has changed", path.display()))
                }
                () = soft.cancelled() => Ok(()),
            }
        });
    }

    /// Waits for a file to change to something with which the process can start, and to stay so for a while.
    async fn changed_for_good(
        &self,
        every: Duration,
        wait: Duration,
        read: &(impl Fn() -> Result<(), ConfigError> + Sync),
    ) -> &Path {
        loop {
            tokio::time::sleep(every).await;
            // A few small files, twice a minute: as quick as a line of a log.
            let Some(path) = self.usable_change(read) else { continue };
            tracing::info!(
                file = %path.display(),
                seconds = wait.as_secs(),
                "a secret has changed; stopping in a while, to be started with the new one"
            );
            tokio::time::sleep(wait).await;
            // Whoever took it back meanwhile wants what runs.
            if let Some(path) = self.usable_change(read) {
                return path;
            }
        }
    }

    /// The first file that has changed, where the process could start with all of them as they are now.
    fn usable_change(&self, read: &impl Fn() -> Result<(), ConfigError>) -> Option<&Path> {
        let path = self.changed()?;
        // What came through a pipe is gone, and reading it might wait for ever.
        let read = if self.has_pipe { Ok(()) } else { read() };
        read.inspect_err(|error| {
            tracing::error!(file = %path.display(), %error, "a secret has changed to one that cannot be used; going on with the old one");
        })
        .ok()
        .map(|()| path)
    }
}

/// What tells contents apart; nothing of a file that cannot be read or holds nothing.
fn content(path: &Path) -> Option<u64> {
    std::fs::read(path).ok().filter(|bytes| !bytes.is_empty()).map(|bytes| hash(&bytes))
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use std::{
        io::Write as _,
        os::{fd::AsRawFd as _, unix::fs::symlink},
    };

    use super::*;

    const EVERY: Duration = Duration::from_secs(30);

    /// A directory as Kubernetes mounts a Secret: the names are links into `..data`, which is a link to the version that counts.
    struct Mount(PathBuf);

    impl Mount {
        fn new(name: &str) -> Self {
            let this = Self(std::env::temp_dir().join(format!("evolve-secrets-{name}-{}", std::process::id())));
            let _ = std::fs::remove_dir_all(&this.0);
            std::fs::create_dir_all(&this.0).unwrap();
            this.swap("1", "old");
            symlink("..data/JWT_SECRET", this.file()).unwrap();
            this
        }

        fn file(&self) -> PathBuf {
            self.0.join("JWT_SECRET")
        }

        fn swap(&self, version: &str, secret: &str) {
            std::fs::create_dir_all(self.0.join(version)).unwrap();
            std::fs::write(self.0.join(version).join("JWT_SECRET"), secret).unwrap();
            symlink(version, self.0.join("..data_tmp")).unwrap();
            std::fs::rename(self.0.join("..data_tmp"), self.0.join("..data")).unwrap();
        }

        /// As they are read by a process in whose environment others have files, too.
        fn files(&self) -> SecretFiles {
            let token = self.0.join("token");
            std::fs::write(&token, "a cloud's").unwrap();
            let variables = [
                ("JWT_SECRET_FILE", self.file()),
                ("SERVICE_KEY_FILE", self.0.join("missing")),
                ("AWS_WEB_IDENTITY_TOKEN_FILE", token),
                ("EMPTY_FILE", PathBuf::new()),
            ];
            let mut env = Reader::from_values(variables.map(|(name, path)| (name, path.to_str().unwrap().to_owned())));
            for name in ["JWT_SECRET", "SERVICE_KEY", "EMPTY"] {
                let _ = env.optional_secret(name, 1, "a secret");
            }
            env.secret_files()
        }
    }

    impl Drop for Mount {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_secret_may_hold_several_keys_and_a_comma_in_one_makes_no_two_of_it() {
        let (one, two) = ("1".repeat(32), "2".repeat(40));
        let keys_in = |text: &str| keys(&text.into()).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(keys_in(&one), [one.as_str()]);
        assert_eq!(keys_in(&format!("{two}, {one}")), [two.clone(), one.clone()]);
        assert_eq!(first(&format!("{two},{one}").into()).expose_secret(), two);
        let with_comma = format!("{one},and more");
        assert_eq!(keys_in(&with_comma), [with_comma.as_str()]);
        assert_eq!(keys_in(""), [""]);
    }

    #[test]
    fn another_secret_is_a_change_and_the_same_one_in_another_place_is_none() {
        let mount = Mount::new("change");
        let files = mount.files();
        assert_eq!(files.was.keys().collect::<Vec<_>>(), [&mount.file()], "what we do not read is not watched");
        assert!(!format!("{files:?}").contains("old"));
        mount.swap("2", "old");
        assert_eq!(files.changed(), None, "another directory, the same secret");
        mount.swap("3", "");
        assert_eq!(files.changed(), None, "in the middle of being written");
        mount.swap("4", "new");
        assert_eq!(files.changed(), Some(mount.file().as_path()));
        std::fs::remove_file(mount.file()).unwrap();
        assert_eq!(files.changed(), None, "gone is not another");
    }

    #[tokio::test(start_paused = true)]
    async fn a_process_ends_softly_a_while_after_its_secret_has_changed_and_not_where_it_changed_back() {
        let mount = Mount::new("ends");
        let tasks = Tasks::new();
        mount.files().watch_with(&tasks, EVERY, Duration::from_secs(100), || Ok(()));
        let soft = tasks.soft();
        tokio::time::sleep(Duration::from_secs(95)).await;
        mount.swap("2", "slip");
        // Seen at 120 s.
        tokio::time::sleep(Duration::from_secs(30)).await;
        mount.swap("3", "old");
        tokio::time::sleep(Duration::from_secs(600)).await;
        assert!(!soft.is_cancelled(), "it was taken back");
        mount.swap("4", "new");
        let begun = tokio::time::Instant::now();
        soft.cancelled().await;
        assert!((115..=146).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
        let error = tasks.stop(std::future::pending()).await.unwrap_err();
        assert!(format!("{error:#}").contains("JWT_SECRET has changed"), "{error:#}");
    }

    #[tokio::test(start_paused = true)]
    async fn before_it_ends_it_says_for_a_while_that_it_is_not_ready() {
        let mount = Mount::new("leaves");
        let tasks = Tasks::new();
        mount.files().watch_with(&tasks, EVERY, Duration::ZERO, || Ok(()));
        mount.swap("2", "new");
        tokio::time::sleep(EVERY + LEAVING / 2).await;
        assert!(tasks.is_leaving() && !tasks.soft().is_cancelled());
        tokio::time::sleep(LEAVING).await;
        assert!(tasks.is_leaving() && tasks.soft().is_cancelled());
    }

    #[tokio::test(start_paused = true)]
    async fn a_secret_with_which_nothing_would_start_ends_nothing() {
        let mount = Mount::new("short");
        let (tasks, file) = (Tasks::new(), mount.file());
        let read = move || {
            let mut env = Reader::from_values([("JWT_SECRET_FILE", file.to_str().unwrap())]);
            let _ = env.required_secret("JWT_SECRET", 3, "signs");
            env.finish(())
        };
        mount.files().watch_with(&tasks, EVERY, Duration::from_secs(10), read);
        mount.swap("2", "s");
        tokio::time::sleep(Duration::from_secs(600)).await;
        assert!(!tasks.is_leaving() && !tasks.soft().is_cancelled());
        mount.swap("3", "right");
        tasks.soft().cancelled().await;
    }

    #[test]
    fn what_comes_through_a_pipe_is_read_once_and_never_looked_at() {
        let (pipe, mut writer) = std::io::pipe().unwrap();
        writer.write_all(b"0123456789\n").unwrap();
        drop(writer);
        let mut env = Reader::from_values([("KEY_FILE", format!("/dev/fd/{}", pipe.as_raw_fd()))]);
        for _ in 0..2 {
            assert_eq!(env.named_secret("KEY").unwrap().expose_secret(), "0123456789");
        }
        let files = env.secret_files();
        assert!(files.was.is_empty() && files.has_pipe);
    }

    #[tokio::test]
    async fn a_process_without_such_files_looks_at_nothing() {
        let tasks = Tasks::new();
        let config = RotationConfig::read(&mut Reader::from_values::<String, String>([]));
        assert_eq!(config, RotationConfig { every: EVERY, spread: Duration::from_secs(180) });
        SecretFiles::default().watch(&tasks, config, || Ok(()));
        tasks.stop(std::future::pending()).await.unwrap();
    }
}
