//! What the operator's real program tells a collector of a pass, over OTLP. The API server is one that needs no control plane: it
//! has one bot and its Secret, keeps what is written, and nothing ever happens in it.

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use evolve_operator::EvolveBot;
use evolve_testkit::collector::{Collector, Spanned};
use evolve_testkit::process::free_port;
use evolve_testkit::within;
use futures::stream;
use serde_json::{Value, json};
use tokio::process::{Child, Command};

const BOT: &str = "/apis/evolveai.dev/v1alpha1/namespaces/default/evolvebots/eva";
/// In a Secret, as the API has it.
const PASSWORD: &str = "bWFybWFsYWRlY29uZmVzc2lvbg==";
/// OpenTelemetry's number of a client's spans.
const CLIENT: i32 = 3;

/// The next resourceVersion.
static VERSIONS: AtomicU64 = AtomicU64::new(1);

/// What is stored, by path.
#[derive(Clone, Default)]
struct Cluster(Arc<Mutex<BTreeMap<String, Value>>>);

impl Cluster {
    fn locked<T>(&self, act: impl FnOnce(&mut BTreeMap<String, Value>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn store(&self, path: &str, mut object: Value) -> Value {
        self.locked(|objects| {
            object["metadata"]["resourceVersion"] = json!(VERSIONS.fetch_add(1, Relaxed).to_string());
            object["metadata"]["uid"] = json!(format!("uid-of-{path}"));
            objects.insert(path.to_owned(), object.clone());
            object
        })
    }

    fn get(&self, path: &str) -> Option<Value> {
        self.locked(|objects| objects.get(path).cloned())
    }

    fn list(&self, path: &str) -> Value {
        let within = format!("{path}/");
        let items: Vec<_> = self.locked(|objects| {
            objects.iter().filter(|(path, _)| path.starts_with(&within)).map(|(_, object)| object.clone()).collect()
        });
        json!({ "apiVersion": "v1", "kind": "List", "metadata": { "resourceVersion": "1" }, "items": items })
    }

    /// One that listens; where it does.
    async fn serve(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }
}

async fn answer(State(cluster): State<Cluster>, method: Method, uri: Uri, body: Bytes) -> Response {
    let path = uri.path();
    if uri.query().is_some_and(|query| query.contains("watch=true")) {
        return Body::from_stream(stream::pending::<Result<String, Infallible>>()).into_response();
    }
    let sent = || serde_json::from_slice::<Value>(&body).unwrap();
    match method {
        Method::GET if is_collection(path) => Json(cluster.list(path)).into_response(),
        Method::GET => match cluster.get(path) {
            Some(object) => Json(object).into_response(),
            None => not_there(),
        },
        Method::POST => {
            let object = sent();
            let path = format!("{path}/{}", object["metadata"]["name"].as_str().unwrap());
            (StatusCode::CREATED, Json(cluster.store(&path, object))).into_response()
        }
        Method::PATCH if path.ends_with("/status") => {
            let path = path.trim_end_matches("/status");
            let mut object = cluster.get(path).unwrap();
            object["status"] = sent()["status"].take();
            Json(cluster.store(path, object)).into_response()
        }
        // A Lease is put; whatever else is applied is whole.
        _ => Json(cluster.store(path, sent())).into_response(),
    }
}

/// `/api/v1/namespaces/NAMESPACE/KINDS`, or the same of a group.
fn is_collection(path: &str) -> bool {
    let before = if path.starts_with("/api/") { 2 } else { 3 };
    path.trim_matches('/').split('/').count() == before + 3
}

fn not_there() -> Response {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": "there is no such object", "reason": "NotFound", "code": 404,
    });
    (StatusCode::NOT_FOUND, Json(status)).into_response()
}

/// One with a bot and its Secret.
fn cluster() -> Cluster {
    let cluster = Cluster::default();
    let bot = json!({
        "apiVersion": "evolveai.dev/v1alpha1", "kind": "EvolveBot",
        "metadata": { "name": "eva", "namespace": "default", "generation": 1 },
        "spec": { "version": "1.0.0", "ai": { "providers": [{ "kind": "scripted" }] } },
    });
    // As it comes back from a server: with every default.
    let bot = EvolveBot::parse(&bot.to_string()).unwrap();
    cluster.store(BOT, serde_json::to_value(bot).unwrap());
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "eva", "namespace": "default" },
        "data": { "DATABASE_URL": PASSWORD, "TELEGRAM_BOT_TOKEN": PASSWORD },
    });
    cluster.store("/api/v1/namespaces/default/secrets/eva", secret);
    cluster
}

/// The operator, as its pod starts it.
fn start(kubeconfig: &Path, log: &Path, collector: &Collector) -> Child {
    let log = std::fs::File::create(log).unwrap();
    Command::new(env!("CARGO_BIN_EXE_evolve-operator"))
        .env_clear()
        .env("KUBECONFIG", kubeconfig)
        .env("HTTP_ADDR", format!("127.0.0.1:{}", free_port().unwrap()))
        .env("POD_NAME", "one")
        .env("POD_NAMESPACE", "default")
        .env("WATCH_NAMESPACES", "default")
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url())
        // Soon and often: for what is left when a process ends there are three seconds, which a busy machine needs for few spans.
        .env("OTEL_BSP_SCHEDULE_DELAY", "100")
        // Fewer lines are not fewer spans.
        .env("LOG_LEVEL", "error")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

/// Asks it to stop, and waits until it has. Whether all went well.
async fn stop(mut operator: Child) -> bool {
    let told = Command::new("kill").arg(operator.id().unwrap().to_string()).status().await.unwrap();
    told.success() && operator.wait().await.unwrap().success()
}

/// The names of a span and of all above it.
fn way_up<'a>(spans: &'a HashMap<Vec<u8>, Spanned>, from: &Spanned) -> Vec<&'a str> {
    let mut way = Vec::new();
    let mut at = spans.get(&from.id);
    while let Some(span) = at {
        way.push(span.name.as_str());
        at = spans.get(&span.parent);
    }
    way
}

fn check(spans: Vec<Spanned>) {
    const SERVICES: &str = "/api/v1/namespaces/{namespace}/services/{name}";
    const SECRETS: &str = "/api/v1/namespaces/{namespace}/secrets/{name}";
    const STATUS: &str = "/apis/evolveai.dev/v1alpha1/namespaces/{namespace}/evolvebots/{name}/status";
    // Neither a watch nor the Lease has a trace.
    let roots: Vec<_> = spans.iter().filter(|span| span.parent.is_empty()).collect();
    assert!(!roots.is_empty() && roots.iter().all(|root| root.name == "reconcile"), "{roots:#?}");
    let written = spans.iter().find(|span| span.name == format!("PATCH {SERVICES}"));
    let trace = written.unwrap_or_else(|| panic!("no Service is written in {spans:#?}")).trace.clone();
    let of_pass = spans.into_iter().filter(|span| span.trace == trace);
    let pass: HashMap<_, _> = of_pass.map(|span| (span.id.clone(), span)).collect();
    let find = |name: &str| {
        pass.values().find(|span| span.name == name).unwrap_or_else(|| panic!("no {name} in {:#?}", pass.values()))
    };
    for span in pass.values().filter(|span| !span.parent.is_empty()) {
        assert!(pass.contains_key(&span.parent), "{span:?} hangs in the air");
    }
    let root = find("reconcile");
    assert!(root.parent.is_empty() && root.service == "evolve-operator", "{root:?}");
    for (attribute, value) in [("bot", "eva"), ("namespace", "default"), ("result", "changed")] {
        assert_eq!(root.attributes.get(attribute).map(String::as_str), Some(value), "{attribute} of {root:?}");
    }
    for (call, above) in [
        (format!("GET {SECRETS}"), vec!["dereference", "reconcile"]),
        (format!("PATCH {SERVICES}"), vec!["write", "apply", "reconcile"]),
        (format!("PATCH {STATUS}"), vec!["status", "reconcile"]),
    ] {
        let span = find(&call);
        assert_eq!(way_up(&pass, span)[1..], above, "above {call}");
        assert_eq!(span.kind, CLIENT, "{call}");
    }
    let status = |call: String| find(&call).attributes.get("http.response.status_code").cloned();
    assert_eq!(status(format!("PATCH {STATUS}")).as_deref(), Some("200"));
    let write = pass.values().filter(|span| span.name == "write").map(|span| span.attributes["kind"].as_str());
    let kinds: Vec<_> = write.collect();
    assert!(kinds.contains(&"Service") && kinds.contains(&"Job"), "{kinds:?}");
}

#[tokio::test]
async fn a_pass_over_a_bot_is_one_trace_of_its_stages_and_of_every_call_to_the_api_server() {
    let (cluster, collector) = (cluster(), Collector::start().await.unwrap());
    let url = cluster.serve().await;
    let directory = tempfile::tempdir().unwrap();
    let (kubeconfig, log) = (directory.path().join("kubeconfig"), directory.path().join("log"));
    // YAML, as all JSON is.
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "here",
        "clusters": [{ "name": "here", "cluster": { "server": url } }],
        "contexts": [{ "name": "here", "context": { "cluster": "here", "user": "nobody" } }],
        "users": [{ "name": "nobody", "user": {} }],
    });
    std::fs::write(&kubeconfig, config.to_string()).unwrap();
    let operator = start(&kubeconfig, &log, &collector);
    within(Duration::from_secs(60), "the bot has a status", async || {
        let is_told = cluster.get(BOT).is_some_and(|bot| !bot["status"].is_null());
        if is_told { Ok(()) } else { Err(std::fs::read_to_string(&log)) }
    })
    .await;
    // A pass that goes on is ended, and what is not sent yet is sent.
    assert!(stop(operator).await, "{}", std::fs::read_to_string(&log).unwrap());
    check(collector.spans());
    let everything = collector.everything();
    for secret in [PASSWORD, "marmaladeconfession"] {
        assert!(!everything.contains(secret), "a Secret is in a trace");
    }
}
