//! Who may reach the bot's pods over the network, and whom they may reach.

use k8s_openapi::api::networking::v1::NetworkPolicyPeer;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// NetworkPolicies: the API is reached by the bot and by Prometheus, and the pods reach everything but the addresses that
/// a cloud gives its machines' credentials at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct NetworkPolicySettings {
    /// Whether they are made.
    pub enabled: bool,
    /// Who else may reach the API: ingress controllers, other systems. In the shape of a NetworkPolicy's `from`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    pub allow_from: Vec<NetworkPolicyPeer>,
    /// Pods that may reach `/metrics`; those labelled `app.kubernetes.io/name: prometheus` in any namespace when empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8))]
    pub metrics_from: Vec<NetworkPolicyPeer>,
}

impl Default for NetworkPolicySettings {
    fn default() -> Self {
        Self { enabled: true, allow_from: Vec::new(), metrics_from: Vec::new() }
    }
}
