//! Which build of the product runs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rules::{NAME, object_name, repository, rules};

/// Where the container image comes from. API, bot and migration are one image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Image {
    /// The repository, without tag: `ghcr.io/evolveai/evolve`. The operator's own when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255), extend("x-kubernetes-validations" = repository()))]
    pub repository: Option<String>,
    /// Pins the very image, `sha256:…`; goes before the version's tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 71), extend("x-kubernetes-validations" = rules(&[
        (r"self.matches('^sha256:[0-9a-f]{64}$')", "must be sha256: and 64 hexadecimal digits, as `docker images --digests` shows it"),
    ])))]
    pub digest: Option<String>,
    /// When a node asks the registry for it. `IfNotPresent` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pull_policy: Option<PullPolicy>,
    /// Secrets with the registry's credentials.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8), extend("x-kubernetes-validations" = rules(&[
        ("self.all(one, self.exists_one(other, other == one))", "names a Secret twice: name each once"),
    ])))]
    pub pull_secrets: Vec<ObjectName>,
}

/// The name of an object in the bot's namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ObjectName(
    /// The name.
    #[schemars(length(min = 1, max = NAME), extend("x-kubernetes-validations" = object_name()))]
    pub String,
);

/// When a node asks the registry for an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PullPolicy {
    /// Each time a container starts.
    Always,
    /// When it is not there yet.
    #[default]
    IfNotPresent,
    /// Never: it has been put there.
    Never,
}

impl PullPolicy {
    /// As a container says it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Always => "Always",
            Self::IfNotPresent => "IfNotPresent",
            Self::Never => "Never",
        }
    }
}
