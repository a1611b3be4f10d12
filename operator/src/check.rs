//! Whether an installed operator is well, asked inside the cluster with the operator's own rights: what `helm test` runs.

use std::time::Duration;

use anyhow::Context as _;
use evolve_runtime::http::{self, ClientConfig};
use k8s_openapi::api::authorization::v1::{ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec};
use kube::api::PostParams;
use kube::{Api, Client};

use crate::controller::kinds::Kind;

const PATIENCE: Duration = Duration::from_secs(10);

/// What to ask.
#[derive(Clone, Debug)]
pub struct Question {
    /// Where the operator answers, such as `http://evolve-operator:8080`.
    pub url: String,
    /// The namespaces that it looks after; all of them when empty.
    pub namespaces: Vec<String>,
    /// Where it is to run bots, besides those.
    pub bots_in: Vec<String>,
}

/// What is wrong, a sentence each; nothing when all is well.
///
/// # Errors
/// When it cannot be told.
pub async fn problems(client: &Client, question: &Question) -> anyhow::Result<Vec<String>> {
    let mut problems = Vec::new();
    problems.extend(not_ready(&question.url).await?);
    problems.extend(not_served(client).await?);
    let everywhere = [String::new()];
    let seen = if question.namespaces.is_empty() { &everywhere[..] } else { &question.namespaces };
    for namespace in seen {
        problems.extend(not_allowed(client, namespace, &["list", "watch"], Kind::EvolveBot).await?);
    }
    for namespace in question.namespaces.iter().chain(&question.bots_in) {
        for kind in Kind::OPERANDS.into_iter().filter(|kind| !kind.is_optional()) {
            problems.extend(not_allowed(client, namespace, verbs(kind), kind).await?);
        }
    }
    Ok(problems)
}

/// What the operator does with objects of a kind where bots live.
const fn verbs(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::ReplicaSet | Kind::Pod => &["list", "watch"],
        Kind::Secret | Kind::PersistentVolumeClaim => &["get", "list", "watch", "create", "patch"],
        _ => &["get", "list", "watch", "create", "patch", "delete"],
    }
}

async fn not_ready(url: &str) -> anyhow::Result<Option<String>> {
    let client = http::client(ClientConfig { total: PATIENCE, connect: PATIENCE })?;
    let url = format!("{url}/readyz");
    Ok(match client.get(&url).send().await {
        Ok(answer) if answer.status().is_success() => None,
        Ok(answer) => {
            Some(format!("{url} answers {}: the operator's log says which watch it waits for", answer.status()))
        }
        Err(error) => {
            Some(format!("{url} does not answer ({error}): are its pods ready, and does a policy let us in?"))
        }
    })
}

async fn not_served(client: &Client) -> anyhow::Result<Option<String>> {
    let resource = Kind::EvolveBot.resource();
    let problem =
        "the cluster does not know the resource EvolveBot: install the chart with crds.enabled, or apply crds/";
    match client.list_api_group_resources(&resource.api_version).await {
        Ok(list) if list.resources.iter().any(|found| found.kind == resource.kind) => Ok(None),
        Ok(_) => Ok(Some(problem.to_owned())),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(Some(problem.to_owned())),
        Err(error) => Err(error).context("cannot ask the API server what it knows"),
    }
}

async fn not_allowed(client: &Client, namespace: &str, verbs: &[&str], kind: Kind) -> anyhow::Result<Option<String>> {
    let resource = kind.resource();
    let place = if namespace.is_empty() { "in all namespaces".to_owned() } else { format!("in {namespace}") };
    let mut denied = Vec::new();
    for verb in verbs {
        let attributes = ResourceAttributes {
            group: Some(resource.group.clone()),
            namespace: Some(namespace.to_owned()),
            resource: Some(resource.plural.clone()),
            verb: Some((*verb).to_owned()),
            ..ResourceAttributes::default()
        };
        let spec = SelfSubjectAccessReviewSpec {
            resource_attributes: Some(attributes),
            ..SelfSubjectAccessReviewSpec::default()
        };
        let review = SelfSubjectAccessReview { spec, ..SelfSubjectAccessReview::default() };
        let answer = Api::all(client.clone()).create(&PostParams::default(), &review).await;
        let answer = answer.context("cannot ask the API server what is allowed")?;
        if !answer.status.is_some_and(|said| said.allowed) {
            denied.push(*verb);
        }
    }
    let (denied, plural) = (denied.join(", "), resource.plural);
    Ok((!denied.is_empty())
        .then(|| format!("the operator may not {denied} {plural} {place}: see rbac in the chart's values")))
}
