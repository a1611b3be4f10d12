//! What a run tells: numbers, and which promises were broken.

use std::fmt;
use std::time::Duration;

use crate::evidence::Excuse;
use crate::fleet::Fleet;
use crate::plan::Neighbour;
use crate::subscriber::Events;
use crate::verdict::{Verdict, percentile};
use crate::world::Outage;

/// So many of one kind are named one by one.
const NAMED: usize = 20;

/// Everything that there is to tell.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) verdict: Verdict,
    /// What became of the first of those that were lost.
    pub(crate) reasons: Vec<String>,
    /// Whether everything was finished before patience ended, and how long that took once all was well again.
    pub(crate) settled: Option<Duration>,
    /// Purchases that were begun, and what those wait for that did not get to their end.
    pub(crate) purchases: (usize, Vec<String>),
    /// Charges that Telegram made.
    pub(crate) charges: usize,
    /// Counters that are not exact.
    pub(crate) mistakes: Vec<String>,
    /// Of what another system was told.
    pub(crate) events: Events,
    pub(crate) damage: Damage,
}

/// What was done to the system.
#[derive(Debug)]
pub(crate) struct Damage {
    pub(crate) bots_killed: usize,
    pub(crate) apis_killed: usize,
    /// Processes that ended by themselves, with their last words.
    pub(crate) falls: Vec<String>,
    pub(crate) outages: Vec<Outage>,
    /// Calls, and how many of them failed.
    pub(crate) telegram: (usize, usize),
    /// Requests, and how many of them failed.
    pub(crate) models: (usize, usize),
}

impl Damage {
    /// What was done, and what came of it by itself.
    pub(crate) fn of(
        fleet: &Fleet<'_>,
        outages: Vec<Outage>,
        telegram: (usize, usize),
        models: (usize, usize),
    ) -> Self {
        let (bots_killed, apis_killed) = fleet.killed();
        Self { bots_killed, apis_killed, falls: fleet.falls.clone(), outages, telegram, models }
    }

    fn without(&self, neighbour: Neighbour) -> (usize, Duration) {
        let of = || self.outages.iter().filter(|outage| outage.of == neighbour);
        (of().count(), of().map(|outage| outage.until - outage.from).sum())
    }
}

impl Report {
    /// The promises that were broken, each with what broke it; none where all is as it should be.
    pub(crate) fn broken(&self) -> Vec<String> {
        let verdict = &self.verdict;
        let doubled = verdict.doubled.iter().filter(|(_, excuse)| excuse.is_none()).map(|(tag, _)| tag.to_string());
        let unfinished = verdict.unfinished.iter().filter(|(_, excuse)| excuse.is_none());
        let unfinished = unfinished.map(|((chat, message), _)| format!("message {message} of {chat}"));
        let lost = match self.reasons.is_empty() {
            true => verdict.lost.iter().map(|said| said.tag.to_string()).collect(),
            false => self.reasons.clone(),
        };
        let named = [
            ("never answered", verdict.lost.len(), lost),
            named("answered twice without an excuse", doubled),
            named("answered out of order", verdict.out_of_order.iter().map(ToString::to_string)),
            named("left unfinished without an excuse", unfinished),
            named("read what answers nothing", verdict.others.iter().cloned()),
            named("purchases not finished", self.purchases.1.iter().cloned()),
            named("counters not exact", self.mistakes.iter().cloned()),
            named("payments of which a subscriber was not told", self.events.lost.iter().cloned()),
            named("payments of which it was told out of order", self.events.out_of_order.iter().cloned()),
            named("processes that ended by themselves", self.damage.falls.iter().cloned()),
        ];
        let named = named.into_iter().filter(|(_, count, _)| *count > 0);
        let mut broken: Vec<_> = named.map(|(what, count, names)| list(what, count, &names)).collect();
        if self.settled.is_none() {
            broken.push("something still waits to be worked or sent".to_owned());
        }
        broken
    }
}

fn named(what: &'static str, names: impl Iterator<Item = String>) -> (&'static str, usize, Vec<String>) {
    let names: Vec<_> = names.collect();
    (what, names.len(), names)
}

fn list(what: &str, count: usize, names: &[String]) -> String {
    let shown: String = names.iter().take(NAMED).map(|name| format!("\n    {name}")).collect();
    let more = if count > NAMED { "\n    …" } else { "" };
    format!("{what}: {count}{shown}{more}")
}

/// How many were excused, by what, and how many were not.
fn excused<T>(cases: &[(T, Option<Excuse>)]) -> String {
    let of = |wanted: Option<Excuse>| cases.iter().filter(|(_, excuse)| *excuse == wanted).count();
    let (cut, killed, postgres) = (of(Some(Excuse::Cut)), of(Some(Excuse::Killed)), of(Some(Excuse::Postgres)));
    format!(
        "{} in the one window (answer cut {cut}, killed {killed}, Postgres away {postgres}), {} outside it",
        cut + killed + postgres,
        of(None)
    )
}

fn seconds(duration: Duration) -> String {
    format!("{:.2} s", duration.as_secs_f64())
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { verdict, purchases, charges, mistakes, events, damage, settled, .. } = self;
        let mut line = |name: &str, text: String| writeln!(f, "{name:<18}{text}");
        line("sent", verdict.sent.to_string())?;
        line("answered", verdict.answered.len().to_string())?;
        line("lost", verdict.lost.len().to_string())?;
        line("doubled", excused(&verdict.doubled))?;
        line("out of order", verdict.out_of_order.len().to_string())?;
        line("left unfinished", excused(&verdict.unfinished))?;
        line("other words", verdict.others.len().to_string())?;
        let [p50, p99, max] = [50, 99, 100].map(|percent| seconds(percentile(&verdict.waits, percent)));
        line("waited", format!("p50 {p50}, p99 {p99}, at most {max}"))?;
        line("longest silence", seconds(verdict.silence))?;
        let settled =
            settled.map_or_else(|| "never".to_owned(), |after| format!("{} after the last fault", seconds(after)));
        line("all done", settled)?;
        let bought = purchases.0.saturating_sub(purchases.1.len());
        line("purchases", format!("{bought} of {}, {charges} charges", purchases.0))?;
        line("counters", if mistakes.is_empty() { "exact".to_owned() } else { format!("{} wrong", mistakes.len()) })?;
        line("events", events.to_string())?;
        let (bots, apis, falls) = (damage.bots_killed, damage.apis_killed, damage.falls.len());
        line("killed", format!("{bots} bots, {apis} APIs; ended by themselves {falls}"))?;
        let [(postgres, no_postgres), (redis, no_redis)] =
            [Neighbour::Postgres, Neighbour::Redis].map(|neighbour| damage.without(neighbour));
        let (no_postgres, no_redis) = (seconds(no_postgres), seconds(no_redis));
        line("restarted", format!("Postgres {postgres} (away {no_postgres}), Redis {redis} (away {no_redis})"))?;
        let ((calls, refused), (requests, failed)) = (damage.telegram, damage.models);
        line("failed", format!("{refused} of {calls} calls of Telegram, {failed} of {requests} requests of models"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tag::Tag;

    fn report(verdict: Verdict) -> Report {
        let damage = Damage {
            bots_killed: 60,
            apis_killed: 59,
            falls: Vec::new(),
            outages: Vec::new(),
            telegram: (8000, 400),
            models: (2000, 100),
        };
        Report {
            verdict,
            reasons: Vec::new(),
            settled: Some(Duration::from_secs(1)),
            purchases: (3, Vec::new()),
            charges: 3,
            mistakes: Vec::new(),
            events: Events::default(),
            damage,
        }
    }

    #[test]
    fn what_has_an_excuse_breaks_no_promise() {
        let tag = Tag { person: 1001, number: 1 };
        let excuses = vec![(tag, Some(Excuse::Cut)), (tag, Some(Excuse::Killed))];
        let report = report(Verdict { sent: 1, doubled: excuses, ..Verdict::default() });
        assert_eq!(report.broken(), Vec::<String>::new());
        let text = report.to_string();
        assert!(text.contains("2 in the one window (answer cut 1, killed 1, Postgres away 0), 0 outside it"), "{text}");
    }

    #[test]
    fn every_broken_promise_is_told_with_what_broke_it() {
        let tag = Tag { person: 1001, number: 1 };
        let mut report = report(Verdict {
            doubled: vec![(tag, None)],
            others: vec!["1001: Sorry".to_owned()],
            ..Verdict::default()
        });
        report.settled = None;
        assert_eq!(
            report.broken(),
            [
                "answered twice without an excuse: 1\n    1001/1",
                "read what answers nothing: 1\n    1001: Sorry",
                "something still waits to be worked or sent",
            ]
        );
    }
}
