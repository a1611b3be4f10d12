//! What may be named: variables, fields, endpoints, reasons, tables, each from where it is defined.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;

use evolve_operator::EvolveBot;
use evolve_operator::crd::schema as definition;
use serde::Deserialize as _;
use serde_json::Value;

use super::guide::{at, is_variable, read};

/// Where code is.
const SOURCES: [&str; 16] = [
    ".ci",
    "api",
    "bench",
    "bot",
    "charts",
    "cli/src",
    "cli/tests/it/world.rs",
    "compose.yaml",
    "crates",
    "e2e",
    "examples",
    "fuzz",
    "migrations",
    "operator",
    "scripts",
    "Makefile",
];
const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// Every name that the code has for a variable.
pub(super) fn variables() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    SOURCES.iter().for_each(|source| gather(&at(source), &mut names));
    names
}

fn gather(path: &Path, names: &mut BTreeSet<String>) {
    if path.is_dir() {
        return std::fs::read_dir(path).unwrap().for_each(|entry| gather(&entry.unwrap().path(), names));
    }
    // A guide is no proof of what it says.
    if path.extension().is_some_and(|extension| extension == "md") {
        return;
    }
    // What is no text names nothing.
    let Ok(text) = std::fs::read_to_string(path) else { return };
    let words = text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
    names.extend(words.filter(|word| is_variable(word)).map(str::to_owned));
}

/// What is wrong with a block of YAML.
pub(super) fn problems_of_yaml(text: &str) -> Vec<String> {
    serde_yaml_ng::Deserializer::from_str(text)
        .filter_map(|document| match serde_yaml_ng::Value::deserialize(document) {
            Ok(value) => problem_of(&value),
            Err(error) => Some(error.to_string()),
        })
        .collect()
}

static DEFINITION: LazyLock<Value> = LazyLock::new(definition);

/// Of a whole object, of a part of an EvolveBot's spec, or of values of the chart.
fn problem_of(value: &serde_yaml_ng::Value) -> Option<String> {
    let keys: Vec<&str> = value.as_mapping()?.keys().filter_map(serde_yaml_ng::Value::as_str).collect();
    let spec = DEFINITION.pointer("/properties/spec/properties").and_then(Value::as_object)?;
    let bot = if keys.contains(&"kind") {
        if value.get("kind").and_then(serde_yaml_ng::Value::as_str) != Some("EvolveBot") {
            return None;
        }
        value.clone()
    } else if keys.iter().all(|key| spec.contains_key(*key)) {
        let text = "apiVersion: evolveai.dev/v1alpha1\nkind: EvolveBot\nmetadata: { name: eva }\nspec: {}\n";
        let mut bot: serde_yaml_ng::Value = serde_yaml_ng::from_str(text).unwrap();
        bot["spec"] = value.clone();
        bot
    } else {
        let values: serde_yaml_ng::Value = serde_yaml_ng::from_str(&read("charts/evolve/values.yaml")).unwrap();
        let unknown: Vec<&str> = keys.into_iter().filter(|key| values.get(key).is_none()).collect();
        return (!unknown.is_empty()).then(|| format!("neither fields of a spec nor values of the chart: {unknown:?}"));
    };
    EvolveBot::parse(&serde_yaml_ng::to_string(&bot).unwrap()).err().map(|error| error.to_string())
}

/// Whether it reads like the path of a field: `spec.api.replicas`.
pub(super) fn is_path(text: &str) -> bool {
    let mut parts = text.split('.');
    parts.next() == Some("spec")
        && parts.all(|part| !part.is_empty() && part.chars().all(|letter| letter.is_ascii_alphanumeric()))
}

/// Whether an EvolveBot has a field at this path.
pub(super) fn is_field(path: &str) -> bool {
    let mut place = &*DEFINITION;
    for part in path.split('.') {
        let inner = place.get("items").unwrap_or(place);
        match inner.get("properties").and_then(|properties| properties.get(part)) {
            Some(next) => place = next,
            None => return false,
        }
    }
    true
}

/// Whether it reads like an endpoint: `GET /health`.
pub(super) fn is_operation(text: &str) -> bool {
    text.split_once(' ').is_some_and(|(method, path)| METHODS.contains(&method) && path.starts_with('/'))
}

/// Whether the API has it; names in braces are the writer's.
pub(super) fn is_known_operation(api: &Value, text: &str) -> bool {
    let Some((method, path)) = text.split_once(' ') else { return false };
    let path = path.split('?').next().unwrap_or_default();
    let shape = |path: &str| {
        path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part }.to_owned()).collect::<Vec<_>>()
    };
    let paths = api["paths"].as_object().unwrap();
    paths.iter().any(|(known, item)| shape(known) == shape(path) && item.get(method.to_lowercase()).is_some())
}

/// All texts of a schema's `enum`, and of each `const` in it.
pub(super) fn texts_below<'a>(schema: &'a Value, list: &str, one: &str) -> Vec<&'a str> {
    match schema {
        Value::Object(map) => map
            .iter()
            .flat_map(|(name, value)| match value {
                Value::Array(values) if name == list => values.iter().filter_map(Value::as_str).collect(),
                Value::String(text) if name == one => vec![text.as_str()],
                inner => texts_below(inner, list, one),
            })
            .collect(),
        Value::Array(values) => values.iter().flat_map(|value| texts_below(value, list, one)).collect(),
        _ => Vec::new(),
    }
}

/// Every reason that the operator gives for a condition that does not simply hold.
pub(super) fn reasons() -> BTreeSet<String> {
    let text = ["findings", "report"].map(|file| read(&format!("operator/src/reconcile/{file}.rs"))).concat();
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let given = ["Finding::no(", "Finding::unknown(", "Finding::no_news("]
        .into_iter()
        .flat_map(|call| flat.split(call).skip(1));
    let words = given.filter_map(|rest| rest.split(',').nth(1)?.trim().strip_prefix('"')?.strip_suffix('"'));
    words.map(str::to_owned).collect()
}

/// The database, as the migrations make it.
pub(super) struct Schema {
    pub(super) tables: BTreeSet<String>,
    /// `table column table`, of every foreign key.
    pub(super) references: BTreeSet<String>,
}

/// Reads the migrations; partitions are no tables of their own.
pub(super) fn schema() -> Schema {
    let mut schema = Schema { tables: BTreeSet::new(), references: BTreeSet::new() };
    let entries = std::fs::read_dir(at("migrations")).unwrap().map(|entry| entry.unwrap().path());
    for path in entries.filter(|path| path.to_string_lossy().ends_with(".up.sql")) {
        let text = std::fs::read_to_string(path).unwrap();
        let mut table: Option<&str> = None;
        for line in text.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                ["CREATE", "TABLE", name, "("] => {
                    schema.tables.insert((*name).to_owned());
                    table = Some(*name);
                }
                ["ALTER", "TABLE", name, ..] => table = Some(*name),
                _ => {}
            }
            let Some(table) = table.filter(|_| !line.trim_start().starts_with("--")) else { continue };
            if let Some(place) = words.iter().position(|word| *word == "REFERENCES") {
                // `FOREIGN KEY (name, version) REFERENCES prompts (name, version)` is named after its last column.
                let column = match words.first() {
                    Some(&"FOREIGN") => words[place - 1].trim_matches(['(', ')']),
                    Some(&"ADD") => words[2],
                    first => first.copied().unwrap_or_default(),
                };
                let other = words[place + 1].trim_end_matches([',', ';']);
                schema.references.insert(format!("{table} {column} {other}"));
            }
        }
    }
    schema
}
