//! A way to the API server that can be told to answer in its place, as one does that is overloaded or restarting.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use kube::{Client, Config};
use serde_json::json;
use tokio::task::JoinHandle;

/// The gateway. It ends when it is dropped.
pub(super) struct Gateway {
    address: SocketAddr,
    upstream: Upstream,
    task: JoinHandle<()>,
}

#[derive(Clone)]
struct Upstream {
    client: Client,
    /// What is answered in its place; 0 for nothing.
    status: Arc<AtomicU16>,
    refused: Arc<AtomicUsize>,
}

impl Gateway {
    /// Before the server of `client`, with all its rights.
    pub(super) async fn before(client: &Client) -> Self {
        let upstream = Upstream { client: client.clone(), status: Arc::default(), refused: Arc::default() };
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = axum::Router::new().fallback(forward).with_state(upstream.clone());
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, upstream, task }
    }

    /// How to go through it.
    pub(super) fn config(&self) -> Config {
        Config::new(format!("http://{}", self.address).parse().unwrap())
    }

    /// Every new request is answered with this. Watches that run go on.
    pub(super) fn answer(&self, status: StatusCode) {
        self.upstream.status.store(status.as_u16(), Ordering::SeqCst);
    }

    /// Requests are forwarded again.
    pub(super) fn forward(&self) {
        self.upstream.status.store(0, Ordering::SeqCst);
    }

    /// How many requests were not forwarded.
    pub(super) fn refused(&self) -> usize {
        self.upstream.refused.load(Ordering::SeqCst)
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn forward(State(upstream): State<Upstream>, request: Request) -> Response {
    // Who leads is another story.
    let is_lease = request.uri().path().contains("/leases/");
    if let Ok(status) = StatusCode::from_u16(upstream.status.load(Ordering::SeqCst))
        && !is_lease
    {
        upstream.refused.fetch_add(1, Ordering::SeqCst);
        let body = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": "this is the gateway of a test", "reason": "Refused", "code": status.as_u16(),
        });
        return (status, axum::Json(body)).into_response();
    }
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let request = Request::from_parts(parts, kube::client::Body::from(body.to_vec()));
    match upstream.client.send(request).await {
        Ok(answer) => answer.map(Body::new),
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}
