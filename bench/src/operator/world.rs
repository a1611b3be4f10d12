//! The namespace in which everything happens, and short words for what people do and see there.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use evolve_operator::EvolveBot;
use evolve_operator::controller::kinds::Kind;
use evolve_testkit::kubernetes::{Kubelet, Plane, leave_to_the_player};
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::{Namespace, Secret};
use kube::api::{DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::{Api, Client, Resource, ResourceExt as _};
use serde_json::{Value, json};

/// The namespace.
pub(crate) struct World {
    /// With all rights.
    pub(crate) client: Client,
    /// Its name.
    pub(crate) namespace: String,
    /// Plays the nodes.
    pub(crate) kubelet: Kubelet,
}

impl World {
    /// A new one, with a Secret that every bot can read.
    pub(crate) async fn new(plane: &Plane) -> anyhow::Result<Self> {
        let client = plane.client()?;
        let namespace: Namespace = serde_json::from_value(json!({ "metadata": { "generateName": "evolve-bench-" } }))?;
        let namespace = Api::all(client.clone()).create(&PostParams::default(), &namespace).await?.name_any();
        let kubelet = Kubelet::start(&client, &namespace);
        let world = Self { client, namespace, kubelet };
        world.secret("shared").await?;
        Ok(world)
    }

    /// The API of one kind in this namespace.
    pub(crate) fn api<K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>>(&self) -> Api<K> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// As [`World::api`], of a kind that is known at run time only.
    pub(crate) fn api_of(&self, kind: Kind) -> Api<DynamicObject> {
        Api::namespaced_with(self.client.clone(), &self.namespace, &kind.resource())
    }

    /// A Secret as bots read it.
    pub(crate) async fn secret(&self, name: &str) -> anyhow::Result<()> {
        let data = json!({ "DATABASE_URL": "postgres://db/eva", "TELEGRAM_BOT_TOKEN": "1:a" });
        let secret = serde_json::from_value(json!({ "metadata": { "name": name }, "stringData": data }))?;
        self.api::<Secret>().create(&PostParams::default(), &secret).await?;
        Ok(())
    }

    /// A bot whose database's URL is in `secret`, with `more` in its spec.
    pub(crate) async fn bot(&self, name: &str, secret: &str, more: Value) -> anyhow::Result<EvolveBot> {
        let mut spec = json!({
            "version": "1.0.0",
            "ai": { "providers": [{ "kind": "scripted" }] },
            "api": { "replicas": 1 },
            "bot": { "replicas": 1 },
            "database": { "urlSecretRef": { "name": secret, "key": "DATABASE_URL" } },
            "telegram": { "tokenSecretRef": { "name": "shared", "key": "TELEGRAM_BOT_TOKEN" } },
        });
        for (field, value) in more.as_object().into_iter().flatten() {
            for (name, value) in value.as_object().into_iter().flatten() {
                spec[field][name] = value.clone();
            }
        }
        leave_to_the_player(&mut spec);
        let bot = serde_json::from_value(json!({
            "apiVersion": "evolveai.dev/v1alpha1", "kind": "EvolveBot", "metadata": { "name": name }, "spec": spec,
        }))?;
        Ok(self.api().create(&PostParams::default(), &bot).await?)
    }

    /// Makes a bot want another version.
    pub(crate) async fn upgrade(&self, name: &str, version: &str) -> anyhow::Result<()> {
        let patch = json!({ "spec": { "version": version } });
        self.api::<EvolveBot>().patch(name, &PatchParams::default(), &Patch::Merge(patch)).await?;
        Ok(())
    }

    /// Every bot.
    pub(crate) async fn bots(&self) -> anyhow::Result<Vec<EvolveBot>> {
        Ok(self.api::<EvolveBot>().list(&ListParams::default()).await?.items)
    }

    /// Waits until all bots are rolled out, and hands out how long that took.
    pub(crate) async fn until_all_are_rolled_out(&self, limit: Duration) -> anyhow::Result<Duration> {
        let begun = Instant::now();
        loop {
            let bots = self.bots().await?;
            let waiting = bots.iter().filter(|bot| !holds(bot, "RolledOut", "True")).count();
            if waiting == 0 {
                return Ok(begun.elapsed());
            }
            anyhow::ensure!(begun.elapsed() < limit, "{waiting} bots are not rolled out after {limit:?}");
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }

    /// The version of every object of every kind that the operator knows: nothing was written where they stay.
    pub(crate) async fn versions(&self) -> anyhow::Result<BTreeMap<String, String>> {
        let mut versions = BTreeMap::new();
        // An HPA's own controller writes to it all the time.
        let is_quiet = |kind: &Kind| !kind.is_optional() && *kind != Kind::HorizontalPodAutoscaler;
        for kind in Kind::OPERANDS.into_iter().chain([Kind::EvolveBot]).filter(is_quiet) {
            for object in self.api_of(kind).list(&ListParams::default()).await? {
                let name = format!("{} {}", kind.name(), object.name_any());
                versions.insert(name, object.resource_version().unwrap_or_default());
            }
        }
        Ok(versions)
    }
}

/// Whether a condition of the bot has this status, about the spec as it is now.
pub(crate) fn holds(bot: &EvolveBot, condition: &str, status: &str) -> bool {
    let conditions = bot.status.iter().flat_map(|status| &status.conditions);
    let about = conditions.into_iter().find(|known| known.type_ == condition);
    about.is_some_and(|known| known.status == status && known.observed_generation == bot.metadata.generation)
}
