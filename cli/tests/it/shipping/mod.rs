//! What ships the product, read without any engine: image, compose files, workflows and the scripts behind them agree with the programs
//! and with each other.

mod compose;
mod image;
mod scripts;
mod workflows;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use evolve_operator::EvolveBot;
use evolve_operator::build::{Cluster, Inputs, build};
use serde_json::Value;

/// The repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A file of it.
#[track_caller]
fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A file of it in YAML, with what `<<` brings in. A tag (`!reset`) becomes an object with its name.
#[track_caller]
fn yaml(path: &str) -> Value {
    let mut read: serde_yaml_ng::Value =
        serde_yaml_ng::from_str(&read(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    read.apply_merge().unwrap();
    serde_json::to_value(read).unwrap()
}

/// The texts of a list; nothing where there is none.
fn texts(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().map(|one| one.as_str().unwrap()).collect()
}

/// The keys of an object; nothing where there is none.
fn keys(object: &Value) -> BTreeSet<&str> {
    object.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect()
}

/// The specs of all pods that the operator makes for the bot of `path`, by what they are for.
fn pods(path: &str) -> Vec<(&'static str, Value)> {
    let cluster = Cluster {
        image: "ghcr.io/evolveai/evolve".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        has_prometheus: false,
        has_gateway: false,
        operator_namespace: "evolve-system".to_owned(),
    };
    let desired = build(&EvolveBot::parse(&read(path)).unwrap(), &Inputs::default(), &cluster);
    let pod = |object: Value| object["spec"]["template"]["spec"].clone();
    let mut list = vec![
        ("migration", pod(serde_json::to_value(desired.migration).unwrap())),
        ("api", pod(serde_json::to_value(desired.api).unwrap())),
        ("bot", pod(serde_json::to_value(desired.bot).unwrap())),
    ];
    list.extend(desired.backup.map(|schedule| {
        let schedule = serde_json::to_value(schedule).unwrap();
        ("backup", schedule["spec"]["jobTemplate"]["spec"]["template"]["spec"].clone())
    }));
    list
}

/// Whether the name of an image says a version to the patch, or to the minor where it names no patches. `latest` and `18` are moving. A
/// digest may follow, and no version may be left out for it: people could not read what it is.
fn is_pinned(image: &str) -> bool {
    let is_digest = |text: &str| text.len() == 64 && text.chars().all(|c| c.is_ascii_hexdigit());
    let (image, is_whole) = image.split_once("@sha256:").map_or((image, true), |(name, rest)| (name, is_digest(rest)));
    let Some((_, tag)) = image.rsplit_once(':') else { return false };
    let version = tag.trim_start_matches('v').split('-').next().unwrap_or_default();
    is_whole && version.split('.').count() >= 2 && version.split('.').all(|part| part.parse::<u32>().is_ok())
}

#[test]
fn a_moving_tag_is_no_version() {
    assert!(is_pinned("docker.io/library/postgres:18.1-trixie") && is_pinned("kindest/node:v1.34.0"));
    assert!(is_pinned(&format!("postgres:18.1-trixie@sha256:{}", "0f".repeat(32))));
    assert!(!is_pinned(&format!("postgres@sha256:{}", "0f".repeat(32))) && !is_pinned("postgres:18.1@sha256:0f"));
    for moving in ["postgres", "postgres:latest", "postgres:18", "localhost:5000/postgres", "debian:trixie-slim"] {
        assert!(!is_pinned(moving), "{moving}");
    }
}
