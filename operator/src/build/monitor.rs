//! What Prometheus scrapes, where its operator is installed.

use kube::core::{DynamicObject, TypeMeta};
use serde_json::json;

use super::part::PORT_NAME;
use super::{Cluster, labels};
use crate::crd::EvolveBot;

/// The ServiceMonitor of all parts of `bot`.
pub(super) fn build(bot: &EvolveBot, cluster: &Cluster) -> Option<DynamicObject> {
    let settings = &bot.spec.observability.metrics;
    if !(settings.service_monitor && cluster.has_prometheus) {
        return None;
    }
    let mut metadata = labels::owned(bot, bot.name().to_owned(), "metrics");
    metadata.labels.get_or_insert_default().extend(settings.labels.clone());
    let selector = labels::map([(labels::INSTANCE, bot.name()), (labels::MANAGED_BY, labels::OPERATOR)]);
    Some(DynamicObject {
        types: Some(TypeMeta { api_version: "monitoring.coreos.com/v1".to_owned(), kind: "ServiceMonitor".to_owned() }),
        metadata,
        data: json!({ "spec": {
            "selector": { "matchLabels": selector },
            "targetLabels": [labels::INSTANCE, labels::COMPONENT],
            "endpoints": [{
                "port": PORT_NAME,
                "path": "/metrics",
                "interval": format!("{}s", settings.interval_seconds),
            }],
        }}),
    })
}
