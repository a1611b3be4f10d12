//! The webhook's way in from outside: an Ingress, or an HTTPRoute where the bot names a Gateway. Only the webhook's path is
//! let in.

use k8s_openapi::api::networking::v1::{
    HTTPIngressPath, HTTPIngressRuleValue, Ingress, IngressBackend, IngressRule, IngressServiceBackend, IngressSpec,
    IngressTLS, ServiceBackendPort,
};
use kube::core::{DynamicObject, TypeMeta};
use serde_json::json;

use super::part::{BOT_PORT, PORT_NAME};
use super::{Cluster, labels, names};
use crate::crd::{EvolveBot, IngressSettings, Webhook};

const COMPONENT: &str = "bot";

/// The Ingress, in webhook mode without a Gateway.
pub(super) fn ingress(bot: &EvolveBot) -> Option<Ingress> {
    let webhook = bot.spec.telegram.webhook.as_ref().filter(|webhook| webhook.gateway.is_none())?;
    let none = IngressSettings::default();
    let settings = webhook.ingress.as_ref().unwrap_or(&none);
    let mut metadata = labels::owned(bot, names::bot(bot), COMPONENT);
    metadata.annotations = (!settings.annotations.is_empty()).then(|| settings.annotations.clone());
    Some(Ingress {
        metadata,
        spec: Some(IngressSpec {
            ingress_class_name: settings.class_name.clone(),
            rules: Some(vec![rule(bot, webhook)]),
            tls: Some(vec![IngressTLS {
                hosts: Some(vec![webhook.host.clone()]),
                secret_name: webhook.tls_secret_name.clone(),
            }]),
            default_backend: None,
        }),
        status: None,
    })
}

fn rule(bot: &EvolveBot, webhook: &Webhook) -> IngressRule {
    let backend = IngressServiceBackend {
        name: names::bot(bot),
        port: Some(ServiceBackendPort { name: Some(PORT_NAME.to_owned()), number: None }),
    };
    let path = HTTPIngressPath {
        path: Some(webhook.path().to_owned()),
        path_type: "Exact".to_owned(),
        backend: IngressBackend { service: Some(backend), resource: None },
    };
    IngressRule { host: Some(webhook.host.clone()), http: Some(HTTPIngressRuleValue { paths: vec![path] }) }
}

/// The HTTPRoute, in webhook mode with a Gateway, where the cluster knows HTTPRoutes.
pub(super) fn http_route(bot: &EvolveBot, cluster: &Cluster) -> Option<DynamicObject> {
    let webhook = bot.spec.telegram.webhook.as_ref().filter(|_| cluster.has_gateway)?;
    let gateway = webhook.gateway.as_ref()?;
    let mut parent = json!({ "group": "gateway.networking.k8s.io", "kind": "Gateway", "name": gateway.name });
    for (field, value) in [("namespace", &gateway.namespace), ("sectionName", &gateway.section_name)] {
        if let Some(value) = value {
            parent[field] = json!(value);
        }
    }
    Some(DynamicObject {
        types: Some(TypeMeta { api_version: "gateway.networking.k8s.io/v1".to_owned(), kind: "HTTPRoute".to_owned() }),
        metadata: labels::owned(bot, names::bot(bot), COMPONENT),
        data: json!({ "spec": {
            "parentRefs": [parent],
            "hostnames": [webhook.host],
            "rules": [{
                "matches": [{ "path": { "type": "Exact", "value": webhook.path() }, "method": "POST" }],
                "backendRefs": [{ "group": "", "kind": "Service", "name": names::bot(bot), "port": BOT_PORT, "weight": 1 }],
            }],
        }}),
    })
}
