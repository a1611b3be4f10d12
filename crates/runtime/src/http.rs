//! The HTTP client and server that every binary uses, with the same time-outs and the same way to stop.

use std::{net::SocketAddr, pin::pin, time::Duration};

use axum::{
    Router,
    extract::{ConnectInfo, Request},
    serve::Listener,
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{net::TcpListener, task::JoinSet};
use tower::Service as _;

use crate::{config::Reader, shutdown::Tasks};

/// Time-outs of outgoing requests.
#[derive(Clone, Copy, Debug)]
pub struct ClientConfig {
    /// For the whole request, the body included.
    pub total: Duration,
    /// For the connection.
    pub connect: Duration,
}

impl ClientConfig {
    /// Reads `HTTPX_TIMEOUT` and `HTTPX_CONNECT_TIMEOUT` (the seed's names), in seconds.
    pub fn read(env: &mut Reader) -> Self {
        let total: u64 = env.or("HTTPX_TIMEOUT", "180", "Longest time for one outgoing request, seconds.");
        let connect: u64 = env.or("HTTPX_CONNECT_TIMEOUT", "10", "Longest time to connect to another server, seconds.");
        if total == 0 || connect == 0 {
            env.problem("HTTPX_TIMEOUT and HTTPX_CONNECT_TIMEOUT must be 1 or more".to_owned());
        }
        Self { total: Duration::from_secs(total.max(1)), connect: Duration::from_secs(connect.max(1)) }
    }
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self { total: Duration::from_secs(180), connect: Duration::from_secs(10) }
    }
}

/// How long a connection rests before we close it: sooner than servers do (ours, after [`HEADERS_WITHIN`]), so that no
/// request meets a connection that is just being closed.
const POOL_IDLE: Duration = Duration::from_secs(30);

/// A client with these time-outs. Redirects are not followed: none of the servers we speak to sends any in good faith, and
/// a followed redirect would carry keys to another host.
///
/// # Errors
/// When the machine's TLS certificates cannot be loaded.
pub fn client(config: ClientConfig) -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder()
        .timeout(config.total)
        .connect_timeout(config.connect)
        .pool_idle_timeout(POOL_IDLE)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("evolve/", env!("CARGO_PKG_VERSION")))
        .build()
}

/// Binds `address`, with an error that names it.
///
/// # Errors
/// When the address is taken or not ours.
pub async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .map_err(|e| anyhow::anyhow!("cannot listen on {address}: {e}; choose another with HTTP_ADDR"))
}

/// How long a connection may be without a whole request's headers: silent, resting between two requests, or sending them
/// letter by letter to keep us busy. Longer than the minute for which proxies rest their connections: a connection that
/// is closed from this side may meet a request that is on its way.
const HEADERS_WITHIN: Duration = Duration::from_secs(75);

/// Serves `router` over HTTP/1.1 as a task of `tasks`; after a soft stop it takes no new connection and finishes those it
/// has.
pub fn serve(tasks: &Tasks, listener: TcpListener, router: Router) {
    serve_within(tasks, listener, router, HEADERS_WITHIN);
}

/// `axum::serve` has no time-outs, so this is its loop around hyper's own server, which has.
fn serve_within(tasks: &Tasks, mut listener: TcpListener, router: Router, headers_within: Duration) {
    let soft = tasks.soft();
    tasks.spawn("http-server", async move {
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(headers_within);
        // A hard stop drops this task, and with it the connections.
        let mut connections = JoinSet::new();
        loop {
            // The trait's `accept` does not fail: out of descriptors, it waits.
            let (stream, peer) = tokio::select! {
                accepted = Listener::accept(&mut listener) => accepted,
                Some(_) = connections.join_next() => continue,
                () = soft.cancelled() => break,
            };
            let router = router.clone();
            let service = service_fn(move |mut request: Request<Incoming>| {
                request.extensions_mut().insert(ConnectInfo(peer));
                router.clone().call(request)
            });
            let connection = http.serve_connection(TokioIo::new(stream), service);
            let soft = soft.clone();
            connections.spawn(async move {
                let mut connection = pin!(connection);
                let ended = tokio::select! {
                    ended = connection.as_mut() => ended,
                    () = soft.cancelled() => {
                        connection.as_mut().graceful_shutdown();
                        connection.await
                    }
                };
                if let Err(error) = ended {
                    // A caller that went away, was too slow, or does not speak HTTP.
                    tracing::debug!(%error, "a connection broke off");
                }
            });
        }
        drop(listener);
        while connections.join_next().await.is_some() {}
        Ok(())
    });
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::routing::get;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpStream,
        sync::Notify,
    };

    use super::*;

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n";

    async fn served(router: Router, headers_within: Duration) -> (Tasks, SocketAddr) {
        let tasks = Tasks::new();
        let listener = bind(([127, 0, 0, 1], 0).into()).await.unwrap();
        let address = listener.local_addr().unwrap();
        serve_within(&tasks, listener, router, headers_within);
        (tasks, address)
    }

    /// Sends `start`, then `more` again and again, until the server hangs up; what it answered.
    async fn until_hung_up(address: SocketAddr, start: &[u8], more: &[u8]) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(start).await.unwrap();
        let mut answer = Vec::new();
        loop {
            match tokio::time::timeout(Duration::from_millis(20), stream.read_buf(&mut answer)).await {
                Ok(Ok(0) | Err(_)) => break,
                Ok(Ok(_)) => {}
                // Nothing came. The server may hang up before it has read all of this.
                Err(_) if stream.write_all(more).await.is_err() => break,
                Err(_) => {}
            }
        }
        String::from_utf8(answer).unwrap()
    }

    #[tokio::test]
    async fn a_caller_without_whole_headers_is_hung_up_on() {
        let router = Router::new().route("/", get(|| async { "here" }));
        let (_tasks, address) = served(router, Duration::from_millis(200)).await;
        let hung_up = async |start, more| {
            let answer = tokio::time::timeout(Duration::from_secs(20), until_hung_up(address, start, more)).await;
            answer.expect("the server hangs up")
        };
        assert_eq!(hung_up(b"", b"").await, "", "silent");
        assert_eq!(hung_up(b"GET / HTTP/1.1\r\n", b"x: y\r\n").await, "", "letter by letter");
        assert!(hung_up(REQUEST, b"").await.ends_with("\r\n\r\nhere"), "answered, then resting");
    }

    #[tokio::test]
    async fn a_soft_stop_finishes_the_request_that_runs_and_waits_for_no_silent_caller() {
        let (asked, gate) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let handler = {
            let (asked, gate) = (Arc::clone(&asked), Arc::clone(&gate));
            move |ConnectInfo(peer): ConnectInfo<SocketAddr>| async move {
                asked.notify_one();
                gate.notified().await;
                peer.ip().to_string()
            }
        };
        let (tasks, address) = served(Router::new().route("/", get(handler)), Duration::from_secs(3600)).await;
        let _silent = TcpStream::connect(address).await.unwrap();
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(REQUEST).await.unwrap();
        asked.notified().await;
        let soft = tasks.soft();
        let (stopped, ()) = tokio::join!(tasks.stop(std::future::pending()), async {
            soft.cancelled().await;
            gate.notify_one();
        });
        stopped.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("\r\n\r\n127.0.0.1"), "{answer}");
        assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
    }
}
