//! The live objects as the watches last saw them, trimmed and packed. Reading is never an API call, and takes as long
//! with many bots as with one: what is of a bot is found by an index.

use std::collections::{HashMap, HashSet, VecDeque};
use std::num::NonZeroU64;
use std::sync::{Arc, PoisonError, RwLock};

use kube::ResourceExt as _;
use kube::api::DynamicObject;
use uuid::Uuid;

use super::index::{Index, Tag};
use super::kinds::Kind;
use super::packed::{Packed, Packer};

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

/// A [`Key`] in one piece. There are tens of thousands of them, and in two strings each takes three times as much.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Place(Arc<str>);

impl Place {
    /// Neither a namespace nor a name has a slash: both are parts of a path.
    fn of(key: &Key) -> Self {
        Self(format!("{}/{}", key.namespace, key.name).into())
    }

    fn key(&self) -> Key {
        let (namespace, name) = self.0.split_once('/').unwrap_or(("", &self.0));
        Key::new(namespace, name)
    }

    fn is_in(&self, namespace: &str) -> bool {
        self.0.strip_prefix(namespace).is_some_and(|name| name.starts_with('/'))
    }
}

/// The UID of an object, in sixteen bytes where it is what Kubernetes makes it of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Uid {
    Uuid(Uuid),
    Other(Box<str>),
}

impl Uid {
    fn of(object: &DynamicObject) -> Option<Self> {
        let text = object.metadata.uid.as_deref()?;
        let as_written = |uuid: &Uuid| uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer()) == text;
        Some(Uuid::try_parse(text).ok().filter(as_written).map_or_else(|| Self::Other(text.into()), Self::Uuid))
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

/// Boxed: a table has room for up to twice as many as are in it.
type Objects = HashMap<Place, Box<Entry>>;

/// How many objects that are gone are remembered: more than can be gone while one answer is on its way.
const REMEMBERED: usize = 4096;

/// The caches of all watches. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Cache(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    known: RwLock<Known>,
    packer: Packer,
}

#[derive(Debug, Default)]
struct Known {
    slots: HashMap<Slot, Objects>,
    /// Of the whole objects.
    index: Index,
    gone: Gone,
}

/// One object: what is asked of it without the rest, and the rest.
#[derive(Debug)]
struct Entry {
    uid: Option<Uid>,
    version: Option<NonZeroU64>,
    tags: Box<[Arc<Tag>]>,
    packed: Packed,
}

impl Entry {
    /// Whether it is a later version of the same object.
    fn is_newer_than(&self, object: &DynamicObject) -> bool {
        self.uid == Uid::of(object) && self.version > version(object)
    }
}

impl Known {
    fn entry(&self, slot: Slot, place: &Place) -> Option<&Entry> {
        self.slots.get(&slot)?.get(place).map(Box::as_ref)
    }

    fn put(&mut self, slot: Slot, object: &DynamicObject, packed: Packed) {
        let place = Place::of(&Key::of(object));
        self.take(slot, &place);
        let is_looked_for = slot.1 == Depth::Owned;
        let tags = if is_looked_for { self.index.enter(slot.0, &place, object) } else { Box::default() };
        let entry = Entry { uid: Uid::of(object), version: version(object), tags, packed };
        self.slots.entry(slot).or_default().insert(place, Box::new(entry));
    }

    fn take(&mut self, slot: Slot, place: &Place) -> Option<Packed> {
        let entry = self.slots.get_mut(&slot)?.remove(place)?;
        self.index.leave(slot.0, place, &entry.tags);
        Some(entry.packed)
    }
}

/// The UIDs of objects whose end was seen. The answer to a write may come later than the news that somebody deleted what
/// was written: taken in then, it would stay for ever, and what is gone would not be missed.
///
/// With the version in which it went: a watch by label sees the end of an object whose label somebody took away, and it
/// is there again, in a later version, when the label is.
#[derive(Debug, Default)]
struct Gone {
    all: HashMap<Uid, Option<NonZeroU64>>,
    order: VecDeque<Uid>,
}

impl Gone {
    fn insert(&mut self, uid: Uid, version: Option<NonZeroU64>) {
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

/// Versions have 63 bits where they are etcd's.
fn version(object: &DynamicObject) -> Option<NonZeroU64> {
    object.resource_version()?.parse().ok()
}

impl Cache {
    /// An object, if it is there.
    #[must_use]
    pub fn get(&self, slot: Slot, key: &Key) -> Option<Arc<DynamicObject>> {
        let packed = self.read(|known| known.entry(slot, &Place::of(key)).map(|entry| entry.packed.clone()))?;
        self.0.packer.unpack(&packed)
    }

    /// Whether what is known is `object` in this very version, as far as it says which. Versions are numbers, as Kubernetes promises
    /// since 1.35.
    #[must_use]
    pub fn has(&self, slot: Slot, object: &DynamicObject) -> bool {
        let is_this =
            |entry: &Entry| entry.version.is_some() && entry.version == version(object) && entry.uid == Uid::of(object);
        let place = Place::of(&Key::of(object));
        self.read(|known| known.entry(slot, &place).is_some_and(is_this))
    }

    /// The objects of a kind in `namespace` one of whose owners is the bot with this UID.
    #[must_use]
    pub fn owned_by(&self, kind: Kind, namespace: &str, uid: &str) -> Vec<Arc<DynamicObject>> {
        self.tagged(kind, &Tag::Owner(Key::new(namespace, uid)))
    }

    /// The objects of a kind in `namespace` that carry the label of the bot `name`, whoever made them.
    #[must_use]
    pub fn of_bot(&self, kind: Kind, namespace: &str, name: &str) -> Vec<Arc<DynamicObject>> {
        self.tagged(kind, &Tag::Bot(Key::new(namespace, name)))
    }

    fn tagged(&self, kind: Kind, tag: &Tag) -> Vec<Arc<DynamicObject>> {
        let found: Vec<Packed> = self.read(|known| {
            let entries = known.index.find(kind, tag).filter_map(|place| known.entry((kind, Depth::Owned), place));
            entries.map(|entry| entry.packed.clone()).collect()
        });
        self.unpacked(&found)
    }

    fn unpacked(&self, all: &[Packed]) -> Vec<Arc<DynamicObject>> {
        all.iter().filter_map(|packed| self.0.packer.unpack(packed)).collect()
    }

    /// Where every object of a slot is.
    #[must_use]
    pub fn keys(&self, slot: Slot) -> Vec<Key> {
        self.read(|known| known.slots.get(&slot).into_iter().flat_map(HashMap::keys).map(Place::key).collect())
    }

    /// Whether there is any object of a slot in `namespace`.
    #[must_use]
    pub fn has_any(&self, slot: Slot, namespace: &str) -> bool {
        self.read(|known| {
            known.slots.get(&slot).into_iter().flat_map(HashMap::keys).any(|place| place.is_in(namespace))
        })
    }

    /// Takes in what was written or seen, unless something newer is known: what a write answered may be ahead of the
    /// watch, or behind the news of its end. Returns what is known now.
    pub fn insert(&self, slot: Slot, object: DynamicObject) -> Arc<DynamicObject> {
        let object = Arc::new(object);
        // Before the lock is taken, though it may be for nothing: that is rare.
        let packed = self.0.packer.pack(slot, &object);
        let newer = self.write(|known| {
            let end = Uid::of(&object).and_then(|uid| known.gone.all.get(&uid).copied());
            if end.is_some_and(|end| version(&object) <= end) {
                return None;
            }
            let newer = known.entry(slot, &Place::of(&Key::of(&object))).filter(|entry| entry.is_newer_than(&object));
            let newer = newer.map(|entry| entry.packed.clone());
            if newer.is_none() {
                known.put(slot, &object, packed);
            }
            newer
        });
        newer.and_then(|newer| self.0.packer.unpack(&newer)).unwrap_or(object)
    }

    /// The cluster has this kind, though nothing of it may have been seen yet.
    pub fn know(&self, kind: Kind) {
        self.write(|known| {
            known.slots.entry((kind, Depth::Owned)).or_default();
        });
    }

    /// The cluster does not have this kind any longer.
    pub fn unlearn(&self, kind: Kind) {
        let slot = (kind, Depth::Owned);
        self.write(|known| {
            for (place, entry) in known.slots.remove(&slot).into_iter().flatten() {
                known.index.leave(kind, &place, &entry.tags);
            }
        });
    }

    /// Whether the cluster has this kind.
    #[must_use]
    pub fn knows(&self, kind: Kind) -> bool {
        !kind.is_optional() || self.read(|known| known.slots.contains_key(&(kind, Depth::Owned)))
    }

    /// Forgets one object.
    pub fn remove(&self, slot: Slot, key: &Key) -> Option<Arc<DynamicObject>> {
        let packed = self.write(|known| known.take(slot, &Place::of(key)))?;
        self.0.packer.unpack(&packed)
    }

    /// Forgets an object whose end was seen, for good.
    pub fn bury(&self, slot: Slot, object: &DynamicObject) {
        let (place, uid) = (Place::of(&Key::of(object)), Uid::of(object));
        self.write(|known| {
            if known.entry(slot, &place).is_some_and(|entry| entry.uid == uid) {
                known.take(slot, &place);
            }
            if let Some(uid) = uid {
                known.gone.insert(uid, version(object));
            }
        });
    }

    /// Forgets what is not in `seen`, of one namespace or of all: the end of a fresh listing. Returns what is gone.
    pub fn retain(&self, slot: Slot, namespace: Option<&str>, seen: &HashSet<Key>) -> Vec<Arc<DynamicObject>> {
        let is_gone = |place: &Place, _: &mut Box<Entry>| {
            namespace.is_none_or(|namespace| place.is_in(namespace)) && !seen.contains(&place.key())
        };
        let gone: Vec<Packed> = self.write(|known| {
            let gone: Vec<_> = known.slots.entry(slot).or_default().extract_if(is_gone).collect();
            let gone = gone.into_iter().map(|(place, entry)| {
                known.index.leave(slot.0, &place, &entry.tags);
                entry.packed
            });
            gone.collect()
        });
        self.unpacked(&gone)
    }

    /// Lets go of what makes reading the same again fast.
    pub fn rest(&self) {
        self.0.packer.rest();
    }

    fn read<T>(&self, read: impl FnOnce(&Known) -> T) -> T {
        read(&self.0.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write<T>(&self, write: impl FnOnce(&mut Known) -> T) -> T {
        write(&mut self.0.known.write().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::build::INSTANCE;

    const SERVICES: Slot = (Kind::Service, Depth::Owned);

    fn service(uid: &str, version: &str) -> DynamicObject {
        let metadata = json!({ "name": "eva-api", "namespace": "a", "uid": uid, "resourceVersion": version });
        serde_json::from_value(json!({ "metadata": metadata })).unwrap()
    }

    #[test]
    fn a_uid_is_short_where_that_says_all_of_it_and_no_other_is_the_same() {
        let written = "0b5e3c1a-6f0d-4c7e-9a51-2f8d7e6c4b3a";
        let of = |uid: &str| Uid::of(&service(uid, "1")).unwrap();
        assert!(matches!(of(written), Uid::Uuid(_)));
        for other in [written.to_uppercase(), written.replace('-', ""), format!("{{{written}}}"), "1".to_owned()] {
            assert_eq!(of(&other), Uid::Other((*other).into()));
        }
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

    #[test]
    fn what_was_read_before_is_not_what_is_read_after_it_was_written() {
        let (cache, key) = (Cache::default(), Key::new("a", "eva-api"));
        for version in 1..400 {
            let version = version.to_string();
            cache.insert(SERVICES, service("1", &version));
            assert!(cache.has(SERVICES, &service("1", &version)) && !cache.has(SERVICES, &service("2", &version)));
            for _ in 0..2 {
                assert_eq!(cache.get(SERVICES, &key).unwrap().resource_version(), Some(version.clone()));
            }
        }
        cache.rest();
        assert_eq!(cache.get(SERVICES, &key).unwrap().resource_version().as_deref(), Some("399"));
    }

    #[test]
    fn of_many_that_read_and_write_at_once_nobody_sees_anything_older_than_before() {
        let (cache, key) = (Cache::default(), Key::new("a", "eva-api"));
        cache.insert(SERVICES, service("1", "0"));
        std::thread::scope(|scope| {
            for first in 0..2 {
                let cache = cache.clone();
                scope.spawn(move || {
                    (first..400).step_by(2).for_each(|at| drop(cache.insert(SERVICES, service("1", &at.to_string()))));
                });
            }
            let mut before = 0;
            while before < 399 {
                let now = version(&cache.get(SERVICES, &key).unwrap()).map_or(0, NonZeroU64::get);
                assert!(now >= before, "{now} after {before}");
                before = now;
            }
        });
    }

    #[test]
    fn what_is_looked_for_by_bot_and_owner_is_found_as_it_is_now() {
        let cache = Cache::default();
        let made = |version: &str, bot: &str, owners: &[&str]| {
            // Those of bots, and one of another kind.
            let of = |kind: &str, uid: &str| json!({ "apiVersion": "v1", "kind": kind, "name": "eva", "uid": uid });
            let owners = owners.iter().map(|uid| of("EvolveBot", uid)).chain([of("ReplicaSet", "set")]);
            let owners: Vec<_> = owners.collect();
            let metadata = json!({
                "name": "eva-api", "namespace": "a", "uid": "1", "resourceVersion": version,
                "labels": { INSTANCE: bot }, "ownerReferences": owners,
            });
            serde_json::from_value::<DynamicObject>(json!({ "metadata": metadata })).unwrap()
        };
        let by_owner = |uid: &str| cache.owned_by(Kind::Service, "a", uid).len();
        let by_bot = |name: &str| cache.of_bot(Kind::Service, "a", name).len();

        cache.insert(SERVICES, made("1", "eva", &["7", "8", "7"]));
        cache.insert((Kind::Job, Depth::Owned), made("1", "eva", &["7"]));
        cache.insert((Kind::Service, Depth::Metadata), made("1", "eva", &["7"]));
        assert_eq!((by_owner("7"), by_owner("8"), by_owner("9"), by_bot("eva"), by_bot("7")), (1, 1, 0, 1, 0));
        assert_eq!(by_owner("set"), 0, "nobody looks for what is of a ReplicaSet");
        assert!(cache.of_bot(Kind::Service, "b", "eva").is_empty(), "another namespace's");

        cache.insert(SERVICES, made("2", "otto", &["9"]));
        assert_eq!((by_owner("7"), by_owner("8"), by_owner("9"), by_bot("eva"), by_bot("otto")), (0, 0, 1, 0, 1));
        cache.insert(SERVICES, made("1", "eva", &["7"]));
        assert_eq!((by_owner("7"), by_owner("9")), (0, 1), "that was before");

        cache.bury(SERVICES, &made("3", "otto", &["9"]));
        assert_eq!((by_owner("9"), by_bot("otto")), (0, 0));
        assert_eq!(cache.owned_by(Kind::Job, "a", "7").len(), 1, "another kind's is still there");
        assert_eq!(cache.retain((Kind::Job, Depth::Owned), None, &HashSet::new()).len(), 1);
        assert_eq!(cache.retain((Kind::Service, Depth::Metadata), Some("a"), &HashSet::new()).len(), 1);
        assert!(cache.read(|known| known.index.is_empty()), "nothing is left behind");

        cache.insert(SERVICES, made("4", "eva", &["7"]));
        assert_eq!(cache.keys(SERVICES), [Key::new("a", "eva-api")]);
        cache.unlearn(Kind::Service);
        assert!(cache.read(|known| known.index.is_empty() && known.slots.values().all(HashMap::is_empty)));
    }
}
