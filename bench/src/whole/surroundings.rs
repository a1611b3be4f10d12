//! What the numbers were measured on: the machine, as far as it matters, and the versions of what ran.

use std::path::Path;
use std::process::Command;

use evolve_testkit::binaries;

/// The machine and the versions, by name.
pub(crate) fn all() -> Vec<(String, String)> {
    let mut known = vec![("version".to_owned(), env!("CARGO_PKG_VERSION").to_owned())];
    let mut add = |name: &str, value: Option<String>| {
        known.extend(value.map(|value| (name.to_owned(), value.trim().to_owned())));
    };
    add("build", Some(if cfg!(debug_assertions) { "debug: numbers of no worth" } else { "release" }.to_owned()));
    add("processors", std::thread::available_parallelism().ok().map(|count| count.to_string()));
    add("processor", field("/proc/cpuinfo", "model name"));
    add("memory", field("/proc/meminfo", "MemTotal"));
    add("system", std::fs::read_to_string("/proc/sys/kernel/osrelease").ok().map(|release| format!("Linux {release}")));
    let postgres = binaries::postgres(None).ok();
    add("Postgres", postgres.and_then(|found| first_line(&found.bin.join("postgres"), "--version")));
    add("Redis", binaries::redis().ok().and_then(|program| first_line(&program, "--version")));
    known
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
