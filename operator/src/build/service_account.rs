//! Who the pods are. They talk to nobody of the cluster, so they get no token.

use k8s_openapi::api::core::v1::ServiceAccount;

use super::{labels, names};
use crate::crd::EvolveBot;

/// The ServiceAccount of all pods of `bot`.
pub(super) fn build(bot: &EvolveBot) -> ServiceAccount {
    ServiceAccount {
        metadata: labels::owned(bot, names::pods(bot), "identity"),
        automount_service_account_token: Some(false),
        ..ServiceAccount::default()
    }
}
