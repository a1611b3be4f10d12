//! The directory of copies. A copy is two files: `TIME.dump`, and `TIME.dump.json` that says what must be in it. The second
//! is written first, so that a copy which is there can always be checked; both get their names when they are whole and on
//! the disk.

use std::fs::File;
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context, bail};
use chrono::{DateTime, TimeDelta, Utc};
use evolve_store::backup::Census;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// How the name of a copy says its time.
const TIME: &str = "%Y-%m-%dT%H-%M-%SZ";
/// What a copy is named while it is made.
const PART: &str = "part";
/// A younger one may belong to somebody who is at work.
const ABANDONED: Duration = Duration::from_secs(400 * 60);

/// What must be in a copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// How this file is to be read: 1.
    pub(super) format: u32,
    /// When its snapshot was taken.
    pub(super) created_at: DateTime<Utc>,
    /// The version of `evolve` that made it.
    pub(super) evolve: String,
    /// The newest migration in it.
    pub(super) schema: Option<i64>,
    /// The version of the Postgres that it is of.
    pub(super) postgres: String,
    /// The major version of `pg_dump`: an older `pg_restore` may not read it.
    pub(super) pg_dump: u32,
    /// Size of the dump.
    pub(super) bytes: u64,
    /// Of the dump, in hexadecimal digits.
    pub(super) sha256: String,
    /// The fingerprints of `ENCRYPTION_KEY`, the key that encrypts first. Empty when it was not known.
    pub(super) keys: Vec<String>,
    /// Each table.
    pub(super) tables: Census,
}

/// One copy.
#[derive(Clone, Debug)]
pub(super) struct Dump {
    /// The dump.
    pub(super) path: PathBuf,
    /// What must be in it, where that is known.
    pub(super) manifest: Option<Manifest>,
}

impl Dump {
    /// What it is called.
    pub(super) fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Reads what is beside a dump.
    ///
    /// # Errors
    /// When there is no such dump, or what is beside it cannot be read.
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        if !path.is_file() {
            let place = directory(path);
            let names: Vec<_> = copies(place).unwrap_or_default().iter().map(Self::name).collect();
            let there =
                if names.is_empty() { "no copy is".to_owned() } else { format!("there are {}", names.join(", ")) };
            bail!("there is no copy {}; in {}: {there}", path.display(), place.display());
        }
        let beside = manifest_path(path);
        let manifest = match std::fs::read(&beside) {
            Ok(text) => {
                let manifest: Manifest = serde_json::from_slice(&text)
                    .with_context(|| format!("{} cannot be read: is this program older than it?", beside.display()))?;
                Some(manifest)
            }
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", beside.display())),
        };
        Ok(Self { path: path.to_owned(), manifest })
    }

    /// That the dump is, byte for byte, the one that was made.
    ///
    /// # Errors
    /// When it is not.
    pub(super) fn check(&self, manifest: &Manifest) -> anyhow::Result<()> {
        let (bytes, sha256) = digest(&self.path)?;
        if bytes != manifest.bytes {
            bail!(
                "{} is damaged: it has {bytes} bytes and had {}. Take another copy",
                self.path.display(),
                manifest.bytes
            );
        }
        if sha256 != manifest.sha256 {
            bail!(
                "{} is damaged: its sha256 is not the one of the copy that was made. Take another copy",
                self.path.display()
            );
        }
        Ok(())
    }
}

/// The copy that `from` means: a dump, or `latest` in a directory.
pub(super) fn find(from: &Path) -> anyhow::Result<Dump> {
    if from.file_name().is_none_or(|name| name != "latest") {
        return Dump::open(from);
    }
    let place = directory(from);
    let newest = copies(place)?.pop().with_context(|| format!("there is no copy in {}", place.display()))?;
    // Once more, since what is beside it must be read now.
    Dump::open(&newest.path)
}

/// The copies in a directory, the oldest first. What is beside one and cannot be read counts as absent.
pub(super) fn copies(place: &Path) -> anyhow::Result<Vec<Dump>> {
    let entries = std::fs::read_dir(place).with_context(|| format!("cannot look into {}", place.display()))?;
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "dump"));
    paths.sort();
    let open = |path: PathBuf| Dump::open(&path).unwrap_or(Dump { path, manifest: None });
    Ok(paths.into_iter().map(open).collect())
}

/// A copy that is being made. What it leaves when it fails goes with it.
#[derive(Debug)]
pub(super) struct Fresh {
    path: PathBuf,
    part: PathBuf,
}

impl Drop for Fresh {
    fn drop(&mut self) {
        // After `keep`, there is none.
        let _ = std::fs::remove_file(&self.part);
    }
}

impl Fresh {
    /// Makes room for a copy of this time, which nobody else may read.
    pub(super) fn begin(place: &Path, now: DateTime<Utc>) -> anyhow::Result<Self> {
        let mut builder = std::fs::DirBuilder::new();
        let made = builder.recursive(true).mode(0o700).create(place);
        made.with_context(|| format!("cannot make the directory {}", place.display()))?;
        let path = place.join(format!("{}.dump", now.format(TIME)));
        if path.exists() {
            bail!("{} is there already: wait a second", path.display());
        }
        let part = path.with_extension(format!("dump.{}.{PART}", std::process::id()));
        private(&part)?;
        Ok(Self { path, part })
    }

    /// Where the dump is written to.
    pub(super) fn part(&self) -> &Path {
        &self.part
    }

    /// Gives the copy its name, once it is on the disk, and what must be in it beside it.
    pub(super) fn keep(self, manifest: &Manifest) -> anyhow::Result<Dump> {
        let failed = || format!("cannot keep {}", self.path.display());
        File::open(&self.part).and_then(|file| file.sync_all()).with_context(failed)?;
        let (beside, fresh) = (manifest_path(&self.path), self.part.with_extension(format!("json.{PART}")));
        let mut file = private(&fresh)?;
        file.write_all(&serde_json::to_vec_pretty(manifest)?).and_then(|()| file.sync_all()).with_context(failed)?;
        std::fs::rename(&fresh, &beside).and_then(|()| std::fs::rename(&self.part, &self.path)).with_context(failed)?;
        File::open(directory(&self.path)).and_then(|place| place.sync_all()).with_context(failed)?;
        Ok(Dump { path: self.path.clone(), manifest: Some(manifest.clone()) })
    }
}

/// How long copies are kept; what either asks to go, goes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Keep {
    /// Not longer than so many days.
    pub(super) days: Option<u32>,
    /// Not more than so many.
    pub(super) newest: Option<u32>,
}

/// Removes old copies, never the newest, and what a killed backup left. Gives their names.
pub(super) fn prune(place: &Path, keep: Keep, now: DateTime<Utc>) -> anyhow::Result<Vec<String>> {
    sweep(place)?;
    let mut copies = copies(place)?;
    copies.reverse();
    let newest = keep.newest.map_or(usize::MAX, |newest| usize::try_from(newest).unwrap_or(usize::MAX));
    let first_day = keep.days.map(|days| now - TimeDelta::days(i64::from(days)));
    let is_old = |copy: &Dump| first_day.zip(made_at(copy)).is_some_and(|(first, made)| made < first);
    let mut removed = Vec::new();
    for (index, copy) in copies.iter().enumerate().skip(1) {
        if index >= newest || is_old(copy) {
            std::fs::remove_file(&copy.path).with_context(|| format!("cannot remove {}", copy.path.display()))?;
            // One of another program has none.
            let _ = std::fs::remove_file(manifest_path(&copy.path));
            removed.push(copy.name());
        }
    }
    Ok(removed)
}

/// When a copy was made, as it says itself, else as its file does.
pub(super) fn made_at(copy: &Dump) -> Option<DateTime<Utc>> {
    let written = || copy.path.metadata().and_then(|file| file.modified()).ok().map(DateTime::from);
    copy.manifest.as_ref().map(|manifest| manifest.created_at).or_else(written)
}

fn sweep(place: &Path) -> anyhow::Result<()> {
    let entries = std::fs::read_dir(place).with_context(|| format!("cannot look into {}", place.display()))?;
    for path in entries.flatten().map(|entry| entry.path()) {
        let written = path.metadata().and_then(|file| file.modified()).unwrap_or_else(|_| SystemTime::now());
        let is_abandoned = written.elapsed().is_ok_and(|age| age > ABANDONED);
        if is_abandoned && path.extension().is_some_and(|extension| extension == PART) {
            // Somebody else may sweep, too.
            let _ = std::fs::remove_file(&path);
        }
    }
    Ok(())
}

/// Size and sha256 of a file.
pub(super) fn digest(path: &Path) -> anyhow::Result<(u64, String)> {
    let failed = || format!("cannot read {}", path.display());
    let mut file = File::open(path).with_context(failed)?;
    let (mut hash, mut size, mut buffer) = (Sha256::new(), 0, vec![0; 1 << 20]);
    loop {
        let count = file.read(&mut buffer).with_context(failed)?;
        let Some(bytes) = buffer.get(..count).filter(|bytes| !bytes.is_empty()) else { break };
        hash.update(bytes);
        size += u64::try_from(count)?;
    }
    Ok((size, hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()))
}

/// The directory of a file; the current one for a mere name.
fn directory(path: &Path) -> &Path {
    path.parent().filter(|place| !place.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn manifest_path(dump: &Path) -> PathBuf {
    dump.with_extension("dump.json")
}

fn private(path: &Path) -> anyhow::Result<File> {
    let opened = File::options().create(true).truncate(true).write(true).mode(0o600).open(path);
    opened.with_context(|| format!("cannot write {}", path.display()))
}
