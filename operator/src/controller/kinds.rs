//! The kinds of objects that the operator knows, in the order in which they are applied: what a pod needs comes before
//! the pod.

use kube::core::{ApiResource, TypeMeta};

/// One kind of object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// The resource itself.
    EvolveBot,
    /// Generated keys; and what a bot names.
    Secret,
    /// Rendered configuration; and what a bot names.
    ConfigMap,
    /// Who the pods are.
    ServiceAccount,
    /// Where backups go.
    PersistentVolumeClaim,
    /// Who may talk to the pods.
    NetworkPolicy,
    /// The addresses of API and bot.
    Service,
    /// The migration, and a restore.
    Job,
    /// API and bot.
    Deployment,
    /// Earlier pod templates of the Deployments: what a roll-back goes back to. Made by Kubernetes, only read here.
    ReplicaSet,
    /// What runs: how it fares, and where. Made by Kubernetes, only read here.
    Pod,
    /// How many pods.
    HorizontalPodAutoscaler,
    /// How few pods.
    PodDisruptionBudget,
    /// The way in for Telegram's webhook.
    Ingress,
    /// The same, where the Gateway API is used.
    HttpRoute,
    /// Backups.
    CronJob,
    /// What Prometheus asks.
    ServiceMonitor,
    /// When Prometheus wakes somebody.
    PrometheusRule,
}

impl Kind {
    /// Every kind that the operator makes or reads, but for the resource itself.
    pub const OPERANDS: [Self; 17] = [
        Self::Secret,
        Self::ConfigMap,
        Self::ServiceAccount,
        Self::PersistentVolumeClaim,
        Self::NetworkPolicy,
        Self::Service,
        Self::Job,
        Self::Deployment,
        Self::ReplicaSet,
        Self::Pod,
        Self::HorizontalPodAutoscaler,
        Self::PodDisruptionBudget,
        Self::Ingress,
        Self::HttpRoute,
        Self::CronJob,
        Self::ServiceMonitor,
        Self::PrometheusRule,
    ];

    /// Group, version, kind and plural.
    const fn names(self) -> (&'static str, &'static str, &'static str, &'static str) {
        match self {
            Self::EvolveBot => ("evolveai.dev", "v1alpha1", "EvolveBot", "evolvebots"),
            Self::Secret => ("", "v1", "Secret", "secrets"),
            Self::ConfigMap => ("", "v1", "ConfigMap", "configmaps"),
            Self::ServiceAccount => ("", "v1", "ServiceAccount", "serviceaccounts"),
            Self::PersistentVolumeClaim => ("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims"),
            Self::NetworkPolicy => ("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies"),
            Self::Service => ("", "v1", "Service", "services"),
            Self::Job => ("batch", "v1", "Job", "jobs"),
            Self::Deployment => ("apps", "v1", "Deployment", "deployments"),
            Self::ReplicaSet => ("apps", "v1", "ReplicaSet", "replicasets"),
            Self::Pod => ("", "v1", "Pod", "pods"),
            Self::HorizontalPodAutoscaler => {
                ("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers")
            }
            Self::PodDisruptionBudget => ("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets"),
            Self::Ingress => ("networking.k8s.io", "v1", "Ingress", "ingresses"),
            Self::HttpRoute => ("gateway.networking.k8s.io", "v1", "HTTPRoute", "httproutes"),
            Self::CronJob => ("batch", "v1", "CronJob", "cronjobs"),
            Self::ServiceMonitor => ("monitoring.coreos.com", "v1", "ServiceMonitor", "servicemonitors"),
            Self::PrometheusRule => ("monitoring.coreos.com", "v1", "PrometheusRule", "prometheusrules"),
        }
    }

    /// As the client needs it.
    #[must_use]
    pub fn resource(self) -> ApiResource {
        let (group, version, kind, plural) = self.names();
        let api_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
        ApiResource {
            group: group.to_owned(),
            version: version.to_owned(),
            api_version,
            kind: kind.to_owned(),
            plural: plural.to_owned(),
        }
    }

    /// As an object says it.
    #[must_use]
    pub fn types(self) -> TypeMeta {
        let resource = self.resource();
        TypeMeta { api_version: resource.api_version, kind: resource.kind }
    }

    /// As messages and metrics say it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.names().2
    }

    /// As paths of the API say it.
    #[must_use]
    pub const fn plural(self) -> &'static str {
        self.names().3
    }

    /// Whether a cluster may lack it: its presence is looked up, not assumed.
    #[must_use]
    pub const fn is_optional(self) -> bool {
        matches!(self, Self::HttpRoute | Self::ServiceMonitor | Self::PrometheusRule)
    }

    /// Whether it outlives the bot: backups are kept for the day when the bot is gone by mistake.
    #[must_use]
    pub const fn outlives_bot(self) -> bool {
        matches!(self, Self::PersistentVolumeClaim)
    }

    /// Whether one that the bot owns and does not want any longer is deleted. Jobs are history, which has its own rule;
    /// keys are never deleted while the bot is there.
    #[must_use]
    pub const fn is_pruned(self) -> bool {
        !matches!(
            self,
            Self::EvolveBot | Self::Secret | Self::PersistentVolumeClaim | Self::Job | Self::ReplicaSet | Self::Pod
        )
    }

    /// The kind with this `kind` name and API group.
    #[must_use]
    pub fn find(group: &str, kind: &str) -> Option<Self> {
        let all = Self::OPERANDS.into_iter().chain([Self::EvolveBot]);
        all.into_iter().find(|candidate| candidate.names().0 == group && candidate.names().2 == kind)
    }
}

/// The label that everything made by the operator carries, as a selector: the watches ask for nothing else.
pub const MANAGED_BY_SELECTOR: &str = "app.kubernetes.io/managed-by=evolve-operator";
