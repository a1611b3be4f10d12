//! A Service of Kubernetes in miniature: one address for the replicas of one kind. It takes the next replica for each
//! connection, and another where that one refuses; a replica that dies takes its connections with it.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::task::AbortOnDropHandle;

/// The balancer. It ends, with all its connections, when it is dropped.
pub(crate) struct Balancer {
    url: String,
    replicas: Arc<Replicas>,
    _serving: AbortOnDropHandle<()>,
}

/// Where the replicas listen.
#[derive(Default)]
struct Replicas {
    /// By the replica's place; 0 where there was none yet.
    ports: Mutex<Vec<u16>>,
    next: AtomicUsize,
}

impl Balancer {
    /// Starts one before nobody.
    ///
    /// # Errors
    /// When no port can be had.
    pub(crate) async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let replicas = Arc::<Replicas>::default();
        // Its connections live in its JoinSet, and it ends with the balancer.
        let serving = AbortOnDropHandle::new(tokio::spawn(serve(listener, Arc::clone(&replicas))));
        Ok(Self { url, replicas, _serving: serving })
    }

    /// The address, without a slash at the end.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The replica at this place listens there from now on.
    pub(crate) fn set(&self, place: usize, port: u16) {
        let mut ports = self.replicas.ports.lock().unwrap_or_else(PoisonError::into_inner);
        if ports.len() <= place {
            ports.resize(place + 1, 0);
        }
        if let Some(known) = ports.get_mut(place) {
            *known = port;
        }
    }
}

impl Replicas {
    /// A connection to the next replica that takes one; nothing where none does.
    async fn connect(&self) -> Option<TcpStream> {
        let ports = self.ports.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let first = self.next.fetch_add(1, Ordering::Relaxed) % ports.len().max(1);
        let (before, after) = ports.split_at(first);
        for port in after.iter().chain(before) {
            if let Ok(stream) = TcpStream::connect(("127.0.0.1", *port)).await {
                return Some(stream);
            }
        }
        None
    }
}

async fn serve(listener: TcpListener, replicas: Arc<Replicas>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((client, _)) = accepted {
                connections.spawn(forward(client, Arc::clone(&replicas)));
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn forward(mut client: TcpStream, replicas: Arc<Replicas>) {
    // Where nobody listens the client finds its connection closed.
    let Some(mut replica) = replicas.connect().await else { return };
    if client.set_nodelay(true).is_ok() && replica.set_nodelay(true).is_ok() {
        // How it ends is the client's concern: it sees the same.
        let _ = tokio::io::copy_bidirectional(&mut client, &mut replica).await;
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// Tells its name on each connection.
    async fn replica(name: &'static str) -> (u16, tokio::task::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let serving = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                stream.write_all(name.as_bytes()).await.unwrap();
            }
        });
        (port, serving)
    }

    async fn ask(balancer: &Balancer) -> String {
        let mut stream = TcpStream::connect(balancer.url().strip_prefix("http://").unwrap()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn replicas_take_turns_and_who_refuses_is_passed_over() {
        let balancer = Balancer::start().await.unwrap();
        assert_eq!(ask(&balancer).await, "", "there is nobody");
        let (one, two) = (replica("one").await, replica("two").await);
        balancer.set(0, one.0);
        balancer.set(1, two.0);
        let mut heard = [ask(&balancer).await, ask(&balancer).await];
        heard.sort();
        assert_eq!(heard, ["one", "two"]);
        two.1.abort();
        assert!(two.1.await.unwrap_err().is_cancelled());
        assert_eq!([ask(&balancer).await, ask(&balancer).await], ["one", "one"]);
    }
}
