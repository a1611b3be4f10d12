//! A desired object on its way to the API server: JSON, with the marks by which the operator knows it again.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use kube::{Resource, ResourceExt as _};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::build::{INSTANCE, MANAGED_BY, OPERATOR};
use crate::controller::cache::Key;
use crate::controller::kinds::Kind;

/// A hash of the desired object, so that a field that is no longer wanted shows as a difference.
pub const APPLIED: &str = "evolveai.dev/applied";

/// A desired object.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// Its kind.
    pub kind: Kind,
    /// Where it is to be.
    pub key: Key,
    /// All of it.
    pub object: Value,
}

/// An object that cannot be sent.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// Not JSON.
    #[error("a built object cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// Of a kind that nothing watches.
    #[error("the operator does not know objects of the kind {0}")]
    Kind(String),
}

impl Manifest {
    /// Makes `object` ready to be applied in `namespace`, as one that `owner` controls.
    ///
    /// # Errors
    /// [`ManifestError`].
    pub fn new<K>(object: &K, namespace: &str, owner: &OwnerReference) -> Result<Self, ManifestError>
    where
        K: Resource<DynamicType = ()> + Serialize,
    {
        let (group, kind) = (K::group(&()), K::kind(&()));
        let mut value = serde_json::to_value(object)?;
        value["apiVersion"] = json!(K::api_version(&()));
        value["kind"] = json!(kind);
        let kind = Kind::find(&group, &kind).ok_or_else(|| ManifestError::Kind(kind.into_owned()))?;
        Ok(Self::finish(kind, Key::new(namespace, object.name_any()), value, owner))
    }

    /// As [`Manifest::new`], of an object that is JSON already.
    ///
    /// # Errors
    /// [`ManifestError::Kind`].
    pub fn from_value(value: Value, namespace: &str, owner: &OwnerReference) -> Result<Self, ManifestError> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (api_version, kind) = (text(&value["apiVersion"]), text(&value["kind"]));
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        let found = Kind::find(group, &kind).ok_or(ManifestError::Kind(kind))?;
        let key = Key::new(namespace, text(&value["metadata"]["name"]));
        Ok(Self::finish(found, key, value, owner))
    }

    /// Whether `live`, which has the same kind and name, was made for the same bot: by its owner; what has none, by its
    /// labels.
    #[must_use]
    pub fn is_of_the_same_bot(&self, live: &ObjectMeta) -> bool {
        let metadata = &self.object["metadata"];
        if self.kind.outlives_bot() {
            let label = |name: &str| live.labels.as_ref().and_then(|labels| labels.get(name)).map(String::as_str);
            return [MANAGED_BY, INSTANCE].into_iter().all(|name| label(name) == metadata["labels"][name].as_str());
        }
        let owner = metadata["ownerReferences"][0]["uid"].as_str();
        live.owner_references.iter().flatten().any(|known| Some(known.uid.as_str()) == owner)
    }

    fn finish(kind: Kind, key: Key, mut object: Value, owner: &OwnerReference) -> Self {
        let metadata = &mut object["metadata"];
        metadata["namespace"] = json!(key.namespace);
        metadata["labels"][MANAGED_BY] = json!(OPERATOR);
        if !kind.outlives_bot() {
            metadata["ownerReferences"] = json!([owner]);
        }
        let hash = short_hash(&object);
        object["metadata"]["annotations"][APPLIED] = json!(hash);
        Self { kind, key, object }
    }
}

/// The first 16 hexadecimal digits of the SHA-256 of a JSON value with its keys in order.
#[must_use]
pub fn short_hash(value: &Value) -> String {
    // It cannot fail: all keys are texts.
    let text = serde_json::to_vec(&InOrder(value)).unwrap_or_default();
    hex(&Sha256::digest(text)[..8])
}

/// A JSON value that is written with its keys in order, in whatever order it holds them: each pass asks for the hash of
/// each object, so none is copied and sorted for it.
struct InOrder<'a>(&'a Value);

impl Serialize for InOrder<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(fields) => {
                let mut fields: Vec<(&String, &Value)> = fields.iter().collect();
                fields.sort_unstable_by_key(|(name, _)| *name);
                serializer.collect_map(fields.into_iter().map(|(name, value)| (name, InOrder(value))))
            }
            Value::Array(items) => serializer.collect_seq(items.iter().map(InOrder)),
            plain => plain.serialize(serializer),
        }
    }
}

/// Bytes as hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The hash as it was first made. It is in annotations of live objects and in the status of bots: with another one, an
    /// upgrade of the operator would write everything anew, and take the templates that run for others.
    fn by_copy(value: &Value) -> String {
        let mut value = value.clone();
        value.sort_all_objects();
        hex(&Sha256::digest(value.to_string())).chars().take(16).collect()
    }

    #[test]
    fn a_hash_is_that_of_the_sorted_text_whatever_is_in_it_and_in_whatever_order() {
        let nested = json!({
            "b": { "z": [{ "d": 1, "c": null }, [], {}, [[{ "y": 1, "x": 2 }]]], "a": "\u{1}\"\\/\n ü 🙂" },
            "a": [1, -2, 1.5, 1e300, u64::MAX, i64::MIN, 0.0, true],
            "": false, "Z": "", "ä": {}, "a-b": { "10": 1, "9": 2 }, "a.b": [],
        });
        for value in [nested.clone(), json!([nested]), json!({}), json!([]), json!(null), json!("a"), json!(0.1)] {
            assert_eq!(short_hash(&value), by_copy(&value), "{value}");
        }
        let turned: Value = serde_json::from_str(r#"{"a": {"c": 2, "b": 1}, "0": [{"e": 1, "d": 2}]}"#).unwrap();
        let sorted: Value = serde_json::from_str(r#"{"0": [{"d": 2, "e": 1}], "a": {"b": 1, "c": 2}}"#).unwrap();
        assert_eq!(short_hash(&turned), short_hash(&sorted));
        assert_ne!(short_hash(&turned), short_hash(&json!({ "a": { "c": 1, "b": 2 }, "0": [{ "e": 1, "d": 2 }] })));
        assert_eq!(short_hash(&json!({})), "44136fa355b3678a", "of the text {{}}");
    }
}
