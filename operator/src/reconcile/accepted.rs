//! That a spec was found good is remembered: to judge it costs more than all else that a pass decides, since regular
//! expressions are compiled whenever a rule is asked. What is judged are the name, the spec with the version that it has or
//! got, and the bounds of a status that the operator wrote itself. A name is for ever, and another spec has another
//! generation: the UID, the generation and the version tell whether there is anything new to judge. What is refused is not
//! remembered, and is judged in each pass.

use kube::api::DynamicObject;
use serde_json::{Value, json};

use crate::EvolveBot;
use crate::controller::cache::{Cache, Depth, Key, Slot};
use crate::controller::kinds::Kind;

/// In the memory of a bot: the version with which its spec was found good. Targets, the other names there, are hashes.
const VERSION: &str = "acceptedVersion";

/// The memory of a bot goes when the bot does.
const MEMORY: Slot = (Kind::EvolveBot, Depth::Remembered);

/// Whether this very spec was found good before.
pub(super) fn is_known(bot: &EvolveBot, cache: &Cache) -> bool {
    let Some(memory) = cache.get(MEMORY, &Key::new(bot.namespace_name(), bot.name())) else { return false };
    let (then, now) = (&memory.metadata, &bot.metadata);
    let is_same = now.uid.is_some() && then.uid == now.uid;
    let is_unchanged = now.generation.is_some() && then.generation == now.generation;
    let version = memory.data.get(VERSION).and_then(Value::as_str);
    is_same && is_unchanged && version.is_some() && version == bot.spec.version.as_deref()
}

/// Remembers `memory` of a bot whose spec is good, and that it is.
pub(super) fn remember(bot: &EvolveBot, cache: &Cache, mut memory: Value) {
    memory[VERSION] = json!(bot.spec.version);
    cache.insert(MEMORY, DynamicObject { types: None, metadata: bot.metadata.clone(), data: memory });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bot(uid: &str, generation: i64, version: &str) -> EvolveBot {
        let metadata = json!({ "name": "eva", "namespace": "shop", "uid": uid, "generation": generation });
        serde_json::from_value(json!({
            "apiVersion": "evolveai.dev/v1alpha1", "kind": "EvolveBot",
            "metadata": metadata, "spec": { "version": version },
        }))
        .unwrap()
    }

    #[test]
    fn only_the_very_spec_that_was_found_good_is_not_judged_again() {
        let cache = Cache::default();
        let good = bot("1", 1, "1.0.0");
        assert!(!is_known(&good, &cache), "nobody has judged it");
        remember(&good, &cache, json!({}));
        assert!(is_known(&good, &cache));
        for (other, what) in [
            (bot("2", 1, "1.0.0"), "made anew under the same name"),
            (bot("1", 2, "1.0.0"), "changed"),
            (bot("1", 1, "1.0.1"), "of the version that another operator gives"),
        ] {
            assert!(!is_known(&other, &cache), "{what}");
        }
        let mut unnumbered = bot("1", 1, "1.0.0");
        unnumbered.metadata.generation = None;
        remember(&unnumbered, &cache, json!({}));
        assert!(!is_known(&unnumbered, &cache), "without a generation nobody can tell");
        remember(&good, &cache, json!({}));
        cache.remove(MEMORY, &Key::new("shop", "eva"));
        assert!(!is_known(&good, &cache), "it is forgotten with the bot");
    }
}
