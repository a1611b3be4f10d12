//! A node, as far as logs are concerned: the API server asks it for them, as it asks any kubelet.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use evolve_testkit::within;
use futures::stream;
use k8s_openapi::api::core::v1::{Node as NodeObject, Pod};
use k8s_openapi::jiff::Timestamp;
use kube::Api;
use kube::api::{Patch, PatchParams, PostParams};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{DEFAULT_VERSIONS, ServerConfig};
use tokio_rustls::server::TlsStream;

use super::world::{PATIENCE, World};

/// A line of a pod's log.
#[derive(Clone, Debug)]
struct Written {
    pod: String,
    is_previous: bool,
    text: String,
    at: Timestamp,
}

#[derive(Clone, Debug, Default)]
struct Logs {
    lines: Vec<Written>,
    cuts: u64,
}

/// The running node.
pub(super) struct Node {
    name: String,
    logs: watch::Sender<Logs>,
}

impl Node {
    /// Begins to serve, and is known to the cluster.
    pub(super) async fn start(world: &World) -> Self {
        let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = tcp.local_addr().unwrap().port();
        let logs = watch::Sender::new(Logs::default());
        let router =
            Router::new().route("/containerLogs/{namespace}/{pod}/{container}", get(serve)).with_state(logs.clone());
        tokio::spawn(axum::serve(Tls { tcp, acceptor: acceptor() }, router).into_future());

        let name = format!("node-of-{}", world.namespace);
        let nodes: Api<NodeObject> = Api::all(world.client.clone());
        let node = serde_json::from_value(json!({ "metadata": { "name": name } })).unwrap();
        nodes.create(&PostParams::default(), &node).await.unwrap();
        let status = json!({ "status": {
            "addresses": [{ "type": "InternalIP", "address": "127.0.0.1" }],
            "daemonEndpoints": { "kubeletEndpoint": { "Port": port } },
        } });
        nodes.patch_status(&name, &PatchParams::default(), &Patch::Merge(status)).await.unwrap();
        Self { name, logs }
    }

    /// Puts a pod here, as the scheduler does.
    pub(super) async fn bind(&self, world: &World, pod: &str) {
        let binding = json!({
            "apiVersion": "v1", "kind": "Binding", "metadata": { "name": pod },
            "target": { "apiVersion": "v1", "kind": "Node", "name": self.name },
        });
        let pods = world.api::<Pod>();
        let _: serde_json::Value =
            pods.create_subresource("binding", pod, &PostParams::default(), &binding).await.unwrap();
    }

    /// A pod that runs here and belongs to a part of a bot.
    pub(super) async fn pod(&self, world: &World, bot: &str, part: &str, name: &str) {
        let labels = json!({
            "app.kubernetes.io/name": "evolve", "app.kubernetes.io/instance": bot, "app.kubernetes.io/component": part,
        });
        let pod: Pod = serde_json::from_value(json!({
            "metadata": { "name": name, "labels": labels },
            "spec": { "containers": [{ "name": part, "image": "evolve.test/evolve" }] },
        }))
        .unwrap();
        within(PATIENCE, "the namespace has its account for pods", async || {
            world.api::<Pod>().create(&PostParams::default(), &pod).await
        })
        .await;
        self.bind(world, name).await;
    }

    /// The pod writes a line.
    pub(super) fn write(&self, pod: &str, text: &str) {
        self.add(pod, text, false);
    }

    /// The pod wrote a line before it was started again.
    pub(super) fn wrote_before(&self, pod: &str, text: &str) {
        self.add(pod, text, true);
    }

    fn add(&self, pod: &str, text: &str, is_previous: bool) {
        let line = Written { pod: pod.to_owned(), is_previous, text: text.to_owned(), at: Timestamp::now() };
        self.logs.send_modify(|logs| logs.lines.push(line));
    }

    /// Every connection that follows a log ends.
    pub(super) fn cut(&self) {
        self.logs.send_modify(|logs| logs.cuts += 1);
    }

    /// How many connections follow a log.
    pub(super) fn followers(&self) -> usize {
        self.logs.receiver_count()
    }
}

/// As a kubelet answers: a time before each line where it is asked for, and no end while it is followed.
async fn serve(
    State(logs): State<watch::Sender<Logs>>,
    Path((_, pod, _)): Path<(String, String, String)>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let asks = |name: &str| query.get(name).is_some_and(|value| value == "true");
    let (is_stamped, is_previous) = (asks("timestamps"), asks("previous"));
    let since: Option<Timestamp> = query.get("sinceTime").and_then(|time| time.parse().ok());
    let is_meant = move |line: &Written| {
        let second = |time: Timestamp| time.as_second();
        line.pod == pod && line.is_previous == is_previous && since.is_none_or(|since| second(line.at) >= second(since))
    };
    let text = move |line: &Written| match is_stamped {
        true => format!("{:.9} {}\n", line.at, line.text),
        false => format!("{}\n", line.text),
    };
    let current = logs.borrow().clone();
    let known: Vec<_> = current.lines.iter().filter(|line| is_meant(line)).map(&text).collect();
    if known.is_empty() && is_previous {
        return (StatusCode::BAD_REQUEST, "previous terminated container not found").into_response();
    }
    let tail: usize = query.get("tailLines").and_then(|lines| lines.parse().ok()).unwrap_or(known.len());
    let known = known[known.len().saturating_sub(tail)..].concat();
    if !asks("follow") {
        return known.into_response();
    }
    let (receiver, count, cuts) = (logs.subscribe(), current.lines.len(), current.cuts);
    let news = stream::unfold((receiver, count), move |(mut receiver, count)| {
        let is_meant = is_meant.clone();
        async move {
            let now = receiver.wait_for(|logs| logs.lines.len() > count || logs.cuts != cuts).await.ok()?.clone();
            let more: String = now.lines[count..].iter().filter(|line| is_meant(line)).map(text).collect();
            (now.cuts == cuts).then_some((more, (receiver, now.lines.len())))
        }
    });
    let all = stream::StreamExt::chain(stream::iter([known]), news);
    Body::from_stream(stream::StreamExt::map(all, Ok::<_, std::convert::Infallible>)).into_response()
}

struct Tls {
    tcp: TcpListener,
    acceptor: TlsAcceptor,
}

impl axum::serve::Listener for Tls {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            if let Ok((stream, address)) = self.tcp.accept().await
                // A connection that says nothing must not keep the others waiting.
                && let Ok(Ok(stream)) = timeout(Duration::from_secs(2), self.acceptor.accept(stream)).await
            {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.tcp.local_addr()
    }
}

fn acceptor() -> TlsAcceptor {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().self_signed(&key).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(DEFAULT_VERSIONS)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}
