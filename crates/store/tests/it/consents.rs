//! What people agreed to.

use chrono::TimeDelta;
use evolve_domain::consent::Consent;

use crate::support::{IVAN, world};

#[tokio::test]
async fn a_decision_is_of_a_person_who_came_and_is_made_when_it_is_made_first() {
    let world = world().await;
    let consents = world.store.consents();
    assert_eq!(consents.adult(IVAN).await.unwrap(), None);
    assert_eq!(consents.decide(IVAN, 1, true, world.now).await.unwrap(), None, "it made a person");
    world.say("Привет", "Привет!").await;
    assert_eq!(consents.adult(IVAN).await.unwrap(), Some(None));
    let agreed = Consent { words: 1, agreed: true, decided_at: world.now };
    assert_eq!(consents.decide(IVAN, 1, true, world.now).await.unwrap(), Some(agreed));
    let later = world.now + TimeDelta::days(1);
    assert_eq!(consents.decide(IVAN, 1, true, later).await.unwrap(), Some(agreed), "a second press is no new decision");
    let (_, person) = world.admitted("k1").await;
    assert_eq!(person.consent, Some(agreed));
    let back = Consent { words: 1, agreed: false, decided_at: later };
    assert_eq!(consents.decide(IVAN, 1, false, later).await.unwrap(), Some(back));
    let (_, person) = world.admitted("k2").await;
    assert_eq!(person.consent, Some(back));
    assert_eq!(consents.adult(IVAN).await.unwrap(), Some(Some(back)));
    assert_eq!(world.store.exports().sections(IVAN).await.unwrap()["consents"][0]["agreed"], false);
    let removed = world.store.users().delete(IVAN).await.unwrap();
    assert_eq!((removed.counts["consents"], removed.remaining), (1, 0));
}
