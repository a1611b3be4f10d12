//! A Job, followed to its end: what its pod waits for meanwhile, and its last words when it fails.

use std::time::Duration;

use anyhow::bail;
use k8s_openapi::api::batch::v1::{Job, JobStatus};
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt as _;
use kube::api::{ListParams, LogParams, PostParams};
use rand::RngExt as _;

use super::cluster::Cluster;
use super::paint::clean;
use super::status::pods::Look;
use super::wait::{Step, until};

/// How much of a failed pod's log is shown, lines.
const LAST_LINES: i64 = 20;
/// How long a Job that a person asked for is kept after its end, seconds: a week.
const KEPT: i32 = 7 * 86_400;

/// How a Job ended, if it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Well.
    Succeeded,
    /// Not well, and why.
    Failed(String),
}

/// How a Job ended, if it has.
pub(crate) fn outcome(status: Option<&JobStatus>) -> Option<Outcome> {
    let mut conditions = status?.conditions.iter().flatten().filter(|condition| condition.status == "True");
    conditions.find_map(|condition| match condition.type_.as_str() {
        "Complete" => Some(Outcome::Succeeded),
        "Failed" => {
            let [reason, message] =
                [&condition.reason, &condition.message].map(|text| text.clone().unwrap_or_default());
            Some(Outcome::Failed(format!("{reason}: {message}")))
        }
        _ => None,
    })
}

/// A suffix that tells one Job of a kind from another.
pub(crate) fn suffix() -> String {
    const LETTERS: &[u8] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut random = rand::rng();
    (0..6).map(|_| char::from(LETTERS[random.random_range(0..LETTERS.len())])).collect()
}

/// That a Job could be made; none is.
///
/// # Errors
/// What the API server said against it.
pub(crate) async fn check(cluster: &Cluster, job: &Job) -> anyhow::Result<()> {
    let dry = PostParams { dry_run: true, ..PostParams::default() };
    let made = cluster.api::<Job>().create(&dry, job).await;
    made.map_err(cluster.cannot(format!("make the Job {}", job.name_any())))?;
    Ok(())
}

/// Makes a Job, which goes by itself some time after its end.
///
/// # Errors
/// What the API server said against it.
pub(crate) async fn start(cluster: &Cluster, mut job: Job) -> anyhow::Result<String> {
    let name = job.name_any();
    if let Some(spec) = &mut job.spec {
        spec.ttl_seconds_after_finished = Some(KEPT);
    }
    let made = cluster.api::<Job>().create(&PostParams::default(), &job).await;
    made.map_err(cluster.cannot(format!("make the Job {name}")))?;
    Ok(name)
}

/// Waits for the end of a Job.
///
/// # Errors
/// When it fails, with its last words; or when it has not ended in time.
pub(crate) async fn follow(cluster: &Cluster, name: &str, limit: Duration) -> anyhow::Result<()> {
    let jobs = cluster.api::<Job>();
    let ended = until(cluster, limit, async || {
        let job = jobs.get(name).await?;
        if let Some(outcome) = outcome(job.status.as_ref()) {
            return Ok(Step::Done(outcome));
        }
        let troubles: Vec<_> = pods(cluster, name).await?.iter().filter_map(trouble).collect();
        Ok(Step::Waiting(match troubles.as_slice() {
            [] => format!("job/{name} runs"),
            troubles => format!("job/{name} cannot go on: {}", troubles.join("; ")),
        }))
    })
    .await?;
    match ended {
        Outcome::Succeeded => Ok(()),
        Outcome::Failed(why) => bail!("job/{name} failed: {}\n{}", clean(&why), last_words(cluster, name).await),
    }
}

async fn pods(cluster: &Cluster, job: &str) -> kube::Result<Vec<Pod>> {
    let labels = ListParams::default().labels(&format!("batch.kubernetes.io/job-name={job}"));
    Ok(cluster.api::<Pod>().list(&labels).await?.items)
}

fn trouble(pod: &Pod) -> Option<String> {
    let look = Look::of(pod);
    Some(format!("pod {}: {}", look.name, look.trouble?))
}

/// The end of the log of the pod that failed last; where it cannot be had, what the pod's status keeps of it.
async fn last_words(cluster: &Cluster, job: &str) -> String {
    let mut pods = match pods(cluster, job).await {
        Ok(pods) => pods,
        Err(error) => return cluster.cannot("read its pods")(error).to_string(),
    };
    pods.sort_by_key(|pod| pod.creation_timestamp().map(|time| time.0));
    let Some(pod) = pods.last() else { return "None of its pods is left to ask why.".to_owned() };
    let mut texts = Vec::new();
    for container in terminated(pod) {
        let params =
            LogParams { container: Some(container.name.clone()), tail_lines: Some(LAST_LINES), ..LogParams::default() };
        let log = match cluster.api::<Pod>().logs(&pod.name_any(), &params).await {
            Ok(log) if !log.trim().is_empty() => log,
            _ => container.message.clone(),
        };
        let lines = log.lines().map(|line| format!("  {}", clean(line)));
        texts.extend(lines);
    }
    if texts.is_empty() {
        return format!("{}; its log is empty or cannot be read.", trouble(pod).unwrap_or_default());
    }
    format!("Its last words (pod {}):\n{}", pod.name_any(), texts.join("\n"))
}

/// A container that ended badly.
struct Terminated {
    name: String,
    message: String,
}

fn terminated(pod: &Pod) -> Vec<Terminated> {
    let Some(status) = &pod.status else { return Vec::new() };
    let all = status.init_container_statuses.iter().chain(&status.container_statuses).flatten();
    let failed = all.filter_map(|container| {
        let ended = container.state.as_ref()?.terminated.as_ref()?;
        let message = ended.message.clone().unwrap_or_default();
        (ended.exit_code != 0).then(|| Terminated { name: container.name.clone(), message })
    });
    failed.collect()
}
