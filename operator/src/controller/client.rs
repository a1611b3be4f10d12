//! The client of the Kubernetes API: kube's own, with a layer that counts every call by verb, shows those of a pass in its
//! trace, and does not wait for ever: a connection that died without a word would keep a pass, and its bot, waiting until the
//! process ends.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use evolve_runtime::metrics::known_method;
use http::{Method, Request};
use kube::client::{Body, ClientBuilder};
use kube::{Client, Config};
use tower::{BoxError, Layer, Service};
use tracing::{Instrument as _, Span, field};

use super::metrics::OperatorMetrics;

/// A client for `config` whose calls are counted, and fail when the server has not begun to answer within `patience`.
///
/// # Errors
/// When the configuration cannot be used, such as a certificate that cannot be read.
pub fn client(config: Config, metrics: &OperatorMetrics, patience: Duration) -> kube::Result<Client> {
    Ok(ClientBuilder::try_from(config)?.with_layer(&Counting(metrics.clone(), patience)).build())
}

/// The server did not begin to answer.
#[derive(Debug, thiserror::Error)]
#[error("the API server has not answered for {0:?}; is the network between it and this pod in order?")]
struct NoAnswer(Duration);

struct Counting(OperatorMetrics, Duration);

impl<S> Layer<S> for Counting {
    type Service = Counted<S>;

    fn layer(&self, inner: S) -> Counted<S> {
        Counted { inner, metrics: self.0.clone(), patience: self.1 }
    }
}

struct Counted<S> {
    inner: S,
    metrics: OperatorMetrics,
    patience: Duration,
}

impl<S, B> Service<Request<Body>> for Counted<S>
where
    S: Service<Request<Body>, Response = http::Response<B>>,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let verb = verb(request.method(), request.uri());
        let (metrics, patience) = (self.metrics.clone(), self.patience);
        let span = span_of(request.method(), request.uri().path());
        let answer = self.inner.call(request);
        let answered = async move {
            let answer: Result<S::Response, BoxError> = match tokio::time::timeout(patience, answer).await {
                Ok(answer) => answer.map_err(Into::into),
                Err(_) => Err(NoAnswer(patience).into()),
            };
            let status = answer.as_ref().map_or(0, |response| response.status().as_u16());
            metrics.called(verb, status);
            ended(status);
            answer
        };
        Box::pin(answered.instrument(span))
    }
}

/// What a call is in the trace of the pass that makes it (the client's queue keeps the span of whoever calls). Watches go on
/// all the time and are of no pass: they are in no trace.
fn span_of(method: &Method, path: &str) -> Span {
    if Span::current().is_none() {
        return Span::none();
    }
    let (method, template) = (known_method(method), template(path));
    tracing::info_span!(
        "call Kubernetes",
        otel.name = format!("{method} {template}"),
        otel.kind = "client",
        otel.status_code = field::Empty,
        http.request.method = method,
        url.template = template,
        http.response.status_code = field::Empty,
    )
}

/// Tells the span of a call how it ended; without an answer there is no status. What is not there is mostly what is looked for
/// before it is made, and a conflict is somebody else's write: neither is an error of the call.
fn ended(status: u16) {
    let span = Span::current();
    if status != 0 {
        span.record("http.response.status_code", status);
    }
    if status == 0 || status >= 500 {
        span.record("otel.status_code", "ERROR");
    }
}

/// A path of the API without the names in it: so many as there are kinds, however many bots there are.
fn template(path: &str) -> String {
    let mut parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    // `api/v1`, or `apis/GROUP/VERSION`.
    let kind = if parts.first() == Some(&"api") { 2 } else { 3 };
    let is_namespaced = parts.get(kind) == Some(&"namespaces") && parts.len() > kind + 2;
    if is_namespaced && let Some(namespace) = parts.get_mut(kind + 1) {
        *namespace = "{namespace}";
    }
    if let Some(name) = parts.get_mut(if is_namespaced { kind + 3 } else { kind + 1 }) {
        *name = "{name}";
    }
    format!("/{}", parts.join("/"))
}

/// The verb as RBAC names it.
fn verb(method: &Method, uri: &http::Uri) -> &'static str {
    match method.as_str() {
        "POST" => "create",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" => "delete",
        "GET" if uri.query().is_some_and(|query| query.split('&').any(|part| part == "watch=true")) => "watch",
        "GET" => "get",
        _ => "other",
    }
}

/// The verbs that write.
pub const WRITES: [&str; 4] = ["create", "update", "patch", "delete"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_in_a_trace_holds_no_name_of_anything() {
        for (path, expected) in [
            ("/api/v1/namespaces/shop/secrets/eva", "/api/v1/namespaces/{namespace}/secrets/{name}"),
            (
                "/apis/evolveai.dev/v1alpha1/namespaces/shop/evolvebots/eva/status",
                "/apis/evolveai.dev/v1alpha1/namespaces/{namespace}/evolvebots/{name}/status",
            ),
            ("/apis/events.k8s.io/v1/namespaces/shop/events", "/apis/events.k8s.io/v1/namespaces/{namespace}/events"),
            ("/api/v1/namespaces/shop", "/api/v1/namespaces/{name}"),
            ("/api/v1/pods", "/api/v1/pods"),
            ("/apis/batch/v1", "/apis/batch/v1"),
        ] {
            assert_eq!(template(path), expected);
        }
    }

    #[test]
    fn a_call_is_counted_under_the_verb_that_rbac_knows() {
        let of = |method: Method, uri: &'static str| verb(&method, &http::Uri::from_static(uri));
        assert_eq!(of(Method::GET, "/api/v1/pods?watch=true&timeoutSeconds=1"), "watch");
        assert_eq!(of(Method::GET, "/api/v1/pods?labelSelector=a"), "get");
        assert_eq!(of(Method::PATCH, "/api/v1/namespaces/a/pods/b"), "patch");
    }
}
