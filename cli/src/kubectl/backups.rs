//! `backups`: those that the cluster still remembers. How many that are, the history of the CronJob says; the copies
//! themselves are kept longer (`spec.backup.keepDays`).

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt as _;
use kube::api::{ListParams, LogParams};

use super::age;
use super::cluster::{Cluster, of_bot};
use super::job::{self, Outcome};
use super::paint::clean;
use super::status::table;
use crate::say::say;

/// Which bot.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The bot.
    bot: String,
}

/// Lists them.
///
/// # Errors
/// When they cannot be read.
pub(crate) async fn run(cluster: &Cluster, arguments: &Arguments) -> anyhow::Result<()> {
    let bot = cluster.bot(&arguments.bot).await?;
    let name = bot.name();
    let mut jobs =
        cluster.api::<Job>().list(&of_bot(name, &["backup"])).await.map_err(cluster.cannot("list the Jobs"))?.items;
    if jobs.is_empty() {
        say(match bot.has_backups() {
            true => format!("No backup of {name} was made lately: `kubectl evolve backup {name}` makes one"),
            false => format!("{name} has no spec.backup, so no backups are made"),
        });
        return Ok(());
    }
    jobs.sort_by_key(|job| std::cmp::Reverse(job.creation_timestamp().map(|time| time.0)));
    let mut rows = vec![["JOB", "STARTED", "OUTCOME", "TOOK", "COPY", "BYTES"].map(str::to_owned).to_vec()];
    for job in &jobs {
        rows.push(row(cluster, job).await);
    }
    say(table::columns(&rows));
    Ok(())
}

async fn row(cluster: &Cluster, job: &Job) -> Vec<String> {
    let status = job.status.clone().unwrap_or_default();
    let outcome = match job::outcome(Some(&status)) {
        None => "running".to_owned(),
        Some(Outcome::Succeeded) => "succeeded".to_owned(),
        Some(Outcome::Failed(why)) => format!("failed ({})", clean(why.split(':').next().unwrap_or_default())),
    };
    let started = status.start_time.as_ref();
    let took = started.zip(status.completion_time.as_ref());
    let [copy, bytes] = made(cluster, &job.name_any()).await.unwrap_or_else(|| ["-".to_owned(), "-".to_owned()]);
    vec![
        job.name_any(),
        started.map_or_else(|| "-".to_owned(), |time| format!("{} ago", age::since(time))),
        outcome,
        took.map_or_else(|| "-".to_owned(), |(from, to)| age::human(to.0.as_second() - from.0.as_second())),
        copy,
        bytes,
    ]
}

/// What the Job's log says it made, where the log is there still.
async fn made(cluster: &Cluster, job: &str) -> Option<[String; 2]> {
    let labels = ListParams::default().labels(&format!("batch.kubernetes.io/job-name={job}"));
    let pods = cluster.api::<Pod>().list(&labels).await.ok()?.items;
    for pod in pods {
        for container in ["backup", "dump"] {
            let params = LogParams { container: Some(container.to_owned()), ..LogParams::default() };
            let log = cluster.api::<Pod>().logs(&pod.name_any(), &params).await.unwrap_or_default();
            if let Some(made) = log.lines().find_map(copy) {
                return Some(made);
            }
        }
    }
    None
}

/// From the line that the script of the backup ends with: `made 2026-03-01T03-30-00Z.dump, 5123 bytes`.
fn copy(line: &str) -> Option<[String; 2]> {
    let (name, size) = line.strip_prefix("made ")?.split_once(", ")?;
    Some([name, size.strip_suffix(" bytes")?.trim()].map(clean))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_copy_and_its_size_are_read_from_the_scripts_own_line() {
        let made = copy("made 2026-03-01T03-30-00Z.dump, 5123 bytes").unwrap();
        assert_eq!(made, ["2026-03-01T03-30-00Z.dump", "5123"]);
        assert!(evolve_operator::build::backup::DUMP.contains(r#"echo "made $name, $(wc"#), "the script says it so");
        assert_eq!(copy("made up"), None);
    }
}
