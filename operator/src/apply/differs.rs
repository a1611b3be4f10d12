//! Whether a live object has everything that is wanted of it: `desired ⊆ live` over JSON. What others added is theirs,
//! and so are defaults that the API server filled in; what was wanted before and is no longer shows in the annotation
//! with the hash of the desired object, which is part of what is compared.

use serde_json::{Map, Value};

/// What tells the elements of a list of objects apart; the first that all wanted elements have counts. Several ports may
/// share a number, and only the pair with the protocol is their key.
const KEYS: [&str; 7] = ["name", "mountPath", "containerPort", "port", "topologyKey", "uid", "type"];

/// Below these fields, `1` and `1000m` are the same.
const QUANTITIES: [&str; 6] = ["requests", "limits", "storage", "sizeLimit", "averageValue", "cpu"];

/// The path of the first difference; nothing when `live` has all that is `desired`.
#[must_use]
pub fn first_difference(desired: &Value, live: &Value) -> Option<String> {
    let mut path = Vec::new();
    let same = contains(desired, live, false, &mut path);
    (!same).then(|| path.join("."))
}

fn contains(desired: &Value, live: &Value, quantity: bool, path: &mut Vec<String>) -> bool {
    match (desired, live) {
        (Value::Object(desired), Value::Object(live)) => object(desired, live, quantity, path),
        (Value::Array(desired), Value::Array(live)) => list(desired, live, quantity, path),
        (Value::String(desired), Value::String(live)) if quantity => {
            desired == live || amount(desired).is_some_and(|amount_wanted| amount(live) == Some(amount_wanted))
        }
        // The API server leaves out what is empty.
        (desired, Value::Null) => is_empty(desired),
        (desired, live) => desired == live,
    }
}

fn object(desired: &Map<String, Value>, live: &Map<String, Value>, quantity: bool, path: &mut Vec<String>) -> bool {
    desired.iter().all(|(name, wanted)| {
        path.push(name.clone());
        let quantity = quantity || QUANTITIES.contains(&name.as_str());
        let same = contains(wanted, live.get(name).unwrap_or(&Value::Null), quantity, path);
        if same {
            path.pop();
        }
        same
    })
}

fn list(desired: &[Value], live: &[Value], quantity: bool, path: &mut Vec<String>) -> bool {
    let key = KEYS.into_iter().find(|key| !desired.is_empty() && desired.iter().all(|item| item.get(key).is_some()));
    let Some(key) = key else {
        return desired.len() == live.len()
            && desired.iter().zip(live).all(|(wanted, live)| contains(wanted, live, quantity, path));
    };
    desired.iter().all(|wanted| {
        path.push(wanted[key].as_str().map_or_else(|| wanted[key].to_string(), str::to_owned));
        let same = live
            .iter()
            .filter(|live| live.get(key) == wanted.get(key))
            .any(|live| contains(wanted, live, quantity, &mut Vec::new()));
        if same {
            path.pop();
        }
        same
    })
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

/// A Kubernetes quantity in thousandths.
fn amount(text: &str) -> Option<i128> {
    let digits = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, suffix) = text.split_at(digits);
    let thousandths = match suffix {
        "m" => 1,
        "" => 1_000,
        "k" => 1_000_000,
        "M" => 1_000_000_000,
        "G" => 1_000_000_000_000,
        "T" => 1_000_000_000_000_000,
        "Ki" => 1_000 << 10,
        "Mi" => 1_000 << 20,
        "Gi" => 1_000 << 30,
        "Ti" => 1_000 << 40,
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let scale = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let value: i128 = format!("{whole}{fraction}").parse().ok()?;
    value.checked_mul(thousandths).map(|value| value / scale)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn same(desired: Value, live: Value) -> bool {
        first_difference(&desired, &live).is_none()
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
        assert_eq!(first_difference(&desired, &changed).as_deref(), Some("spec.containers.api"));
    }

    #[test]
    fn a_list_without_a_key_is_the_same_only_as_a_whole() {
        let desired = json!({"args": ["a", "b"]});
        assert!(same(desired.clone(), desired.clone()));
        assert!(!same(desired.clone(), json!({"args": ["a", "b", "c"]})));
        assert!(!same(desired, json!({"args": ["b", "a"]})));
    }
}
