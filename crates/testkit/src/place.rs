//! Where the data of a lasting private server lives. Normally that is `.evolve/<server>`; but a checkout may sit where
//! the unprivileged account of the servers cannot go (`/root`, a directory of mode 0700): then the data lives under
//! `/var/lib/evolve`, in a directory named after the path that it stands for, and `.evolve/<server>` is a link to it.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::account::Account;
use crate::error::ServerError;

/// Where data that cannot live in its own place goes. Only root ever needs it.
const ELSEWHERE: &str = "/var/lib/evolve";

/// A directory for a server's data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The directory; it belongs to the servers' account, mode 0700.
    pub path: PathBuf,
    /// What to tell the person when it is not where they would look.
    pub note: Option<String>,
}

/// Finds or makes the data directory `home/name` (`name`: `postgres` or `redis`) for `account`.
///
/// # Errors
/// [`ServerError::File`], or [`ServerError::ForeignData`] when the data there is somebody else's.
pub fn for_data(home: &Path, name: &str, account: Account) -> Result<Place, ServerError> {
    for_data_or_elsewhere(home, name, account, Path::new(ELSEWHERE))
}

fn for_data_or_elsewhere(home: &Path, name: &str, account: Account, elsewhere: &Path) -> Result<Place, ServerError> {
    let wanted = home.join(name);
    let failed = |action, path: &Path| {
        let path = path.to_owned();
        move |source| ServerError::File { action, path, source }
    };
    let is_link = std::fs::symlink_metadata(&wanted).is_ok_and(|meta| meta.is_symlink());
    if !is_link && account.can_reach(home) {
        account.own_directory(&wanted)?;
        return Ok(Place { path: wanted, note: None });
    }
    let target = if is_link {
        std::fs::read_link(&wanted).map_err(failed("read the link", &wanted))?
    } else {
        elsewhere.join(name_for(home, name)?)
    };
    let mut note = format!(
        "the data of {name} is in {}, since the servers' account cannot go to {}",
        target.display(),
        home.display()
    );
    if !is_link && target.exists() {
        let aside = set_aside(&target)?;
        note += &format!("; what an earlier {} left there is now in {}", home.display(), aside.display());
    }
    if !target.exists() {
        std::fs::create_dir_all(elsewhere).map_err(failed("create", elsewhere))?;
        let open = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(elsewhere, open).map_err(failed("set mode of", elsewhere))?;
    }
    account.own_directory(&target)?;
    if !is_link {
        std::os::unix::fs::symlink(&target, &wanted).map_err(failed("link", &wanted))?;
    }
    Ok(Place { path: target, note: Some(note) })
}

/// Renames data whose home, and so whose keys and password, somebody deleted. It is never deleted here.
fn set_aside(target: &Path) -> Result<PathBuf, ServerError> {
    let free = (1..).map(|number| target.with_extension(format!("old{number}"))).find(|path| !path.exists());
    let aside = free.unwrap_or_else(|| target.with_extension("old"));
    let failed = |source| ServerError::File { action: "set aside", path: target.to_owned(), source };
    std::fs::rename(target, &aside).map_err(failed)?;
    Ok(aside)
}

/// `<the first half of a hash of the path>-<name>`: two checkouts never share data.
fn name_for(home: &Path, name: &str) -> Result<String, ServerError> {
    let real =
        home.canonicalize().map_err(|source| ServerError::File { action: "look at", path: home.to_owned(), source })?;
    let digest = Sha256::digest(real.as_os_str().as_encoded_bytes());
    let hex: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("{hex}-{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_lives_in_its_own_place_when_the_account_can_go_there() {
        let account = Account::for_servers().unwrap();
        let home = account.temporary_directory("evolve-place-").unwrap();
        let place = for_data(&home, "postgres", account).unwrap();
        assert_eq!(place, Place { path: home.join("postgres"), note: None });
        assert_eq!(for_data(&home, "postgres", account).unwrap(), place);
        std::fs::remove_dir_all(home).unwrap();
    }

    #[test]
    fn data_moves_elsewhere_when_the_account_cannot_go_there_and_is_found_again() {
        let account = Account::for_servers().unwrap();
        let root = account.temporary_directory("evolve-place-").unwrap();
        std::fs::set_permissions(&root, std::fs::Permissions::from_mode(0o711)).unwrap();
        let (home, elsewhere) = (root.join("home"), root.join("elsewhere"));
        std::fs::create_dir(&home).unwrap();
        std::fs::set_permissions(&home, std::fs::Permissions::from_mode(0o600)).unwrap();
        // An ordinary user cannot even make the link in such a home; only root gets here in practice.
        if account.dropped {
            let place = for_data_or_elsewhere(&home, "redis", account, &elsewhere).unwrap();
            assert!(place.path.starts_with(&elsewhere), "{place:?}");
            assert!(place.note.as_ref().is_some_and(|note| note.contains("the data of redis is in")));
            assert_eq!(std::fs::read_link(home.join("redis")).unwrap(), place.path);
            assert_eq!(for_data_or_elsewhere(&home, "redis", account, &elsewhere).unwrap(), place);
            std::fs::remove_file(home.join("redis")).unwrap();
            let anew = for_data_or_elsewhere(&home, "redis", account, &elsewhere).unwrap();
            assert!(anew.note.is_some_and(|note| note.contains("is now in") && note.contains("old1")));
        }
        std::fs::remove_dir_all(root).unwrap();
    }
}
