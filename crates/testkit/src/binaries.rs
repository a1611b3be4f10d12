//! Finding the server programs. Debian keeps Postgres out of PATH, Homebrew keeps versioned formulas out of it, and a
//! data directory can be opened by its own major version only: so all places are looked at, and the version matters.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::ServerError;

/// The oldest PostgreSQL that the migrations work on.
pub const OLDEST_POSTGRES: u32 = 14;

/// What copies a database and puts it back.
const CLIENTS: [&str; 3] = ["pg_dump", "pg_restore", "psql"];

/// One installed PostgreSQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Postgres {
    /// Where its programs are.
    pub bin: PathBuf,
    /// Its major version.
    pub major: u32,
}

/// Finds a PostgreSQL: of exactly `major` when a data directory asks for one, otherwise the first that is new enough.
///
/// # Errors
/// [`ServerError::PostgresMissing`], which says what was found instead.
pub fn postgres(major: Option<u32>) -> Result<Postgres, ServerError> {
    let mut seen = Vec::new();
    for bin in postgres_directories() {
        let Some(version) = postgres_major(&bin) else { continue };
        let fits = major.map_or(version >= OLDEST_POSTGRES, |wanted| wanted == version);
        if fits {
            return Ok(Postgres { bin, major: version });
        }
        seen.push(format!("{version} in {}", bin.display()));
    }
    Err(ServerError::PostgresMissing {
        wanted: major.map_or_else(
            || format!("({OLDEST_POSTGRES} or newer)"),
            |version| format!("{version}, which made the existing data,"),
        ),
        found: if seen.is_empty() { String::new() } else { format!(" (found only {})", seen.join(", ")) },
    })
}

/// Finds `pg_dump`, `pg_restore` and `psql`: the first of `major` or newer, since `pg_dump` refuses a server that is newer
/// than itself. A server's programs need not be there.
///
/// # Errors
/// [`ServerError::PostgresMissing`], which says what was found instead.
pub fn postgres_clients(major: u32) -> Result<Postgres, ServerError> {
    let mut seen = Vec::new();
    for bin in postgres_candidates() {
        if !CLIENTS.iter().all(|program| bin.join(program).is_file()) {
            continue;
        }
        let version = output_of(bin.join("pg_dump").as_os_str(), "--version");
        let Some(version) = version.as_deref().and_then(major_version) else { continue };
        if version >= major {
            return Ok(Postgres { bin, major: version });
        }
        seen.push(format!("{version} in {}", bin.display()));
    }
    Err(ServerError::PostgresMissing {
        wanted: format!("({major} or newer, with pg_dump, pg_restore and psql)"),
        found: if seen.is_empty() { String::new() } else { format!(" (found only {})", seen.join(", ")) },
    })
}

/// Finds `redis-server`.
///
/// # Errors
/// [`ServerError::RedisMissing`].
pub fn redis() -> Result<PathBuf, ServerError> {
    path_directories()
        .into_iter()
        .chain(["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin", "/opt/homebrew/opt/redis/bin"].map(PathBuf::from))
        .map(|directory| directory.join("redis-server"))
        .find(|path| path.is_file())
        .ok_or(ServerError::RedisMissing)
}

fn path_directories() -> Vec<PathBuf> {
    std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default()
}

/// Every directory that holds a server of PostgreSQL, best first.
fn postgres_directories() -> Vec<PathBuf> {
    let mut directories = postgres_candidates();
    directories.retain(|directory| directory.join("postgres").is_file() && directory.join("initdb").is_file());
    directories
}

/// Every directory that may hold PostgreSQL's programs, best first.
fn postgres_candidates() -> Vec<PathBuf> {
    let mut directories = path_directories();
    directories.extend(versioned("/usr/lib/postgresql", "", "bin"));
    directories.extend(versioned("/usr", "pgsql-", "bin"));
    directories.extend(pg_config_directory());
    for prefix in ["/opt/homebrew/opt", "/usr/local/opt"] {
        directories.extend(versioned(prefix, "postgresql@", "bin"));
        directories.push(Path::new(prefix).join("postgresql/bin"));
    }
    directories.extend(versioned("/Applications/Postgres.app/Contents/Versions", "", "bin"));
    directories
}

/// `root/<prefix><number>/leaf` for every number that is there, highest first.
fn versioned(root: &str, prefix: &str, leaf: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(root) else { return Vec::new() };
    let mut found: Vec<(u32, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.strip_prefix(prefix)?.parse().ok()?;
            Some((version, entry.path().join(leaf)))
        })
        .collect();
    found.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    found.into_iter().map(|(_, path)| path).collect()
}

fn pg_config_directory() -> Option<PathBuf> {
    output_of(OsStr::new("pg_config"), "--bindir").map(|text| PathBuf::from(text.trim()))
}

fn postgres_major(bin: &Path) -> Option<u32> {
    major_version(&output_of(bin.join("postgres").as_os_str(), "--version")?)
}

/// The major version in what `postgres --version` prints, e.g. `postgres (PostgreSQL) 17.2 (Debian …)`.
fn major_version(text: &str) -> Option<u32> {
    let number = text.split("PostgreSQL)").nth(1)?.trim_start();
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

fn output_of(program: &OsStr, argument: &str) -> Option<String> {
    let output = Command::new(program).arg(argument).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    #[rstest]
    #[case("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n", Some(15))]
    #[case("postgres (PostgreSQL) 18beta1\n", Some(18))]
    #[case("nonsense", None)]
    fn the_major_version_is_read_from_what_postgres_prints(#[case] text: &str, #[case] major: Option<u32>) {
        assert_eq!(super::major_version(text), major);
    }

    #[test]
    fn a_version_that_is_not_installed_is_asked_for_by_name() {
        let message = super::postgres(Some(3)).unwrap_err().to_string();
        assert!(message.contains("PostgreSQL 3, which made the existing data"), "{message}");
        assert!(message.contains("make setup"), "{message}");
    }
}
