//! Keys change, and nobody's data is lost.

use evolve_domain::memory::question::Question;
use evolve_domain::profile::ProfilePatch;
use evolve_store::memory::Postings;
use evolve_store::{
    messages::RecallLimits,
    rotate::{Rotated, rotate, verify},
};

use crate::support::{IVAN, defaults, learning, store, work, world};

#[tokio::test]
async fn after_rotation_the_old_key_can_be_thrown_away() {
    let world = world().await;
    let patch = ProfilePatch { name: Some(Some("Иван".to_owned())), ..ProfilePatch::default() };
    world.store.users().update(IVAN, &patch, defaults(), world.now).await.unwrap();
    let (turn, person) = world.admitted("a").await;
    let learnt = learning("любит чай");
    let mut done = work("я люблю чай", "Запомню", world.now);
    done.facts = &learnt;
    assert!(world.store.turns().persist(&turn, &person, &done).await.unwrap().is_written());

    let new_key = fernet::Fernet::generate_key();
    let only_new = store(&world.url, &new_key);
    assert!(only_new.users().profile(IVAN, defaults()).await.is_err());
    assert!(verify(&only_new).await.unwrap_err().to_string().contains("ENCRYPTION_KEY"));
    verify(&world.store).await.unwrap();
    assert!(rotate(&only_new).await.is_err(), "rotation went on without the key that is still needed");
    let both = store(&world.url, &format!("{new_key},{}", world.key));
    assert_eq!(rotate(&both).await.unwrap(), Rotated { seen: 2, changed: 2 });
    assert_eq!(rotate(&both).await.unwrap(), Rotated { seen: 2, changed: 0 });
    verify(&only_new).await.unwrap();
    let profile = only_new.users().profile(IVAN, defaults()).await.unwrap().unwrap().profile;
    assert_eq!(profile.name.as_deref(), Some("Иван"));
    let limits = RecallLimits { messages: 10, earlier: 3, weeks: 4, facts: 50 };
    let recall =
        only_new.messages().recall(IVAN, &[], limits, &Question::default(), &Postings::default(), None).await.unwrap();
    assert_eq!(recall.facts[0].content, "любит чай");
}
