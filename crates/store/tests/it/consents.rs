//! What people agreed to.

use chrono::TimeDelta;
use evolve_domain::consent::{Consent, MINOR_FOR};

use crate::support::{IVAN, world};

#[tokio::test]
async fn a_decision_is_of_a_person_who_came_and_is_made_when_it_is_made_first() {
    let world = world().await;
    let consents = world.store.consents();
    assert_eq!(consents.adult(IVAN).await.unwrap(), None);
    assert_eq!(consents.decide(IVAN, 1, true, world.now).await.unwrap(), None, "it made a person");
    world.say("Привет", "Привет!").await;
    assert_eq!(consents.adult(IVAN).await.unwrap(), Some(None));
    let agreed = Consent { words: 1, agreed: true, decided_at: world.now, minor_said_at: None };
    assert_eq!(consents.decide(IVAN, 1, true, world.now).await.unwrap(), Some(agreed));
    let later = world.now + TimeDelta::days(1);
    assert_eq!(consents.decide(IVAN, 1, true, later).await.unwrap(), Some(agreed), "a second press is no new decision");
    let (_, person) = world.admitted("k1").await;
    assert_eq!(person.consent, Some(agreed));
    let back = Consent { words: 1, agreed: false, decided_at: later, minor_said_at: None };
    assert_eq!(consents.decide(IVAN, 1, false, later).await.unwrap(), Some(back));
    let (_, person) = world.admitted("k2").await;
    assert_eq!(person.consent, Some(back));
    assert_eq!(consents.adult(IVAN).await.unwrap(), Some(Some(back)));
    assert_eq!(world.store.exports().sections(IVAN).await.unwrap()["consents"][0]["agreed"], false);
    let removed = world.store.users().delete(IVAN).await.unwrap();
    assert_eq!((removed.counts["consents"], removed.remaining), (1, 0));
}

#[tokio::test]
async fn no_yes_is_taken_for_a_year_from_whoever_said_that_they_are_too_young() {
    let world = world().await;
    world.say("Привет", "Привет!").await;
    let consents = world.store.consents();
    let (words, now) = (1, world.now);
    consents.decide(IVAN, words, true, now).await.unwrap();
    let said = now + TimeDelta::days(1);
    consents.believe(IVAN, words, said).await.unwrap();
    let no = Consent { words, agreed: false, decided_at: said, minor_said_at: Some(said) };
    assert_eq!(consents.adult(IVAN).await.unwrap(), Some(Some(no)));
    let (_, person) = world.admitted("k1").await;
    assert_eq!(person.consent, Some(no));
    // Neither a no of a button nor the day before the last of the year lifts it.
    assert_eq!(consents.decide(IVAN, words, false, said).await.unwrap(), Some(no));
    let almost = said + MINOR_FOR - TimeDelta::days(1);
    assert_eq!(consents.decide(IVAN, words, true, almost).await.unwrap(), None);
    assert_eq!(consents.adult(IVAN).await.unwrap(), Some(Some(no)));
    let grown = said + MINOR_FOR;
    let yes = Consent { words, agreed: true, decided_at: grown, minor_said_at: None };
    assert_eq!(consents.decide(IVAN, words, true, grown).await.unwrap(), Some(yes));
}

#[tokio::test]
async fn a_version_that_knows_nothing_of_decisions_can_remove_people_all_the_same() {
    let world = world().await;
    sqlx::query("INSERT INTO users (id, created_at, last_seen_at) VALUES (42, now(), now())")
        .execute(&world.sql)
        .await
        .unwrap();
    assert!(world.store.consents().decide(IVAN, 1, true, world.now).await.unwrap().is_some());
    sqlx::query("DELETE FROM users WHERE id = 42").execute(&world.sql).await.unwrap();
    assert_eq!(world.count("SELECT count(*) FROM consents").await, 0);
}
