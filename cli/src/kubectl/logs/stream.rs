//! Reading the log of one run of a container.

use std::time::Duration;

use futures::AsyncBufReadExt as _;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::jiff::Timestamp;
use kube::Error;
use kube::api::LogParams;
use tokio::sync::mpsc::Sender;

use super::line::Line;
use super::source::Source;
use crate::kubectl::cluster::Cluster;
use crate::kubectl::wait::note;

/// Between two connections for the same log.
const PAUSE: Duration = Duration::from_secs(1);

/// Sends every line that `params` ask for.
pub(super) async fn read(
    cluster: &Cluster,
    source: &Source,
    params: LogParams,
    lines: Sender<Line>,
) -> kube::Result<()> {
    read_on(cluster, source, &params, &lines, &mut None).await
}

/// Sends every line, and goes on until the run has ended.
pub(super) async fn follow(
    cluster: &Cluster,
    source: &Source,
    params: LogParams,
    lines: &Sender<Line>,
) -> anyhow::Result<()> {
    let mut params = LogParams { follow: true, ..params };
    let (mut last, mut is_told) = (None, false);
    loop {
        let ended = read_on(cluster, source, &params, lines, &mut last).await;
        match &ended {
            // The kubelet may be behind, or ahead: it is asked again while the container runs.
            Err(error) if is_not_there(error) && !is_told => {
                note(&sentence(source, error));
                is_told = true;
            }
            Err(Error::Api(status)) if [401, 403].contains(&status.code) => {
                let error = Error::Api(status.clone());
                return Err(cluster.cannot(format!("read the log of pod/{}", source.pod))(error));
            }
            _ => {}
        }
        if lines.is_closed() {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
        // The connection broke, or the container ended. Where the API server cannot tell, it is asked again.
        match cluster.api::<Pod>().get_opt(&source.pod).await {
            Ok(Some(pod)) if source.goes_on_in(&pod) => {}
            Ok(None) => return Ok(()),
            // All of it was read, or there is nothing to read.
            Ok(Some(_)) if ended.as_ref().map_or_else(is_not_there, |()| true) => return Ok(()),
            Ok(Some(_)) | Err(_) => {}
        }
        // The second that it was in: the client would round it, up too, and lines would be lost.
        if let Some(second) = last.and_then(|last| Timestamp::from_second(last.as_second()).ok()) {
            (params.since_time, params.since_seconds, params.tail_lines) = (Some(second), None, None);
        }
    }
}

/// Sends lines until the connection ends; those up to `last` have been sent before.
async fn read_on(
    cluster: &Cluster,
    source: &Source,
    params: &LogParams,
    lines: &Sender<Line>,
    last: &mut Option<Timestamp>,
) -> kube::Result<()> {
    let known = *last;
    let mut stream = Box::pin(cluster.api::<Pod>().log_stream(&source.pod, params).await?);
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        if stream.read_until(b'\n', &mut bytes).await.map_err(Error::ReadEvents)? == 0 {
            return Ok(());
        }
        let line = Line::read(source, &bytes);
        // The API server knows whole seconds only.
        if known.is_some() && line.at <= known {
            continue;
        }
        *last = line.at.or(*last);
        if lines.send(line).await.is_err() {
            return Ok(());
        }
    }
}

/// Whether there is no such log: the container has not started, or never ran before, or is gone.
pub(super) fn is_not_there(error: &Error) -> bool {
    matches!(error, Error::Api(status) if status.code == 400 || status.code == 404)
}

/// That there is none, in the kubelet's words.
pub(super) fn sentence(source: &Source, error: &Error) -> String {
    let why = match error {
        Error::Api(status) => status.message.clone(),
        other => other.to_string(),
    };
    format!("pod/{} has no log ({}): {why}", source.pod, source.container)
}
