//! What all containers and pods of a bot have in common: they pass the `restricted` Pod Security Standard, whatever they
//! run.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    Capabilities, ConfigMapKeySelector, ConfigMapVolumeSource, EmptyDirVolumeSource, EnvVar, EnvVarSource,
    LocalObjectReference, PodSecurityContext, PodSpec, ResourceRequirements, SeccompProfile, SecretKeySelector,
    SecurityContext, Volume, VolumeMount,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::{Inputs, environment, fingerprint, names};
use crate::crd::{Amounts, ConfigMapKeyRef, EvolveBot, ExtraVariable, ObjectName, Resources, SecretKeyRef};

/// The user that everything runs as: `nonroot` of the usual small images.
const USER: i64 = 65_532;

/// A pod of the bot without containers. Its place is that of the API's pods: where all nodes are set aside for somebody, a
/// job must be let on them too.
pub(super) fn pod(bot: &EvolveBot) -> PodSpec {
    let place = &bot.spec.api.pod;
    PodSpec {
        node_selector: (!place.node_selector.is_empty()).then(|| place.node_selector.clone()),
        tolerations: (!place.tolerations.is_empty()).then(|| place.tolerations.clone()),
        service_account_name: Some(names::pods(bot)),
        automount_service_account_token: Some(false),
        // A variable for every Service of the namespace helps nobody, and could clash with ours.
        enable_service_links: Some(false),
        image_pull_secrets: pull_secrets(&bot.spec.image.pull_secrets),
        security_context: Some(PodSecurityContext {
            run_as_non_root: Some(true),
            run_as_user: Some(USER),
            run_as_group: Some(USER),
            fs_group: Some(USER),
            fs_group_change_policy: Some("OnRootMismatch".to_owned()),
            seccomp_profile: Some(SeccompProfile { type_: "RuntimeDefault".to_owned(), ..SeccompProfile::default() }),
            ..PodSecurityContext::default()
        }),
        volumes: Some(vec![scratch("tmp", "256Mi")]),
        ..PodSpec::default()
    }
}

fn pull_secrets(names: &[ObjectName]) -> Option<Vec<LocalObjectReference>> {
    let list: Vec<_> = names.iter().map(|name| LocalObjectReference { name: name.0.clone() }).collect();
    (!list.is_empty()).then_some(list)
}

/// A directory that lives as long as its pod.
pub(super) fn scratch(name: &str, size: &str) -> Volume {
    let size_limit = (!size.is_empty()).then(|| Quantity(size.to_owned()));
    Volume {
        name: name.to_owned(),
        empty_dir: Some(EmptyDirVolumeSource { size_limit, ..EmptyDirVolumeSource::default() }),
        ..Volume::default()
    }
}

/// The key of the ConfigMap [`names::log_level`], and so the name of the file.
const LOG_LEVEL: &str = "log-level";
/// Where its directory is.
const LIVE: &str = "/etc/evolve/live";

/// What may change while the pod runs: a change of it rolls no pod, and it need not be there.
pub(super) fn live(bot: &EvolveBot) -> Volume {
    Volume {
        name: "live".to_owned(),
        config_map: Some(ConfigMapVolumeSource {
            name: names::log_level(bot),
            optional: Some(true),
            ..ConfigMapVolumeSource::default()
        }),
        ..Volume::default()
    }
}

/// The place of that volume, and the variable that leads to it.
pub(super) fn live_place() -> (VolumeMount, EnvVar) {
    let place = VolumeMount { read_only: Some(true), ..mount("live", LIVE) };
    (place, plain_variable("LOG_LEVEL_PATH", format!("{LIVE}/{LOG_LEVEL}")))
}

/// A volume at a path.
pub(super) fn mount(name: &str, path: &str) -> VolumeMount {
    VolumeMount { name: name.to_owned(), mount_path: path.to_owned(), ..VolumeMount::default() }
}

/// What a container may do: write to its volumes, and nothing else.
pub(super) fn confined() -> SecurityContext {
    SecurityContext {
        allow_privilege_escalation: Some(false),
        read_only_root_filesystem: Some(true),
        capabilities: Some(Capabilities { drop: Some(vec!["ALL".to_owned()]), add: None }),
        ..SecurityContext::default()
    }
}

/// Requests and limits from pairs of CPU and memory; an empty text for what is not set.
pub(super) fn amounts(pairs: [(&str, &str); 2]) -> [Amounts; 2] {
    let quantity = |text: &str| (!text.is_empty()).then(|| Quantity(text.to_owned()));
    pairs.map(|(cpu, memory)| Amounts { cpu: quantity(cpu), memory: quantity(memory), ephemeral_storage: None })
}

/// What a container asks for: what the bot says; where it says neither request nor limit of an amount, what is usual. (One
/// of each would not fit together: a usual request may be more than a given limit.)
pub(super) fn resources(given: Option<&Resources>, usual: &[Amounts; 2]) -> ResourceRequirements {
    type Field = fn(&Amounts) -> &Option<Quantity>;
    const FIELDS: [(&str, Field); 3] =
        [("cpu", |a| &a.cpu), ("memory", |a| &a.memory), ("ephemeral-storage", |a| &a.ephemeral_storage)];
    let said =
        |field: Field| given.is_some_and(|given| field(&given.requests).is_some() || field(&given.limits).is_some());
    let choose = |given: Option<&Amounts>, usual: &Amounts| {
        let amount = |(name, field): (&str, Field)| {
            let amount = if said(field) { given.and_then(|given| field(given).clone()) } else { field(usual).clone() };
            Some((name.to_owned(), amount?))
        };
        let map: BTreeMap<String, Quantity> = FIELDS.into_iter().filter_map(amount).collect();
        (!map.is_empty()).then_some(map)
    };
    let requests = choose(given.map(|given| &given.requests), &usual[0]);
    let limits = choose(given.map(|given| &given.limits), &usual[1]);
    ResourceRequirements { requests, limits, claims: None }
}

/// A variable that is in a Secret.
pub(super) fn secret_variable(name: &str, source: &SecretKeyRef) -> EnvVar {
    let reference = SecretKeySelector { name: source.name.clone(), key: source.key.clone(), optional: None };
    from(name, EnvVarSource { secret_key_ref: Some(reference), ..EnvVarSource::default() })
}

fn config_map_variable(name: &str, source: &ConfigMapKeyRef) -> EnvVar {
    let reference = ConfigMapKeySelector { name: source.name.clone(), key: source.key.clone(), optional: None };
    from(name, EnvVarSource { config_map_key_ref: Some(reference), ..EnvVarSource::default() })
}

fn from(name: &str, source: EnvVarSource) -> EnvVar {
    EnvVar { name: name.to_owned(), value: None, value_from: Some(source) }
}

/// A variable as it is.
pub(super) fn plain_variable(name: &str, value: impl Into<String>) -> EnvVar {
    EnvVar { name: name.to_owned(), value: Some(value.into()), value_from: None }
}

/// A variable that the bot sets itself.
pub(super) fn extra_variable(extra: &ExtraVariable) -> EnvVar {
    let source = extra.value_from.as_ref();
    match source.map(|source| (&source.secret_key_ref, &source.config_map_key_ref)) {
        Some((Some(secret), _)) => secret_variable(&extra.name, secret),
        Some((None, Some(entry))) => config_map_variable(&extra.name, entry),
        _ => plain_variable(&extra.name, extra.value.clone().unwrap_or_default()),
    }
}

/// Whom the API is told to believe that it is the database (libpq's `PGSSL…`), for everything else that connects to it.
pub(super) fn trust(bot: &EvolveBot) -> impl Iterator<Item = EnvVar> {
    bot.spec.api.pod.extra_env.iter().filter(|extra| extra.name.starts_with("PGSSL")).map(extra_variable)
}

/// The variables of an environment, as a container lists them.
pub(super) fn variables(list: &[environment::Variable]) -> Vec<EnvVar> {
    // Kubernetes puts other variables, Secrets among them, in place of `$(NAME)`: a prompt from a ConfigMap must not name any.
    let one = |variable: &environment::Variable| match &variable.value {
        environment::Value::Plain(text) => plain_variable(&variable.name, text.replace('$', "$$")),
        environment::Value::Secret(source) => secret_variable(&variable.name, source),
    };
    list.iter().map(one).collect()
}

/// The hash of what these variables stand for: the content of the entries that they name, not the names alone, so that
/// pods roll when it changes.
pub(super) fn content_hash(variables: &[EnvVar], inputs: &Inputs) -> String {
    let content = |variable: &EnvVar| {
        let source = variable.value_from.as_ref()?;
        if let Some(secret) = &source.secret_key_ref {
            return inputs.secrets.get(&SecretKeyRef::new(&secret.name, &secret.key)).cloned();
        }
        let entry = source.config_map_key_ref.as_ref()?;
        let entry = ConfigMapKeyRef { name: entry.name.clone(), key: entry.key.clone() };
        // A hash: what is hashed below must not be ambiguous, whatever a ConfigMap holds.
        inputs.config_maps.get(&entry).map(fingerprint)
    };
    let list: Vec<_> = variables.iter().map(|variable| (&variable.name, &variable.value, content(variable))).collect();
    fingerprint(&list)
}
