//! Which objects are of which bot: by its UID where it owns them, and by its name where their label has it. Without it a pass
//! would look at all objects of all bots.

use std::collections::HashMap;
use std::sync::Arc;

use kube::ResourceExt as _;
use kube::api::DynamicObject;

use super::cache::{Key, Place};
use super::kinds::Kind;
use crate::build::INSTANCE;

/// What objects are looked for by: in the place of a name, the UID of a bot that owns them, or its name.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) enum Tag {
    Owner(Key),
    Bot(Key),
}

impl Tag {
    /// Those of `object`, each once.
    fn all(object: &DynamicObject) -> Vec<Self> {
        let namespace = object.metadata.namespace.as_deref().unwrap_or_default();
        let bot = object.labels().get(INSTANCE).map(|name| Self::Bot(Key::new(namespace, name)));
        let mut tags: Vec<Self> = bot.into_iter().collect();
        // A pod is of a ReplicaSet, and nobody looks for it by that.
        for owner in object.owner_references().iter().filter(|owner| owner.kind == Kind::EvolveBot.name()) {
            let tag = Self::Owner(Key::new(namespace, &owner.uid));
            if !tags.contains(&tag) {
                tags.push(tag);
            }
        }
        tags
    }
}

/// Objects by their tags.
#[derive(Debug, Default)]
pub(super) struct Index(HashMap<Arc<Tag>, Vec<(Kind, Place)>>);

impl Index {
    /// Enters `object`. Returns what [`Index::leave`] needs.
    pub(super) fn enter(&mut self, kind: Kind, place: &Place, object: &DynamicObject) -> Box<[Arc<Tag>]> {
        let enter = |tag: Tag| {
            let known = self.0.get_key_value(&tag).map(|(known, _)| Arc::clone(known));
            let tag = known.unwrap_or_else(|| Arc::new(tag));
            self.0.entry(Arc::clone(&tag)).or_default().push((kind, place.clone()));
            tag
        };
        Tag::all(object).into_iter().map(enter).collect()
    }

    /// Forgets an object with these tags.
    pub(super) fn leave(&mut self, kind: Kind, place: &Place, tags: &[Arc<Tag>]) {
        for tag in tags {
            if let Some(objects) = self.0.get_mut(tag) {
                objects.retain(|(of, object)| *of != kind || object != place);
                if objects.is_empty() {
                    self.0.remove(tag);
                }
            }
        }
    }

    /// The objects of a kind that have `tag`.
    pub(super) fn find(&self, kind: Kind, tag: &Tag) -> impl Iterator<Item = &Place> {
        let all = self.0.get(tag).into_iter().flatten();
        all.filter(move |(of, _)| *of == kind).map(|(_, place)| place)
    }

    /// Whether nothing is in it.
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
