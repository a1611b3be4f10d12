//! A short run of `make chaos`, with the built binaries.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

/// Where this program's own binary is, and those of the others if they are built; else it is said `what` is left out.
pub(crate) fn binaries(what: &str) -> Option<&'static Path> {
    let directory = Path::new(env!("CARGO_BIN_EXE_evolve-chaos")).parent()?;
    let is_built = |name: &&str| directory.join(name).is_file();
    if ["evolve-api", "evolve-bot"].iter().all(is_built) {
        return Some(directory);
    }
    // Not `eprintln!`, which the test runner keeps to itself while all is well.
    writeln!(std::io::stderr(), "\nSKIPPED: {what}. Run `make build` for evolve-api and evolve-bot.\n").unwrap();
    None
}

/// It ends by itself: what is waited for has a limit.
#[test]
fn twenty_people_are_answered_once_and_in_order_while_replicas_and_postgres_are_killed() {
    let Some(binaries) = binaries("a short run of chaos") else { return };
    let logs = tempfile::Builder::new().prefix("evolve-chaos-").tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_evolve-chaos"))
        .args(["--people", "20", "--seconds", "10", "--mean-pause-seconds", "3", "--buyers-percent", "20"])
        .args(["--bots", "2", "--apis", "2", "--kill-every-ms", "3000"])
        .args(["--postgres-restarts", "1", "--redis-restarts", "0"])
        .arg("--binaries")
        .arg(binaries)
        .arg("--logs")
        .arg(logs.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    if !output.status.success() {
        // The logs say more than the run does.
        panic!("see {}\n{said}", logs.keep().display());
    }
    let none_lost = format!("{:<18}0\n", "lost");
    for part in ["Every promise was kept", none_lost.as_str(), " told, 0 lost, ", "Postgres 1 (", "Redis 0 ("] {
        assert!(said.contains(part), "{part:?} is not in:\n{said}");
    }
}

#[test]
fn what_cannot_run_says_so_and_is_no_broken_promise() {
    let nowhere = tempfile::tempdir().unwrap();
    let output =
        Command::new(env!("CARGO_BIN_EXE_evolve-chaos")).arg("--binaries").arg(nowhere.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("evolve-api is not there") && said.contains("make build"), "{said}");
}
