//! `POST /chat` alone, at a steady rate: what the API adds to the time of a model.

use std::time::Duration;

use evolve_bench::arrivals::{Stretch, moments};
use evolve_bench::drive;
use evolve_bench::times::{Outcome, median, ms};

use crate::plan::Plan;
use crate::process::Process;
use crate::report::{Report, Section};
use crate::world::{Crowd, World};

/// What 99 of 100 turns may take beside the model.
const PROMISED: Duration = Duration::from_millis(10);
/// At how many turns a second; of fewer, nothing was promised that would be worth having.
const PROMISED_RATE: f64 = 200.0;
/// Until connections are made and statements prepared.
const WARM_UP: Duration = Duration::from_secs(2);
const MOST_AT_ONCE: usize = 1000;
/// More turns a second than one API makes here.
pub(crate) const MOST_TURNS: u32 = 1500;
/// How many turns somebody may make before their conversation is due to be summed up, and a little less: the faster an API, the more of
/// that would fall into its own time, and what is left would fall into that of the next.
const TURNS_EACH: u32 = 8;
/// So many that none of them makes more turns than that.
const WARM_UP_PEOPLE: u32 = 400;

/// Measures it in rounds: a machine that others share stands still for milliseconds now and then, and of one round alone that would be
/// all that its p99 tells.
///
/// # Errors
/// When the API does not start.
pub(crate) async fn measure(world: &World, plan: &Plan, report: &mut Report) -> anyhow::Result<()> {
    world.lived_in(plan).await?;
    let api = world.api(&[]).await?;
    let turns = plan.turns_per_second * plan.seconds as f64 * f64::from(plan.rounds)
        + f64::from(MOST_TURNS) * WARM_UP.as_secs_f64();
    let people = people_for(plan, turns);
    let crowd = world.crowd(&api, people).await?;
    as_many_as_can_be(&crowd, plan.clients, WARM_UP).await;
    let moments = moments(&[Stretch::steady(plan.turns_per_second, Duration::from_secs(plan.seconds))]);
    let mut outcomes = Vec::new();
    for _ in 0..plan.rounds {
        let outcome = drive::open(&moments, MOST_AT_ONCE, |place| {
            let crowd = crowd.clone();
            async move { crowd.say(place).await }
        });
        outcomes.push(outcome.await);
    }
    api.stop().await?;
    let rows = outcomes.iter().zip(1..).map(|(outcome, round)| row(plan, outcome, round)).collect();
    let failed: usize = outcomes.iter().map(Outcome::failed).sum();
    // What was not answered was not fast.
    let told = format!("{:.1} ms at {}, {failed} failed", ms(p99(&outcomes)), plan.turns_per_second);
    report.goal(
        "`POST /chat` beside the model, p99",
        "under 10 ms at 200 turns a second",
        told,
        is_met(plan, &outcomes),
    );
    report.sections.push(Section {
        title: "A turn through the API",
        method: format!(
            "`POST /chat`, begun at even moments whether those before have ended or not, for {} s a round by {} people, of whom nobody says so \
             much that it is summed up meanwhile; one replica. A request took from the moment at which it should have begun, less the \
             millisecond by which the clock of what makes it is late. The scripted model takes no time, so that this is what the API adds to \
             a real one. What made the requests shared the processors. The goal is asked of the median of the rounds' p99.",
            plan.seconds, people
        ),
        head: vec!["round", "turns a second", "p50, ms", "p90, ms", "p99, ms", "longest, ms", "failed"],
        rows,
    });
    Ok(())
}

fn row(plan: &Plan, outcome: &Outcome, round: u32) -> Vec<String> {
    vec![
        round.to_string(),
        plan.turns_per_second.to_string(),
        format!("{:.1}", outcome.percentile_ms(50)),
        format!("{:.1}", outcome.percentile_ms(90)),
        format!("{:.1}", outcome.percentile_ms(99)),
        format!("{:.1}", ms(outcome.longest())),
        format!("{} {}", outcome.failed(), outcome.failures_in_words()).trim_end().to_owned(),
    ]
}

/// What the goal is asked of.
fn p99(rounds: &[Outcome]) -> Duration {
    median(rounds.iter().map(|outcome| outcome.percentile(99)))
}

/// How many people make so many turns, with nobody's conversation summed up meanwhile.
pub(crate) fn people_for(plan: &Plan, turns: f64) -> u32 {
    plan.people.max((turns / f64::from(TURNS_EACH)).ceil() as u32)
}

fn is_met(plan: &Plan, rounds: &[Outcome]) -> bool {
    let is_whole = |outcome: &Outcome| outcome.succeeded() > 0 && outcome.failed() == 0;
    let is_measured = !rounds.is_empty() && rounds.iter().all(is_whole);
    is_measured && p99(rounds) < PROMISED && plan.turns_per_second >= PROMISED_RATE
}

/// Clients that ask one thing after the other, for so long.
pub(crate) async fn as_many_as_can_be(crowd: &Crowd, clients: u16, time: Duration) -> Outcome {
    let crowd = crowd.clone();
    drive::closed(clients.into(), time, move |place| {
        let crowd = crowd.clone();
        async move { crowd.say(place).await }
    })
    .await
}

/// Has an API that has just started make its connections, and prepare its statements.
pub(crate) async fn warm_up(world: &World, api: &Process, clients: u16) -> anyhow::Result<()> {
    let crowd = world.crowd(api, WARM_UP_PEOPLE).await?;
    as_many_as_can_be(&crowd, clients, WARM_UP).await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[test]
    fn nobody_says_so_much_that_it_is_summed_up() {
        let plan = Plan::parse_from(["evolve-bench"]);
        assert_eq!(people_for(&plan, 10.0), plan.people);
        assert_eq!(people_for(&plan, 16_001.0), 2001);
        let warming_up = f64::from(MOST_TURNS) * WARM_UP.as_secs_f64();
        assert!(warming_up / f64::from(WARM_UP_PEOPLE) <= f64::from(TURNS_EACH), "{warming_up}");
    }

    #[test]
    fn the_goal_is_met_by_fast_answers_at_the_rate_that_was_promised_alone() {
        let at = |rate: &str| Plan::parse_from(["evolve-bench", "--turns-per-second", rate]);
        let of = |ms: u64, failed: usize| {
            let times = (0..100).map(|_| Ok(Duration::from_millis(ms)));
            Outcome::of(times.chain((0..failed).map(|_| Err("503".to_owned()))), Duration::from_secs(1))
        };
        assert!(is_met(&at("200"), &[of(9, 0)]));
        assert!(!is_met(&at("200"), &[of(10, 0)]), "as much is not under");
        assert!(!is_met(&at("20"), &[of(9, 0)]), "a tenth of the rate is not the goal");
        assert!(is_met(&at("200"), &[of(30, 0), of(9, 0), of(8, 0)]), "the machine stood still in one");
        assert!(!is_met(&at("200"), &[of(10, 0), of(5, 0), of(11, 0)]));
        assert!(!is_met(&at("200"), &[of(9, 0), of(10, 0)]));
        assert!(!is_met(&at("200"), &[of(5, 0), of(9, 1), of(5, 0)]), "in no round may any fail");
        assert!(!is_met(&at("200"), &[of(5, 0), Outcome::default(), of(5, 0)]), "nothing was measured");
        assert!(!is_met(&at("200"), &[]));
    }
}
