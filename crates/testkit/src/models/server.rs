//! What both model servers share: the socket, the queue of behaviours, the record of requests.

use std::collections::{BTreeMap, VecDeque};
use std::marker::PhantomData;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::stream::BoxStream;
use futures::{Stream, StreamExt};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::behaviour::Behaviour;

/// A wire format.
pub trait Api: Send + Sync + 'static {
    /// What [`ModelServer::base_url`] ends with, after the host.
    const BASE_PATH: &'static str;

    /// Its routes.
    fn router(shared: Arc<Shared>) -> Router;
}

/// A request as it came in.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// The path and the query.
    pub uri: String,
    /// The headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body; `null` where it is not JSON.
    pub body: Value,
    /// The model that was asked.
    pub model: String,
    /// Whether a stream was asked for.
    pub stream: bool,
    /// The text of the last message.
    pub prompt: String,
}

/// A model server on loopback. It stops when it is dropped.
pub struct ModelServer<A: Api> {
    shared: Arc<Shared>,
    address: SocketAddr,
    task: JoinHandle<()>,
    api: PhantomData<A>,
}

type Improvise = dyn Fn(&Recorded) -> Option<Behaviour> + Send + Sync;

/// The state of a server, which its handlers share.
pub struct Shared {
    queue: Mutex<VecDeque<Behaviour>>,
    otherwise: Mutex<Arc<Improvise>>,
    requests: Mutex<Vec<Recorded>>,
    arrived: watch::Sender<usize>,
    released: watch::Sender<u64>,
    key: Mutex<Option<String>>,
}

impl<A: Api> ModelServer<A> {
    /// Starts it on a free port of loopback.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start() -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            otherwise: Mutex::new(Arc::new(|_| None)),
            requests: Mutex::default(),
            arrived: watch::Sender::new(0),
            released: watch::Sender::new(0),
            key: Mutex::default(),
        });
        let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let router = A::router(Arc::clone(&shared));
        let task = tokio::spawn(async move {
            // It ends only with the process or with `abort`: axum retries what goes wrong with a connection.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { shared, address, task, api: PhantomData })
    }

    /// Scheme and host, for clients that add the version themselves.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The base URL as this API's clients want it.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}{}", self.address, A::BASE_PATH)
    }

    /// Queues what to do with the next request that nothing is queued for yet.
    pub fn next(&self, behaviour: Behaviour) -> &Self {
        lock(&self.shared.queue).push_back(behaviour);
        self
    }

    /// Decides what to do when nothing is queued; `None` is the server's own answer.
    pub fn answer_with(&self, improvise: impl Fn(&Recorded) -> Option<Behaviour> + Send + Sync + 'static) -> &Self {
        *lock(&self.shared.otherwise) = Arc::new(improvise);
        self
    }

    /// Does the same with every request that nothing is queued for.
    pub fn always(&self, behaviour: Behaviour) -> &Self {
        self.answer_with(move |_| Some(behaviour.clone()))
    }

    /// Takes this key only. Without it, any key will do.
    pub fn require_key(&self, key: impl Into<String>) -> &Self {
        *lock(&self.shared.key) = Some(key.into());
        self
    }

    /// Lets all that hang at this moment go on.
    pub fn release(&self) {
        self.shared.released.send_modify(|count| *count += 1);
    }

    /// Every request so far, in order, refused ones included.
    #[must_use]
    pub fn requests(&self) -> Vec<Recorded> {
        lock(&self.shared.requests).clone()
    }

    /// Forgets the requests so far: those of a long run fill the memory.
    pub fn forget_requests(&self) {
        lock(&self.shared.requests).clear();
    }

    /// Waits until this many requests have come, and returns them all.
    pub async fn wait_for_requests(&self, count: usize) -> Vec<Recorded> {
        // The sender lives in `self`, so waiting cannot fail.
        let _ = self.shared.arrived.subscribe().wait_for(|arrived| *arrived >= count).await;
        self.requests()
    }
}

impl<A: Api> Drop for ModelServer<A> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    /// Writes a request down.
    pub(super) fn record(&self, request: Recorded) {
        lock(&self.requests).push(request);
        self.arrived.send_modify(|arrived| *arrived += 1);
    }

    /// Whether a key may ask.
    pub(super) fn admits(&self, key: &str) -> bool {
        lock(&self.key).as_ref().is_none_or(|wanted| wanted == key)
    }

    /// What to do with a request; `None` is the server's own answer. A [`Behaviour::Hang`], and the wait of a
    /// [`Behaviour::After`], are over when this returns.
    pub(super) async fn decide(&self, request: &Recorded) -> Option<Behaviour> {
        let queued = lock(&self.queue).pop_front();
        let decided = queued.or_else(|| {
            let improvise = Arc::clone(&lock(&self.otherwise));
            improvise(request)
        });
        match decided {
            Some(Behaviour::Hang) => {
                self.released().await;
                None
            }
            Some(Behaviour::After { wait, then }) => {
                tokio::time::sleep(wait).await;
                Some(*then)
            }
            decided => decided,
        }
    }

    /// Waits for [`ModelServer::release`].
    pub(super) async fn released(&self) {
        let mut released = self.released.subscribe();
        // The sender lives as long as the handler's `Arc`, so waiting cannot fail.
        let _ = released.changed().await;
    }
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The headers of a request in a form that is easy to assert on.
pub(super) fn headers(headers: &axum::http::HeaderMap) -> BTreeMap<String, String> {
    let text = |(name, value): (&HeaderName, &HeaderValue)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    headers.iter().map(text).collect()
}

/// A JSON answer.
pub(super) fn json(status: u16, body: &Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, "application/json; charset=UTF-8")], body.to_string()).into_response()
}

/// A streamed answer. An `Err` among the chunks breaks the connection.
pub(super) fn streamed(
    content_type: &str,
    chunks: impl Stream<Item = std::io::Result<Vec<u8>>> + Send + 'static,
) -> Response {
    let body = Body::from_stream(chunks.map(|chunk| chunk.map(Bytes::from)));
    ([(header::CONTENT_TYPE, content_type)], body).into_response()
}

/// The end of a body that breaks its connection.
pub(super) fn cut() -> BoxStream<'static, std::io::Result<Vec<u8>>> {
    let broken = async {
        // Whoever writes the body sends what it has so far when it has to wait, and drops it when the body fails at once.
        tokio::task::yield_now().await;
        Err(std::io::Error::other("the script says that the connection breaks here"))
    };
    futures::stream::once(broken).boxed()
}

/// Adds headers to an answer; those that cannot be are left out.
pub(super) fn with_headers(mut response: Response, headers: &[(String, String)]) -> Response {
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
