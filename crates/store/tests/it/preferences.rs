//! What people set, beside what they told of themselves.

use evolve_domain::profile::ProfilePatch;
use evolve_store::preferences::PreferencesPatch;

use crate::support::{IVAN, defaults, world};

#[tokio::test]
async fn a_wish_and_a_name_that_are_set_at_once_are_both_kept() {
    let world = world().await;
    let name = ProfilePatch { name: Some(Some("Иван".to_owned())), ..ProfilePatch::default() };
    world.store.users().update(IVAN, &name, defaults(), world.now).await.unwrap();
    let city = ProfilePatch { city: Some(Some("Тверь".to_owned())), ..ProfilePatch::default() };
    let wish = PreferencesPatch { talk_of: Some(vec!["чай".to_owned()]), ..PreferencesPatch::default() };
    let (users, preferences) = (world.store.users(), world.store.preferences());
    let (told, wished) = tokio::join!(
        users.update(IVAN, &city, defaults(), world.now),
        preferences.change(IVAN, &wish, defaults(), world.now)
    );
    assert!(told.is_ok() && wished.unwrap().is_some());
    let profile = world.store.users().profile(IVAN, defaults()).await.unwrap().unwrap().profile;
    assert_eq!((profile.city.as_deref(), profile.wishes.talk_of), (Some("Тверь"), vec!["чай".to_owned()]));
}

#[tokio::test]
async fn who_allows_to_be_written_to_is_looked_at_and_who_takes_it_back_is_not() {
    let world = world().await;
    let stranger = PreferencesPatch { good_morning: Some(true), ..PreferencesPatch::default() };
    assert_eq!(world.store.preferences().change(IVAN, &stranger, defaults(), world.now).await.unwrap(), None);
    world.store.users().update(IVAN, &ProfilePatch::default(), defaults(), world.now).await.unwrap();
    let looked_at = "SELECT count(*) FROM settings WHERE proactive_at IS NOT NULL";
    assert_eq!(world.count(looked_at).await, 0, "nobody is written to who did not ask for it");
    world.store.preferences().change(IVAN, &stranger, defaults(), world.now).await.unwrap();
    assert_eq!(world.count(looked_at).await, 1);
    let off = PreferencesPatch { good_morning: Some(false), ..PreferencesPatch::default() };
    world.store.preferences().change(IVAN, &off, defaults(), world.now).await.unwrap();
    assert_eq!(world.count(looked_at).await, 0);
}
