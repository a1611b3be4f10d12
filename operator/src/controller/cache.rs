//! The live objects as the watches last saw them, trimmed. Reading is never an API call.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use kube::ResourceExt as _;
use kube::api::DynamicObject;

use super::kinds::Kind;
use crate::build::INSTANCE;

/// Namespace and name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// The namespace.
    pub namespace: String,
    /// The name.
    pub name: String,
}

impl Key {
    /// The key of `object`.
    #[must_use]
    pub fn of(object: &DynamicObject) -> Self {
        Self { namespace: object.namespace().unwrap_or_default(), name: object.name_any() }
    }

    /// The key of `name` in `namespace`.
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self { namespace: namespace.into(), name: name.into() }
    }
}

/// What a store holds: whole objects that the operator owns, or only the metadata of everything of that kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Depth {
    /// Whole objects with the operator's label.
    Owned,
    /// Metadata only, of all: of Secrets and ConfigMaps, which a bot may name.
    Metadata,
    /// What no watch sees: of a bot, the pod templates of its good versions, so that what keeps them can be made again.
    Remembered,
}

/// One kind of object at one depth.
pub type Slot = (Kind, Depth);

type Objects = HashMap<Key, Arc<DynamicObject>>;

/// The caches of all watches. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Cache(Arc<RwLock<HashMap<Slot, Objects>>>);

impl Cache {
    /// An object, if it is there.
    #[must_use]
    pub fn get(&self, slot: Slot, key: &Key) -> Option<Arc<DynamicObject>> {
        self.read(|slots| slots.get(&slot)?.get(key).cloned())
    }

    /// The objects of a kind in `namespace` whose controller is the object with this UID.
    #[must_use]
    pub fn owned_by(&self, kind: Kind, namespace: &str, uid: &str) -> Vec<Arc<DynamicObject>> {
        let is_owned = |object: &&Arc<DynamicObject>| {
            object.namespace().as_deref() == Some(namespace)
                && object.owner_references().iter().any(|owner| owner.uid == uid)
        };
        self.read(|slots| {
            slots.get(&(kind, Depth::Owned)).into_iter().flat_map(HashMap::values).filter(is_owned).cloned().collect()
        })
    }

    /// The objects of a kind in `namespace` that carry the label of the bot `name`, whoever made them.
    #[must_use]
    pub fn of_bot(&self, kind: Kind, namespace: &str, name: &str) -> Vec<Arc<DynamicObject>> {
        let is_of_bot = |object: &&Arc<DynamicObject>| {
            object.namespace().as_deref() == Some(namespace)
                && object.labels().get(INSTANCE).is_some_and(|instance| instance == name)
        };
        self.read(|slots| {
            slots.get(&(kind, Depth::Owned)).into_iter().flat_map(HashMap::values).filter(is_of_bot).cloned().collect()
        })
    }

    /// Every object of a slot.
    #[must_use]
    pub fn all(&self, slot: Slot) -> Vec<Arc<DynamicObject>> {
        self.read(|slots| slots.get(&slot).into_iter().flat_map(HashMap::values).cloned().collect())
    }

    /// Takes in what was written or seen, unless something newer is known: what a write answered may be ahead of the
    /// watch. Returns what is known now.
    pub fn insert(&self, slot: Slot, object: DynamicObject) -> Arc<DynamicObject> {
        let version = |object: &DynamicObject| object.resource_version()?.parse::<u128>().ok();
        self.write(|slots| {
            let objects = slots.entry(slot).or_default();
            let key = Key::of(&object);
            if let Some(known) = objects.get(&key)
                && known.uid() == object.uid()
                && version(known) > version(&object)
            {
                return Arc::clone(known);
            }
            let object = Arc::new(object);
            objects.insert(key, Arc::clone(&object));
            object
        })
    }

    /// The cluster has this kind, though nothing of it may have been seen yet.
    pub fn know(&self, kind: Kind) {
        self.write(|slots| {
            slots.entry((kind, Depth::Owned)).or_default();
        });
    }

    /// Whether the cluster has this kind.
    #[must_use]
    pub fn knows(&self, kind: Kind) -> bool {
        !kind.is_optional() || self.read(|slots| slots.contains_key(&(kind, Depth::Owned)))
    }

    /// Forgets one object.
    pub fn remove(&self, slot: Slot, key: &Key) -> Option<Arc<DynamicObject>> {
        self.write(|slots| slots.get_mut(&slot)?.remove(key))
    }

    /// Forgets what is not in `seen`, of one namespace or of all: the end of a fresh listing. Returns what is gone.
    pub fn retain(
        &self,
        slot: Slot,
        namespace: Option<&str>,
        seen: &std::collections::HashSet<Key>,
    ) -> Vec<Arc<DynamicObject>> {
        self.write(|slots| {
            let is_gone = |key: &Key, _: &mut Arc<DynamicObject>| {
                namespace.is_none_or(|namespace| namespace == key.namespace) && !seen.contains(key)
            };
            slots.entry(slot).or_default().extract_if(is_gone).map(|(_, object)| object).collect()
        })
    }

    fn read<T>(&self, read: impl FnOnce(&HashMap<Slot, Objects>) -> T) -> T {
        read(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write<T>(&self, write: impl FnOnce(&mut HashMap<Slot, Objects>) -> T) -> T {
        write(&mut self.0.write().unwrap_or_else(PoisonError::into_inner))
    }
}
