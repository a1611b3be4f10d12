//! Who a private server runs as. Postgres refuses to run as root, and Redis should not: started as root (a container,
//! a CI machine), both are given to an unprivileged account; otherwise they run as whoever started them.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::ServerError;

/// The account that private servers run as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
    /// Whether that is someone else than this process.
    pub dropped: bool,
}

impl Account {
    /// This process's own account, or, for root, `postgres`, else `nobody`.
    ///
    /// # Errors
    /// [`ServerError::NoAccount`] when root has nobody to drop to.
    pub fn for_servers() -> Result<Self, ServerError> {
        let uid = nix::unistd::geteuid();
        if !uid.is_root() {
            return Ok(Self { uid: uid.as_raw(), gid: nix::unistd::getegid().as_raw(), dropped: false });
        }
        ["postgres", "nobody"]
            .into_iter()
            .find_map(|name| nix::unistd::User::from_name(name).ok().flatten())
            .map(|user| Self { uid: user.uid.as_raw(), gid: user.gid.as_raw(), dropped: true })
            .ok_or(ServerError::NoAccount)
    }

    /// Makes `command` run as this account, with no supplementary groups when that means dropping root.
    pub fn apply<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        if self.dropped { command.uid(self.uid).gid(self.gid) } else { command }
    }

    /// Gives `path` to this account; nothing to do when it is our own.
    ///
    /// # Errors
    /// [`ServerError::File`].
    pub fn own(&self, path: &Path) -> Result<(), ServerError> {
        if !self.dropped {
            return Ok(());
        }
        std::os::unix::fs::chown(path, Some(self.uid), Some(self.gid)).map_err(|source| ServerError::File {
            action: "give to the servers' account",
            path: path.to_owned(),
            source,
        })
    }

    /// Makes a directory of mode 0700 that belongs to this account, if it is not there.
    ///
    /// # Errors
    /// [`ServerError::File`], or [`ServerError::ForeignData`] when it is there and somebody else's.
    pub fn own_directory(&self, path: &Path) -> Result<(), ServerError> {
        let failed = |action| move |source| ServerError::File { action, path: path.to_owned(), source };
        if !path.exists() {
            std::fs::create_dir_all(path).map_err(failed("create"))?;
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700)).map_err(failed("set mode of"))?;
            return self.own(path);
        }
        let owner = std::fs::metadata(path).map_err(failed("look at"))?.uid();
        if owner == self.uid {
            Ok(())
        } else {
            Err(ServerError::ForeignData { path: path.to_owned(), owner, wanted: self.uid })
        }
    }

    /// Whether this account can walk down to `directory`: every part of its real path lets it through.
    #[must_use]
    pub fn can_reach(&self, directory: &Path) -> bool {
        let Ok(real) = directory.canonicalize() else { return false };
        real.ancestors().all(|part| {
            std::fs::metadata(part).is_ok_and(|meta| {
                let mode = meta.mode();
                let bit = if meta.uid() == self.uid {
                    0o100
                } else if meta.gid() == self.gid {
                    0o010
                } else {
                    0o001
                };
                mode & bit != 0
            })
        })
    }

    /// A directory for temporary data that this account can reach: the usual one, else `/tmp`, else `/var/tmp`.
    pub(crate) fn temporary_root(&self) -> PathBuf {
        [std::env::temp_dir(), "/tmp".into()]
            .into_iter()
            .find(|path| self.can_reach(path))
            .unwrap_or_else(|| "/var/tmp".into())
    }

    /// A fresh temporary directory of this account, mode 0700. Whoever asks sees to its removal.
    ///
    /// # Errors
    /// [`ServerError::File`].
    pub(crate) fn temporary_directory(&self, prefix: &str) -> Result<PathBuf, ServerError> {
        let root = self.temporary_root();
        let path = tempfile::Builder::new()
            .prefix(prefix)
            .tempdir_in(&root)
            .map_err(|source| ServerError::File { action: "create a directory in", path: root, source })?
            .keep();
        self.own(&path)?;
        Ok(path)
    }
}
