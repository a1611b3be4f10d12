//! From what the API server stores to the typed resource. Its schema may be another than ours, of a newer version of the
//! operator that was here before, or looser: what cannot be read then is said to whoever looks at the bot, and the other bots
//! are none the worse for it.

use kube::api::DynamicObject;
use serde_json::{Map, Value};

use crate::EvolveBot;
use crate::crd::{EvolveBotSpec, EvolveBotStatus};

/// Longest text of ours about somebody else's bytes, characters.
const LONGEST: usize = 500;

/// A bot whose spec cannot be read.
pub(super) struct Unreadable {
    /// What could: its metadata and its status, with a spec that says nothing.
    pub rest: Box<EvolveBot>,
    /// Where it ends, and why.
    pub why: String,
}

/// Reads a bot. A status that cannot be read is no obstacle: what is left of it is taken, and the rest is found out anew.
pub(super) fn read(live: &DynamicObject) -> Result<EvolveBot, Unreadable> {
    let status = live.data.get("status").and_then(Value::as_object).and_then(readable);
    let spec = live.data.get("spec").unwrap_or(&Value::Null);
    let spec = serde_path_to_error::deserialize::<_, EvolveBotSpec>(spec);
    let metadata = live.metadata.clone();
    match spec {
        Ok(spec) => Ok(EvolveBot { metadata, spec, status }),
        Err(error) => {
            let path = match error.path().to_string() {
                path if path == "." => "spec".to_owned(),
                path => format!("spec.{path}"),
            };
            let why = format!("{path}: {}", error.inner()).chars().take(LONGEST).collect();
            Err(Unreadable { rest: Box::new(EvolveBot { metadata, spec: EvolveBotSpec::default(), status }), why })
        }
    }
}

/// Those fields of a status that this version knows.
fn readable(status: &Map<String, Value>) -> Option<EvolveBotStatus> {
    let parse = |fields| -> Option<EvolveBotStatus> { serde_json::from_value(Value::Object(fields)).ok() };
    parse(status.clone()).or_else(|| {
        let alone = |name: &String, value: &Value| Map::from_iter([(name.clone(), value.clone())]);
        parse(
            status
                .iter()
                .filter(|(name, value)| parse(alone(name, value)).is_some())
                .map(|(n, v)| (n.clone(), v.clone()))
                .collect(),
        )
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn stored(spec: Value, status: Value) -> DynamicObject {
        serde_json::from_value(json!({ "metadata": { "name": "eva" }, "spec": spec, "status": status })).unwrap()
    }

    #[test]
    fn what_cannot_be_read_is_said_with_its_path() {
        let why = |spec| read(&stored(spec, json!({ "version": "7" }))).unwrap_err();
        let found = why(json!({ "rollout": { "strategy": "Sideways" } }));
        assert!(found.why.starts_with("spec.rollout.strategy: unknown variant `Sideways`"), "{}", found.why);
        assert_eq!(found.rest.status.unwrap().version.as_deref(), Some("7"));
        assert!(why(json!({ "api": { "replicas": "x".repeat(9000) } })).why.chars().count() <= LONGEST);
        assert!(why(Value::Null).why.starts_with("spec: "), "{}", why(Value::Null).why);
    }

    #[test]
    fn a_status_that_a_newer_version_wrote_is_taken_as_far_as_it_is_known() {
        let status = json!({ "version": "7", "rollout": { "phase": "Levitating" } });
        let status = read(&stored(json!({}), status)).unwrap_or_else(|no| panic!("{}", no.why)).status.unwrap();
        assert_eq!((status.version.as_deref(), status.rollout), (Some("7"), None));
    }
}
