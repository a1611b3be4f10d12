//! Who may reach the bot's pods over the network, and whom they may reach.

use k8s_openapi::api::networking::v1::NetworkPolicyPeer;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::rules::rules;

/// NetworkPolicies: the API is reached by the bot and by Prometheus, and the pods reach everything but the addresses that
/// a cloud gives its machines' credentials at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct NetworkPolicySettings {
    /// Whether they are made.
    pub enabled: bool,
    /// Who else may reach the API: ingress controllers, other systems. In the shape of a NetworkPolicy's `from`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), extend("x-kubernetes-validations" = peers()))]
    pub allow_from: Vec<NetworkPolicyPeer>,
    /// Pods that may reach `/metrics`; those labelled `app.kubernetes.io/name: prometheus` in any namespace when empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8), extend("x-kubernetes-validations" = peers()))]
    pub metrics_from: Vec<NetworkPolicyPeer>,
}

impl Default for NetworkPolicySettings {
    fn default() -> Self {
        Self { enabled: true, allow_from: Vec::new(), metrics_from: Vec::new() }
    }
}

/// That each of these can be somebody.
fn peers() -> Value {
    rules(&[
        (
            "self.all(peer, has(peer.ipBlock) != (has(peer.podSelector) || has(peer.namespaceSelector)))",
            "each needs podSelector, namespaceSelector or both; or ipBlock alone",
        ),
        (
            "self.all(peer, !has(peer.ipBlock) || isCIDR(peer.ipBlock.cidr))",
            "ipBlock.cidr must be a network such as 10.0.0.0/8",
        ),
    ])
}
