//! The live objects as the watches last saw them, trimmed. Reading is never an API call.

use std::collections::{HashMap, HashSet, VecDeque};
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

/// How many objects that are gone are remembered: more than can be gone while one answer is on its way.
const REMEMBERED: usize = 4096;

/// The caches of all watches. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Cache(Arc<RwLock<Known>>);

#[derive(Debug, Default)]
struct Known {
    slots: HashMap<Slot, Objects>,
    gone: Gone,
}

/// The UIDs of objects whose end was seen. The answer to a write may come later than the news that somebody deleted what
/// was written: taken in then, it would stay for ever, and what is gone would not be missed.
///
/// With the version in which it went: a watch by label sees the end of an object whose label somebody took away, and it
/// is there again, in a later version, when the label is.
#[derive(Debug, Default)]
struct Gone {
    all: HashMap<String, Option<u128>>,
    order: VecDeque<String>,
}

impl Gone {
    fn insert(&mut self, uid: String, version: Option<u128>) {
        if self.all.insert(uid.clone(), version).is_none() {
            self.order.push_back(uid);
        }
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.all.remove(&oldest);
        }
    }
}

fn version(object: &DynamicObject) -> Option<u128> {
    object.resource_version()?.parse().ok()
}

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

    /// Whether there is any object of a slot in `namespace`.
    #[must_use]
    pub fn has_any(&self, slot: Slot, namespace: &str) -> bool {
        self.read(|slots| slots.get(&slot).into_iter().flat_map(HashMap::keys).any(|key| key.namespace == namespace))
    }

    /// Takes in what was written or seen, unless something newer is known: what a write answered may be ahead of the
    /// watch, or behind the news of its end. Returns what is known now.
    pub fn insert(&self, slot: Slot, object: DynamicObject) -> Arc<DynamicObject> {
        self.write(|known| {
            let end = object.uid().and_then(|uid| known.gone.all.get(&uid).copied());
            if end.is_some_and(|end| version(&object) <= end) {
                return Arc::new(object);
            }
            let objects = known.slots.entry(slot).or_default();
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
        self.write(|known| {
            known.slots.entry((kind, Depth::Owned)).or_default();
        });
    }

    /// The cluster does not have this kind any longer.
    pub fn unlearn(&self, kind: Kind) {
        self.write(|known| known.slots.remove(&(kind, Depth::Owned)));
    }

    /// Whether the cluster has this kind.
    #[must_use]
    pub fn knows(&self, kind: Kind) -> bool {
        !kind.is_optional() || self.read(|slots| slots.contains_key(&(kind, Depth::Owned)))
    }

    /// Forgets one object.
    pub fn remove(&self, slot: Slot, key: &Key) -> Option<Arc<DynamicObject>> {
        self.write(|known| known.slots.get_mut(&slot)?.remove(key))
    }

    /// Forgets an object whose end was seen, for good.
    pub fn bury(&self, slot: Slot, object: &DynamicObject) {
        let key = Key::of(object);
        self.write(|known| {
            if let Some(uid) = object.uid() {
                known.gone.insert(uid, version(object));
            }
            if let Some(objects) = known.slots.get_mut(&slot)
                && objects.get(&key).is_some_and(|known| known.uid() == object.uid())
            {
                objects.remove(&key);
            }
        });
    }

    /// Forgets what is not in `seen`, of one namespace or of all: the end of a fresh listing. Returns what is gone.
    pub fn retain(&self, slot: Slot, namespace: Option<&str>, seen: &HashSet<Key>) -> Vec<Arc<DynamicObject>> {
        self.write(|known| {
            let is_gone = |key: &Key, _: &mut Arc<DynamicObject>| {
                namespace.is_none_or(|namespace| namespace == key.namespace) && !seen.contains(key)
            };
            known.slots.entry(slot).or_default().extract_if(is_gone).map(|(_, object)| object).collect()
        })
    }

    fn read<T>(&self, read: impl FnOnce(&HashMap<Slot, Objects>) -> T) -> T {
        read(&self.0.read().unwrap_or_else(PoisonError::into_inner).slots)
    }

    fn write<T>(&self, write: impl FnOnce(&mut Known) -> T) -> T {
        write(&mut self.0.write().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SERVICES: Slot = (Kind::Service, Depth::Owned);

    fn service(uid: &str, version: &str) -> DynamicObject {
        let metadata = json!({ "name": "eva-api", "namespace": "a", "uid": uid, "resourceVersion": version });
        serde_json::from_value(json!({ "metadata": metadata })).unwrap()
    }

    #[test]
    fn an_answer_that_comes_after_the_end_of_what_was_written_brings_nothing_back() {
        let (cache, key) = (Cache::default(), Key::new("a", "eva-api"));
        cache.insert(SERVICES, service("1", "10"));
        cache.bury(SERVICES, &service("1", "11"));
        cache.insert(SERVICES, service("1", "10"));
        assert!(cache.get(SERVICES, &key).is_none());
        cache.insert(SERVICES, service("2", "12"));
        cache.bury(SERVICES, &service("1", "11"));
        assert_eq!(cache.get(SERVICES, &key).unwrap().uid().as_deref(), Some("2"), "another of the same name lives");
    }

    #[test]
    fn what_lost_its_label_and_got_it_back_is_seen_again() {
        let (cache, key) = (Cache::default(), Key::new("a", "eva-api"));
        cache.insert(SERVICES, service("1", "10"));
        cache.bury(SERVICES, &service("1", "11"));
        cache.insert(SERVICES, service("1", "12"));
        assert!(cache.get(SERVICES, &key).is_some());
    }

    #[test]
    fn what_a_write_answered_is_not_replaced_by_what_a_watch_saw_before_it() {
        let cache = Cache::default();
        cache.insert(SERVICES, service("1", "10"));
        cache.insert(SERVICES, service("1", "9"));
        let known = cache.get(SERVICES, &Key::new("a", "eva-api")).unwrap();
        assert_eq!(known.resource_version().as_deref(), Some("10"));
    }
}
