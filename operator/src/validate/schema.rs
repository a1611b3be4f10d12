//! The schema's unknown fields, bounds and CEL rules, applied to a document without an API server.

use std::sync::LazyLock;

use kube::core::cel::{CompiledSchema, ErrorKind, ValidationError, Validator, compile_schema};
use serde_json::{Map, Value};

use crate::crd;

/// What [`walk`] asks a schema for.
const ASKED: [&str; 13] = [
    "properties",
    "additionalProperties",
    "items",
    "enum",
    "minimum",
    "maximum",
    "minItems",
    "maxItems",
    "minLength",
    "maxLength",
    "minProperties",
    "maxProperties",
    "x-kubernetes-preserve-unknown-fields",
];

/// What is kept of the schema: the most of it is descriptions.
struct Known {
    bare: Value,
    rules: CompiledSchema,
}

/// Every unknown field, broken bound and broken rule in `document`.
pub(super) fn problems(document: &Value) -> Vec<String> {
    static KNOWN: LazyLock<Known> = LazyLock::new(|| {
        let schema = crd::schema();
        Known { bare: bare(&schema), rules: compile_schema(&schema) }
    });
    let mut problems = Vec::new();
    // What else is at the top is the API server's: apiVersion, kind, metadata.
    for part in ["spec", "status"] {
        if let (Some(schema), Some(value)) = (KNOWN.bare["properties"].get(part), document.get(part)) {
            walk(schema, value, part, &mut problems);
        }
    }
    // A rule on a value of the wrong shape says nothing that a reader could use.
    if problems.is_empty()
        && let Err(broken) = Validator::new().validate_compiled(&KNOWN.rules, document, None)
    {
        // A rule about two fields cannot be asked while one of them is wrong, and that is said by the field's own.
        let is_error = |error: &ValidationError| error.kind == ErrorKind::EvaluationError;
        let mut broken = broken.into_vec();
        if !broken.iter().all(is_error) {
            broken.retain(|error| !is_error(error));
        }
        problems.extend(broken.into_iter().map(|error| {
            // At the root, a rule's own path is all of it, with the dot that it begins with.
            format!("{}: {}", error.field_path.trim_start_matches('.'), error.message)
        }));
    }
    problems
}

fn bare(schema: &Value) -> Value {
    let Value::Object(schema) = schema else { return schema.clone() };
    let kept = schema.iter().filter(|(key, _)| ASKED.contains(&key.as_str())).map(|(key, value)| {
        let value = match (key.as_str(), value) {
            ("properties", Value::Object(fields)) => {
                fields.iter().map(|(name, schema)| (name.clone(), bare(schema))).collect()
            }
            ("items" | "additionalProperties", schema) => bare(schema),
            _ => value.clone(),
        };
        (key.clone(), value)
    });
    // Counted first, so that no map is larger than what is in it.
    kept.collect::<Vec<_>>().into_iter().collect()
}

fn walk(schema: &Value, value: &Value, path: &str, problems: &mut Vec<String>) {
    match value {
        Value::Object(fields) => walk_object(schema, fields, path, problems),
        Value::Array(items) => {
            length(schema, ["minItems", "maxItems"], items.len(), path, "entries", problems);
            if let Some(schema) = schema.get("items") {
                for (index, item) in items.iter().enumerate() {
                    walk(schema, item, &format!("{path}[{index}]"), problems);
                }
            }
        }
        Value::String(text) => {
            let allowed: Vec<&str> =
                schema.get("enum").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
            if !allowed.is_empty() && !allowed.contains(&text.as_str()) {
                problems.push(format!("{path}: must be one of {}", allowed.join(", ")));
            }
            length(schema, ["minLength", "maxLength"], text.chars().count(), path, "characters", problems);
        }
        Value::Number(number) => {
            let number = number.as_f64().unwrap_or(f64::NAN);
            let bound = |name: &str| schema.get(name).and_then(Value::as_f64);
            if bound("minimum").is_some_and(|least| number < least)
                || bound("maximum").is_some_and(|most| number > most)
            {
                problems.push(format!("{path}: must be {}", range(bound("minimum"), bound("maximum"))));
            }
        }
        Value::Null => problems.push(format!("{path}: is empty; give it a value, or remove it")),
        Value::Bool(_) => {}
    }
}

fn walk_object(schema: &Value, fields: &Map<String, Value>, path: &str, problems: &mut Vec<String>) {
    if schema.get("x-kubernetes-preserve-unknown-fields").is_some() {
        return;
    }
    length(schema, ["minProperties", "maxProperties"], fields.len(), path, "entries", problems);
    for (name, value) in fields {
        let known = schema.get("properties").and_then(|properties| properties.get(name));
        match known.or_else(|| schema.get("additionalProperties")) {
            Some(inner) => walk(inner, value, &format!("{path}.{name}"), problems),
            None => problems.push(format!("{path}: unknown field `{name}`{}", expected(schema))),
        }
    }
}

fn expected(schema: &Value) -> String {
    let names = schema
        .get("properties")
        .and_then(Value::as_object)
        .map(|properties| properties.keys().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "));
    names.map_or_else(String::new, |names| format!(", expected one of {names}"))
}

fn length(schema: &Value, bounds: [&str; 2], length: usize, path: &str, what: &str, problems: &mut Vec<String>) {
    let [least, most] = bounds.map(|name| schema.get(name).and_then(Value::as_u64));
    let length = length as u64;
    if least.is_some_and(|least| length < least) || most.is_some_and(|most| length > most) {
        #[expect(clippy::cast_precision_loss, reason = "bounds are small")]
        let range = range(least.map(|least| least as f64), most.map(|most| most as f64));
        problems.push(format!("{path}: must have {range} {what}"));
    }
}

fn range(least: Option<f64>, most: Option<f64>) -> String {
    match (least, most) {
        (Some(least), Some(most)) => format!("{least} to {most}"),
        (Some(least), None) => format!("{least} or more"),
        (None, Some(most)) => format!("{most} or less"),
        (None, None) => "anything".to_owned(),
    }
}
