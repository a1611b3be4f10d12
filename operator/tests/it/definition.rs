//! The CustomResourceDefinition: committed as it is generated, small enough, and structural as the API server wants it.

use std::path::Path;

use evolve_operator::crd;
use serde_json::Value;

/// A request with the definition, its last-applied annotation and some room fits into what the API server takes.
const LARGEST: usize = 220_000;

#[test]
fn the_committed_definition_is_the_one_that_the_types_make() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crds/evolvebots.evolveai.dev.yaml");
    let committed = std::fs::read_to_string(path).unwrap();
    let made = crd::definition_yaml().unwrap();
    assert!(committed.trim_end() == made.trim_end(), "crds/ is not fresh: run `make generate` and commit");
}

#[test]
fn the_definition_stays_far_under_what_an_annotation_may_hold() {
    let yaml = crd::definition_yaml().unwrap().len();
    let json = serde_json::to_vec(&crd::definition()).unwrap().len();
    assert!(yaml < LARGEST && json < LARGEST, "{yaml} bytes of YAML, {json} of JSON");
}

#[test]
fn nothing_is_nullable_every_field_is_described_and_formats_are_known() {
    walk(&crd::schema()["properties"]["spec"], "spec", true);
    walk(&crd::schema()["properties"]["status"], "status", true);
}

fn walk(schema: &Value, path: &str, ours: bool) {
    for unwanted in ["nullable", "anyOf", "oneOf", "allOf", "$ref"] {
        assert!(schema.get(unwanted).is_none(), "{path} has {unwanted}");
    }
    let is_scaled = ["spec.api", "spec.api.replicas"].contains(&path);
    assert!(schema.get("default").is_none() || is_scaled, "{path} has a default in the schema");
    if let Some(format) = schema.get("format").and_then(Value::as_str) {
        assert!(["int32", "int64", "date-time", "double"].contains(&format), "{path} has the format {format}");
    }
    assert!(!ours || schema.get("description").is_some(), "{path} has no description");
    assert!(
        schema.get("type").is_some() || schema.get("x-kubernetes-int-or-string").is_some(),
        "{path} has no type: {schema}"
    );
    for (name, inner) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let kubernetes = ["affinity", "tolerations", "topologySpreadConstraints", "allowFrom", "metricsFrom"];
        let path = format!("{path}.{name}");
        if kubernetes.contains(&name.as_str()) {
            assert!(inner.get("description").is_some(), "{path} has no description");
            walk(inner, &path, false);
        } else {
            walk(inner, &path, ours);
        }
    }
    for inner in ["items", "additionalProperties"] {
        if let Some(inner) = schema.get(inner).filter(|inner| inner.is_object()) {
            walk(inner, &format!("{path}[]"), false);
        }
    }
}
