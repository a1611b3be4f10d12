//! What both kinds of pod have in common: resources, places, and what a cluster's owner adds. Where the field is
//! Kubernetes' own, so is its shape; `kubectl explain pod.spec.affinity` documents it.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Affinity, Toleration, TopologySpreadConstraint};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::reference::{ConfigMapKeyRef, SecretKeyRef};
use super::rules::{NAME, all, annotations, cpu, labels, memory, object_name, own_annotations, rules, rules_at, texts};

/// The pods of one part.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Pod {
    /// What its container asks for, and may use at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,
    /// Labels that its nodes must have. Migrations, backups and restores follow the API's.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 32, "additionalProperties" = texts(63), "x-kubernetes-validations" = labels()))]
    pub node_selector: BTreeMap<String, String>,
    /// As in a pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub affinity: Option<Affinity>,
    /// As in a pod. Migrations, backups and restores follow the API's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    pub tolerations: Vec<Toleration>,
    /// As in a pod; in place of the spread over nodes and zones that is the default. A constraint without labelSelector
    /// gets the part's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 8), extend("x-kubernetes-validations" = rules(&[
        ("self.all(a, self.exists_one(b, a.topologyKey == b.topologyKey && a.whenUnsatisfiable == b.whenUnsatisfiable))",
         "two constraints have one topologyKey and one whenUnsatisfiable, of which Kubernetes takes one alone: remove the other"),
    ])))]
    pub topology_spread_constraints: Option<Vec<TopologySpreadConstraint>>,
    /// More environment variables; they go before the operator's own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"], "x-kubernetes-validations" = rules(&[
        ("self.all(a, self.exists_one(b, a.name == b.name))", "a variable is there twice: remove one of the two"),
    ])))]
    pub extra_env: Vec<ExtraVariable>,
    /// More labels of the pods.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 32, "additionalProperties" = texts(63), "x-kubernetes-validations" = all([labels(), rules(&[
        ("self.all(name, !name.startsWith('app.kubernetes.io/') && !name.startsWith('evolveai.dev/') && name != 'pod-template-hash')",
         "labels that begin with app.kubernetes.io/ or evolveai.dev/ are the operator's: choose another prefix; pod-template-hash is Kubernetes'"),
    ])])))]
    pub labels: BTreeMap<String, String>,
    /// More annotations of the pods.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 32, "additionalProperties" = texts(8192), "x-kubernetes-validations" = all([annotations(), own_annotations()])))]
    pub annotations: BTreeMap<String, String>,
    /// The PriorityClass.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = NAME), extend("x-kubernetes-validations" = object_name()))]
    pub priority_class_name: Option<String>,
}

/// What a container asks for, and may use at most. Where neither is said of CPU or memory, the part's own default counts; a
/// limit on CPU has none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = all([within("cpu"), within("memory"), within("ephemeralStorage")])))]
pub struct Resources {
    /// What a node must have free.
    pub requests: Amounts,
    /// What it may use at most.
    pub limits: Amounts,
}

/// That a request is no more than its limit; a pod would be refused. What is no amount is an error of the rule, and another
/// rule's to explain.
fn within(name: &str) -> Value {
    let has = |of: &str| format!("has(self.{of}) && has(self.{of}.{name})");
    let amount = |of: &str| format!("quantity(string(self.{of}.{name}))");
    let (requests, limits) = ("requests", "limits");
    let rule =
        format!("!({} && {}) || {}.compareTo({}) <= 0", has(requests), has(limits), amount(requests), amount(limits));
    let message = format!("requests.{name} must be no more than limits.{name}");
    rules_at(&format!(".requests.{name}"), &[(&rule, &message)])
}

/// Amounts of what a node has.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Amounts {
    /// Processor time: `250m` is a quarter of a core. A fraction such as `"0.5"` needs quotes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-kubernetes-validations" = cpu()))]
    pub cpu: Option<Quantity>,
    /// Memory: `256Mi`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-kubernetes-validations" = memory()))]
    pub memory: Option<Quantity>,
    /// Room on the node's disk, for what goes to `/tmp` and for logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-kubernetes-validations" = memory()))]
    pub ephemeral_storage: Option<Quantity>,
}

/// An environment variable of a container, in the shape that containers have it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules_at(".value", &[
    ("has(self.value) != has(self.valueFrom)", "a variable has one of value and valueFrom"),
    ("!has(self.value) || self.value == '' || !self.name.matches('^(ADMIN_REGISTRATION_TOKEN|(GOOGLE|OPENAI)_API_KEY(_[0-9]+)?|OIDC_CLIENT_SECRET|PAYMENT_PROVIDER_TOKEN|SENTRY_DSN|TELEGRAM_BOT_TOKEN)$')",
     "is a secret, and anybody could read it here: put it into a Secret, and name that in valueFrom.secretKeyRef"),
])))]
pub struct ExtraVariable {
    /// Its name.
    #[schemars(length(min = 1, max = 128), extend("x-kubernetes-validations" = rules(&[
        ("self.matches('^[A-Za-z_][A-Za-z0-9_]*$')", "must be the name of a variable: letters, digits and underscores"),
        ("!self.matches('^(API_URL|DATABASE_URL|ENCRYPTION_KEY|HTTP_ADDR|JWT_SECRET|REDIS_URL|SERVICE_KEY|TELEGRAM_MODE|WEBHOOK_SECRET|WEBHOOK_URL)(_FILE)?$')",
         "is how the parts find each other and their data: set it by its own field of the spec"),
    ])))]
    pub name: String,
    /// Its value. Not for secrets: they go into a Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32768))]
    pub value: Option<String>,
    /// Where its value is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_from: Option<ValueFrom>,
}

/// Where the value of a variable is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules(&[
    ("has(self.secretKeyRef) != has(self.configMapKeyRef)", "a value comes from one of secretKeyRef and configMapKeyRef"),
])))]
pub struct ValueFrom {
    /// In a Secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_key_ref: Option<SecretKeyRef>,
    /// In a ConfigMap.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_map_key_ref: Option<ConfigMapKeyRef>,
}

/// How many pods there are, by load. While it is on, `replicas` is not looked at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules_at(".minReplicas", &[
    ("(has(self.minReplicas) ? self.minReplicas : 2) <= self.maxReplicas",
     "minReplicas must be no more than maxReplicas; it is 2 when absent"),
])))]
pub struct Autoscaling {
    /// Fewest pods.
    #[serde(default = "default_min")]
    #[schemars(range(min = 1, max = 1000))]
    pub min_replicas: i32,
    /// Most pods.
    #[schemars(range(min = 1, max = 1000))]
    pub max_replicas: i32,
    /// Use of the requested CPU that is aimed at, percent.
    #[serde(default = "default_cpu")]
    #[schemars(range(min = 10, max = 200))]
    pub cpu_percent: i32,
    /// Use of the requested memory that is aimed at, percent; memory is not looked at when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 10, max = 200))]
    pub memory_percent: Option<i32>,
    /// How long load must have been lower before pods go, seconds.
    #[serde(default = "default_scale_down")]
    #[schemars(range(min = 0, max = 3600))]
    pub scale_down_seconds: i32,
}

const fn default_min() -> i32 {
    2
}

const fn default_cpu() -> i32 {
    70
}

const fn default_scale_down() -> i32 {
    300
}
