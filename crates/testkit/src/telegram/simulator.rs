//! The server as a process of its own, in Telegram's place.

use std::future::Future;
use std::sync::Arc;

use tokio::net::TcpListener;

use super::shared::Shared;
use super::world::now;
use super::{Options, Tokens, http};

/// Settings of a simulator that is started beside a bot with a database, perhaps not for the first time: any token,
/// and ids that are greater than those of the simulator before it.
pub fn options() -> Options {
    // One id a second since a day in 2020 fits the 32 bits that clients have for ids, and no bot of one machine is
    // told more than that for long.
    let first_id = (now() - 1_600_000_000).max(1);
    Options {
        tokens: Tokens::Any,
        bot_username: "evolve_simulated_bot".to_owned(),
        first_update_id: first_id,
        first_message_id: first_id,
        open_to_strangers: true,
        webhook_retry: std::time::Duration::from_secs(1),
        ..Options::default()
    }
}

/// Serves the Bot API and the control API on `listener` until `shutdown` is done; then connections are cut.
///
/// # Errors
///
/// When the listener fails.
pub async fn run(
    listener: TcpListener,
    options: Options,
    shutdown: impl Future<Output = ()> + Send,
) -> std::io::Result<()> {
    let shared = Arc::new(Shared::new(options));
    let stop = shared.stop.clone();
    // However this future ends, what it has started ends too.
    let _stopped = stop.clone().drop_guard();
    let served = http::serve(listener, shared);
    tokio::pin!(served);
    tokio::select! {
        result = &mut served => return result,
        () = shutdown => stop.cancel(),
    }
    served.await
}
