//! The HTTP client and server that every binary uses, with the same time-outs and the same way to stop.

use std::{net::SocketAddr, time::Duration};

use tokio::net::TcpListener;

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

/// A client with these time-outs. Redirects are not followed: none of the servers we speak to sends any in good faith, and
/// a followed redirect would carry keys to another host.
///
/// # Errors
/// When the machine's TLS certificates cannot be loaded.
pub fn client(config: ClientConfig) -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder()
        .timeout(config.total)
        .connect_timeout(config.connect)
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

/// Serves `router` as a task of `tasks`; after a soft stop it takes no new connection and finishes those it has.
pub fn serve(tasks: &Tasks, listener: TcpListener, router: axum::Router) {
    let soft = tasks.soft();
    tasks.spawn("http-server", async move {
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        axum::serve(listener, service).with_graceful_shutdown(soft.cancelled_owned()).await?;
        Ok(())
    });
}
