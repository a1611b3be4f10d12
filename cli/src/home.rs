//! `.evolve`, where everything of an `evolve up` lives: data, keys, logs, and what is running. `EVOLVE_HOME` names
//! another directory. A lock on a file in it keeps two `evolve up` from fighting over the same data; since the kernel
//! releases it when its holder dies, it also tells truly whether one is running.

use std::fs::{File, TryLockError};
use std::io::{ErrorKind, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::say::command;

/// For so long a lock may be held by somebody who only looks, see [`Home::holder`].
const LOOK: Duration = Duration::from_millis(200);

/// The directory.
#[derive(Debug, Clone)]
pub(crate) struct Home {
    path: PathBuf,
}

/// The right to run `evolve up` in a home. Ends when it is dropped.
#[derive(Debug)]
pub(crate) struct HomeLock {
    _file: File,
}

impl Home {
    /// Where it is, whether or not it is there.
    pub(crate) fn locate() -> anyhow::Result<Self> {
        let path =
            std::env::var_os("EVOLVE_HOME").filter(|value| !value.is_empty()).unwrap_or_else(|| ".evolve".into());
        let path = std::path::absolute(&path).context("EVOLVE_HOME is not a usable path")?;
        Ok(Self { path })
    }

    /// Makes it if needed.
    pub(crate) fn open() -> anyhow::Result<Self> {
        let home = Self::locate()?;
        // Others may walk through to the servers' data, which belongs to another account when root started us; they see
        // no names, and every directory and file in it has a stricter mode of its own.
        make_directory(&home.path, 0o711)?;
        make_directory(&home.logs(), 0o700)?;
        make_directory(&home.keys(), 0o700)?;
        Ok(home)
    }

    /// The directory itself.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where logs are.
    pub(crate) fn logs(&self) -> PathBuf {
        self.path.join("logs")
    }

    /// The log of one process.
    pub(crate) fn log(&self, name: &str) -> PathBuf {
        self.logs().join(format!("{name}.log"))
    }

    /// Puts the log of an earlier run aside, so that the file tells about this run alone.
    pub(crate) fn fresh_log(&self, name: &str) -> PathBuf {
        let log = self.log(name);
        // There is none on the first run.
        let _ = std::fs::rename(&log, self.logs().join(format!("{name}.previous.log")));
        log
    }

    /// Where keys are.
    pub(crate) fn keys(&self) -> PathBuf {
        self.path.join("keys")
    }

    /// What is running.
    pub(crate) fn state(&self) -> PathBuf {
        self.path.join("state.json")
    }

    fn lock_file(&self) -> PathBuf {
        self.path.join("lock")
    }

    /// Takes the lock, and writes our process id into it.
    ///
    /// # Errors
    /// When another `evolve up` has it; the message says which.
    pub(crate) fn lock(&self) -> anyhow::Result<HomeLock> {
        let path = self.lock_file();
        let mut options = File::options();
        let mut file = options
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .mode(0o600)
            .open(&path)
            .with_context(|| format!("cannot open {}", path.display()))?;
        let start = Instant::now();
        let mut locked = file.try_lock();
        while matches!(locked, Err(TryLockError::WouldBlock)) && start.elapsed() < LOOK {
            std::thread::sleep(Duration::from_millis(10));
            locked = file.try_lock();
        }
        match locked {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _ = file.read_to_string(&mut holder);
                bail!(
                    "another `evolve up` runs in {} (process {}). Talk to it with `{}`, or stop it with `{}`",
                    self.path.display(),
                    holder.trim(),
                    command("chat --as 42"),
                    command("down"),
                );
            }
            Err(TryLockError::Error(error)) => bail!("cannot lock {}: {error}", path.display()),
        }
        file.set_len(0)?;
        file.rewind()?;
        write!(file, "{}", std::process::id())?;
        Ok(HomeLock { _file: file })
    }

    /// The process id of the `evolve up` that runs in this home, if one does.
    ///
    /// # Errors
    /// When the home is another account's, so that this cannot be told.
    pub(crate) fn holder(&self) -> anyhow::Result<Option<i32>> {
        let path = self.lock_file();
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
            Err(error) => bail!(
                "cannot tell whether anything runs in {}: {}: {error}. Run this as the account that it belongs to, or \
                 set EVOLVE_HOME to a directory of yours",
                self.path.display(),
                path.display(),
            ),
        };
        // Shared, so that two who look at the same time do not take each other for a holder: what would then be read is
        // the process id of a run that is over, and `evolve down` would stop whatever has that id now.
        match file.try_lock_shared() {
            // Nobody holds it: ours ends with the file.
            Ok(()) => Ok(None),
            Err(_) => {
                let mut text = String::new();
                file.read_to_string(&mut text).with_context(|| format!("cannot read {}", path.display()))?;
                Ok(text.trim().parse().ok())
            }
        }
    }
}

/// Writes a file that nobody else may read, in one step: a reader sees the old content or the new.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    let fresh = path.with_extension("new");
    let mut options = File::options();
    options
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(&fresh)
        .and_then(|mut file| file.write_all(content))
        .and_then(|()| std::fs::rename(&fresh, path))
        .with_context(|| format!("cannot write {}", path.display()))
}

fn make_directory(path: &Path, mode: u32) -> anyhow::Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(mode)
        .create(path)
        .and_then(|()| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)))
        .with_context(|| format!("cannot make {} ours; set EVOLVE_HOME to a directory of yours", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_up_is_told_who_holds_the_home() {
        let directory = tempfile::tempdir().unwrap();
        let home = Home { path: directory.path().to_owned() };
        assert_eq!(home.holder().unwrap(), None);
        let lock = home.lock().unwrap();
        let message = home.lock().unwrap_err().to_string();
        assert!(message.contains(&format!("process {}", std::process::id())), "{message}");
        assert_eq!(home.holder().unwrap(), i32::try_from(std::process::id()).ok());
        drop(lock);
        assert_eq!(home.holder().unwrap(), None);
        home.lock().unwrap();
    }

    #[test]
    fn who_looks_is_not_taken_for_a_holder() {
        let directory = tempfile::tempdir().unwrap();
        let home = Home { path: directory.path().to_owned() };
        drop(home.lock().unwrap());
        let looking = File::open(home.lock_file()).unwrap();
        looking.lock_shared().unwrap();
        assert_eq!(home.holder().unwrap(), None, "the process id of a run that is over");
        let up = std::thread::spawn({
            let home = home.clone();
            move || home.lock().map(drop)
        });
        drop(looking);
        up.join().unwrap().unwrap();
    }
}
