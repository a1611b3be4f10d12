//! What a run is: how many, how long, how bad.
//!
//! Everything random is drawn from one seed before the run begins, from a stream of its own for each purpose: tasks that
//! draw from one stream together would draw differently each time. So the same people write at the same moments, the same
//! replicas are killed at the same moments, and the same requests in the same order fail; what the machine makes of it
//! differs from run to run.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

/// The first person's id; the others follow.
const FIRST_PERSON: i64 = 1001;
/// Nobody thinks longer than so many times the mean.
const LONGEST_PAUSE: f64 = 5.0;

/// Breaks a whole system while people write to it, and tells what became of their messages. Fails where a promise is broken.
#[derive(Clone, Debug, Parser)]
#[command(name = "evolve-chaos", version)]
pub(crate) struct Plan {
    /// What everything random comes from.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// How many people write.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) people: u32,
    /// For how long they write, and everything breaks.
    #[arg(long, default_value_t = 120, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub(crate) seconds: u32,
    /// Mean of the pauses between one person's messages.
    #[arg(long, default_value_t = 20.0)]
    pub(crate) mean_pause_seconds: f64,
    /// How many of a hundred people buy premium on the way.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(crate) buyers_percent: u8,
    /// Replicas of the bot.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=50))]
    pub(crate) bots: u32,
    /// Replicas of the API.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=50))]
    pub(crate) apis: u32,
    /// How updates reach the bots.
    #[arg(long, value_enum, default_value_t = Delivery::Webhook)]
    pub(crate) delivery: Delivery,
    /// How often a random replica is killed with SIGKILL, and started again at once; 0 for never.
    #[arg(long, default_value_t = 1000)]
    pub(crate) kill_every_ms: u32,
    /// How often Postgres is killed, and started again at once.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(0..=100))]
    pub(crate) postgres_restarts: u32,
    /// How often Redis is killed, and started again at once.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(0..=100))]
    pub(crate) redis_restarts: u32,
    /// How many of a hundred calls of Telegram, and of the models, fail.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(crate) fail_percent: u8,
    /// How long the last answers may take once everything is well again: the longest lease that the dead left, and a minute.
    #[arg(long, default_value_t = 180)]
    pub(crate) patience_seconds: u32,
    /// Where evolve-api and evolve-bot are; beside this program when absent.
    #[arg(long)]
    pub(crate) binaries: Option<PathBuf>,
    /// Where the logs go; into a new temporary directory when absent.
    #[arg(long)]
    pub(crate) logs: Option<PathBuf>,
}

/// How updates reach the bots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Delivery {
    /// Telegram delivers them to any replica.
    Webhook,
    /// One replica asks for them.
    Polling,
}

/// What is random for one purpose.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stream {
    People,
    Kills,
    Outages,
    Telegram,
    Models,
}

/// When somebody writes, and when they buy premium, if they do; from the beginning on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Script {
    pub(crate) person: i64,
    pub(crate) writes: Vec<Duration>,
    pub(crate) buys: Option<Duration>,
}

/// A neighbour that everybody shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Neighbour {
    Postgres,
    Redis,
}

impl Plan {
    /// What clap cannot say.
    ///
    /// # Errors
    /// What makes no sense.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        let mean = self.mean_pause_seconds;
        anyhow::ensure!((0.05..=86_400.0).contains(&mean), "--mean-pause-seconds must be 0.05 to 86400");
        Ok(())
    }

    pub(crate) fn length(&self) -> Duration {
        Duration::from_secs(self.seconds.into())
    }

    pub(crate) fn patience(&self) -> Duration {
        Duration::from_secs(self.patience_seconds.into())
    }

    /// The seed of one stream.
    pub(crate) fn seed_of(&self, stream: Stream) -> u64 {
        // Far apart, so that the streams of one seed are not those of the next.
        self.seed.wrapping_add((stream as u64) << 48)
    }

    fn rng(&self, stream: Stream) -> StdRng {
        StdRng::seed_from_u64(self.seed_of(stream))
    }

    /// What everybody does. Each writes at least once, and without waiting for answers.
    pub(crate) fn scripts(&self) -> Vec<Script> {
        let mut rng = self.rng(Stream::People);
        let length = self.length();
        (FIRST_PERSON..)
            .zip(0..self.people)
            .map(|(person, _)| {
                let first = self.mean_pause_seconds.min(length.as_secs_f64());
                let mut at = Duration::from_secs_f64(rng.random_range(0.0..1.0_f64) * first);
                let mut writes = Vec::new();
                while at < length {
                    writes.push(at);
                    at += self.pause(&mut rng);
                }
                let buys = rng.random_range(0..100_u8) < self.buyers_percent;
                // Early enough that there is something left to break on the way.
                let moment = length.mul_f64(rng.random_range(0.1..0.7_f64));
                Script { person, writes, buys: buys.then_some(moment) }
            })
            .collect()
    }

    /// As between events that come at random.
    fn pause(&self, rng: &mut StdRng) -> Duration {
        let share: f64 = rng.random_range(0.0..1.0);
        let times = -(1.0 - share).ln();
        Duration::from_secs_f64(times.min(LONGEST_PAUSE) * self.mean_pause_seconds)
    }

    /// Which replica is killed when: bots come first, then APIs.
    pub(crate) fn kills(&self) -> Vec<(Duration, usize)> {
        let mut rng = self.rng(Stream::Kills);
        let replicas = self.bots + self.apis;
        let every = Duration::from_millis(self.kill_every_ms.into());
        let moments = (1..).map(|number| every * number).take_while(|at| !every.is_zero() && *at < self.length());
        moments.map(|at| (at, usize::try_from(rng.random_range(0..replicas)).unwrap_or_default())).collect()
    }

    /// When which neighbour goes, in order: in the middle, when there is much to lose.
    pub(crate) fn outages(&self) -> Vec<(Duration, Neighbour)> {
        let mut rng = self.rng(Stream::Outages);
        let of = |neighbour, times: u32| (0..times).map(move |_| neighbour);
        let all = of(Neighbour::Postgres, self.postgres_restarts).chain(of(Neighbour::Redis, self.redis_restarts));
        let mut outages: Vec<_> =
            all.map(|neighbour| (self.length().mul_f64(rng.random_range(0.25..0.75_f64)), neighbour)).collect();
        outages.sort_by_key(|(at, _)| *at);
        outages
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(arguments: &[&str]) -> Plan {
        let arguments = std::iter::once("evolve-chaos").chain(arguments.iter().copied());
        let plan = Plan::try_parse_from(arguments).unwrap();
        plan.check().unwrap();
        plan
    }

    #[test]
    fn a_seed_decides_who_writes_when_and_what_breaks_when() {
        let (one, again, other) = (plan(&[]), plan(&[]), plan(&["--seed", "2"]));
        assert_eq!(one.scripts(), again.scripts());
        assert_eq!((one.kills(), one.outages()), (again.kills(), again.outages()));
        assert_ne!(one.scripts(), other.scripts());
        assert_ne!(one.kills(), other.kills());
    }

    #[test]
    fn everything_happens_while_people_write() {
        let plan = plan(&[]);
        let (scripts, kills, outages) = (plan.scripts(), plan.kills(), plan.outages());
        assert_eq!((scripts.len(), kills.len(), outages.len()), (300, 119, 2));
        assert!(scripts.iter().all(|script| !script.writes.is_empty()), "somebody has nothing to say");
        let moments = scripts.iter().flat_map(|script| script.writes.iter().copied().chain(script.buys));
        let breaks = kills.iter().map(|(at, _)| *at).chain(outages.iter().map(|(at, _)| *at));
        assert!(moments.chain(breaks).all(|at| at < plan.length()));
        assert!(kills.iter().all(|(_, replica)| *replica < 6));
        let messages: usize = scripts.iter().map(|script| script.writes.len()).sum();
        assert!((1500..2500).contains(&messages), "{messages} messages, where 300 people write every 20 s");
    }

    #[test]
    fn nothing_is_killed_where_nothing_is_to_be() {
        let calm = plan(&["--kill-every-ms", "0", "--postgres-restarts", "0", "--redis-restarts", "0"]);
        assert!(calm.kills().is_empty() && calm.outages().is_empty());
        let refused = Plan::try_parse_from(["evolve-chaos", "--mean-pause-seconds", "0"]).unwrap().check();
        assert!(refused.unwrap_err().to_string().contains("--mean-pause-seconds"));
    }
}
