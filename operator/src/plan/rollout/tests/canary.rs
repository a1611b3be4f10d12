//! A share of the pods goes first, and is watched.

use super::*;

#[test]
fn a_canary_is_staged_watched_promoted_and_then_gone() {
    let mut story = Story::new(RolloutStrategy::Canary);
    let staged = story.pass();
    assert_eq!((staged.first, staged.second, staged.status.level.as_str()), (good(), Second::Share, "Canary staging"));
    story.seen.next = [Part::Settled, Part::Rolling];
    assert_eq!(story.pass().status.phase, RolloutPhase::Staging);
    story.seen.next = WORKS;
    let watched = story.after(30).pass();
    assert_eq!((watched.first, watched.second, watched.status.level.as_str()), (good(), Second::Share, "Canary 20%"));
    assert_eq!(watched.status.since, Some(Time(story.seen.now)));
    let later = story.after(290).counted(1000, 50).pass();
    assert_eq!(
        (later.status.phase, later.look_again),
        (RolloutPhase::Canary, Some(10)),
        "the watch ends in ten seconds"
    );
    let promoted = story.after(10).pass();
    assert_eq!((promoted.first, promoted.second), (First::Wanted, Second::Share));
    assert_eq!(
        (promoted.status.level.as_str(), promoted.status.last_good.clone()),
        ("Canary promoting", Some(target("1").text()))
    );
    story.seen.stable = [Part::Settled, Part::Rolling];
    assert_eq!(story.after(3600).pass().second, Second::Share, "until all of the first set is new");
    story.seen.stable = WORKS;
    let done = story.pass();
    assert_eq!(
        (done.second, done.status.phase, done.status.last_good),
        (Second::None, RolloutPhase::Stable, Some(target("2").text()))
    );
}

#[rstest]
#[case::a_few_of_many(100, 6, 20, Some(Refusal::Errors))]
#[case::as_many_as_are_let_pass(100, 5, 20, None)]
#[case::of_too_few_to_tell_yet(19, 19, 20, None)]
#[case::of_few_at_the_end(3, 1, 300, Some(Refusal::Errors))]
fn a_canary_whose_requests_fail_is_refused(
    #[case] requests: u64,
    #[case] errors: u64,
    #[case] seconds: i64,
    #[case] refusal: Option<Refusal>,
) {
    let mut story = Story::amid(RolloutStrategy::Canary, RolloutPhase::Canary);
    story.seen.next = WORKS;
    let course = story.after(seconds).counted(requests, errors).pass();
    assert_eq!(course.rollback, refusal);
    let expected = if refusal.is_some() { Second::None } else { Second::Share };
    assert_eq!((course.first, course.second), (good(), expected));
}

#[test]
fn a_canary_that_nobody_asks_anything_is_judged_by_its_pods_alone() {
    let mut story = Story::amid(RolloutStrategy::Canary, RolloutPhase::Canary);
    story.seen.next = WORKS;
    assert_eq!(story.after(300).counted(0, 0).pass().status.phase, RolloutPhase::Promoting);
}

#[test]
fn a_canary_whose_pods_restart_is_refused() {
    let mut story = Story::amid(RolloutStrategy::Canary, RolloutPhase::Canary);
    story.seen.next = WORKS;
    story.seen.ill = Some("the pod eva-api-next-1 ended with exit code 1".to_owned());
    let course = story.pass();
    assert_eq!((course.first, course.second, course.rollback), (good(), Second::None, Some(Refusal::Unready)));
}

#[test]
fn a_canary_whose_pod_was_moved_waits_for_its_successor_and_watches_anew() {
    let mut story = Story::amid(RolloutStrategy::Canary, RolloutPhase::Canary);
    story.seen.next = [Part::Rolling, Part::Settled];
    let moved = story.after(299).pass();
    assert_eq!((moved.status.phase, moved.second, moved.rollback), (RolloutPhase::Staging, Second::Share, None));
    story.seen.next = WORKS;
    let anew = story.after(5).pass();
    assert_eq!((anew.status.phase, anew.status.since), (RolloutPhase::Canary, Some(Time(story.seen.now))));
}

#[test]
fn a_canary_that_cannot_be_measured_is_not_promoted_and_refused_at_the_deadline() {
    let mut story = Story::amid(RolloutStrategy::Canary, RolloutPhase::Canary);
    story.seen.next = WORKS;
    story.seen.evidence = Evidence::Unreadable("no route to host".to_owned());
    assert_eq!(story.after(299).pass().stuck, None, "the watch is not over");
    let over = story.after(1).pass();
    assert_eq!((over.status.phase, over.rollback, over.look_again), (RolloutPhase::Canary, None, Some(15)));
    let why = over.stuck.unwrap();
    assert!(why.contains("no route to host") && why.contains("spec.networkPolicy"), "{why}");
    let refused = story.after(600).pass();
    assert_eq!((refused.second, refused.rollback), (Second::None, Some(Refusal::Unmeasured)));
}

#[test]
fn without_leave_to_go_back_a_failing_canary_stays_small_and_says_so() {
    let mut story = Story::amid(RolloutStrategy::Canary, RolloutPhase::Canary);
    story.settings.automatic_rollback = false;
    story.seen.next = WORKS;
    let course = story.after(400).counted(40, 30).pass();
    assert_eq!((course.first, course.second, course.rollback), (good(), Second::Share, None));
    assert_eq!(course.stuck.as_deref(), Some("30 of the 40 requests to the canary failed, and 5% are let pass"));
}
