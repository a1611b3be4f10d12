//! The image holds what its users run, as whom they run it.

use std::collections::BTreeSet;

use super::{is_pinned, pods, read, root, texts, yaml};

/// The instructions of the Dockerfile, each on one line, without comments.
fn instructions() -> Vec<String> {
    let mut list = Vec::new();
    let mut open = String::new();
    let mut heredoc: Option<String> = None;
    for line in read("Dockerfile").lines().map(str::trim) {
        if let Some(end) = &heredoc {
            if line == *end {
                heredoc = None;
                list.push(std::mem::take(&mut open));
            } else {
                open.push_str(line);
                open.push('\n');
            }
        } else if !line.starts_with('#') && !line.is_empty() {
            open.push_str(line.trim_end_matches('\\'));
            if let Some((_, end)) = line.split_once("<<'") {
                heredoc = Some(end.trim_end_matches('\'').to_owned());
                open.push('\n');
            } else if !line.ends_with('\\') {
                list.push(std::mem::take(&mut open));
            }
        }
    }
    assert!(heredoc.is_none() && open.is_empty(), "the Dockerfile ends within an instruction");
    list
}

/// The arguments of every such instruction.
fn all(name: &str) -> Vec<String> {
    let prefix = format!("{name} ");
    instructions().iter().filter_map(|line| line.strip_prefix(&prefix)).map(str::to_owned).collect()
}

/// The programs of ours that are in it.
pub(super) fn programs() -> BTreeSet<String> {
    let builds = all("RUN");
    let build = builds.iter().find(|run| run.contains("cargo build")).expect("nothing is built");
    build.split_whitespace().filter_map(|word| word.strip_prefix("target/release/")).map(str::to_owned).collect()
}

#[test]
fn every_program_that_the_operator_and_the_chart_run_is_in_the_image() {
    let programs = programs();
    let mut run = BTreeSet::new();
    for file in ["examples/smallest.yaml", "examples/full.yaml"] {
        for (what, pod) in pods(file).into_iter().filter(|(what, _)| *what != "backup") {
            let command = texts(&pod["containers"][0]["command"])[0].to_owned();
            assert!(programs.contains(&command), "{what} of {file} runs {command}, which is not in the image");
            run.insert(command);
        }
    }
    for file in ["deployment.yaml", "tests/check.yaml"] {
        let template = read(&format!("charts/evolve/templates/{file}"));
        let (_, command) = template.split_once("command: [").unwrap();
        run.insert(command.split([',', ']']).next().unwrap().to_owned());
    }
    assert_eq!(run, programs, "a program that nobody runs is in the image, or one that is run is not");
}

#[test]
fn programs_are_built_from_the_lock_file_and_the_compiler_is_the_workspaces() {
    let build = all("RUN").into_iter().find(|run| run.contains("cargo build")).unwrap();
    for flag in ["--locked", "--release", "--mount=type=cache"] {
        assert!(build.contains(flag), "{flag} is missing: {build}");
    }
    let manifest = read("Cargo.toml");
    let (_, rest) = manifest.split_once("rust-version = \"").unwrap();
    let rust = rest.split('"').next().unwrap();
    let from = all("FROM");
    assert!(from[0].contains(&format!("/rust:{rust}.")), "{} does not have Rust {rust}", from[0]);
    assert!(from[0].ends_with(" AS builder"), "{}", from[0]);
}

#[test]
fn what_a_backup_calls_is_in_the_image_so_that_it_can_be_backup_image() {
    let runs = all("RUN");
    let install = runs.iter().find(|run| run.contains("/postgres/")).expect("no program of Postgres is in the image");
    for program in ["pg_dump", "pg_restore", "psql"] {
        assert!(install.contains(&format!("bin/{program} ")), "{program} is not copied: {install}");
        assert!(install.contains(&format!("./{program} --version")), "nobody looks whether {program} runs: {install}");
    }
    // The scripts of backups are for a shell, awk and sed, which a distroless base has not.
    let from = all("FROM");
    assert!(from.last().unwrap().starts_with("docker.io/library/debian:"), "{from:?}");
    let (_, pod) = pods("examples/full.yaml").into_iter().find(|(what, _)| *what == "backup").unwrap();
    let default = pod["containers"][0]["image"].as_str().unwrap();
    let major = |image: &str| image.split_once("/postgres:").unwrap().1.split(['.', '-']).next().unwrap().to_owned();
    let ours = from.iter().find(|from| from.contains("/postgres:")).unwrap();
    assert_eq!(major(ours), major(default), "pg_dump of the image is of another Postgres than {default}");
    assert!(install.contains(&format!("/postgres/postgresql/{}/bin/", major(default))), "{install}");
}

#[test]
fn the_user_is_the_one_that_pods_are_started_as() {
    let user = all("USER").pop().expect("it runs as root");
    let (uid, gid) = user.split_once(':').unwrap();
    let (uid, gid): (i64, i64) = (uid.parse().expect("not a number"), gid.parse().expect("not a number"));
    assert_ne!(uid, 0);
    for (what, pod) in pods("examples/full.yaml") {
        let context = &pod["securityContext"];
        assert_eq!((context["runAsUser"].as_i64(), context["runAsGroup"].as_i64()), (Some(uid), Some(gid)), "{what}");
        assert_eq!(context["runAsNonRoot"], true, "{what}");
    }
    let values = yaml("charts/evolve/values.yaml");
    let context = &values["podSecurityContext"];
    assert_eq!((context["runAsUser"].as_i64(), context["runAsGroup"].as_i64()), (Some(uid), Some(gid)));
    assert!(read("Dockerfile").contains(&format!("echo 'evolve:x:{uid}:{gid}:")), "the user has no name");
}

#[test]
fn images_are_named_by_version_and_labels_say_what_this_is() {
    for from in all("FROM") {
        assert!(is_pinned(from.split_whitespace().next().unwrap()), "{from}");
    }
    let labels = all("LABEL").concat();
    for label in ["title", "description", "source", "licenses", "version", "revision", "created", "base.name"] {
        assert!(labels.contains(&format!("org.opencontainers.image.{label}=\"")), "{label}: {labels}");
    }
    let base = all("FROM").pop().unwrap();
    assert!(labels.contains(&format!("base.name=\"{}\"", base.split([' ', '@']).next().unwrap())), "{labels}");
    let script = read("scripts/image.sh");
    for argument in all("ARG") {
        let name = argument.split('=').next().unwrap();
        assert!(script.contains(&format!("\"{name}=$")), "scripts/image.sh does not say {name}");
    }
}

#[test]
fn what_git_ignores_never_reaches_the_builder_and_every_member_does() {
    let ignored = read(".dockerignore");
    let ignored: Vec<&str> = ignored.lines().filter(|line| !line.starts_with('#')).collect();
    for line in read(".gitignore").lines() {
        let line = line.trim_start_matches('/');
        let found = ignored.iter().any(|one| one.trim_start_matches("**/") == line);
        assert!(found, "{line} is in .gitignore and not in .dockerignore");
    }
    let manifest = read("Cargo.toml");
    let (_, members) = manifest.split_once("members = [").unwrap();
    let members = members.split_once(']').unwrap().0;
    let members = members.split(',').map(|one| one.trim().trim_matches('"')).filter(|one| !one.is_empty());
    for needed in members.chain(["Cargo.toml", "Cargo.lock", "migrations", "locales", "examples"]) {
        let hides = |one: &&&str| needed == **one || needed.starts_with(&format!("{one}/"));
        assert_eq!(ignored.iter().find(hides), None, "{needed} is needed to build");
        assert!(root().join(needed).exists(), "{needed}");
    }
}

#[test]
fn the_image_is_the_one_that_chart_operator_and_release_name() {
    let repository = "ghcr.io/evolveai/evolve";
    assert_eq!(yaml("charts/evolve/values.yaml")["image"]["repository"], repository);
    assert!(read("scripts/image.sh").contains(&format!("${{IMAGE:-{repository}}}")));
    assert!(read("operator/src/controller/config.rs").contains(&format!("\"{repository}\"")));
    assert!(read("compose.prod.yaml").contains(&format!("image: {repository}:${{EVOLVE_VERSION:?")));
}
