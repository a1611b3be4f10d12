//! The client of the Kubernetes API: kube's own, with a layer that counts every call by verb and does not wait for ever:
//! a connection that died without a word would keep a pass, and its bot, waiting until the process ends.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Method, Request};
use kube::client::{Body, ClientBuilder};
use kube::{Client, Config};
use tower::{BoxError, Layer, Service};

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
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = match tokio::time::timeout(patience, answer).await {
                Ok(answer) => answer.map_err(Into::into),
                Err(_) => Err(NoAnswer(patience).into()),
            };
            metrics.called(verb, answer.as_ref().map_or(0, |response| response.status().as_u16()));
            answer
        })
    }
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
    fn a_call_is_counted_under_the_verb_that_rbac_knows() {
        let of = |method: Method, uri: &'static str| verb(&method, &http::Uri::from_static(uri));
        assert_eq!(of(Method::GET, "/api/v1/pods?watch=true&timeoutSeconds=1"), "watch");
        assert_eq!(of(Method::GET, "/api/v1/pods?labelSelector=a"), "get");
        assert_eq!(of(Method::PATCH, "/api/v1/namespaces/a/pods/b"), "patch");
    }
}
