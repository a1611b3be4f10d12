//! What Kubernetes checks of its own types in code, and the schemas of those types do not say. Without it a mistake would be
//! found only when the pods are made.
//!
//! Bounds are there for the API server's sake: it refuses rules whose worst case costs too much, and the lists are nested.

use serde_json::{Map, Value, json};

use super::rules::{all, label_value, rules, rules_at};

/// Fields of the spec whose type is Kubernetes' own.
pub(super) const FIELDS: [&str; 5] =
    ["affinity", "tolerations", "topologySpreadConstraints", "allowFrom", "metricsFrom"];
/// What is not about labels of pods but of nodes.
const OF_NODES: [&str; 2] = ["preference", "nodeSelectorTerms"];
/// Longest name of a label: a prefix, a slash, and the name itself.
const MAX_TEXT: usize = 253 + 1 + 63;
/// Longest value of a label.
const MAX_VALUE: usize = 63;
/// Longest list of terms and conditions.
const MAX_ITEMS: usize = 8;
/// Most values and labels that a condition has.
const MAX_VALUES: usize = 16;
/// Longest list of names of nodes, zones, or kinds of machine.
const MAX_NODES: usize = 32;

/// Bounds and rules for a field `name` somewhere below the field `under` of ours.
pub(super) fn tighten(schema: &mut Value, name: &str, under: &str) {
    let Value::Object(map) = schema else { return };
    map.remove("description");
    if let Some(allowed) = allowed(name, under) {
        map.insert("enum".to_owned(), json!(allowed));
        return;
    }
    let kind = map.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
    for (bound, value) in bounds(&kind, name, under) {
        map.entry(bound).or_insert(json!(value));
    }
    if let Some(rules) = checks(&kind, name, under) {
        map.insert("x-kubernetes-validations".to_owned(), rules);
    }
    descend(map, name, under);
}

fn descend(map: &mut Map<String, Value>, name: &str, under: &str) {
    for (field, inner) in map.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
        tighten(inner, field, if OF_NODES.contains(&name) { "node" } else { under });
    }
    if let Some(items) = map.get_mut("items") {
        tighten(items, name, under);
    }
    if let Some(values) = map.get_mut("additionalProperties") {
        tighten(values, "", under);
    }
}

fn bounds(kind: &str, name: &str, under: &str) -> Vec<(&'static str, usize)> {
    match (kind, name) {
        ("string", "value" | "values" | "") => vec![("maxLength", MAX_VALUE)],
        ("string", "topologyKey") => vec![("minLength", 1), ("maxLength", MAX_TEXT)],
        ("string", "key") if under != "tolerations" => vec![("minLength", 1), ("maxLength", MAX_TEXT)],
        ("string", _) => vec![("maxLength", MAX_TEXT)],
        ("array", "nodeSelectorTerms") => vec![("minItems", 1), ("maxItems", MAX_ITEMS)],
        ("array", "values") if under == "node" => vec![("maxItems", MAX_NODES)],
        ("array", "values") => vec![("maxItems", MAX_VALUES)],
        ("array", "except") => vec![("maxItems", MAX_NODES)],
        ("array", _) => vec![("maxItems", MAX_ITEMS)],
        ("object", "matchLabels") => vec![("maxProperties", MAX_VALUES)],
        ("integer", "weight") => vec![("minimum", 1), ("maximum", 100)],
        ("integer", "maxSkew" | "minDomains") => vec![("minimum", 1)],
        _ => Vec::new(),
    }
}

/// The values that a field may have.
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

fn checks(kind: &str, name: &str, under: &str) -> Option<Value> {
    Some(match (kind, name) {
        ("string", "topologyKey" | "matchLabelKeys" | "mismatchLabelKeys") => named(),
        ("string", "key") if under == "tolerations" => named(),
        ("string", "value") => label_value(),
        ("string", "namespaces") => rules(&[(
            "self.matches('^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$')",
            "must be the name of a namespace: lower-case letters, digits and dashes",
        )]),
        ("string", "cidr" | "except") => rules(&[(
            "isCIDR(self) && cidr(self) == cidr(self).masked()",
            "must be a network such as 10.0.0.0/8, with zeros after its prefix; one address is 10.0.0.1/32",
        )]),
        ("object", "ipBlock") => excepted(),
        ("object", "matchLabels") => pairs(),
        ("object", "matchExpressions") => requirement(under),
        ("object", "matchFields") => all([
            requirement(under),
            rules_at(
                ".key",
                &[("self.key == 'metadata.name'", "must be metadata.name, the only field that nodes are found by")],
            ),
        ]),
        ("object", "tolerations") => toleration(),
        ("object", "topologySpreadConstraints") => rules_at(
            ".minDomains",
            &[(
                "!has(self.minDomains) || self.whenUnsatisfiable == 'DoNotSchedule'",
                "counts with whenUnsatisfiable: DoNotSchedule alone: set that, or remove minDomains",
            )],
        ),
        ("object", "allowFrom" | "metricsFrom") => rules(&[(
            "has(self.ipBlock) != (has(self.podSelector) || has(self.namespaceSelector))",
            "each needs podSelector, namespaceSelector or both; or ipBlock alone",
        )]),
        _ => return None,
    })
}

/// That what is let out of a network was in it.
fn excepted() -> Value {
    const PART: &str =
        "cidr(self.cidr).containsCIDR(part) && cidr(part).prefixLength() > cidr(self.cidr).prefixLength()";
    let rule = format!("!has(self.except) || !isCIDR(self.cidr) || self.except.all(part, !isCIDR(part) || ({PART}))");
    rules_at(".except", &[(&rule, "each must be a smaller network within cidr, such as 10.1.0.0/16 within 10.0.0.0/8")])
}

/// The value of a label. The API server reckons this cheaper than its own `format`, which counts where lists are nested.
const VALUE: &str = "'^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$'";
/// The name of a label.
const NAME: &str = "'^([a-z0-9][-a-z0-9.]*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$'";

/// That it is a selector's condition that can hold. One rule for all of it: there are many places of it.
fn requirement(under: &str) -> Value {
    const NONE: &str = "self.operator in ['Exists', 'DoesNotExist'] ? !has(self.values) || size(self.values) == 0";
    const SOME: &str = "has(self.values) && size(self.values) > 0";
    const NUMBER: &str = "has(self.values) && size(self.values) == 1 && self.values[0].matches('^[0-9]+$')";
    let words = format!("self.key.matches({NAME}) && (!has(self.values) || self.values.all(v, v.matches({VALUE})))");
    let (counts, message) = if under == "node" {
        (
            format!("{NONE} : self.operator in ['Gt', 'Lt'] ? {NUMBER} : {SOME}"),
            "key and values must be a label's; In and NotIn need values, Gt and Lt one whole number in quotes, Exists and DoesNotExist none",
        )
    } else {
        (
            format!("{NONE} : {SOME}"),
            "key and values must be a label's; In and NotIn need values, Exists and DoesNotExist none",
        )
    };
    rules(&[(&format!("{words} && ({counts})"), message)])
}

/// That it is the name of a label, or nothing.
fn named() -> Value {
    let rule = format!("self == '' || self.matches({NAME})");
    rules(&[(
        &rule,
        "must be the name of a label such as topology.kubernetes.io/zone: letters, digits, dashes, underscores and dots",
    )])
}

/// That these are labels; in one rule, too.
fn pairs() -> Value {
    let rule = format!("self.all(name, name.matches({NAME}) && self[name].matches({VALUE}))");
    rules(&[(
        &rule,
        "must be names and values of labels: 63 letters, digits, dashes, underscores and dots at most, with a letter or digit at both ends",
    )])
}

fn toleration() -> Value {
    all([
        rules_at(
            ".value",
            &[(
                "!has(self.operator) || self.operator != 'Exists' || !has(self.value) || self.value == ''",
                "a toleration with operator: Exists takes any value: remove value, or say operator: Equal",
            )],
        ),
        rules_at(
            ".key",
            &[(
                "(has(self.key) && self.key != '') || (has(self.operator) && self.operator == 'Exists')",
                "a toleration without key is for every taint: say operator: Exists, or name the key",
            )],
        ),
        rules_at(
            ".tolerationSeconds",
            &[(
                "!has(self.tolerationSeconds) || (has(self.effect) && self.effect == 'NoExecute')",
                "counts with effect: NoExecute alone: set that, or remove tolerationSeconds",
            )],
        ),
    ])
}
