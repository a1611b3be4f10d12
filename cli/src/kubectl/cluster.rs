//! Which cluster and namespace, as kubectl's own flags say it, and what is asked of it everywhere.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use evolve_operator::EvolveBot;
use evolve_operator::build::{COMPONENT, INSTANCE};
use kube::api::{ApiResource, DynamicObject, ListParams, Patch, PatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::NamespaceResourceScope;
use kube::{Api, Client, Config, Error, Resource, ResourceExt};
use serde_json::Value;

use super::bot::Bot;
use super::trouble;

/// Who changed something, as Kubernetes remembers it.
const MANAGER: &str = "kubectl-evolve";

/// Which cluster, and where in it.
#[derive(Debug, clap::Args)]
pub(crate) struct Connection {
    /// The bot's namespace. When absent, that of the context.
    #[arg(short, long, global = true, value_name = "NAME")]
    namespace: Option<String>,
    /// The context of the kubeconfig. When absent, the current one.
    #[arg(long, global = true, value_name = "NAME")]
    context: Option<String>,
    /// The kubeconfig. When absent, what KUBECONFIG names, or ~/.kube/config.
    #[arg(long, global = true, value_name = "PATH")]
    kubeconfig: Option<PathBuf>,
}

/// A cluster, and the namespace that is meant.
#[derive(Clone)]
pub(crate) struct Cluster {
    /// Asks it.
    pub(crate) client: Client,
    /// Where the bots are.
    pub(crate) namespace: String,
    url: String,
}

impl Cluster {
    /// Makes ready to ask; nothing is sent yet.
    ///
    /// # Errors
    /// When there is no usable kubeconfig.
    pub(crate) async fn connect(connection: &Connection) -> anyhow::Result<Self> {
        let mut config = config(connection).await?;
        config.connect_timeout = Some(Duration::from_secs(10));
        let namespace = connection.namespace.clone().unwrap_or_else(|| config.default_namespace.clone());
        let url = config.cluster_url.to_string();
        let client = Client::try_from(config).context("the kubeconfig cannot be used")?;
        Ok(Self { client, namespace, url })
    }

    /// Explains an error that came up while trying to `what`.
    pub(crate) fn cannot(&self, what: impl Into<String>) -> impl Fn(Error) -> anyhow::Error {
        let (what, url) = (what.into(), self.url.clone());
        move |error| trouble::explain(&what, &url, &error)
    }

    /// The objects of one kind in the namespace.
    pub(crate) fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// The bots in the namespace.
    pub(crate) fn bots(&self) -> Api<DynamicObject> {
        Api::namespaced_with(self.client.clone(), &self.namespace, &ApiResource::erase::<EvolveBot>(&()))
    }

    /// The bots in all namespaces.
    pub(crate) fn all_bots(&self) -> Api<DynamicObject> {
        Api::all_with(self.client.clone(), &ApiResource::erase::<EvolveBot>(&()))
    }

    /// A bot as it is now.
    ///
    /// # Errors
    /// Why it cannot be read; with names that are near where there is none of this name.
    pub(crate) async fn bot(&self, name: &str) -> anyhow::Result<Bot> {
        match self.bots().get(name).await {
            Ok(object) => Ok(Bot::of(object)),
            Err(Error::Api(status)) if status.code == 404 => Err(self.not_found(name).await),
            Err(error) => Err(self.cannot(format!("read the bot {name}"))(error)),
        }
    }

    /// Why there is no such bot: another name, another namespace, or no definition.
    async fn not_found(&self, name: &str) -> anyhow::Error {
        let here = match self.bots().list_metadata(&ListParams::default()).await {
            Ok(list) => list.items.iter().map(ResourceExt::name_any).collect::<Vec<_>>(),
            Err(error) => return self.cannot(format!("read the bot {name}"))(error),
        };
        let text = format!("there is no bot {name} in the namespace {}", self.namespace);
        if let Some(near) = nearest(name, &here) {
            return anyhow!("{text}. Is {near} meant?");
        }
        let everywhere = self.all_bots().list_metadata(&ListParams::default()).await;
        let elsewhere: Vec<_> = everywhere.into_iter().flatten().filter(|bot| bot.name_any() == name).collect();
        if let Some(namespace) = elsewhere.first().and_then(ResourceExt::namespace) {
            return anyhow!("{text}; there is one in the namespace {namespace}: give `-n {namespace}`");
        }
        match here.as_slice() {
            [] => anyhow!("{text}, nor any other: `kubectl evolve status -A` lists those of all namespaces"),
            names => anyhow!("{text}; there are: {}", names.join(", ")),
        }
    }

    /// That some fields of a bot may be changed; nothing is.
    ///
    /// # Errors
    /// What the API server said against it.
    pub(crate) async fn may_change(&self, bot: &str, what: &str, patch: Value) -> anyhow::Result<()> {
        let params = PatchParams { field_manager: Some(MANAGER.to_owned()), dry_run: true, ..PatchParams::default() };
        self.bots().patch(bot, &params, &Patch::Merge(patch)).await.map_err(self.cannot(what))?;
        Ok(())
    }

    /// Changes some fields of a bot.
    ///
    /// # Errors
    /// What the API server said against it.
    pub(crate) async fn change(&self, bot: &str, what: &str, patch: Value) -> anyhow::Result<Bot> {
        let params = PatchParams { field_manager: Some(MANAGER.to_owned()), ..PatchParams::default() };
        let changed = self.bots().patch(bot, &params, &Patch::Merge(patch)).await;
        changed.map(Bot::of).map_err(self.cannot(what))
    }
}

/// Chooses the objects of a bot; of these parts of it only, where any are given.
pub(crate) fn of_bot(bot: &str, parts: &[&str]) -> ListParams {
    let everything = format!("{INSTANCE}={bot},app.kubernetes.io/name=evolve");
    match parts {
        [] => ListParams::default().labels(&everything),
        parts => ListParams::default().labels(&format!("{everything},{COMPONENT} in ({})", parts.join(","))),
    }
}

async fn config(connection: &Connection) -> anyhow::Result<Config> {
    let options = KubeConfigOptions { context: connection.context.clone(), ..KubeConfigOptions::default() };
    let read = match &connection.kubeconfig {
        Some(path) => Kubeconfig::read_from(path),
        None => Kubeconfig::read(),
    };
    let is_chosen = connection.kubeconfig.is_some() || connection.context.is_some();
    let outside = match read {
        Ok(kubeconfig) => Config::from_custom_kubeconfig(kubeconfig, &options).await,
        Err(error) => Err(error),
    };
    match outside {
        Ok(config) => Ok(config),
        // In a pod there is no kubeconfig, and none is needed.
        Err(error) => match Config::incluster() {
            Ok(config) if !is_chosen => Ok(config),
            _ => Err(anyhow!(error).context(
                "there is no usable kubeconfig: name one with --kubeconfig or in KUBECONFIG, and one of the contexts that \
                 `kubectl config get-contexts` lists with --context",
            )),
        },
    }
}

/// The name that was probably meant.
fn nearest<'a>(name: &str, names: &'a [String]) -> Option<&'a String> {
    let scored = names.iter().map(|known| (strsim::jaro_winkler(name, known), known));
    scored.filter(|(score, _)| *score > 0.8).max_by(|left, right| left.0.total_cmp(&right.0)).map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_that_was_meant_is_found_and_a_far_one_is_not() {
        let names = ["maria".to_owned(), "eva".to_owned()];
        assert_eq!(nearest("mario", &names), Some(&names[0]));
        assert_eq!(nearest("robot", &names), None);
    }
}
