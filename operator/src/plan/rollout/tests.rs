//! Each transition of each strategy, as a story of one bot.

mod blue_green;
mod canary;
mod request;

use rstest::rstest;

use super::*;
use crate::crd::RolloutStrategy;

const WORKS: [Part; 2] = [Part::Settled, Part::Settled];
const ROLLS: [Part; 2] = [Part::Rolling, Part::Rolling];

fn target(name: &str) -> Target {
    Target { api: format!("{name}a"), bot: format!("{name}b") }
}

fn late() -> Part {
    Part::Overdue("too late".to_owned())
}

/// A bot whose version `1` is good, and whose version `2` is wanted.
struct Story {
    before: RolloutStatus,
    wanted: Target,
    settings: Rollout,
    wishes: Wishes,
    seen: Seen,
    lost: Vec<Target>,
    is_back: bool,
}

impl Story {
    fn new(strategy: RolloutStrategy) -> Self {
        Self {
            before: RolloutStatus {
                target: Some(target("1").text()),
                last_good: Some(target("1").text()),
                since: Some(Time(Timestamp::from_second(1).unwrap())),
                ..RolloutStatus::default()
            },
            wanted: target("2"),
            settings: Rollout { strategy, ..Rollout::default() },
            wishes: Wishes::default(),
            seen: Seen {
                stable: ROLLS,
                next: ROLLS,
                ill: None,
                evidence: Evidence::Unasked,
                is_closed: false,
                is_hibernated: false,
                now: Timestamp::from_second(10_000).unwrap(),
            },
            lost: Vec::new(),
            is_back: false,
        }
    }

    /// As it is in the middle of `phase`, which began just now.
    fn amid(strategy: RolloutStrategy, phase: RolloutPhase) -> Self {
        let mut story = Self::new(strategy);
        story.before.target = Some(target("2").text());
        story.before.phase = phase;
        story.before.since = Some(Time(story.seen.now));
        story
    }

    fn after(&mut self, seconds: i64) -> &mut Self {
        self.seen.now = Timestamp::from_second(self.seen.now.as_second() + seconds).unwrap();
        self
    }

    /// One pass; its status is what the next one begins with.
    fn pass(&mut self) -> Course {
        let case = Case { before: &self.before, wanted: &self.wanted, settings: &self.settings, seen: &self.seen };
        let course = course(&case, &self.wishes, |target| !self.lost.contains(target), |_| self.is_back);
        self.before = course.status.clone();
        course
    }

    fn counted(&mut self, requests: u64, errors: u64) -> &mut Self {
        self.seen.evidence = Evidence::Counted { requests, errors };
        self
    }
}

fn good() -> First {
    First::Good(target("1"))
}

#[test]
fn a_rolling_update_is_good_when_the_whole_of_it_is_ready() {
    let mut story = Story::new(RolloutStrategy::RollingUpdate);
    let begun = story.pass();
    assert_eq!((begun.status.phase, begun.first, begun.second), (RolloutPhase::Rolling, First::Wanted, Second::None));
    story.seen.stable = [Part::Settled, Part::Rolling];
    assert_eq!(story.pass().status.last_good, Some(target("1").text()));
    story.seen.stable = WORKS;
    let done = story.pass().status;
    assert_eq!(
        (done.phase, done.last_good, done.previous_good),
        (RolloutPhase::Stable, Some(target("2").text()), Some(target("1").text()))
    );
    let still = story.pass();
    assert_eq!((still.status.previous_good, still.look_again), (Some(target("1").text()), None), "nothing more to do");
}

#[rstest]
#[case(RolloutStrategy::RollingUpdate, RolloutPhase::Rolling)]
#[case(RolloutStrategy::Canary, RolloutPhase::Promoting)]
#[case(RolloutStrategy::BlueGreen, RolloutPhase::Promoting)]
fn a_deployment_that_the_cluster_refuses_has_a_deadline_too(
    #[case] strategy: RolloutStrategy,
    #[case] phase: RolloutPhase,
) {
    let mut story = Story::amid(strategy, phase);
    story.seen.stable = [Part::Unwritten, Part::Unwritten];
    let waiting = story.after(10).pass();
    assert_eq!((waiting.status.phase, waiting.rollback, waiting.look_again), (phase, None, Some(590)));
    let back = story.after(590).pass();
    assert_eq!((back.first, back.rollback), (good(), Some(Refusal::Deadline)));
    assert_eq!(back.status.message.as_deref(), Some("the Deployment of api could not be changed within 600 seconds"));
}

#[rstest]
#[case(RolloutStrategy::RollingUpdate, RolloutPhase::Rolling)]
#[case(RolloutStrategy::Canary, RolloutPhase::Promoting)]
#[case(RolloutStrategy::BlueGreen, RolloutPhase::Promoting)]
fn a_first_set_that_is_overdue_goes_back_and_stays_until_another_target_is_wanted(
    #[case] strategy: RolloutStrategy,
    #[case] phase: RolloutPhase,
) {
    let mut story = Story::amid(strategy, phase);
    story.seen.stable = [Part::Settled, late()];
    let back = story.pass();
    assert_eq!((back.first, back.second, back.rollback), (good(), Second::None, Some(Refusal::Deadline)));
    assert_eq!(back.status.phase, RolloutPhase::RollingBack);
    assert!(back.status.message.unwrap().contains("the pods of bot were not ready in time: too late"));
    story.seen.stable = ROLLS;
    story.is_back = true;
    let there = story.pass();
    assert_eq!((there.status.phase, there.rollback, there.first), (RolloutPhase::RolledBack, None, good()));
    assert_eq!((there.status.reason, there.status.last_good), (Some(Refusal::Deadline), Some(target("1").text())));
    story.wanted = target("3");
    let next = story.pass().status;
    assert_eq!((next.refused, next.message, next.reason), (None, None, None));
}

#[test]
fn what_was_refused_is_tried_again_on_a_new_request_and_only_once() {
    let mut story = Story::amid(RolloutStrategy::RollingUpdate, RolloutPhase::Rolling);
    story.wishes.retry = Some("first".to_owned());
    story.before.retry = Some("first".to_owned());
    story.seen.stable = [late(), late()];
    assert_eq!(story.pass().rollback, Some(Refusal::Deadline));
    story.seen.stable = ROLLS;
    assert!(story.pass().status.refused.is_some(), "the request before is no request now");
    story.wishes.retry = Some("second".to_owned());
    assert_eq!(story.pass().first, First::Wanted);
    story.seen.stable = [late(), late()];
    assert_eq!(story.pass().rollback, Some(Refusal::Deadline));
    assert!(story.pass().status.refused.is_some());
}

#[rstest]
#[case::without_a_good_one(None, true, &[])]
#[case::without_leave(Some("1"), false, &[])]
#[case::with_a_good_one_that_is_lost(Some("1"), true, &["1"])]
fn nothing_goes_back(#[case] last_good: Option<&str>, #[case] automatic: bool, #[case] lost: &[&str]) {
    let mut story = Story::amid(RolloutStrategy::RollingUpdate, RolloutPhase::Rolling);
    story.before.last_good = last_good.map(|good| target(good).text());
    story.settings.automatic_rollback = automatic;
    story.lost = lost.iter().map(|name| target(name)).collect();
    story.seen.stable = [late(), Part::Settled];
    let course = story.pass();
    assert_eq!((course.first, course.rollback, course.status.refused), (First::Wanted, None, None));
    assert!(course.stuck.unwrap().contains("too late"), "but it is said");
}

#[test]
fn while_the_migration_runs_everything_stays_as_it_is() {
    let mut story = Story::amid(RolloutStrategy::Canary, RolloutPhase::Canary);
    story.seen.is_closed = true;
    let course = story.pass();
    assert_eq!(
        (course.first, course.second, course.status.phase),
        (First::AsIs, Second::None, RolloutPhase::Migrating)
    );
}

#[rstest]
#[case(RolloutStrategy::Canary)]
#[case(RolloutStrategy::BlueGreen)]
fn a_second_set_that_does_not_get_ready_is_refused_at_the_deadline(#[case] strategy: RolloutStrategy) {
    let mut story = Story::new(strategy);
    assert_eq!(story.pass().status.phase, RolloutPhase::Staging);
    let waiting = story.after(599).pass();
    assert_eq!((waiting.rollback, waiting.look_again), (None, Some(1)));
    let refused = story.after(1).pass();
    assert_eq!((refused.first, refused.second, refused.rollback), (good(), Second::None, Some(Refusal::Deadline)));
    let message = refused.status.message.unwrap();
    assert_eq!(message, "the pods of api of the second set were not ready within 600 seconds");
}

#[test]
fn the_time_that_a_migration_took_is_none_of_the_rollouts() {
    let mut story = Story::amid(RolloutStrategy::Canary, RolloutPhase::Migrating);
    let begun = story.after(7200).pass();
    assert_eq!((begun.status.phase, begun.rollback), (RolloutPhase::Staging, None));
}

#[rstest]
#[case(RolloutStrategy::Canary, RolloutPhase::Canary, Second::Share)]
#[case(RolloutStrategy::BlueGreen, RolloutPhase::Switched, Second::Whole(Track::Stable))]
#[case(RolloutStrategy::BlueGreen, RolloutPhase::Promoting, Second::Whole(Track::Stable))]
fn a_newer_target_takes_the_place_of_the_one_that_is_tried(
    #[case] strategy: RolloutStrategy,
    #[case] phase: RolloutPhase,
    #[case] second: Second,
) {
    let mut story = Story::amid(strategy, phase);
    story.wanted = target("3");
    let course = story.after(5000).pass();
    assert_eq!((course.first, course.second, course.status.phase), (good(), second, RolloutPhase::Staging));
    assert_eq!(course.rollback, None);
}

#[rstest]
#[case(RolloutStrategy::RollingUpdate, RolloutPhase::Canary, RolloutPhase::Rolling, Second::None)]
#[case(RolloutStrategy::BlueGreen, RolloutPhase::Canary, RolloutPhase::Staging, Second::Whole(Track::Stable))]
#[case(RolloutStrategy::Canary, RolloutPhase::Switched, RolloutPhase::Staging, Second::Share)]
fn another_strategy_in_the_middle_begins_at_its_own_beginning(
    #[case] strategy: RolloutStrategy,
    #[case] phase: RolloutPhase,
    #[case] expected: RolloutPhase,
    #[case] second: Second,
) {
    let mut story = Story::amid(strategy, phase);
    let course = story.after(5000).pass();
    assert_eq!((course.status.phase, course.second, course.rollback), (expected, second, None));
}

#[test]
fn going_back_to_the_good_version_by_hand_ends_the_rollout() {
    let mut story = Story::amid(RolloutStrategy::Canary, RolloutPhase::Canary);
    story.wanted = target("1");
    story.seen.stable = WORKS;
    let course = story.pass();
    assert_eq!((course.status.phase, course.second), (RolloutPhase::Stable, Second::None));
    assert_eq!((course.status.last_good, course.status.previous_good), (Some(target("1").text()), None));
}

#[test]
fn a_bot_that_sleeps_has_no_second_set_and_proves_nothing() {
    let mut story = Story::amid(RolloutStrategy::Canary, RolloutPhase::Canary);
    story.seen.is_hibernated = true;
    story.seen.stable = WORKS;
    let asleep = story.pass();
    assert_eq!((asleep.second, asleep.status.phase), (Second::None, RolloutPhase::Stable));
    assert_eq!(asleep.status.last_good, Some(target("1").text()));
    story.seen.is_hibernated = false;
    story.seen.stable = ROLLS;
    let awake = story.after(5000).pass();
    assert_eq!((awake.first, awake.second, awake.rollback), (good(), Second::Share, None));
}

#[test]
fn a_new_process_decides_the_same_from_the_same_status() {
    for phase in [RolloutPhase::Staging, RolloutPhase::Canary, RolloutPhase::Promoting] {
        let mut story = Story::amid(RolloutStrategy::Canary, phase);
        story.seen.next = [Part::Settled, if phase == RolloutPhase::Staging { Part::Rolling } else { Part::Settled }];
        let first = story.pass();
        assert_eq!(story.pass(), first, "{phase:?}");
    }
}

#[rstest]
#[case::a_pod_that_is_not_ready(Part::Updated, RolloutPhase::Stable)]
#[case::pods_of_another_template(Part::Rolling, RolloutPhase::Rolling)]
#[case::pods_that_never_came(late(), RolloutPhase::Rolling)]
fn pods_that_come_and_go_after_a_rollout_are_no_rollout(#[case] api: Part, #[case] expected: RolloutPhase) {
    let mut story = Story::amid(RolloutStrategy::Canary, RolloutPhase::Stable);
    story.before.last_good = Some(target("2").text());
    story.seen.stable = [api, Part::Settled];
    let course = story.pass();
    assert_eq!((course.status.phase, course.first, course.second), (expected, First::Wanted, Second::None));
}

#[test]
fn what_was_changed_in_a_bots_sleep_is_rolled_out_though_its_pods_are_made_of_it_already() {
    let mut story = Story::amid(RolloutStrategy::Canary, RolloutPhase::Stable);
    story.seen.stable = [Part::Updated, Part::Updated];
    assert_eq!(story.pass().status.phase, RolloutPhase::Staging);
}

#[test]
fn a_rollout_that_was_held_goes_on_from_its_phase_and_the_waiting_is_not_counted() {
    let mut story = Story::amid(RolloutStrategy::BlueGreen, RolloutPhase::Switched);
    story.before = held(&story.before);
    assert_eq!((story.before.phase, story.before.level.as_str()), (RolloutPhase::Switched, "Waiting"));
    assert_eq!(held(&story.before), story.before, "nothing to write while it waits");
    story.seen.next = [Part::Settled, Part::Rolling];
    let course = story.after(7200).pass();
    assert_eq!((course.status.phase, course.rollback), (RolloutPhase::Switched, None));
    assert_eq!((course.first, course.second), (First::GoodApi(target("1")), Second::Whole(Track::Next)));
    assert_eq!(held(&RolloutStatus::default()).phase, RolloutPhase::Migrating, "one that never began");
}

#[rstest]
#[case(RolloutStrategy::Canary, RolloutPhase::Staging)]
#[case(RolloutStrategy::BlueGreen, RolloutPhase::Switched)]
fn what_is_overdue_and_may_not_go_back_is_looked_at_no_more_often_than_a_canary(
    #[case] strategy: RolloutStrategy,
    #[case] phase: RolloutPhase,
) {
    let mut story = Story::amid(strategy, phase);
    story.settings.automatic_rollback = false;
    let course = story.after(100_000).pass();
    assert_eq!((course.status.phase, course.rollback, course.look_again), (phase, None, Some(15)));
    assert!(course.stuck.is_some());
}
