//! What neither bounds nor CEL rules can say.

use crate::build::Cluster;
use crate::crd::EvolveBot;

/// What is wrong with `bot` wherever it runs.
pub(super) fn problems(bot: &EvolveBot) -> Vec<String> {
    let spec = &bot.spec;
    let mut problems = Vec::new();
    let backup_zone = spec.backup.as_ref().and_then(|backup| backup.time_zone.as_deref());
    for (path, zone) in
        [("spec.persona.timeZone", Some(spec.persona.time_zone.as_str())), ("spec.backup.timeZone", backup_zone)]
    {
        if zone.is_some_and(|zone| zone.parse::<chrono_tz::Tz>().is_err()) {
            problems.push(format!("{path}: must be an IANA time zone such as Europe/Moscow"));
        }
    }
    problems
}

/// What `bot` asks for and this cluster does not have.
#[must_use]
pub fn cluster_problems(bot: &EvolveBot, cluster: &Cluster) -> Vec<String> {
    let webhook = bot.spec.telegram.webhook.as_ref();
    let wants_gateway = webhook.is_some_and(|webhook| webhook.gateway.is_some());
    let mut problems = Vec::new();
    if wants_gateway && !cluster.has_gateway {
        problems.push(
            "spec.telegram.webhook.gateway: this cluster has no HTTPRoute; install the Gateway API, or use webhook.ingress \
             (if it is installed, the operator's log says why HTTPRoutes cannot be listed)"
                .to_owned(),
        );
    }
    problems
}
