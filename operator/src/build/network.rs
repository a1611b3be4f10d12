//! Who may reach the pods of a bot, and whom they may reach. Databases and models are named by host names, which a
//! NetworkPolicy cannot say; so the pods may reach everything but the link-local addresses, where a cloud gives the
//! credentials of its machines to whoever asks.

use k8s_openapi::api::networking::v1::{
    IPBlock, NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer, NetworkPolicyPort,
    NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::part::{PORT_NAME, Part};
use super::{Cluster, labels, names};
use crate::crd::{EvolveBot, TelegramMode};

/// The API: reached by the bot, by Prometheus, by the operator, which judges canaries by their metrics, and by whom the bot
/// allows.
pub(super) fn api(part: &Part<'_>, telegram: &Part<'_>, cluster: &Cluster) -> Option<NetworkPolicy> {
    let settings = &part.bot.spec.network_policy;
    let mut from = vec![pods(labels::selector(telegram.bot, telegram.component))];
    from.extend(settings.allow_from.iter().cloned());
    from.extend(scrapers(part.bot));
    from.push(operator(cluster));
    let ingress = NetworkPolicyIngressRule { from: Some(from), ports: Some(vec![port()]) };
    let selector = labels::by_labels(labels::selector(part.bot, part.component));
    policy(part.bot, part.name.clone(), part.component, selector, vec![ingress])
}

/// The bot: reached by Prometheus; in webhook mode by whatever brings Telegram's calls, which may be a process of a node.
pub(super) fn bot(part: &Part<'_>) -> Option<NetworkPolicy> {
    let open = part.bot.spec.telegram.mode == TelegramMode::Webhook;
    let from = (!open).then(|| scrapers(part.bot));
    let ingress = NetworkPolicyIngressRule { from, ports: Some(vec![port()]) };
    let selector = labels::by_labels(labels::selector(part.bot, part.component));
    policy(part.bot, part.name.clone(), part.component, selector, vec![ingress])
}

/// Migrations, backups, restores: reached by nobody.
pub(super) fn jobs(bot: &EvolveBot) -> Option<NetworkPolicy> {
    let jobs = ["migration", "backup", "restore"].map(str::to_owned).to_vec();
    let selector = LabelSelector {
        match_labels: Some(labels::map([(labels::INSTANCE, bot.name()), (labels::MANAGED_BY, labels::OPERATOR)])),
        match_expressions: Some(vec![LabelSelectorRequirement {
            key: labels::COMPONENT.to_owned(),
            operator: "In".to_owned(),
            values: Some(jobs),
        }]),
    };
    policy(bot, names::jobs(bot), "jobs", selector, Vec::new())
}

fn policy(
    bot: &EvolveBot,
    name: String,
    component: &str,
    selector: LabelSelector,
    ingress: Vec<NetworkPolicyIngressRule>,
) -> Option<NetworkPolicy> {
    bot.spec.network_policy.enabled.then(|| NetworkPolicy {
        metadata: labels::owned(bot, name, component),
        spec: Some(NetworkPolicySpec {
            pod_selector: Some(selector),
            policy_types: Some(vec!["Ingress".to_owned(), "Egress".to_owned()]),
            // Where it is empty too: what somebody adds is theirs where nothing is wanted.
            ingress: Some(ingress),
            egress: Some(egress()),
        }),
    })
}

fn egress() -> Vec<NetworkPolicyEgressRule> {
    let everything_but = |all: &str, but: &str| NetworkPolicyPeer {
        ip_block: Some(IPBlock { cidr: all.to_owned(), except: Some(vec![but.to_owned()]) }),
        ..NetworkPolicyPeer::default()
    };
    // Names are asked of a pod, or of a node-local address that the exception below would shut.
    let names = NetworkPolicyEgressRule {
        to: None,
        ports: Some(["UDP", "TCP"].map(|protocol| numbered(53, protocol)).to_vec()),
    };
    let rest = NetworkPolicyEgressRule {
        to: Some(vec![everything_but("0.0.0.0/0", "169.254.0.0/16"), everything_but("::/0", "fe80::/10")]),
        ports: None,
    };
    vec![names, rest]
}

fn scrapers(bot: &EvolveBot) -> Vec<NetworkPolicyPeer> {
    let given = &bot.spec.network_policy.metrics_from;
    if !given.is_empty() {
        return given.clone();
    }
    vec![NetworkPolicyPeer {
        namespace_selector: Some(LabelSelector::default()),
        ..pods(labels::map([("app.kubernetes.io/name", "prometheus")]))
    }]
}

fn operator(cluster: &Cluster) -> NetworkPolicyPeer {
    let namespace = labels::map([("kubernetes.io/metadata.name", &cluster.operator_namespace)]);
    NetworkPolicyPeer {
        namespace_selector: Some(labels::by_labels(namespace)),
        ..pods(labels::map([(labels::NAME, labels::OPERATOR)]))
    }
}

fn pods(selector: std::collections::BTreeMap<String, String>) -> NetworkPolicyPeer {
    NetworkPolicyPeer { pod_selector: Some(labels::by_labels(selector)), ..NetworkPolicyPeer::default() }
}

fn port() -> NetworkPolicyPort {
    NetworkPolicyPort {
        port: Some(IntOrString::String(PORT_NAME.to_owned())),
        protocol: Some("TCP".to_owned()),
        end_port: None,
    }
}

fn numbered(number: i32, protocol: &str) -> NetworkPolicyPort {
    NetworkPolicyPort { port: Some(IntOrString::Int(number)), protocol: Some(protocol.to_owned()), end_port: None }
}
