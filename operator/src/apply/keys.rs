//! The keys that are made for a bot: each once, and never changed after. They are created, never applied: of two operators
//! that think a key missing only one can write it, since an object is created once and changed only with the
//! resourceVersion that was read.
//!
//! The encryption key is in a second Secret as well, which nobody owns: the database outlives the bot, and without its key
//! nobody could read it. A bot that is made anew, or whose Secret was deleted by mistake, gets that key back. Where somebody
//! writes another key over the first, whether meant or not, the one before it stays in the second Secret under a name of
//! its own.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::ResourceExt as _;
use kube::api::{DynamicObject, Patch, PatchParams, PostParams};
use rand::RngExt as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::manifest::hex;
use super::{Applier, ApplyError};
use crate::EvolveBot;
use crate::build::{Generated, INSTANCE, MANAGED_BY, OPERATOR, names};
use crate::controller::cache::{Depth, Key};
use crate::controller::contents::Contents;
use crate::controller::kinds::Kind;
use crate::controller::watches::trim;

const ENCRYPTION_KEY: &str = "ENCRYPTION_KEY";
/// On the Secret that nobody owns: why it is there, for who finds it.
const WHY: &str = "evolveai.dev/why";
const WHY_KEPT: &str = "kept when the EvolveBot is deleted: without this key nobody can read what is encrypted in its \
                        database. Delete it together with the database";

/// Makes those of `wanted` that the Secret [`names::keys`] lacks, and the Secret where there is none. Whether anything was
/// written.
///
/// # Errors
/// What the API server said against it; a conflict with somebody else's write too, after which the next pass looks again.
pub async fn ensure(
    applier: &Applier,
    contents: &Contents,
    bot: &EvolveBot,
    owner: &OwnerReference,
    wanted: &BTreeMap<&str, Generated>,
) -> Result<bool, ApplyError> {
    let at = |name: String| Key::new(bot.namespace_name(), name);
    let (key, kept) = (at(names::keys(bot)), at(names::kept_key(bot)));
    let entries = async |key: &Key| {
        let entries = contents.entries(&applier.client, &applier.cache, Kind::Secret, key).await;
        entries.map_err(|error| ApplyError::new("read", Kind::Secret, key, error))
    };
    let known = entries(&key).await?.unwrap_or_default();
    let mut missing: BTreeMap<&str, String> = wanted
        .iter()
        .filter(|(name, _)| known.get(name).is_none())
        .map(|(name, kind)| (*name, STANDARD.encode(generate(*kind))))
        .collect();
    let mut has_written = false;
    if wanted.contains_key(ENCRYPTION_KEY) {
        let copy = entries(&kept).await?.and_then(|copy| copy.get(ENCRYPTION_KEY).cloned());
        match (missing.get_mut(ENCRYPTION_KEY), copy) {
            (Some(new), Some(_)) => {
                if let Some(copy) = read(applier, &kept).await? {
                    *new = copy;
                }
            }
            // Before the first use: a key that data is encrypted under must not be in one place alone.
            (Some(new), None) => {
                write(applier, contents, &kept, bot, None, &BTreeMap::from([(ENCRYPTION_KEY, new.clone())])).await?;
            }
            // Somebody has rotated the key, or deleted the copy.
            (None, copy) if copy.as_ref() != known.get(ENCRYPTION_KEY) => {
                has_written = keep(applier, contents, bot, [&key, &kept]).await?;
            }
            (None, _) => {}
        }
    }
    if missing.is_empty() {
        return Ok(has_written);
    }
    write(applier, contents, &key, bot, Some(owner), &missing).await?;
    Ok(true)
}

/// Copies the encryption key of the Secret `from` into `to`; another that is there is set aside, not lost. Whether anything
/// was written.
async fn keep(
    applier: &Applier,
    contents: &Contents,
    bot: &EvolveBot,
    [from, to]: [&Key; 2],
) -> Result<bool, ApplyError> {
    let Some(current) = read(applier, from).await? else { return Ok(false) };
    let before = read(applier, to).await?.filter(|before| !before.is_empty() && *before != current);
    let before = before.map(|before| (aside(&before), before));
    let mut data = BTreeMap::from([(ENCRYPTION_KEY, current)]);
    if let Some((entry, before)) = &before {
        tracing::warn!(
            secret = from.name,
            namespace = from.namespace,
            kept_in = to.name,
            entry,
            "somebody has changed the encryption key; the one before it is kept"
        );
        data.insert(entry, before.clone());
    }
    write(applier, contents, to, bot, None, &data).await?;
    Ok(true)
}

/// The entry that a key is kept under when another takes its place.
fn aside(key: &str) -> String {
    let hash: String = hex(&Sha256::digest(key)).chars().take(8).collect();
    format!("{ENCRYPTION_KEY}_BEFORE_{hash}")
}

/// The encryption key in the Secret `key`, in base64 as the API has it.
async fn read(applier: &Applier, key: &Key) -> Result<Option<String>, ApplyError> {
    let answer = applier.api(Kind::Secret, key).get_opt(&key.name).await;
    let secret = answer.map_err(|error| ApplyError::new("read", Kind::Secret, key, error))?;
    let text = |secret: DynamicObject| Some(secret.data.get("data")?.get(ENCRYPTION_KEY)?.as_str()?.to_owned());
    Ok(secret.and_then(text))
}

/// Makes the Secret `key` with `data`, or puts `data` into the one that was seen.
async fn write(
    applier: &Applier,
    contents: &Contents,
    key: &Key,
    bot: &EvolveBot,
    owner: Option<&OwnerReference>,
    data: &BTreeMap<&str, String>,
) -> Result<(), ApplyError> {
    let failed = |action| move |error| ApplyError::new(action, Kind::Secret, key, error);
    let api = applier.api(Kind::Secret, key);
    let written = match applier.cache.get((Kind::Secret, Depth::Metadata), key) {
        None => {
            let mut metadata = json!({
                "name": key.name, "namespace": key.namespace,
                "labels": { MANAGED_BY: OPERATOR, INSTANCE: bot.name() },
            });
            match owner {
                Some(owner) => metadata["ownerReferences"] = json!([owner]),
                None => metadata["annotations"] = json!({ WHY: WHY_KEPT }),
            }
            let secret = json!({ "apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data });
            let secret: DynamicObject =
                serde_json::from_value(secret).map_err(|error| failed("write")(kube::Error::SerdeError(error)))?;
            let params = PostParams { field_manager: Some(OPERATOR.to_owned()), ..PostParams::default() };
            api.create(&params, &secret).await.map_err(failed("create"))?
        }
        Some(meta) => {
            let patch = json!({ "metadata": { "resourceVersion": meta.resource_version() }, "data": data });
            let params = PatchParams { field_manager: Some(OPERATOR.to_owned()), ..PatchParams::default() };
            api.patch(&key.name, &params, &Patch::Merge(patch)).await.map_err(failed("complete"))?
        }
    };
    contents.learn(Kind::Secret, &written);
    let mut meta = DynamicObject { data: Value::Null, ..written };
    trim(&mut meta);
    applier.cache.insert((Kind::Secret, Depth::Metadata), meta);
    Ok(())
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

    #[test]
    fn each_key_is_set_aside_under_a_name_of_its_own_that_does_not_tell_it() {
        let [one, other] = ["b25l", "b3RoZXI="].map(aside);
        assert_ne!(one, other);
        assert_eq!((one.len(), one.starts_with("ENCRYPTION_KEY_BEFORE_")), ("ENCRYPTION_KEY_BEFORE_".len() + 8, true));
        assert!(!one.contains("b25l"), "{one}");
    }
}
