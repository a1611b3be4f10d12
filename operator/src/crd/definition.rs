//! The CustomResourceDefinition, made from the types. What the derive makes is close; this brings it to what the API server
//! takes without a warning and what a reader can use:
//!
//! - defaults become a sentence in the description (why, says [the module above](super));
//! - `nullable` goes: an absent field is absent, and nothing here means something by being `null`;
//! - formats that Kubernetes does not know (`uint32`) become those it knows, with their bounds;
//! - Kubernetes' own types lose their descriptions, which are long (`kubectl explain pod.spec` has them), and get the bounds
//!   and rules that Kubernetes has in code ([`kubernetes`]).

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt;
use serde_json::{Map, Value, json};

use super::EvolveBot;
use super::kubernetes;

/// The definition, as it is applied to a cluster.
#[must_use]
pub fn definition() -> CustomResourceDefinition {
    let mut definition = EvolveBot::crd();
    for version in &mut definition.spec.versions {
        if let Some(validation) = &mut version.schema {
            validation.open_api_v3_schema = serde_json::from_value(schema()).ok();
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
    let mut folded = Vec::new();
    fold(&mut value, &mut folded);
    let mut text = serde_yaml_ng::to_string(&value)?;
    for (place, json) in folded.iter().enumerate() {
        text = text.replace(&mark(place), json);
    }
    Ok(text)
}

/// Takes out the schemas of Kubernetes' own types, which are put back as JSON, on a line each: they are nested so deep that
/// most of the file would be blanks.
fn fold(value: &mut Value, folded: &mut Vec<String>) {
    let Value::Object(map) = value else {
        return value.as_array_mut().into_iter().flatten().for_each(|inner| fold(inner, folded));
    };
    for (name, inner) in map {
        if kubernetes::FIELDS.contains(&name.as_str()) && inner.is_object() {
            folded.push(inner.to_string());
            *inner = mark(folded.len() - 1).into();
        } else {
            fold(inner, folded);
        }
    }
}

fn mark(place: usize) -> String {
    format!("JSON_NUMBER_{place}_IS_HERE")
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

/// The schema of an `EvolveBot`, as it is in the definition. Made anew each time: a process reads
/// it once, and it takes a megabyte.
#[must_use]
pub fn schema() -> Value {
    let derived = EvolveBot::crd();
    let schema = derived.spec.versions.into_iter().next().and_then(|version| version.schema?.open_api_v3_schema);
    let mut schema = serde_json::to_value(schema).unwrap_or_default();
    tidy(&mut schema);
    keep_scale_default(&mut schema);
    show_name(&mut schema);
    schema
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
            if kubernetes::FIELDS.contains(&name.as_str()) {
                let description = property.get("description").cloned();
                kubernetes::tighten(property, name, name);
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

/// So that a rule about the name can say that it is about the name.
fn show_name(schema: &mut Value) {
    schema["properties"]["metadata"] = json!({ "type": "object", "properties": { "name": { "type": "string" } } });
}

/// `kubectl scale` reads the number before it writes it, so that it must be there.
fn keep_scale_default(schema: &mut Value) {
    let Some(spec) = schema.pointer_mut("/properties/spec/properties/api") else { return };
    spec["default"] = json!({});
    spec["properties"]["replicas"]["default"] = json!(super::Api::default().replicas);
}
