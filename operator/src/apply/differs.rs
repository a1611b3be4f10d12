//! Whether a live object has everything that is wanted of it: `desired ⊆ live` over JSON. What others added is theirs,
//! and so are defaults that the API server filled in; what was wanted before and is no longer shows in the annotation
//! with the hash of the desired object, which is part of what is compared.
//!
//! Lists are compared as server-side apply writes them. Some are merged by a key, and others may have elements of their own
//! in them. All the rest are *atomic*: whoever applies one owns all that is below it, so what somebody added there is drift,
//! such as one more port of a NetworkPolicy.

use serde_json::{Map, Value};

/// The lists that are merged, each with the keys that tell its elements apart: the first that all wanted elements have
/// counts. Several ports may share a number, and only the pair with the protocol is their key.
const MERGED: [(&str, &[&str]); 10] = [
    ("containers", &["name"]),
    ("env", &["name"]),
    ("groups", &["name"]),
    ("imagePullSecrets", &["name"]),
    ("initContainers", &["name"]),
    ("ownerReferences", &["uid"]),
    ("ports", &["containerPort", "port"]),
    ("topologySpreadConstraints", &["topologyKey"]),
    ("volumeMounts", &["mountPath"]),
    ("volumes", &["name"]),
];

/// Below these fields, `1` and `1000m` are the same.
const QUANTITIES: [&str; 6] = ["requests", "limits", "storage", "sizeLimit", "averageValue", "cpu"];

/// How values are compared at some place.
#[derive(Clone, Copy)]
struct Rule {
    /// Quantities are there: text is compared by amount.
    quantity: bool,
    /// It is below an atomic list: nobody else has a say in it.
    exact: bool,
    /// Whether the kind is one of Kubernetes' own, for which all defaults are written out below atomic lists. Whoever
    /// defines another kind may fill in defaults that nobody knows here.
    known: bool,
}

/// The path of the first difference; nothing when `live` has all that is `desired`. `is_known` is whether the kind is one
/// of Kubernetes' own.
#[must_use]
pub fn first_difference(desired: &Value, live: &Value, is_known: bool) -> Option<String> {
    let mut path = Vec::new();
    let same = contains(desired, live, Rule { quantity: false, exact: false, known: is_known }, &mut path);
    (!same).then(|| path.join("."))
}

fn contains(desired: &Value, live: &Value, rule: Rule, path: &mut Vec<String>) -> bool {
    match (desired, live) {
        (Value::Object(desired), Value::Object(live)) => object(desired, live, rule, path),
        (Value::Array(desired), Value::Array(live)) => list(desired, live, rule, path),
        (Value::String(desired), Value::String(live)) if rule.quantity => {
            desired == live || amount(desired).is_some_and(|amount_wanted| amount(live) == Some(amount_wanted))
        }
        // A selector that chooses everything is not the same as none.
        (Value::Object(_), Value::Null) if rule.exact => false,
        // The API server leaves out what is empty.
        (desired, Value::Null) => is_empty(desired),
        (desired, live) => desired == live,
    }
}

fn object(desired: &Map<String, Value>, live: &Map<String, Value>, rule: Rule, path: &mut Vec<String>) -> bool {
    let has_all = desired.iter().all(|(name, wanted)| {
        let quantity = rule.quantity || QUANTITIES.contains(&name.as_str());
        within(name, path, |path| {
            contains(wanted, live.get(name).unwrap_or(&Value::Null), Rule { quantity, ..rule }, path)
        })
    });
    has_all
        && (!rule.exact
            || live.iter().all(|(name, value)| {
                within(name, path, |_| desired.contains_key(name) || (!value.is_object() && is_empty(value)))
            }))
}

/// Leaves `name` in the path where `is_same` does not hold.
fn within(name: &str, path: &mut Vec<String>, is_same: impl FnOnce(&mut Vec<String>) -> bool) -> bool {
    path.push(name.to_owned());
    let same = is_same(path);
    if same {
        path.pop();
    }
    same
}

fn list(desired: &[Value], live: &[Value], rule: Rule, path: &mut Vec<String>) -> bool {
    let Some(key) = key_of(desired, rule, path) else {
        let rule = Rule { exact: rule.known, ..rule };
        return desired.len() == live.len()
            && desired.iter().zip(live).all(|(wanted, live)| contains(wanted, live, rule, path));
    };
    desired.iter().all(|wanted| {
        let name = wanted[key].as_str().map_or_else(|| wanted[key].to_string(), str::to_owned);
        within(&name, path, |_| {
            let mut same = live.iter().filter(|live| live.get(key) == wanted.get(key));
            same.any(|live| contains(wanted, live, rule, &mut Vec::new()))
        })
    })
}

/// What the elements of the list at `path` are merged by, if they are.
fn key_of(desired: &[Value], rule: Rule, path: &[String]) -> Option<&'static str> {
    let field = path.last()?;
    let (_, keys) = MERGED.into_iter().find(|(name, _)| name == field && !rule.exact)?;
    keys.iter().copied().find(|key| desired.iter().all(|item| item.get(key).is_some()))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.values().all(is_empty),
        Value::Bool(yes) => !yes,
        Value::String(text) => text.is_empty(),
        Value::Number(number) => number.as_i64() == Some(0),
    }
}

/// A Kubernetes quantity in billionths.
pub(crate) fn amount(text: &str) -> Option<i128> {
    let digits = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, suffix) = text.split_at(digits);
    const ONE: i128 = 1_000_000_000;
    let billionths = match suffix {
        "n" => 1,
        "u" => 1_000,
        "m" => 1_000_000,
        "" => ONE,
        "k" => ONE * 1_000,
        "M" => ONE * 1_000_000,
        "G" => ONE * 1_000_000_000,
        "T" => ONE * 1_000_000_000_000,
        "P" => ONE * 1_000_000_000_000_000,
        "E" => ONE * 1_000_000_000_000_000_000,
        "Ki" => ONE << 10,
        "Mi" => ONE << 20,
        "Gi" => ONE << 30,
        "Ti" => ONE << 40,
        "Pi" => ONE << 50,
        "Ei" => ONE << 60,
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let scale = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let value: i128 = format!("{whole}{fraction}").parse().ok()?;
    value.checked_mul(billionths).map(|value| value / scale)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn same(desired: Value, live: Value) -> bool {
        first_difference(&desired, &live, true).is_none()
    }

    #[test]
    fn what_the_server_fills_in_is_no_difference() {
        let desired = json!({"spec": {"ports": [{"name": "http", "port": 80}], "selector": {}, "paused": false}});
        let live =
            json!({"spec": {"ports": [{"name": "http", "port": 80, "protocol": "TCP"}], "clusterIP": "10.0.0.1"}});
        assert!(same(desired, live));
    }

    #[test]
    fn quantities_are_compared_by_amount_and_other_text_is_not() {
        let wanted = json!({"resources": {"requests": {"cpu": "1000m", "memory": "1024Mi"}}});
        assert!(same(wanted.clone(), json!({"resources": {"requests": {"cpu": "1", "memory": "1Gi"}}})));
        assert!(!same(wanted, json!({"resources": {"requests": {"cpu": "1", "memory": "2Gi"}}})));
        assert!(same(json!({"limits": {"cpu": "0.5"}}), json!({"limits": {"cpu": "500m"}})));
        assert!(same(json!({"storage": "1024Ti"}), json!({"storage": "1Pi"})));
        assert!(same(json!({"cpu": "0.0005"}), json!({"cpu": "500u"})));
        assert!(!same(
            json!({"env": [{"name": "A", "value": "1000m"}]}),
            json!({"env": [{"name": "A", "value": "1"}]})
        ));
    }

    #[test]
    fn what_others_add_stays_and_what_they_change_is_seen_with_its_path() {
        let desired = json!({"spec": {"containers": [{"name": "api", "env": [{"name": "A", "value": "1"}]}]}});
        let added = json!({"spec": {"containers": [
            {"name": "sidecar"}, {"name": "api", "env": [{"name": "B", "value": "2"}, {"name": "A", "value": "1"}]},
        ]}});
        assert!(same(desired.clone(), added));
        let changed = json!({"spec": {"containers": [{"name": "api", "env": [{"name": "A", "value": "2"}]}]}});
        assert_eq!(first_difference(&desired, &changed, true).as_deref(), Some("spec.containers.api"));
    }

    #[test]
    fn a_list_without_a_key_is_the_same_only_as_a_whole() {
        let desired = json!({"args": ["a", "b"]});
        assert!(same(desired.clone(), desired.clone()));
        assert!(!same(desired.clone(), json!({"args": ["a", "b", "c"]})));
        assert!(!same(desired, json!({"args": ["b", "a"]})));
    }

    #[test]
    fn what_somebody_added_below_an_atomic_list_is_a_difference() {
        let ports = json!([{ "port": 53, "protocol": "UDP" }]);
        let desired = json!({ "spec": { "egress": [{ "ports": ports }] } });
        let opened = |rule: Value| json!({ "spec": { "egress": [rule] } });
        assert!(same(desired.clone(), opened(json!({ "ports": ports }))));
        let two = json!([{ "port": 53, "protocol": "UDP" }, { "port": 22, "protocol": "TCP" }]);
        assert!(!same(desired.clone(), opened(json!({ "ports": two }))));
        assert!(!same(desired.clone(), opened(json!({ "ports": [{ "port": 53, "endPort": 99, "protocol": "UDP" }] }))));
        let to = json!({ "ports": ports, "to": [{ "namespaceSelector": {} }] });
        let difference = first_difference(&desired, &opened(to), true);
        assert_eq!(difference.as_deref(), Some("spec.egress.to"));
        assert!(!same(json!({ "metrics": [] }), json!({ "metrics": [{ "type": "Resource" }] })));
    }

    #[test]
    fn a_selector_of_everything_that_somebody_took_away_is_a_difference() {
        let all = json!({ "from": [{ "namespaceSelector": {}, "podSelector": { "matchLabels": { "a": "b" } } }] });
        let own = json!({ "from": [{ "podSelector": { "matchLabels": { "a": "b" } } }] });
        assert!(same(all.clone(), all.clone()));
        assert!(!same(all.clone(), own.clone()));
        assert!(!same(own, all));
    }

    #[test]
    fn the_defaults_of_a_kind_that_others_define_are_no_difference() {
        let desired = json!({ "endpoints": [{ "port": "http" }] });
        let live = json!({ "endpoints": [{ "port": "http", "enableHttp2": true }] });
        assert_eq!(first_difference(&desired, &live, false), None);
        assert_eq!(first_difference(&desired, &live, true).as_deref(), Some("endpoints.enableHttp2"));
    }
}
