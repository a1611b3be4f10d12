//! The workflows run what people run, with actions that nobody can change behind our back.

use std::collections::{BTreeMap, BTreeSet};

use evolve_operator::EvolveBot;
use evolve_operator::validate::problems;
use serde_json::Value;

use super::{read, root, yaml};

fn workflows() -> BTreeMap<String, Value> {
    let files = std::fs::read_dir(root().join(".github/workflows")).unwrap();
    let path = |name: String| format!(".github/workflows/{name}");
    files
        .map(|file| path(file.unwrap().file_name().into_string().unwrap()))
        .map(|path| (path.clone(), yaml(&path)))
        .collect()
}

/// Every step of all jobs, by the file that it is in.
fn steps() -> Vec<(String, Value)> {
    let mut list = Vec::new();
    for (file, workflow) in workflows() {
        for job in workflow["jobs"].as_object().unwrap().values() {
            list.extend(job["steps"].as_array().into_iter().flatten().map(|step| (file.clone(), step.clone())));
        }
    }
    assert!(list.len() > 20, "{list:?}");
    list
}

/// What follows `make ` in a text, as long as it looks like a target.
fn targets(text: &str) -> BTreeSet<String> {
    let is_target = |c: char| c.is_ascii_lowercase() || c == '-';
    text.match_indices("make ")
        .map(|(at, word)| &text[at + word.len()..])
        .map(|rest| rest.split(|c| !is_target(c)).next().unwrap().to_owned())
        .filter(|target| !target.is_empty())
        .collect()
}

#[test]
fn workflows_run_targets_that_the_readme_tells_people_of() {
    let makefile = read("Makefile");
    let exists = |target: &str| makefile.lines().any(|line| line.starts_with(&format!("{target}:")));
    let readme = targets(&read("README.md"));
    let mut run = BTreeSet::new();
    for (file, step) in steps() {
        let Some(command) = step["run"].as_str() else { continue };
        for target in targets(command) {
            assert!(exists(&target), "{file}: there is no target {target}");
            assert!(readme.contains(&target), "{file}: the README does not tell of `make {target}`");
            run.insert(target);
        }
    }
    let needed = ["audit", "chart", "compose-up", "coverage", "fresh", "image", "kind", "lint", "test"];
    assert_eq!(needed.into_iter().filter(|target| !run.contains(*target)).collect::<Vec<_>>(), Vec::<&str>::new());
    let words = makefile.split_whitespace().map(|word| word.trim_start_matches('@').trim_end_matches(','));
    for script in words.filter(|word| word.starts_with("scripts/")) {
        assert!(root().join(script).is_file(), "the Makefile runs {script}");
    }
}

#[test]
fn what_fails_in_a_workflow_fails_it() {
    let mut asked = 0;
    for (file, step) in steps() {
        let Some(command) = step["run"].as_str() else { continue };
        // `make something || true` is green whatever happens.
        assert!(!command.contains("||"), "{file}: a failure is hidden: {command}");
        for line in command.lines().map(str::trim).filter(|line| line.starts_with("echo ")) {
            assert!(!line.contains("$("), "{file}: what fails within an argument of echo fails nothing: {line}");
        }
        if command.contains(" | ") {
            assert_eq!(step["shell"], "bash", "{file}: without pipefail the last command alone decides: {command}");
        }
        asked += 1;
    }
    assert!(asked > 10, "{asked}");
    let jobs = &yaml(".github/workflows/test.yaml")["jobs"];
    let runs = runs_of(&jobs["test"]);
    let at =
        |part: &str| runs.iter().position(|run| run.contains(part)).unwrap_or_else(|| panic!("nothing does {part}"));
    let log = "\"$RUNNER_TEMP/test.txt\"";
    assert!(at(&format!("make test 2>&1 | tee {log}")) < at(&format!("scripts/skipped.sh {log}")), "{runs:?}");
    assert!(at("opus-tools \"postgresql-$newest-pgvector\"") < at("make test"), "{runs:?}");
}

/// What the steps of a job run, in their order.
fn runs_of(job: &Value) -> Vec<&str> {
    job["steps"].as_array().unwrap().iter().filter_map(|step| step["run"].as_str()).collect()
}

#[test]
fn what_counts_lines_is_of_the_version_that_the_script_asks_for_and_no_older_one_is_kept() {
    let install = "cargo install --locked cargo-llvm-cov --version ";
    let version = |text: &str| {
        let (_, rest) = text.split_once(install).expect("nobody says how it is installed");
        rest.split(|c: char| !c.is_ascii_digit() && c != '.').next().unwrap().to_owned()
    };
    let job = &yaml(".github/workflows/test.yaml")["jobs"]["coverage"];
    let installs =
        runs_of(job).into_iter().find(|run| run.contains(install)).expect("the workflow does not install it");
    assert_eq!(version(installs), version(&read("scripts/coverage.sh")));
    let cache = job["steps"].as_array().unwrap().iter().find_map(|step| step["with"]["key"].as_str()).unwrap();
    assert!(cache.contains("'scripts/coverage.sh'"), "the one of before is taken from the cache: {cache}");
}

#[test]
fn each_action_is_named_by_a_commit_and_says_which_version_that_is() {
    let mut commits: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in workflows().into_keys() {
        for line in read(&file).lines().filter_map(|line| line.split_once("uses: ")).map(|(_, used)| used.to_owned()) {
            if let Some(own) = line.strip_prefix("./") {
                assert!(root().join(own).is_file(), "{file}: {line}");
                continue;
            }
            let (action, rest) = line.split_once('@').unwrap();
            let (commit, version) = rest.split_once(" # ").unwrap_or_else(|| panic!("{file}: {line}"));
            assert!(commit.len() == 40 && commit.chars().all(|c| c.is_ascii_hexdigit()), "{file}: {line}");
            assert!(version.starts_with('v') && version.split('.').count() == 3, "{file}: {line}");
            commits.entry(action.to_owned()).or_default().insert(rest.to_owned());
        }
    }
    assert!(commits.len() >= 5, "{commits:?}");
    for (action, named) in commits {
        assert_eq!(named.len(), 1, "{action} is of several versions: {named:?}");
    }
}

#[test]
fn a_job_may_only_read_unless_it_says_why_and_ends_some_time() {
    for (file, workflow) in workflows() {
        assert_eq!(workflow["permissions"], serde_json::json!({ "contents": "read" }), "{file}");
        for (name, job) in workflow["jobs"].as_object().unwrap() {
            assert!(job["uses"].is_string() || job["timeout-minutes"].is_number(), "{file}: {name} may run for hours");
            assert!(job["permissions"].is_null() || name == "release", "{file}: {name} may write");
        }
    }
    for (file, step) in steps() {
        if step["uses"].as_str().is_some_and(|action| action.starts_with("actions/checkout@")) {
            assert_eq!(step["with"]["persist-credentials"], false, "{file}: every later step has the token");
        }
    }
}

#[test]
fn what_a_workflow_keeps_is_kept_though_its_name_begins_with_a_dot() {
    let mut kept = 0;
    for (file, step) in steps() {
        let Some(path) = step["with"]["path"].as_str() else { continue };
        if step["uses"].as_str().is_some_and(|action| action.starts_with("actions/upload-artifact@")) {
            let is_hidden = path.split('/').any(|part| part.starts_with('.'));
            assert!(!is_hidden || step["with"]["include-hidden-files"] == true, "{file}: {path} is left out");
            kept += 1;
        }
    }
    assert!(kept >= 3, "{kept}");
}

#[test]
fn a_release_is_checked_whole_then_pushed_with_what_is_in_it_signed_and_told() {
    let workflow = yaml(".github/workflows/release.yaml");
    let release = &workflow["jobs"]["release"];
    let needs: Vec<&str> = super::texts(&release["needs"]);
    for check in ["test", "audit", "chart", "image"] {
        assert!(needs.contains(&check), "it does not wait for {check}");
        let called = workflow["jobs"][check]["uses"].as_str().unwrap();
        let on = &yaml(called.trim_start_matches("./"))["on"];
        assert!(on.as_object().unwrap().contains_key("workflow_call"), "{called} cannot be called");
    }
    let runs: Vec<&str> = release["steps"].as_array().unwrap().iter().filter_map(|step| step["run"].as_str()).collect();
    let at =
        |part: &str| runs.iter().position(|run| run.contains(part)).unwrap_or_else(|| panic!("nothing does {part}"));
    let order = ["scripts/version.sh", "make image OUTPUT=push", "cosign sign --yes \"$IMAGE@$(cat .image/digest)\""];
    let order = order.into_iter().chain(["helm push", "sbom", "changelog.sh --latest", "gh release create"]);
    let places: Vec<usize> = order.map(at).collect();
    assert!(places.is_sorted(), "{places:?}: {runs:?}");
    // Else it is no document of SPDX, but one within an object of Docker's.
    assert!(runs[at("sbom")].contains("--format '{{ json .SBOM.SPDX }}' >.image/sbom.spdx.json"));
    assert!(read("scripts/image.sh").contains("attestations=(--sbom=true --provenance=mode=max)"));
    // It fetches a dozen programs, each of which could then sign in our name.
    assert!(!runs.iter().any(|run| run.contains("make setup")), "{runs:?}");
    assert!(read("scripts/changelog.sh").contains("--require-hashes"), "anybody's git-cliff is run there");
    for right in ["contents", "packages", "id-token"] {
        assert_eq!(release["permissions"][right], "write");
    }
}

#[test]
fn each_way_of_compose_that_people_are_told_of_is_gone_by_the_workflow() {
    let workflow = yaml(".github/workflows/image.yaml");
    let runs = runs_of(&workflow["jobs"]["compose"]);
    let makefile = read("Makefile");
    let production = makefile.lines().find_map(|line| line.strip_prefix("PRODUCTION := ")).unwrap();
    for command in ["make compose-up", "--scale api=4", production] {
        assert!(runs.iter().any(|run| run.contains(command)), "nothing runs {command}: {runs:?}");
    }
    // Else the image of the last release is pulled, or none, as before the first.
    let repository = "ghcr.io/evolveai/evolve";
    assert!(runs.iter().any(|run| run.contains(&format!("docker tag evolve:dev {repository}:checked"))), "{runs:?}");
}

#[test]
fn hooks_run_what_the_workflows_run() {
    let hooks = yaml(".pre-commit-config.yaml");
    let local = hooks["repos"].as_array().unwrap().iter().filter(|repository| repository["repo"] == "local");
    let entries: Vec<Value> = local.flat_map(|own| own["hooks"].as_array().unwrap().clone()).collect();
    let entries: Vec<&str> = entries.iter().map(|hook| hook["entry"].as_str().unwrap()).collect();
    for entry in ["cargo fmt --all --check", "make lint", "make fresh"] {
        assert!(entries.contains(&entry), "{entries:?}");
    }
    for repository in hooks["repos"].as_array().unwrap().iter().filter(|repository| repository["repo"] != "local") {
        assert!(super::is_pinned(&format!(":{}", repository["rev"].as_str().unwrap())), "{repository}");
    }
}

#[test]
fn the_example_of_kind_is_a_bot_whose_neighbours_are_there() {
    let text = read("examples/kind.yaml");
    let bot = EvolveBot::parse(&text).unwrap();
    assert_eq!(problems(&bot), Vec::<String>::new());
    let neighbours = read("scripts/kind/neighbours.yaml");
    let script = read("scripts/kind.sh");
    let address = bot.spec.telegram.api_url.as_deref().unwrap();
    let (host, port) = address.strip_prefix("http://").unwrap().split_once(':').unwrap();
    assert!(neighbours.contains(&format!("name: {host} }}")) && neighbours.contains(&format!("0.0.0.0:{port}")));
    for entry in ["DATABASE_URL", "REDIS_URL", "TELEGRAM_BOT_TOKEN"] {
        assert!(script.contains(&format!("{entry}: ")), "the Secret has no {entry}");
    }
    assert!(script.contains("patch secret eva"), "a token that is given later is not taken");
    let applied = script.lines().find(|line| line.contains("--filename \"$secrets\"")).unwrap();
    assert!(applied.contains(" apply --server-side "), "kubectl writes the Secret into an annotation of it: {applied}");
    let node = script.lines().find_map(|line| line.strip_prefix("node=kindest/node:v")).unwrap();
    let oldest = yaml("charts/evolve/Chart.yaml")["kubeVersion"].as_str().unwrap().to_owned();
    let minor = |version: &str| version.split('.').nth(1).unwrap().parse::<u32>().unwrap();
    assert!(minor(node) >= minor(&oldest), "the chart does not install on {node}");
}
