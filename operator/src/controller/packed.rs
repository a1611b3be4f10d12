//! How objects are kept: as deflated JSON, since a tree of small maps takes many times as much, and a thousand bots have
//! tens of thousands of objects. Those of one kind differ in little but names: each is deflated against a sample of its
//! kind, and is a few hundred bytes then. What was unpacked last is remembered for a while: one pass reads the same
//! objects again and again.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use kube::api::DynamicObject;

use super::cache::Slot;

/// Most unpacked objects that are remembered: those of a few bots.
const MOST_RECENT: usize = 128;
/// Longest sample of a kind, bytes: what deflate reaches back from the end of a long object.
const LONGEST_SAMPLE: usize = 24 * 1024;
/// Most objects in a sample. Each makes a new one, and the one before stays as long as anything is packed with it.
const MOST_SAMPLED: u8 = 8;
/// An object that is not made smaller by this factor resembles nothing in the sample: the next one shall.
const ALIKE: usize = 16;
/// What no object is without, bytes: UIDs, hashes and times, which resemble nothing. Small objects would fill the sample
/// with them before a large one is seen.
const OWN: usize = 300;

/// One object, packed. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Packed {
    /// No other has it, be it of the same object: what is remembered under it is never anything older.
    number: u64,
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    Deflated {
        bytes: Arc<[u8]>,
        length: u32,
        /// What it is deflated against.
        sample: Arc<Vec<u8>>,
    },
    /// What did not come back from packing as it was.
    Whole(Arc<DynamicObject>),
}

/// Packs and unpacks.
#[derive(Debug, Default)]
pub(super) struct Packer {
    packed: AtomicU64,
    samples: Mutex<HashMap<Slot, Sample>>,
    recent: Mutex<HashMap<u64, Arc<DynamicObject>>>,
    streams: Mutex<Streams>,
}

/// Made once. What a stream works in is a quarter of a megabyte: made for each object and given back, what is kept of the object would
/// come to lie in its place, and the next stream need another.
#[derive(Debug)]
struct Streams {
    deflate: Compress,
    inflate: Decompress,
}

impl Default for Streams {
    fn default() -> Self {
        Self { deflate: Compress::new(Compression::new(3), false), inflate: Decompress::new(false) }
    }
}

/// What the objects of a kind look like.
#[derive(Clone, Debug, Default)]
struct Sample {
    text: Arc<Vec<u8>>,
    objects: u8,
}

impl Packer {
    /// `object` as it is kept.
    pub(super) fn pack(&self, slot: Slot, object: &Arc<DynamicObject>) -> Packed {
        let number = self.packed.fetch_add(1, Ordering::Relaxed);
        let form = self.deflated(slot, object).unwrap_or_else(|| Form::Whole(Arc::clone(object)));
        Packed { number, form }
    }

    /// The object; nothing would be there only if memory were not what was written to it.
    pub(super) fn unpack(&self, packed: &Packed) -> Option<Arc<DynamicObject>> {
        let (bytes, length, sample) = match &packed.form {
            Form::Deflated { bytes, length, sample } => (bytes, *length as usize, sample),
            Form::Whole(object) => return Some(Arc::clone(object)),
        };
        if let Some(object) = locked(&self.recent, |recent| recent.get(&packed.number).cloned()) {
            return Some(object);
        }
        let text = locked(&self.streams, |streams| streams.inflated(bytes, length, sample));
        let Some((types, metadata, data)) = text.and_then(|text| serde_json::from_slice(&text).ok()) else {
            tracing::error!("a packed object cannot be read");
            return None;
        };
        let object = Arc::new(DynamicObject { types, metadata, data });
        let forgotten = locked(&self.recent, |recent| {
            let forgotten = (recent.len() >= MOST_RECENT).then(|| std::mem::take(recent));
            recent.insert(packed.number, Arc::clone(&object));
            forgotten
        });
        // Not while others wait.
        drop(forgotten);
        Some(object)
    }

    /// Forgets what was unpacked.
    pub(super) fn rest(&self) {
        drop(locked(&self.recent, std::mem::take));
    }

    /// As it is to be kept; nothing when it would not come back. Not as the API has it: flattened, what has no data could
    /// not be told from what has an empty map of it.
    fn deflated(&self, slot: Slot, object: &DynamicObject) -> Option<Form> {
        let text = serde_json::to_vec(&(&object.types, &object.metadata, &object.data)).ok()?;
        let sample = locked(&self.samples, |samples| samples.entry(slot).or_default().text.clone());
        let bytes = locked(&self.streams, |streams| {
            let bytes = streams.deflated(&text, &sample)?;
            (streams.inflated(&bytes, text.len(), &sample)? == text).then_some(bytes)
        })?;
        if sample.is_empty() || bytes.len() > OWN.max(text.len() / ALIKE) {
            self.learn(slot, &text);
        }
        Some(Form::Deflated { bytes: bytes.into(), length: text.len().try_into().ok()?, sample })
    }

    fn learn(&self, slot: Slot, text: &[u8]) {
        locked(&self.samples, |samples| {
            let sample = samples.entry(slot).or_default();
            if sample.objects < MOST_SAMPLED && sample.text.len() < LONGEST_SAMPLE {
                sample.objects += 1;
                sample.text = Arc::new(sample.text.iter().chain(text).copied().take(LONGEST_SAMPLE).collect());
            }
        });
    }
}

impl Streams {
    fn deflated(&mut self, text: &[u8], sample: &[u8]) -> Option<Vec<u8>> {
        self.deflate.reset();
        if !sample.is_empty() {
            self.deflate.set_dictionary(sample).ok()?;
        }
        // What cannot be made smaller grows by less.
        let mut bytes = Vec::with_capacity(text.len() + text.len() / 8 + 64);
        let status = self.deflate.compress_vec(text, &mut bytes, FlushCompress::Finish).ok()?;
        (status == Status::StreamEnd).then_some(bytes)
    }

    fn inflated(&mut self, bytes: &[u8], length: usize, sample: &[u8]) -> Option<Vec<u8>> {
        self.inflate.reset(false);
        if !sample.is_empty() {
            self.inflate.set_dictionary(sample).ok()?;
        }
        // With room to spare, so that the end is reached too.
        let mut text = Vec::with_capacity(length + 64);
        let status = self.inflate.decompress_vec(bytes, &mut text, FlushDecompress::Finish).ok()?;
        (status == Status::StreamEnd && text.len() == length).then_some(text)
    }
}

fn locked<T, R>(mutex: &Mutex<T>, act: impl FnOnce(&mut T) -> R) -> R {
    act(&mut mutex.lock().unwrap_or_else(PoisonError::into_inner))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::cache::Depth;
    use super::super::kinds::Kind;
    use super::*;

    const DEPLOYMENTS: Slot = (Kind::Deployment, Depth::Owned);

    fn object(value: Value) -> Arc<DynamicObject> {
        Arc::new(serde_json::from_value(value).unwrap())
    }

    /// As large as one of a bot: much of it is repetition, some of it is not.
    fn deployment(bot: &str) -> Arc<DynamicObject> {
        let variable = |number: u64| {
            let noise = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let reference = json!({ "name": bot, "key": format!("KEY_{noise:016x}") });
            json!({ "name": format!("SETTING_NUMBER_{number}"), "valueFrom": { "secretKeyRef": reference } })
        };
        let variables: Vec<Value> = (1..=80).map(variable).collect();
        let container = json!({ "name": "api", "image": "evolve.test/evolve:1.0.0", "env": variables });
        object(json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": { "name": format!("{bot}-api"), "namespace": "a", "uid": bot, "resourceVersion": "7" },
            "spec": { "replicas": 2, "template": { "spec": { "containers": [container] } } },
        }))
    }

    fn size(packed: &Packed) -> usize {
        match &packed.form {
            Form::Deflated { bytes, .. } => bytes.len(),
            Form::Whole(_) => panic!("it is not packed"),
        }
    }

    #[test]
    fn every_shape_comes_back_as_it_was() {
        let written = json!([{ "manager": "evolve-operator", "operation": "Apply", "time": "2026-03-05T12:00:00Z" }]);
        let ending = json!({
            "name": "eva", "namespace": "a", "annotations": {}, "finalizers": ["foregroundDeletion"],
            "creationTimestamp": "2026-03-05T12:00:00Z", "deletionTimestamp": "2026-03-05T12:00:01Z",
            "deletionGracePeriodSeconds": 0, "labels": { "имя": "Ева \"\n" }, "managedFields": written,
        });
        let bare = DynamicObject { types: None, metadata: Default::default(), data: Value::Null };
        let shapes = [
            object(
                json!({ "apiVersion": "batch/v1", "kind": "CronJob", "metadata": ending, "spec": { "z": 1, "a": [null] } }),
            ),
            object(json!({ "metadata": { "name": "eva" }, "data": { "b": "1", "a": 0.5 } })),
            object(json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": {} })),
            deployment("eva"),
            Arc::new(DynamicObject { data: Value::Null, ..(*deployment("eva")).clone() }),
            Arc::new(DynamicObject { data: json!({}), ..bare.clone() }),
            // Longer than any sample.
            Arc::new(DynamicObject { data: json!({ "text": "Ева".repeat(30_000) }), ..bare.clone() }),
            Arc::new(bare),
        ];
        let packer = Packer::default();
        for shape in shapes {
            // Without a sample, and with one.
            for _ in 0..2 {
                let packed = packer.pack(DEPLOYMENTS, &shape);
                assert!(matches!(packed.form, Form::Deflated { .. }), "{shape:?}");
                let back = packer.unpack(&packed).unwrap();
                assert_eq!(back, shape);
                assert_eq!(serde_json::to_string(&*back).unwrap(), serde_json::to_string(&*shape).unwrap(), "in order");
            }
        }
    }

    #[test]
    fn a_deployment_takes_a_third_of_its_json_and_the_next_one_much_less() {
        let packer = Packer::default();
        let (first, next) = (deployment("eva"), deployment("otto"));
        let length = serde_json::to_vec(&*first).unwrap().len();
        assert!(length > 7_000, "{length}");
        let (first, next) = (packer.pack(DEPLOYMENTS, &first), packer.pack(DEPLOYMENTS, &next));
        assert!(size(&first) * 3 < length, "{} of {length}", size(&first));
        // Of all that it says, only the name is its own, though it is there eighty times.
        assert!(size(&next) < size(&first), "{} after {}", size(&next), size(&first));
        let again = packer.pack(DEPLOYMENTS, &deployment("eva"));
        assert!(size(&again) * 20 < length, "{} of {length}", size(&again));
    }

    #[test]
    fn samples_and_what_is_remembered_are_bounded() {
        let packer = Packer::default();
        for number in 1..300_u128 {
            let name = format!("{:x}", number.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835));
            let packed = packer.pack(DEPLOYMENTS, &object(json!({ "metadata": { "name": name } })));
            packer.unpack(&packed).unwrap();
            assert!(locked(&packer.recent, |recent| recent.len()) <= MOST_RECENT);
        }
        for bot in 0..40 {
            packer.pack(DEPLOYMENTS, &deployment(&format!("eva-{bot}")));
        }
        let sample = locked(&packer.samples, |samples| samples[&DEPLOYMENTS].clone());
        assert!(sample.text.len() <= LONGEST_SAMPLE && sample.objects <= MOST_SAMPLED, "{sample:?}");
        packer.rest();
        assert_eq!(locked(&packer.recent, |recent| recent.len()), 0);
    }
}
