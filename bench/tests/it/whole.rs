//! `make bench`, with small sizes.

use std::os::unix::fs::symlink;
use std::process::Command;

use crate::programs::built;

/// What is measured so briefly, by a debug build, may miss its goals; but every part says something.
#[test]
fn every_part_but_the_operator_is_measured_and_told_on_the_page() {
    let Some(binaries) = built("a short run of the benches") else { return };
    let directory = tempfile::tempdir().unwrap();
    let page = directory.path().join("benchmarks.md");
    let output = Command::new(env!("CARGO_BIN_EXE_evolve-bench"))
        .args(["--only", "path,processes,chat,trips,traces,pgbench", "--seconds", "1", "--rounds", "1"])
        .args(["--replicas", "1", "--people", "10", "--messages-per-second", "10", "--turns-per-second", "10"])
        .args(["--clients", "2", "--starts", "1", "--settle-seconds", "0"])
        .arg("--binaries")
        .arg(binaries)
        .arg("--report")
        .arg(&page)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(matches!(output.status.code(), Some(0 | 1)), "{said}");
    let page = std::fs::read_to_string(page).unwrap();
    for title in
        ["The whole path", "Processes", "A turn through the API", "Round trips of a turn", "Traces and metrics"]
    {
        assert!(page.contains(&format!("\n## {title}\n")), "{title:?} is not on:\n{page}");
    }
    let has_pgbench = page.contains("\n## Turns as a ratio to pgbench\n");
    assert!(has_pgbench || page.contains("SKIPPED: turns as a ratio to pgbench"), "{page}");
    // Whatever the machine: everybody was answered, and a turn asks what it may ask.
    let path = page.lines().skip_while(|line| *line != "## The whole path").find(|line| line.starts_with("| 1 |"));
    assert!(path.is_some_and(|row| row.ends_with("| 0 |")), "{page}");
    assert!(page.contains("| round trips of a turn: Postgres, Redis | at most 3 and 1 | 3 and 1 | met |"), "{page}");
}

/// Minutes of measuring are not lost because of one part.
#[test]
fn a_part_that_fails_is_named_on_the_page_and_the_others_are_told() {
    let Some(binaries) = built("a run of the benches in which a part fails") else { return };
    let directory = tempfile::tempdir().unwrap();
    symlink(binaries.join("evolve-api"), directory.path().join("evolve-api")).unwrap();
    symlink("/usr/bin/false", directory.path().join("evolve-bot")).unwrap();
    let page = directory.path().join("benchmarks.md");
    let output = Command::new(env!("CARGO_BIN_EXE_evolve-bench"))
        .args(["--only", "processes,trips", "--starts", "1", "--binaries"])
        .arg(directory.path())
        .arg("--report")
        .arg(&page)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains("\nFAILED: `processes: evolve-bot does not become ready"), "{page}");
    assert!(page.contains("\n## Round trips of a turn\n"), "{page}");
}

#[test]
fn a_page_that_could_not_be_written_is_refused_before_anything_is_measured() {
    let Some(binaries) = built("a run of the benches that has no place for its page") else { return };
    let directory = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_evolve-bench"))
        .args(["--only", "trips", "--binaries"])
        .arg(binaries)
        .arg("--report")
        .arg(directory.path().join("nowhere/benchmarks.md"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("has no place here") && !said.contains("measuring"), "{said}");
}

#[test]
fn a_program_that_is_not_built_is_missed_before_anything_is_measured() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["evolve-api", "evolve-bot"] {
        symlink("/usr/bin/false", directory.path().join(name)).unwrap();
    }
    let output =
        Command::new(env!("CARGO_BIN_EXE_evolve-bench")).arg("--binaries").arg(directory.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("evolve-operator is not there") && said.contains("make bench"), "{said}");
}

#[test]
fn what_cannot_run_says_so_and_is_no_missed_goal() {
    let nowhere = tempfile::tempdir().unwrap();
    let output =
        Command::new(env!("CARGO_BIN_EXE_evolve-bench")).arg("--binaries").arg(nowhere.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("evolve-api is not there") && said.contains("make bench"), "{said}");
}
