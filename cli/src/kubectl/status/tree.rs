//! The report as a tree, for people: what is wrong stands out, and stands where it belongs.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

use super::pods::Look;
use super::report::{Autoscaler, Found, PartReport, Report, SecretReport, Warning};
use crate::kubectl::age;
use crate::kubectl::bot::{Migration, Rollout};
use crate::kubectl::paint::{Paint, Tone, clean};

/// A line, and what is below it.
struct Node {
    text: String,
    below: Vec<Node>,
}

impl Node {
    fn leaf(text: impl Into<String>) -> Self {
        Self { text: text.into(), below: Vec::new() }
    }

    fn write(&self, into: &mut String, before: &str) {
        for (index, node) in self.below.iter().enumerate() {
            let is_last = index + 1 == self.below.len();
            let (branch, under) = if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            into.push_str(&format!("\n{before}{branch}{}", node.text));
            node.write(into, &format!("{before}{under}"));
        }
    }
}

/// The whole tree.
pub(super) fn render(report: &Report, paint: Paint) -> String {
    let pen = Pen(paint);
    let mut below = Vec::new();
    if !report.is_observed {
        below.push(Node::leaf(pen.bad(
            "the operator has not seen the spec as it is now. If this stays: kubectl get pods -A -l \
             app.kubernetes.io/name=evolve-operator",
        )));
    }
    below
        .extend(report.next_step.as_deref().map(|next| Node::leaf(format!("{} {}", pen.strong("Next:"), clean(next)))));
    below.push(pen.group("Conditions", report.conditions.iter().map(|known| pen.condition(known)).collect()));
    below.extend(report.rollout.as_ref().map(|rollout| pen.rollout(rollout)));
    below.extend(report.migration.as_ref().map(|migration| pen.migration(migration)));
    let jobs = pen.list(&report.jobs, |pen, look| pen.pod(look));
    if !jobs.is_empty() {
        below.push(pen.group("Jobs", jobs));
    }
    below.extend(report.parts.iter().map(|part| pen.part(part)));
    below.push(pen.backups(report));
    below.push(pen.group("Secrets", pen.list(&report.secrets, Pen::secret)));
    let warnings = pen.list(&report.warnings, Pen::warning);
    if !warnings.is_empty() {
        below.push(pen.group("Warnings, the latest first", warnings));
    }
    let mut text = pen.headline(report);
    Node { text: String::new(), below }.write(&mut text, "");
    text
}

/// Writes one kind of line each.
#[derive(Clone, Copy)]
struct Pen(Paint);

impl Pen {
    fn good(self, text: &str) -> String {
        self.0.tone(Tone::Good, text)
    }

    fn bad(self, text: &str) -> String {
        self.0.tone(Tone::Bad, text)
    }

    fn wait(self, text: &str) -> String {
        self.0.tone(Tone::Wait, text)
    }

    fn quiet(self, text: &str) -> String {
        self.0.tone(Tone::Quiet, text)
    }

    fn strong(self, text: &str) -> String {
        self.0.tone(Tone::Strong, text)
    }

    fn group(self, title: &str, below: Vec<Node>) -> Node {
        Node { text: self.strong(title), below }
    }

    fn ago(self, time: Option<&Time>) -> String {
        self.quiet(&time.map(age::since).unwrap_or_default())
    }

    /// A line for each, or one that says why there is none.
    fn list<T>(self, found: &Found<Vec<T>>, line: impl Fn(Self, &T) -> Node) -> Vec<Node> {
        match found {
            Found::Known(list) => list.iter().map(|one| line(self, one)).collect(),
            Found::Unknown { unknown } => vec![self.unknown(unknown)],
        }
    }

    fn unknown(self, why: &str) -> Node {
        Node::leaf(self.wait(&format!("not known: {}", clean(why))))
    }

    fn headline(self, report: &Report) -> String {
        let state = match () {
            () if report.paused => self.wait("paused"),
            () if report.ready => self.good("Ready"),
            () if report.hibernated => self.wait("hibernated"),
            () => self.bad("not ready"),
        };
        let version = report.version.as_deref().map_or_else(|| "no version yet".to_owned(), |v| format!("version {v}"));
        let title = self.strong(&format!("EvolveBot {}", report.name));
        format!(
            "{title} (namespace {})  {state}  {}  {}",
            report.namespace,
            clean(&version),
            self.ago(report.created.as_ref())
        )
    }

    fn condition(self, known: &Condition) -> Node {
        let (mark, status) = match known.status.as_str() {
            "True" => (self.good("✔"), "True"),
            "False" => (self.bad("✘"), "False"),
            _ => (self.wait("?"), "Unknown"),
        };
        let since = self.ago(Some(&known.last_transition_time));
        let (type_, reason) = (clean(&known.type_), clean(&known.reason));
        Node::leaf(format!("{mark} {type_:<18} {status:<7} {reason}  {since}  {}", clean(&known.message)))
    }

    fn rollout(self, rollout: &Rollout) -> Node {
        let level = match rollout.phase.as_str() {
            "Stable" => self.good(&rollout.level),
            "RollingBack" | "RolledBack" => self.bad(&rollout.level),
            _ => self.wait(&rollout.level),
        };
        let fields = [
            ("target", &rollout.target),
            ("last good", &rollout.last_good),
            ("the one before", &rollout.previous_good),
            ("refused", &rollout.refused),
        ];
        let lines = fields
            .into_iter()
            .filter_map(|(name, value)| Some(Node::leaf(format!("{:<14} {}", name, clean(value.as_deref()?)))));
        let text = format!("{}  {level}  {}", self.strong("Rollout"), self.ago(rollout.since.as_ref()));
        Node { text, below: lines.collect() }
    }

    fn migration(self, migration: &Migration) -> Node {
        let phase = match migration.phase.as_str() {
            "Succeeded" => self.good("Succeeded"),
            "Failed" => self.bad("Failed"),
            other => self.wait(&clean(other)),
        };
        let message = migration.message.as_deref().map(clean).unwrap_or_default();
        let text = format!("{}  {phase}  job/{}  {message}", self.strong("Migration"), clean(&migration.job));
        Node::leaf(text.trim_end())
    }

    fn part(self, part: &PartReport) -> Node {
        let mut below = self.list(&part.deployments, |pen, deployment| {
            let ready = format!("{}/{} ready", deployment.ready, deployment.wanted);
            let is_whole = deployment.ready >= deployment.wanted;
            let ready = if is_whole { pen.good(&ready) } else { pen.bad(&ready) };
            Node::leaf(format!("deployment/{}  {ready}  {}", deployment.name, pen.quiet(&clean(&deployment.image))))
        });
        below.extend(self.list(&part.pods, Self::pod));
        below.extend(self.list(&part.autoscalers, Self::autoscaler));
        below.extend(self.list(&part.addresses, |_, address| Node::leaf(clean(address))));
        let title = if part.name == "api" { "API" } else { "Bot" };
        if below.is_empty() {
            below.push(Node::leaf(self.wait("nothing is there yet")));
        }
        self.group(title, below)
    }

    fn pod(self, look: &Look) -> Node {
        let state = match look.state {
            "ready" | "succeeded" => self.good(look.state),
            "failed" => self.bad(look.state),
            state if look.trouble.is_some() => self.bad(state),
            state => self.wait(state),
        };
        let restarts = match look.restarts {
            0 => String::new(),
            1 => self.wait("  1 restart"),
            many => self.wait(&format!("  {many} restarts")),
        };
        let node = look.node.as_deref().map(|node| self.quiet(&format!("  on {node}"))).unwrap_or_default();
        let age = self.ago(look.created.as_ref());
        let below = look.trouble.as_deref().map(|trouble| Node::leaf(self.bad(&clean(trouble))));
        Node { text: format!("pod/{}  {state}{restarts}  {age}{node}", look.name), below: below.into_iter().collect() }
    }

    fn autoscaler(self, hpa: &Autoscaler) -> Node {
        let trouble = hpa.trouble.as_deref().map(|trouble| Node::leaf(self.bad(&clean(trouble))));
        Node {
            text: format!("hpa/{}  {} of {} to {}", hpa.name, hpa.current, hpa.min, hpa.max),
            below: trouble.into_iter().collect(),
        }
    }

    fn backups(self, report: &Report) -> Node {
        let backups = &report.backups;
        let title = self.strong("Backups");
        let schedule = match &backups.schedule {
            Found::Known(Some(schedule)) => schedule,
            Found::Known(None) if backups.are_wanted => {
                let ready = report.conditions.iter().find(|known| known.type_ == "Ready");
                let why = ready.map(|ready| format!(": {}", clean(&ready.message))).unwrap_or_default();
                let text = format!("the operator has not made the CronJob yet{why}");
                return Node::leaf(format!("{title}  {}", self.wait(&text)));
            }
            Found::Known(None) => return Node::leaf(format!("{title}  {}", self.wait("none: spec.backup is not set"))),
            Found::Unknown { unknown } => return Node { text: title, below: vec![self.unknown(unknown)] },
        };
        let last = match &schedule.last_succeeded {
            Some(time) => format!("last succeeded {} ago", age::since(time)),
            None => self.wait("none has succeeded yet"),
        };
        let now = k8s_openapi::jiff::Timestamp::now().as_second();
        let next = schedule.next.as_ref().map(|next| format!(", next in {}", age::human(next.0.as_second() - now)));
        let running = if schedule.running > 0 { ", one runs now" } else { "" };
        Node::leaf(format!(
            "{title}  cronjob/{} ({} {})  {last}{}{running}",
            schedule.name,
            clean(&schedule.cron),
            clean(&schedule.time_zone),
            next.unwrap_or_default()
        ))
    }

    fn secret(self, secret: &SecretReport) -> Node {
        let keys = self.quiet(&clean(&secret.keys.join(", ")));
        let text = match (&secret.present, secret.generated) {
            (Found::Known(true), _) => self.good("present"),
            (Found::Known(false), true) => self.wait("not made yet"),
            (Found::Known(false), false) => self.bad("MISSING: create it with these entries"),
            (Found::Unknown { .. }, _) => self.wait("not known"),
        };
        let below = match &secret.present {
            Found::Unknown { unknown } => vec![self.unknown(unknown)],
            Found::Known(_) => Vec::new(),
        };
        Node { text: format!("secret/{}  {text}  {keys}", clean(&secret.name)), below }
    }

    fn warning(self, warning: &Warning) -> Node {
        let times = if warning.count > 1 { format!(" ×{}", warning.count) } else { String::new() };
        let since = self.ago(warning.last.as_ref());
        let about = clean(&warning.about);
        Node::leaf(format!(
            "{since}  {about}  {}{times}: {}",
            self.bad(&clean(&warning.reason)),
            clean(&warning.message)
        ))
    }
}
