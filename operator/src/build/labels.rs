//! Labels, annotations and owners: how the objects of a bot are found, and by what they are told apart.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta, OwnerReference};
use kube::Resource;

use crate::crd::{API_VERSION, EvolveBot, KIND};

/// The label with who manages an object.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// The value of that label.
pub const OPERATOR: &str = "evolve-operator";
/// The label with the bot's name.
pub const INSTANCE: &str = "app.kubernetes.io/instance";
/// The label with the part: `api`, `bot`, `migration`, `backup`, `restore`.
pub const COMPONENT: &str = "app.kubernetes.io/component";
/// The label of pods with the set that they belong to.
pub const TRACK: &str = "evolveai.dev/track";
/// The annotation of pod templates with the hash of everything that their containers read.
pub const CONFIG_HASH: &str = "evolveai.dev/config-hash";
/// The annotation of an EvolveBot whose change runs a failed migration, or a rollout that was taken back, once more.
pub const RETRY: &str = "evolveai.dev/retry";
/// The annotation of an EvolveBot with the target (`status.rollout.target`) that is to be taken back.
pub const REFUSE: &str = "evolveai.dev/refuse";
/// The annotation of a migration with the UID of the restore that it follows.
pub const RESTORED: &str = "evolveai.dev/restored";
/// The annotation of an EvolveBot that was put to sleep for a restore, and is to be woken after it.
pub const AWAKE: &str = "evolveai.dev/awake-before-restore";

pub(super) const NAME: &str = "app.kubernetes.io/name";
const PART_OF: &str = "app.kubernetes.io/part-of";
const PRODUCT: &str = "evolve";

/// Which set of pods: while a rollout is blue-green or a canary, there are two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Track {
    /// The one that is always there.
    Stable,
    /// The one that is tried.
    Next,
}

impl Track {
    /// As the label says it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stable => "stable",
            Self::Next => "next",
        }
    }
}

type Map = BTreeMap<String, String>;

/// What pods of a part are chosen by, whichever track they are of. Never changes: selectors of Deployments cannot.
#[must_use]
pub fn selector(bot: &EvolveBot, component: &str) -> Map {
    map([(NAME, PRODUCT), (INSTANCE, bot.name()), (COMPONENT, component)])
}

/// What pods of a part and a track are chosen by.
pub(super) fn track_selector(bot: &EvolveBot, component: &str, track: Track) -> Map {
    let mut labels = selector(bot, component);
    labels.insert(TRACK.to_owned(), track.as_str().to_owned());
    labels
}

/// The labels of an object.
pub(super) fn labels(bot: &EvolveBot, component: &str) -> Map {
    let mut labels = selector(bot, component);
    labels.extend(map([(PART_OF, PRODUCT), (MANAGED_BY, OPERATOR)]));
    labels
}

/// The metadata of an object that goes when the bot does.
pub(super) fn owned(bot: &EvolveBot, name: String, component: &str) -> ObjectMeta {
    ObjectMeta { owner_references: owner(bot).map(|owner| vec![owner]), ..unowned(bot, name, component) }
}

/// The metadata of an object that outlives the bot.
pub(super) fn unowned(bot: &EvolveBot, name: String, component: &str) -> ObjectMeta {
    ObjectMeta {
        name: Some(name),
        namespace: bot.meta().namespace.clone(),
        labels: Some(labels(bot, component)),
        ..ObjectMeta::default()
    }
}

/// The bot as an owner; it is one once the API server has given it an id.
fn owner(bot: &EvolveBot) -> Option<OwnerReference> {
    Some(OwnerReference {
        api_version: API_VERSION.to_owned(),
        kind: KIND.to_owned(),
        name: bot.name().to_owned(),
        uid: bot.meta().uid.clone()?,
        controller: Some(true),
        block_owner_deletion: Some(true),
    })
}

/// A selector by labels.
pub(super) fn by_labels(labels: Map) -> LabelSelector {
    LabelSelector { match_labels: Some(labels), ..LabelSelector::default() }
}

/// A map of strings.
pub(super) fn map<const N: usize>(entries: [(&str, &str); N]) -> Map {
    entries.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}
