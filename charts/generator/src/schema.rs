//! What the values may be: types from the defaults, the rest from the comments. A key that nobody knows is refused, since
//! it is a typing error; but for what Helm itself puts at the top of a chart that is part of another.

use serde_json::{Map, Value, json};
use serde_yaml_ng::Value as Yaml;

use crate::values::{Field, Values};

/// The schema as JSON.
///
/// # Errors
/// When a default is not JSON.
pub(crate) fn schema(values: &Values) -> anyhow::Result<String> {
    let mut properties = properties(&values.fields)?;
    properties.insert("global".to_owned(), json!({ "type": "object", "description": "Helm's, for charts in charts." }));
    properties.insert(
        "enabled".to_owned(),
        json!({ "type": "boolean", "description": "For a chart that has this one as a dependency with a condition." }),
    );
    let schema = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Values of the chart evolve",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    });
    Ok(format!("{}\n", serde_json::to_string_pretty(&schema)?))
}

fn properties(fields: &[Field]) -> anyhow::Result<Map<String, Value>> {
    fields.iter().map(|field| Ok((field.name.clone(), property(field)?))).collect()
}

fn property(field: &Field) -> anyhow::Result<Value> {
    let mut property = Map::new();
    if !field.description.is_empty() {
        property.insert("description".to_owned(), json!(field.description));
    }
    property.insert("type".to_owned(), json!(type_of(&field.default)));
    if field.fields.is_empty() {
        property.insert("default".to_owned(), serde_json::to_value(&field.default)?);
    } else if is_ours(field) {
        property.insert("properties".to_owned(), Value::Object(properties(&field.fields)?));
        property.insert("additionalProperties".to_owned(), json!(false));
    }
    for (name, value) in &field.schema {
        property.insert(name.as_str().unwrap_or_default().to_owned(), serde_json::to_value(value)?);
    }
    Ok(Value::Object(property))
}

/// Whether the keys are the chart's. Those of Kubernetes, which are passed on as they are and which it checks itself, have
/// no comments.
fn is_ours(field: &Field) -> bool {
    field.fields.iter().any(|below| !below.description.is_empty())
}

const fn type_of(default: &Yaml) -> &'static str {
    match default {
        Yaml::Bool(_) => "boolean",
        Yaml::Number(_) => "integer",
        Yaml::Sequence(_) => "array",
        Yaml::Mapping(_) => "object",
        Yaml::String(_) | Yaml::Null | Yaml::Tagged(_) => "string",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(text: &str) -> Value {
        serde_json::from_str(&schema(&Values::parse(text).unwrap()).unwrap()).unwrap()
    }

    #[test]
    fn unknown_keys_are_refused_but_for_those_of_helm_and_of_kubernetes() {
        let schema = made("# Ours.\nimage:\n  # It.\n  tag: a\n# Theirs.\nresources:\n  limits:\n    cpu: 1\n");
        assert_eq!(schema["additionalProperties"], false);
        assert_eq!(schema["properties"]["image"]["additionalProperties"], false);
        assert_eq!(schema["properties"]["resources"].get("additionalProperties"), None);
        assert_eq!(schema["properties"]["global"]["type"], "object");
    }

    #[test]
    fn a_type_is_that_of_the_default_unless_the_comment_says_another() {
        let schema = made("# One.\n# @schema {type: [integer, string]}\none: 1\n# Two.\ntwo: []\n");
        assert_eq!(schema["properties"]["one"]["type"], json!(["integer", "string"]));
        assert_eq!(schema["properties"]["two"]["type"], "array");
    }
}
