//! What the Secrets and ConfigMaps that bots name hold: of Secrets a hash of each entry, of ConfigMaps the text. The watches
//! carry metadata only; an object is read when its resourceVersion is new. A Secret is hashed and forgotten; of a certificate,
//! which anybody may see who opens the site, it is remembered when it ends.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use kube::api::DynamicObject;
use kube::{Api, Client, ResourceExt as _};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::cache::{Cache, Depth, Key};
use super::certificate;
use super::kinds::Kind;
use crate::apply::manifest::hex;

/// The entries of one object: the SHA-256 of each value of a Secret, each text of a ConfigMap. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Entries(Arc<[(String, String)]>);

impl Entries {
    /// The entry of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&String> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }
}

/// One object, as of a resourceVersion.
#[derive(Debug)]
struct Read {
    version: String,
    entries: Entries,
    certificate_ends: Option<i64>,
}

impl Read {
    fn of(kind: Kind, object: &DynamicObject) -> Self {
        let version = object.resource_version().unwrap_or_default();
        let certificate_ends = if kind == Kind::Secret { certificate::ends(&object.data) } else { None };
        Self { version, entries: Entries(read(kind, &object.data)), certificate_ends }
    }
}

type Known = HashMap<(Kind, Key), Read>;

/// What has been read. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Contents(Arc<Mutex<Known>>);

impl Contents {
    /// The entries of a Secret or ConfigMap; `None` when it does not exist. An API call only when it has changed.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn entries(
        &self,
        client: &Client,
        cache: &Cache,
        kind: Kind,
        key: &Key,
    ) -> kube::Result<Option<Entries>> {
        let id = (kind, key.clone());
        let Some(meta) = cache.get((kind, Depth::Metadata), key) else {
            self.locked(|known| known.remove(&id));
            return Ok(None);
        };
        let version = meta.resource_version().unwrap_or_default();
        if let Some(entries) =
            self.locked(|known| known.get(&id).filter(|of| of.version == version).map(|of| of.entries.clone()))
        {
            return Ok(Some(entries));
        }
        let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), &key.namespace, &kind.resource());
        let Some(object) = api.get_opt(&key.name).await? else { return Ok(None) };
        // Kept under the version that was read, which may be newer than the one that was seen.
        let read = Read::of(kind, &object);
        let entries = read.entries.clone();
        self.locked(|known| known.insert(id, read));
        Ok(Some(entries))
    }

    /// When the certificate in a Secret ends (`tls.crt`, the first in it), Unix time in seconds; nothing where there is none that
    /// can be read.
    ///
    /// # Errors
    /// When the Secret cannot be read.
    pub async fn certificate_ends(&self, client: &Client, cache: &Cache, key: &Key) -> kube::Result<Option<i64>> {
        self.entries(client, cache, Kind::Secret, key).await?;
        Ok(self.locked(|known| known.get(&(Kind::Secret, key.clone()))?.certificate_ends))
    }

    /// It is gone: nothing of it is kept.
    pub fn forget(&self, kind: Kind, key: &Key) {
        self.locked(|known| known.remove(&(kind, key.clone())));
    }

    /// Takes in what has just been written.
    pub fn learn(&self, kind: Kind, object: &DynamicObject) {
        self.locked(|known| known.insert((kind, Key::of(object)), Read::of(kind, object)));
    }

    fn locked<T>(&self, act: impl FnOnce(&mut Known) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn read(kind: Kind, object: &Value) -> Arc<[(String, String)]> {
    let entries = object.get("data").and_then(Value::as_object).into_iter().flatten();
    let entries = entries.filter_map(|(name, value)| Some((name, value.as_str()?)));
    // An entry that is there and empty is as good as missing: no process could start with it.
    let filled = entries.filter(|(_, value)| !value.is_empty());
    let kept = |value: &str| if kind == Kind::Secret { hex(&Sha256::digest(value)) } else { value.to_owned() };
    filled.map(|(name, value)| (name.clone(), kept(value))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nothing_is_kept_of_what_is_gone() {
        let (contents, key) = (Contents::default(), Key::new("shop", "eva"));
        let secret = json!({ "metadata": { "name": "eva", "namespace": "shop" }, "data": { "TOKEN": "MQ==" } });
        contents.learn(Kind::Secret, &serde_json::from_value(secret).unwrap());
        assert_eq!(contents.locked(|known| known.len()), 1);
        contents.forget(Kind::ConfigMap, &key);
        assert_eq!(contents.locked(|known| known.len()), 1, "another object has that name");
        contents.forget(Kind::Secret, &key);
        assert_eq!(contents.locked(|known| known.len()), 0);
    }
}
