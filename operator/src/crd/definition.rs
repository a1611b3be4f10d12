//! The CustomResourceDefinition, made from the types. What the derive makes is close; this brings it to what the API server
//! takes without a warning and what a reader can use:
//!
//! - defaults become a sentence in the description (why, says [the module above](super));
//! - `nullable` goes: an absent field is absent, and nothing here means something by being `null`;
//! - formats that Kubernetes does not know (`uint32`) become those it knows, with their bounds;
//! - Kubernetes' own types lose their descriptions, which are long (`kubectl explain pod.spec` has them), and get the bounds
//!   that Kubernetes checks in code.

use std::sync::LazyLock;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt;
use serde_json::{Map, Value, json};

use super::EvolveBot;

/// Fields of the spec whose type is Kubernetes' own.
const KUBERNETES_OWN: [&str; 5] = ["affinity", "tolerations", "topologySpreadConstraints", "allowFrom", "metricsFrom"];
/// Longest text in them: names, label values, addresses.
const MAX_TEXT: usize = 512;
/// Longest list in them.
const MAX_ITEMS: usize = 64;

/// The definition, as it is applied to a cluster.
#[must_use]
pub fn definition() -> CustomResourceDefinition {
    let mut definition = EvolveBot::crd();
    for version in &mut definition.spec.versions {
        if let Some(validation) = &mut version.schema {
            validation.open_api_v3_schema = serde_json::from_value(schema().clone()).ok();
        }
    }
    definition
}

/// The definition as YAML, as it is committed.
///
/// # Errors
/// When it cannot be written as YAML, which no definition of ours is.
pub fn definition_yaml() -> Result<String, serde_yaml_ng::Error> {
    // By way of JSON, whose numbers can be mended: bounds are floating-point numbers in the type, `20.0` in the text.
    let mut value = serde_json::to_value(definition()).unwrap_or_default();
    whole_numbers(&mut value);
    serde_yaml_ng::to_string(&value)
}

fn whole_numbers(value: &mut Value) {
    match value {
        Value::Number(number) => {
            if let Some(whole) = number.as_f64().filter(|number| number.fract() == 0.0 && number.abs() < 1e15) {
                #[expect(clippy::cast_possible_truncation, reason = "it is whole and small")]
                let whole = whole as i64;
                *number = whole.into();
            }
        }
        Value::Array(list) => list.iter_mut().for_each(whole_numbers),
        Value::Object(map) => map.values_mut().for_each(whole_numbers),
        _ => {}
    }
}

/// The schema of an `EvolveBot`, as it is in the definition.
#[must_use]
pub fn schema() -> &'static Value {
    static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
        let derived = EvolveBot::crd();
        let schema = derived.spec.versions.into_iter().next().and_then(|version| version.schema?.open_api_v3_schema);
        let mut schema = serde_json::to_value(schema).unwrap_or_default();
        tidy(&mut schema);
        keep_scale_default(&mut schema);
        schema
    });
    &SCHEMA
}

fn tidy(schema: &mut Value) {
    let Value::Object(schema) = schema else { return };
    schema.remove("nullable");
    if let Some(Value::String(description)) = schema.get_mut("description") {
        *description = one_line(description);
    }
    describe_default(schema);
    mend_format(schema);
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        for (name, property) in properties.iter_mut() {
            tidy(property);
            if KUBERNETES_OWN.contains(&name.as_str()) {
                let description = property.get("description").cloned();
                tighten(property, name, name);
                property["description"] = description.unwrap_or_default();
            }
        }
    }
    for inner in ["items", "additionalProperties"] {
        if let Some(inner) = schema.get_mut(inner) {
            tidy(inner);
        }
    }
}

/// Lines of a comment are broken where the code's margin is; what reads a description breaks it where its own is.
fn one_line(text: &str) -> String {
    let paragraphs =
        text.split("\n\n").map(|paragraph| paragraph.split('\n').map(str::trim).collect::<Vec<_>>().join(" "));
    paragraphs.collect::<Vec<_>>().join("\n\n")
}

fn describe_default(schema: &mut Map<String, Value>) {
    let Some(default) = schema.remove("default") else { return };
    let default = match default {
        Value::String(text) => text,
        Value::Bool(_) | Value::Number(_) => default.to_string(),
        _ => return,
    };
    if let Some(Value::String(description)) = schema.get_mut("description") {
        description.push_str(&format!(" Default: {default}."));
    }
}

fn mend_format(schema: &mut Map<String, Value>) {
    let known = match schema.get("format").and_then(Value::as_str) {
        Some("uint8" | "uint16") => "int32",
        Some("uint32" | "uint64" | "uint") => "int64",
        _ => return,
    };
    schema.insert("format".to_owned(), json!(known));
    schema.entry("minimum").or_insert(json!(0));
}

/// What Kubernetes checks of its own types in code, and the schema of the type does not say. Without it a mistake would be
/// found only when the pods are made. Where a rule of ours walks over it, bounds besides.
fn tighten(schema: &mut Value, name: &str, under: &str) {
    let Value::Object(map) = schema else { return };
    map.remove("description");
    if let Some(allowed) = allowed(name, under) {
        map.insert("enum".to_owned(), json!(allowed));
    }
    let is_walked = ["allowFrom", "metricsFrom", "tolerations"].contains(&under);
    match (map.get("type").and_then(Value::as_str), name) {
        (Some("string"), _) if is_walked => drop(map.entry("maxLength").or_insert(json!(MAX_TEXT))),
        (Some("array"), _) if is_walked => drop(map.entry("maxItems").or_insert(json!(MAX_ITEMS))),
        (Some("integer"), "weight") => {
            map.extend([("minimum".to_owned(), json!(1)), ("maximum".to_owned(), json!(100))])
        }
        (Some("integer"), "maxSkew" | "minDomains") => drop(map.insert("minimum".to_owned(), json!(1))),
        _ => {}
    }
    for (field, inner) in map.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
        let selects_nodes = ["preference", "nodeSelectorTerms"].contains(&name);
        tighten(inner, field, if selects_nodes { "node" } else { under });
    }
    if let Some(items) = map.get_mut("items") {
        tighten(items, name, under);
    }
    if let Some(values) = map.get_mut("additionalProperties") {
        tighten(values, "", under);
    }
}

/// The values that a field of Kubernetes' own may have.
fn allowed(name: &str, under: &str) -> Option<&'static [&'static str]> {
    Some(match (name, under) {
        ("operator", "tolerations") => &["Exists", "Equal"],
        ("operator", "node") => &["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"],
        ("operator", _) => &["In", "NotIn", "Exists", "DoesNotExist"],
        ("effect", _) => &["NoSchedule", "PreferNoSchedule", "NoExecute"],
        ("whenUnsatisfiable", _) => &["DoNotSchedule", "ScheduleAnyway"],
        ("nodeAffinityPolicy" | "nodeTaintsPolicy", _) => &["Honor", "Ignore"],
        _ => return None,
    })
}

/// `kubectl scale` reads the number before it writes it, so that it must be there.
fn keep_scale_default(schema: &mut Value) {
    let Some(spec) = schema.pointer_mut("/properties/spec/properties/api") else { return };
    spec["default"] = json!({});
    spec["properties"]["replicas"]["default"] = json!(super::Api::default().replicas);
}
