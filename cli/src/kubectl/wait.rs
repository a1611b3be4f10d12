//! Waiting until the cluster has done something, and telling a person meanwhile what it waits for. It asks again and again
//! rather than watching: that needs no right but `get` and `list`, and gets over a connection that breaks.

use std::io::Write as _;
use std::time::{Duration, Instant};

use anyhow::anyhow;
use kube::Error;

use super::cluster::Cluster;
use super::paint::clean;

/// How often it asks.
const PAUSE: Duration = Duration::from_millis(500);

/// How long something must be in the way to be worth a line.
const NOTICEABLE: Duration = Duration::from_secs(2);

/// An answer.
pub(crate) enum Step<T> {
    /// It has happened.
    Done(T),
    /// What is still in the way.
    Waiting(String),
}

/// Asks until something has happened, as long as `limit`.
///
/// # Errors
/// When it has not happened in time, with what was in the way; or what the cluster said against the question.
pub(crate) async fn until<T>(
    cluster: &Cluster,
    limit: Duration,
    ask: impl AsyncFn() -> kube::Result<Step<T>>,
) -> anyhow::Result<T> {
    let start = Instant::now();
    let (mut current, mut since, mut is_told) = (String::new(), start, false);
    loop {
        let waiting = match ask().await {
            Ok(Step::Done(done)) => return Ok(done),
            Ok(Step::Waiting(text)) => text,
            Err(error @ (Error::Service(_) | Error::HyperError(_))) => {
                cluster.cannot("see how far it is")(error).to_string()
            }
            Err(error) => return Err(cluster.cannot("see how far it is")(error)),
        };
        if waiting != current {
            (current, since, is_told) = (waiting, Instant::now(), false);
        }
        if !is_told && since.elapsed() > NOTICEABLE {
            note(&current);
            is_told = true;
        }
        if start.elapsed() > limit {
            return Err(anyhow!("after {} s: {}", limit.as_secs(), clean(&current)));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// One line on the way, on stderr: what was asked for goes to stdout.
pub(crate) fn note(line: &str) {
    let _ = writeln!(std::io::stderr(), "… {}", clean(line));
}
