//! The keys that are made for a bot: each once, and never changed after. They are created, never applied: of two operators
//! that think a key missing only one can write it, since an object is created once and changed only with the
//! resourceVersion that was read.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::ResourceExt as _;
use kube::api::{DynamicObject, Patch, PatchParams, PostParams};
use rand::RngExt as _;
use serde_json::{Value, json};

use super::manifest::hex;
use super::{Applier, ApplyError};
use crate::build::Generated;
use crate::build::{MANAGED_BY, OPERATOR};
use crate::controller::cache::{Depth, Key};
use crate::controller::contents::Contents;
use crate::controller::kinds::Kind;
use crate::controller::watches::trim;

/// Makes those of `wanted` that the Secret `key` lacks, and the Secret where there is none. Whether anything was written.
///
/// # Errors
/// What the API server said against it; a conflict with somebody else's write too, after which the next pass looks again.
pub async fn ensure(
    applier: &Applier,
    contents: &Contents,
    key: &Key,
    owner: &OwnerReference,
    wanted: &BTreeMap<&str, Generated>,
) -> Result<bool, ApplyError> {
    let failed = |action| move |error| ApplyError::new(action, Kind::Secret, key, error);
    let known = contents.entries(&applier.client, &applier.cache, Kind::Secret, key).await.map_err(failed("read"))?;
    let missing: BTreeMap<&str, String> = wanted
        .iter()
        .filter(|(name, _)| !known.as_ref().is_some_and(|entries| entries.contains_key(**name)))
        .map(|(name, kind)| (*name, STANDARD.encode(generate(*kind))))
        .collect();
    if missing.is_empty() {
        return Ok(false);
    }
    let api = applier.api(Kind::Secret, key);
    let written = match applier.cache.get((Kind::Secret, Depth::Metadata), key) {
        None => {
            let secret: DynamicObject = serde_json::from_value(json!({
                "apiVersion": "v1", "kind": "Secret",
                "metadata": {
                    "name": key.name, "namespace": key.namespace,
                    "labels": { MANAGED_BY: OPERATOR }, "ownerReferences": [owner],
                },
                "data": missing,
            }))
            .map_err(|error| failed("write")(kube::Error::SerdeError(error)))?;
            let params = PostParams { field_manager: Some(OPERATOR.to_owned()), ..PostParams::default() };
            api.create(&params, &secret).await.map_err(failed("create"))?
        }
        Some(meta) => {
            let patch = json!({ "metadata": { "resourceVersion": meta.resource_version() }, "data": missing });
            let params = PatchParams { field_manager: Some(OPERATOR.to_owned()), ..PatchParams::default() };
            api.patch(&key.name, &params, &Patch::Merge(patch)).await.map_err(failed("complete"))?
        }
    };
    let mut meta = DynamicObject { data: Value::Null, ..written };
    trim(&mut meta);
    applier.cache.insert((Kind::Secret, Depth::Metadata), meta);
    Ok(true)
}

/// 256 random bits, written as what reads them expects.
fn generate(kind: Generated) -> String {
    let bytes: [u8; 32] = rand::rng().random();
    match kind {
        Generated::Fernet => URL_SAFE.encode(bytes),
        Generated::Random => hex(&bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encryption_key_is_a_fernet_key_and_no_key_is_made_twice() {
        assert_eq!(URL_SAFE.decode(generate(Generated::Fernet)).unwrap().len(), 32);
        assert_eq!(generate(Generated::Random).len(), 64);
        assert_ne!(generate(Generated::Random), generate(Generated::Random));
    }
}
