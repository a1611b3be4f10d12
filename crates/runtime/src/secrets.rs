//! Secrets in files that change while we run.
//!
//! `NAME_FILE` is read once, when the process starts. Whoever rotates a secret changes the file (Kubernetes swaps a link in the mounted
//! directory, Vault's agent writes it anew), and means that the new one counts. So the files are looked at again and again, and where
//! one says something else, the process ends softly, as by SIGTERM, and whoever runs it starts it again, with the new secret. One way
//! for every secret there is, those that a library took for itself included (the pool of Postgres, the connection to Redis, keys in
//! headers), and the one by which processes change anyway: nothing is lost in it, and nothing is half old and half new. Swapping in
//! place was weighed: each secret would need a way of its own, and those of Postgres and Redis would have none.
//!
//! Not all replicas at once: each waits for a while of its own, up to [`SPREAD`]. A file that is gone or empty, as in the middle of being
//! written, is no other secret, and one that comes back as it was is none either.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::{Path, PathBuf},
    time::Duration,
};

use secrecy::{ExposeSecret as _, SecretString};

use crate::shutdown::Tasks;

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

/// How often the files are looked at.
const EVERY: Duration = Duration::from_secs(30);
/// In how long after a change the replicas end, one after another: a new one is ready within a few seconds.
const SPREAD: Duration = Duration::from_secs(180);

/// The files that the environment names (`NAME_FILE`), and what is in them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecretFiles(BTreeMap<PathBuf, u64>);

impl SecretFiles {
    /// Those of this process's environment, as they are now. To be called before the configuration is read, so that no change falls
    /// between the two.
    #[must_use]
    pub fn of_this_process() -> Self {
        Self::named_in(std::env::vars_os())
    }

    fn named_in(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let is_file = |(name, path): &(OsString, OsString)| {
            name.to_str().is_some_and(|name| name.ends_with("_FILE")) && !path.is_empty()
        };
        let files = variables.into_iter().filter(is_file).filter_map(|(_, path)| {
            let path = PathBuf::from(path);
            content(&path).map(|content| (path, content))
        });
        Self(files.collect())
    }

    /// The first file that says something else than at the beginning.
    fn changed(&self) -> Option<&Path> {
        let is_other = |(path, was): &(&PathBuf, &u64)| content(path).is_some_and(|is| is != **was);
        self.0.iter().find(is_other).map(|(path, _)| path.as_path())
    }

    /// Looks at them until the process ends, and ends it softly some time after one has changed.
    pub fn watch(self, tasks: &Tasks) {
        self.watch_with(tasks, EVERY, SPREAD.mul_f64(rand::random_range(0.0..1.0)));
    }

    fn watch_with(self, tasks: &Tasks, every: Duration, wait: Duration) {
        if self.0.is_empty() {
            return;
        }
        let soft = tasks.soft();
        tasks.spawn("watch-secrets", async move {
            loop {
                tokio::select! {
                    () = tokio::time::sleep(every) => {}
                    () = soft.cancelled() => return Ok(()),
                }
                // A few small files, twice a minute: as quick as a line of a log.
                let Some(path) = self.changed() else { continue };
                tracing::info!(
                    file = %path.display(),
                    seconds = wait.as_secs(),
                    "a secret has changed; stopping in a while, to be started with the new one"
                );
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    () = soft.cancelled() => return Ok(()),
                }
                // Whoever took it back meanwhile wants what runs.
                if self.changed().is_some() {
                    soft.cancel();
                    return Ok(());
                }
            }
        });
    }
}

/// What tells contents apart; nothing of a file that cannot be read or holds nothing. Never what is in it: that would be one more place
/// with secrets.
fn content(path: &Path) -> Option<u64> {
    let bytes = std::fs::read(path).ok().filter(|bytes| !bytes.is_empty())?;
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    Some(hasher.finish())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

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

        fn files(&self) -> SecretFiles {
            let variable = |name: &str, value: &Path| (OsString::from(name), value.as_os_str().to_owned());
            let missing = self.0.join("missing");
            SecretFiles::named_in([
                variable("JWT_SECRET_FILE", &self.file()),
                variable("SERVICE_KEY_FILE", &missing),
                variable("HOME", &self.0),
                variable("EMPTY_FILE", Path::new("")),
            ])
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
        assert_eq!(files.0.keys().collect::<Vec<_>>(), [&mount.file()], "what is not there is not watched");
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
        mount.files().watch_with(&tasks, EVERY, Duration::from_secs(100));
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
        assert!((100..=131).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
        tasks.stop(std::future::pending()).await.unwrap();
    }

    #[tokio::test]
    async fn a_process_without_such_files_looks_at_nothing() {
        let tasks = Tasks::new();
        SecretFiles::default().watch(&tasks);
        tasks.stop(std::future::pending()).await.unwrap();
    }
}
