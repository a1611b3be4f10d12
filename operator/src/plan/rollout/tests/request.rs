//! Going back because somebody asks for it.

use super::*;

#[test]
fn a_rollout_is_taken_back_on_request_for_as_long_as_the_request_lasts() {
    let mut story = Story::amid(RolloutStrategy::Canary, RolloutPhase::Canary);
    story.wishes.refuse = Some(target("2").text());
    let back = story.pass();
    assert_eq!((back.first, back.second, back.rollback), (good(), Second::None, Some(Refusal::Request)));
    story.wishes.retry = Some("another".to_owned());
    assert_eq!(story.pass().status.reason, Some(Refusal::Request), "the one request does not undo the other");
    story.wishes.refuse = None;
    let again = story.pass();
    assert_eq!((again.status.phase, again.status.refused), (RolloutPhase::Staging, None));
}

#[test]
fn the_last_good_version_itself_is_taken_back_to_the_one_before() {
    let mut story = Story::amid(RolloutStrategy::RollingUpdate, RolloutPhase::Stable);
    story.before.last_good = Some(target("2").text());
    story.before.previous_good = Some(target("1").text());
    story.seen.stable = WORKS;
    story.wishes.refuse = Some(target("2").text());
    let back = story.pass();
    assert_eq!((back.first, back.rollback), (good(), Some(Refusal::Request)));
    assert_eq!((back.status.last_good, back.status.previous_good), (Some(target("1").text()), None));
    let still = story.pass();
    assert_eq!((still.first, still.rollback), (good(), None));
    story.wishes.refuse = None;
    story.pass();
    let forward = story.pass().status;
    assert_eq!((forward.last_good, forward.previous_good), (Some(target("2").text()), Some(target("1").text())));
}

#[rstest]
#[case::no_other_is_known(None, &[])]
#[case::its_templates_are_lost(Some("1"), &["1"])]
fn with_nothing_to_go_back_to_a_request_is_answered_with_a_sentence(
    #[case] before: Option<&str>,
    #[case] lost: &[&str],
) {
    let mut story = Story::amid(RolloutStrategy::RollingUpdate, RolloutPhase::Stable);
    story.before.last_good = Some(target("2").text());
    story.before.previous_good = before.map(|name| target(name).text());
    story.lost = lost.iter().map(|name| target(name)).collect();
    story.seen.stable = WORKS;
    story.wishes.refuse = Some(target("2").text());
    let course = story.pass();
    assert_eq!((course.first, course.status.phase), (First::Wanted, RolloutPhase::Stable));
    assert!(course.stuck.unwrap().contains("no good version"));
}

#[test]
fn a_request_about_another_target_means_nothing() {
    let mut story = Story::amid(RolloutStrategy::RollingUpdate, RolloutPhase::Rolling);
    story.wishes.refuse = Some(target("1").text());
    assert_eq!(story.pass().first, First::Wanted);
}
