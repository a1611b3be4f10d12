//! The address of one part in the cluster.

use k8s_openapi::api::core::v1::{Service, ServicePort, ServiceSpec};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::labels;
use super::part::{PORT_NAME, Part};

/// The Service of `part`. It chooses pods of every track; a blue-green rollout narrows it while two are there.
pub(super) fn build(part: &Part<'_>) -> Service {
    Service {
        metadata: labels::owned(part.bot, part.name.clone(), part.component),
        spec: Some(ServiceSpec {
            type_: Some("ClusterIP".to_owned()),
            selector: Some(labels::selector(part.bot, part.component)),
            ports: Some(vec![ServicePort {
                name: Some(PORT_NAME.to_owned()),
                port: part.port,
                target_port: Some(IntOrString::String(PORT_NAME.to_owned())),
                protocol: Some("TCP".to_owned()),
                app_protocol: Some("http".to_owned()),
                ..ServicePort::default()
            }]),
            ..ServiceSpec::default()
        }),
        status: None,
    }
}
