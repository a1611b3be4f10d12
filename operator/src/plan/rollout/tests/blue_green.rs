//! A second whole set gets ready, takes over, and gives way to the first.

use super::*;

#[test]
fn blue_green_stages_switches_rolls_the_bot_and_then_replaces_the_first_set() {
    let mut story = Story::new(RolloutStrategy::BlueGreen);
    let staged = story.pass();
    assert_eq!((staged.first, staged.second), (good(), Second::Whole(Track::Stable)));
    assert_eq!(staged.status.level, "BlueGreen staging");
    story.seen.next = [Part::Settled, Part::Rolling];
    let switched = story.pass();
    assert_eq!((switched.first, switched.second), (First::GoodApi(target("1")), Second::Whole(Track::Next)));
    assert_eq!(switched.status.level, "BlueGreen switched");
    assert_eq!(story.pass().status.phase, RolloutPhase::Switched);
    story.seen.stable = [Part::Rolling, Part::Settled];
    let promoting = story.pass();
    assert_eq!((promoting.first, promoting.second), (First::Wanted, Second::Whole(Track::Next)));
    story.seen.stable = WORKS;
    let done = story.pass();
    assert_eq!((done.second, done.status.phase), (Second::None, RolloutPhase::Stable));
}

#[rstest]
#[case::by_kubernetes_clock([Part::Rolling, late()], None, 0, Refusal::Deadline)]
#[case::by_ours(ROLLS, None, 600, Refusal::Deadline)]
#[case::by_its_own_api(ROLLS, Some("the pod eva-api-next-1 is no longer ready"), 0, Refusal::Unready)]
fn until_the_bot_has_settled_blue_green_goes_back_at_once(
    #[case] stable: [Part; 2],
    #[case] ill: Option<&str>,
    #[case] seconds: i64,
    #[case] reason: Refusal,
) {
    let mut story = Story::amid(RolloutStrategy::BlueGreen, RolloutPhase::Switched);
    story.seen.next = [Part::Settled, Part::Rolling];
    story.seen.stable = stable;
    story.seen.ill = ill.map(str::to_owned);
    let back = story.after(seconds).pass();
    assert_eq!((back.first, back.second, back.rollback), (good(), Second::None, Some(reason)));
}
