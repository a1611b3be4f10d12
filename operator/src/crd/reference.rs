//! References to entries of Secrets and ConfigMaps in the bot's namespace: secrets are named here, never held.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rules::{NAME, data_key, object_name};

/// One entry of a Secret in the bot's namespace. `evolve up` reads the environment variable named like `key`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretKeyRef {
    /// The Secret's name.
    #[schemars(length(min = 1, max = NAME), extend("x-kubernetes-validations" = object_name()))]
    pub name: String,
    /// The entry in it.
    #[schemars(length(min = 1, max = NAME), extend("x-kubernetes-validations" = data_key()))]
    pub key: String,
}

impl SecretKeyRef {
    /// The entry `key` of the Secret `name`.
    pub fn new(name: impl Into<String>, key: impl Into<String>) -> Self {
        Self { name: name.into(), key: key.into() }
    }
}

/// One entry of a ConfigMap in the bot's namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConfigMapKeyRef {
    /// The ConfigMap's name.
    #[schemars(length(min = 1, max = NAME), extend("x-kubernetes-validations" = object_name()))]
    pub name: String,
    /// The entry in it.
    #[schemars(length(min = 1, max = NAME), extend("x-kubernetes-validations" = data_key()))]
    pub key: String,
}
