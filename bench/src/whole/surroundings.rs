//! What the numbers were measured on: the machine, as far as it matters, and the versions of what ran.

use std::path::Path;
use std::process::Command;

use chrono::Utc;
use evolve_testkit::binaries;

use crate::world::World;

/// What decides how fast Postgres is, and is not as it comes.
const SETTINGS: &str = "
    SELECT string_agg(name || ' = ' || current_setting(name), ', ' ORDER BY name) FROM pg_settings
    WHERE name = ANY (ARRAY['autovacuum', 'fsync', 'full_page_writes', 'jit', 'shared_buffers', 'synchronous_commit', 'wal_level'])";

/// The machine and the versions, by name.
///
/// # Errors
/// When Postgres does not say how it is set.
pub(crate) async fn all(world: &World) -> anyhow::Result<Vec<(String, String)>> {
    let (settings,): (String,) = sqlx::query_as(SETTINGS).fetch_one(&world.pool).await?;
    let mut known = vec![("version".to_owned(), env!("CARGO_PKG_VERSION").to_owned())];
    let mut add = |name: &str, value: Option<String>| {
        known.extend(value.map(|value| (name.to_owned(), value.trim().to_owned())));
    };
    add("commit", commit());
    add("day", Some(Utc::now().format("%Y-%m-%d").to_string()));
    // Cargo names the directory after the profile; what is measured need not be built as this program is.
    let is_debug = cfg!(debug_assertions) || world.binaries().ends_with("debug");
    add("build", Some(if is_debug { "debug: numbers of no worth" } else { "release" }.to_owned()));
    add("processors", std::thread::available_parallelism().ok().map(|count| count.to_string()));
    add("processor", field("/proc/cpuinfo", "model name"));
    add("memory", field("/proc/meminfo", "MemTotal"));
    add("system", std::fs::read_to_string("/proc/sys/kernel/osrelease").ok().map(|release| format!("Linux {release}")));
    let postgres = binaries::postgres(None).ok();
    add("Postgres", postgres.and_then(|found| first_line(&found.bin.join("postgres"), "--version")));
    add("Postgres is set to", Some(settings));
    add("Redis", binaries::redis().ok().and_then(|program| first_line(&program, "--version")));
    let control_plane = std::env::var_os("KUBEBUILDER_ASSETS").map(|place| Path::new(&place).join("kube-apiserver"));
    add("control plane", control_plane.and_then(|program| first_line(&program, "--version")));
    Ok(known)
}

/// Of the checkout that it was run in.
fn commit() -> Option<String> {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let commit = git(&["rev-parse", "--short=12", "HEAD"])?;
    let is_changed = !git(&["status", "--porcelain", "--untracked-files=no"])?.is_empty();
    Some(if is_changed { format!("{commit}, with changes") } else { commit })
}

/// What a file of `/proc` says of something, for the first time that it does.
fn field(path: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.to_owned())
}

fn first_line(program: &Path, argument: &str) -> Option<String> {
    let output = Command::new(program).arg(argument).output().ok()?;
    String::from_utf8_lossy(&output.stdout).lines().next().map(str::to_owned)
}
