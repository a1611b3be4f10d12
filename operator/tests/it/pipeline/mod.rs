//! One pass after another against [`fake`], a server that fails the test on any call that nobody expected: what a pass
//! writes, in which order, and that it is silent when there is nothing to write.

mod fake;
mod shown;
mod stories;

use std::time::Duration;

use evolve_operator::EvolveBot;
use evolve_operator::apply::Applier;
use evolve_operator::controller::access::Access;
use evolve_operator::controller::cache::{Cache, Depth, Key};
use evolve_operator::controller::contents::Contents;
use evolve_operator::controller::kinds::Kind;
use evolve_operator::controller::metrics::OperatorMetrics;
use evolve_operator::controller::queue::Queue;
use evolve_operator::controller::references::References;
use evolve_operator::reconcile::evidence::Scraper;
use evolve_operator::reconcile::{self, Context, Defaults, Pass, PassError};
use evolve_operator::status::events::Events;
use evolve_runtime::metrics::Metrics;
use kube::api::DynamicObject;
use kube::runtime::events::Reporter;
use serde_json::{Value, json};

use self::fake::FakeApi;

const BOTS: &str = "/apis/evolveai.dev/v1alpha1/namespaces/default/evolvebots";
const SECRETS: &str = "/api/v1/namespaces/default/secrets";

/// A fake server, the caches that watches would have filled from it, and what a pass needs.
struct Bench {
    api: FakeApi,
    context: Context,
    /// What `/metrics` shows.
    shown: Metrics,
}

impl Bench {
    /// With the bot `eva` and its Secret.
    fn new(spec: Value) -> Self {
        let (api, cache) = (FakeApi::default(), Cache::default());
        let shown = Metrics::new();
        let metrics = OperatorMetrics::register(&shown);
        let (queue, _) = Queue::new(metrics.queue_depth.clone(), Duration::ZERO);
        let reporter = Reporter { controller: "evolve-operator".to_owned(), instance: Some("one".to_owned()) };
        let context = Context {
            applier: Applier { client: api.client(), cache, metrics },
            contents: Contents::default(),
            access: Access::default(),
            references: References::default(),
            events: Events::new(api.client(), reporter),
            queue,
            defaults: Defaults {
                repository: "evolve.test/evolve".to_owned(),
                version: "1.0.0".to_owned(),
                namespace: "evolve-system".to_owned(),
            },
            scraper: Scraper::new().unwrap(),
        };
        let bench = Self { api, context, shown };
        bench.api.put(
            &format!("{SECRETS}/eva"),
            json!({
                "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "eva", "namespace": "default" },
                "data": { "DATABASE_URL": "cG9zdGdyZXM6Ly9kYg==", "TELEGRAM_BOT_TOKEN": "MTph" },
            }),
        );
        // As it comes back from a server: with every default.
        let bot = EvolveBot::parse(
            &json!({
                "apiVersion": "evolveai.dev/v1alpha1", "kind": "EvolveBot",
                "metadata": { "name": "eva", "namespace": "default", "generation": 1 },
                "spec": spec,
            })
            .to_string(),
        )
        .unwrap();
        bench.api.put(&format!("{BOTS}/eva"), serde_json::to_value(bot).unwrap());
        bench.watch();
        bench
    }

    /// What the watches would do: everything that is stored is in the cache, and nothing else.
    fn watch(&self) {
        let cache = &self.context.applier.cache;
        let mut seen = std::collections::HashSet::new();
        for object in self.api.objects().into_values() {
            let Ok(mut object) = serde_json::from_value::<DynamicObject>(object) else { continue };
            let types = object.types.clone().unwrap();
            let group = types.api_version.split_once('/').map_or("", |(group, _)| group);
            let Some(kind) = Kind::find(group, &types.kind) else { continue };
            let depth = if matches!(kind, Kind::Secret) { Depth::Metadata } else { Depth::Owned };
            if depth == Depth::Metadata {
                object.data = Value::Null;
            }
            seen.insert(((kind, depth), Key::of(&object)));
            cache.insert((kind, depth), object);
        }
        for kind in Kind::OPERANDS.into_iter().filter(|kind| *kind != Kind::Secret && !kind.is_optional()) {
            let slot = (kind, Depth::Owned);
            let kept = seen.iter().filter(|(of, _)| *of == slot).map(|(_, key)| key.clone()).collect();
            cache.retain(slot, None, &kept);
        }
    }

    /// What Kubernetes' controllers would do: Jobs are done, pods are ready.
    fn play(&self) {
        for (path, mut object) in self.api.objects() {
            match object["kind"].as_str() {
                Some("Job") => {
                    object["status"] = json!({ "conditions": [{ "type": "Complete", "status": "True" }] });
                }
                Some("Deployment") => {
                    let replicas = object["spec"]["replicas"].as_i64().unwrap_or(1);
                    object["metadata"]["generation"] = json!(1);
                    object["status"] = json!({
                        "observedGeneration": 1, "replicas": replicas, "updatedReplicas": replicas,
                        "readyReplicas": replicas, "availableReplicas": replicas,
                    });
                }
                _ => continue,
            }
            self.api.put(&path, object);
        }
        self.watch();
    }

    /// Somebody changes the bot.
    fn change(&self, change: impl FnOnce(&mut Value)) {
        let path = format!("{BOTS}/eva");
        let mut bot = self.api.objects()[&path].clone();
        change(&mut bot["spec"]);
        self.api.put(&path, bot);
        self.watch();
    }

    async fn pass(&self) -> Result<Pass, PassError> {
        reconcile::pass(&Key::new("default", "eva"), &self.context).await
    }

    /// A bot that is as it shall be.
    async fn converged(spec: Value) -> Self {
        let bench = Self::new(spec);
        for _ in 0..10 {
            let pass = bench.pass().await.unwrap();
            bench.play();
            if !pass.has_written {
                return bench;
            }
        }
        panic!("it still writes: {:#?}", bench.api.calls());
    }

    /// The condition of the bot with this name.
    fn condition(&self, name: &str) -> Value {
        let bot = &self.api.objects()[&format!("{BOTS}/eva")];
        let conditions = bot["status"]["conditions"].as_array().unwrap();
        conditions.iter().find(|condition| condition["type"] == name).unwrap().clone()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.api.check();
        }
    }
}
