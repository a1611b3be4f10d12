//! Connections are taken, and what comes on them goes on.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::{Mode, Protocol, Shared, postgres, redis};

/// Takes connections for ever; drops the listener while they are to be refused.
pub(super) async fn serve(shared: Arc<Shared>, listener: TcpListener, own: SocketAddr) {
    let mut connections = JoinSet::new();
    let mut mode = shared.mode.subscribe();
    let mut listener = Some(listener);
    loop {
        if *mode.borrow_and_update() == Mode::Refuse {
            listener = None;
            if mode.wait_for(|mode| *mode != Mode::Refuse).await.is_err() {
                return;
            }
        }
        let current = match listener.take() {
            Some(current) => current,
            None => listen_again(own).await,
        };
        tokio::select! {
            accepted = current.accept() => if let Ok((client, _)) = accepted {
                connections.spawn(connection(Arc::clone(&shared), client));
            },
            _ = mode.changed() => {}
            Some(_) = connections.join_next() => {}
        }
        listener = Some(current);
    }
}

/// The port was ours a moment ago; if somebody has it now, they give it back soon, since it is an ephemeral one.
async fn listen_again(own: SocketAddr) -> TcpListener {
    loop {
        if let Ok(listener) = TcpListener::bind(own).await {
            return listener;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn connection(shared: Arc<Shared>, client: TcpStream) {
    let (mut cuts, mut silences) = (shared.cuts.subscribe(), shared.silences.subscribe());
    shared.open.fetch_add(1, Ordering::SeqCst);
    let forwarding = async {
        let server = TcpStream::connect(shared.upstream).await?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let ((client_read, client_write), (server_read, server_write)) = (client.into_split(), server.into_split());
        match shared.protocol {
            Protocol::Postgres => {
                postgres::forward(&shared, client_read, client_write, server_read, server_write).await
            }
            Protocol::Redis => redis::forward(&shared, client_read, client_write, server_read, server_write).await,
            Protocol::Plain => tokio::try_join!(
                copy(&shared, client_read, server_write, || {}),
                copy(&shared, server_read, client_write, || {}),
            )
            .map(drop),
        }
    };
    let mut forwarding = std::pin::pin!(forwarding);
    tokio::select! {
        _ = &mut forwarding => {}
        _ = cuts.changed() => {}
        // The sockets stay open: they live in what is not polled any longer.
        _ = silences.changed() => drop(cuts.changed().await),
    }
    shared.open.fetch_sub(1, Ordering::SeqCst);
}

/// Waits while bytes are to be held back.
pub(super) async fn until_forwarding(shared: &Shared) {
    // The sender lives in `shared`: this cannot fail.
    let _ = shared.mode.subscribe().wait_for(|mode| *mode != Mode::Stall).await;
}

/// Copies one direction unread; `seen` is called before each piece goes out.
pub(super) async fn copy(
    shared: &Shared,
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    seen: impl Fn(),
) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let length = from.read(&mut buffer).await?;
        until_forwarding(shared).await;
        if length == 0 {
            return to.shutdown().await;
        }
        seen();
        to.write_all(&buffer[..length]).await?;
    }
}
