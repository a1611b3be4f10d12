//! The operator, measured by `operator --compare` beside this program: what it finds, in the report.

use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;
use serde::Deserialize;
use tokio::process::Command;

use crate::plan::Plan;
use crate::report::{Report, Section};
use crate::world::World;

/// How much longer than a plain client the operator may take.
const PROMISED_RATIO: f64 = 1.5;
/// What it may take, in MB, with so many bots.
const PROMISED_MB: (f64, usize) = (60.0, 1000);
/// What it may take, in MB, with none.
const IDLE_MB: f64 = 40.0;

/// What was found with one number of bots.
#[derive(Debug, Deserialize)]
struct Found {
    bots: usize,
    /// Seconds until all were rolled out.
    operator: f64,
    /// Seconds until a plain client had made the same objects, and all ran.
    plain: f64,
    objects: usize,
    /// Writes while nothing happened.
    writes: u64,
    /// Milliseconds until it led.
    start_ms: f64,
    /// MB before the first bot.
    idle_mb: Option<f64>,
    /// The most MB.
    most_mb: Option<f64>,
    /// MB after nothing happened.
    mb: Option<f64>,
}

/// By how much it ends before its own limit, so that nobody has to kill it: what it started goes with it then.
const TO_END: Duration = Duration::from_secs(15);

/// Measures it; says that it was skipped where there is no control plane. What was found before it failed is told.
///
/// # Errors
/// When the operator fails, or takes longer than the limit.
pub(crate) async fn measure(world: &World, plan: &Plan, limit: Duration, report: &mut Report) -> anyhow::Result<()> {
    let limit = limit.saturating_sub(TO_END).as_secs();
    let counts: Vec<_> = plan.bots.iter().map(usize::to_string).collect();
    let output = Command::new(world.program("operator"))
        .args(["--compare", &counts.join(","), "--quiet-seconds", &plan.quiet_seconds.to_string()])
        .args(["--limit-seconds", &limit.to_string()])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .output()
        .await
        .context("operator")?;
    let told = String::from_utf8_lossy(&output.stdout);
    let found: Vec<Found> = told.lines().map(serde_json::from_str).collect::<Result<_, _>>().context("operator")?;
    if !found.is_empty() {
        tell(plan, &found, report);
    }
    let (done, all) = (found.len(), plan.bots.len());
    anyhow::ensure!(output.status.success(), "it was measured with {done} of {all} numbers of bots; it said why");
    if found.is_empty() {
        let why = "the operator: it needs a control plane (KUBEBUILDER_ASSETS, see README.md; `scripts/kubernetes.sh` gets one)";
        report.skipped.push(why.to_owned());
    }
    Ok(())
}

fn tell(plan: &Plan, found: &[Found], report: &mut Report) {
    let in_mb = |mb: Option<f64>| mb.map_or_else(|| "not told here".to_owned(), |mb| format!("{mb:.1}"));
    let row = |found: &Found| {
        vec![
            found.bots.to_string(),
            found.objects.to_string(),
            format!("{:.1}", found.operator),
            format!("{:.1}", found.plain),
            format!("{:.2}", found.operator / found.plain),
            found.writes.to_string(),
            format!("{:.0}", found.start_ms),
            in_mb(found.idle_mb),
            in_mb(found.most_mb),
            in_mb(found.mb),
        ]
    };
    report.sections.push(Section {
        title: "The operator",
        method: format!(
            "On etcd, kube-apiserver and kube-controller-manager of this machine; pods become ready at once. Operator: from the first bot \
             that is made until all are rolled out. Plain client: in another namespace it makes objects with the same specs, 64 bots at the same \
             time, each bot's Deployments after its migration Job has succeeded, until all are available. Whoever waits for either watches. \
             Up to 100 bots all of it is done three times, and the time with the median of the ratios is told. Writes: in {} s of each time, in \
             which nothing happens; Leases are none. Start: from the order to start until it leads.",
            plan.quiet_seconds
        ),
        head: vec![
            "bots",
            "objects",
            "operator, s",
            "plain client, s",
            "ratio",
            "writes at rest",
            "start, ms",
            "idle, MB",
            "at most, MB",
            "at rest, MB",
        ],
        rows: found.iter().map(row).collect(),
    });
    let worst = found.iter().map(|found| found.operator / found.plain).fold(0.0, f64::max);
    let is = format!("{worst:.2}");
    report.goal("operator as a ratio to a plain client", "at most 1.5", is, worst <= PROMISED_RATIO);
    let writes: u64 = found.iter().map(|found| found.writes).sum();
    report.goal("operator, writes at rest", "none", writes.to_string(), writes == 0);
    let (most, many) = PROMISED_MB;
    if let Some(mb) = found.iter().find(|found| found.bots == many).and_then(|found| found.mb) {
        report.goal("operator, memory with 1,000 EvolveBots", "under 60 MB", format!("{mb:.1} MB"), mb < most);
    }
    if let Some(mb) = found.first().and_then(|found| found.idle_mb) {
        report.goal("memory of an idle operator", "under 40 MB", format!("{mb:.1} MB"), mb < IDLE_MB);
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    fn goals(line: &str) -> Vec<(String, bool)> {
        let (plan, mut report) = (Plan::parse_from(["evolve-bench"]), Report::default());
        tell(&plan, &[serde_json::from_str(line).unwrap()], &mut report);
        report.goals.into_iter().map(|goal| (goal.is, goal.is_met)).collect()
    }

    #[test]
    fn each_goal_is_met_up_to_its_bound_and_no_further() {
        let told = |is: &str, is_met: bool| (is.to_owned(), is_met);
        let line = r#"{"bots":1000,"operator":150.0,"plain":100.0,"objects":9000,"writes":0,"start_ms":80.5,"idle_mb":39.9,
                       "most_mb":70.0,"mb":59.9}"#;
        let met = [told("1.50", true), told("0", true), told("59.9 MB", true), told("39.9 MB", true)];
        assert_eq!(goals(line), met);
        let line = r#"{"bots":1000,"operator":160.0,"plain":100.0,"objects":9000,"writes":1,"start_ms":80.5,"idle_mb":40.0,
                       "most_mb":70.0,"mb":60.0}"#;
        let missed = [told("1.60", false), told("1", false), told("60.0 MB", false), told("40.0 MB", false)];
        assert_eq!(goals(line), missed);
        // Memory with fewer bots is no answer to what it is with a thousand.
        let line = r#"{"bots":1,"operator":1.0,"plain":1.0,"objects":9,"writes":0,"start_ms":80.5,"idle_mb":null,"most_mb":null,"mb":1.0}"#;
        assert_eq!(goals(line), [told("1.00", true), told("0", true)]);
    }
}
