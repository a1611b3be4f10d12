//! Keys change, and nobody's data is lost.

use evolve_domain::access::Role;
use evolve_domain::flags::{Flag, Rollout};
use evolve_domain::memory::question::Question;
use evolve_domain::profile::ProfilePatch;
use evolve_store::memory::Postings;
use evolve_store::{
    access::{NewAccount, NewFactor},
    flags::Turn,
    messages::RecallLimits,
    rotate::{Rotated, rotate, verify},
};

use secrecy::ExposeSecret as _;
use uuid::Uuid;

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
    let facts = world.store.facts().unplaced(IVAN, "toy/2", 10).await.unwrap();
    world.store.facts().place(IVAN, "toy/2", &facts, &[vec![0.5, -0.5]]).await.unwrap();

    let new_key = fernet::Fernet::generate_key();
    let only_new = store(&world.url, &new_key);
    assert!(only_new.users().profile(IVAN, defaults()).await.is_err());
    assert!(verify(&only_new).await.unwrap_err().to_string().contains("ENCRYPTION_KEY"));
    verify(&world.store).await.unwrap();
    let without = rotate(&only_new).await.unwrap();
    assert_eq!((without.seen, without.changed, without.unreadable), (3, 0, 3), "the key is still needed");
    let both = store(&world.url, &format!("{new_key},{}", world.key));
    assert_eq!(rotate(&both).await.unwrap(), Rotated { seen: 3, changed: 3, ..Rotated::default() });
    assert_eq!(rotate(&both).await.unwrap(), Rotated { seen: 3, changed: 0, ..Rotated::default() });
    verify(&only_new).await.unwrap();
    let profile = only_new.users().profile(IVAN, defaults()).await.unwrap().unwrap().profile;
    assert_eq!(profile.name.as_deref(), Some("Иван"));
    let limits = RecallLimits { messages: 10, carried: 10, earlier: 3, weeks: 4, facts: 50 };
    let recall =
        only_new.messages().recall(IVAN, &[], limits, &Question::default(), &Postings::default(), None).await.unwrap();
    assert_eq!(recall.facts[0].content, "любит чай");
}

#[tokio::test]
async fn second_factors_come_along() {
    let world = world().await;
    let (id, access) = (Uuid::now_v7(), world.store.access());
    let new = NewAccount { id, name: "anna", role: Role::Owner, oidc_subject: None };
    assert!(access.create_account(&new, world.now).await.unwrap());
    let factor = NewFactor { secret: "JBSWY3DPEHPK3PXP".into(), step: 1, recovery_codes: vec![vec![1], vec![2]] };
    access.set_factor(id, &factor).await.unwrap();
    let new_key = fernet::Fernet::generate_key();
    let both = store(&world.url, &format!("{new_key},{}", world.key));
    assert_eq!(rotate(&both).await.unwrap(), Rotated { seen: 1, changed: 1, ..Rotated::default() });
    let only_new = store(&world.url, &new_key);
    let found = only_new.access().credentials("anna").await.unwrap().unwrap();
    assert_eq!(found.totp_secret.unwrap().expose_secret(), "JBSWY3DPEHPK3PXP");
    assert_eq!(only_new.access().recovery_codes(id).await.unwrap(), 2);
}

#[tokio::test]
async fn who_is_named_in_a_flag_has_it_under_the_new_key_too() {
    let world = world().await;
    world.store.users().update(IVAN, &ProfilePatch::default(), defaults(), world.now).await.unwrap();
    let (flag, rollout) = (Flag::Voice, Rollout { percent: 0, plan: None });
    let turn = Turn { flag, rollout, people: Some(&[IVAN]), note: "", by: "service-key:5f0c2a91" };
    world.store.flags().turn(&turn, None, world.now).await.unwrap();
    let new_key = fernet::Fernet::generate_key();
    let both = store(&world.url, &format!("{new_key},{}", world.key));
    for _ in 0..2 {
        rotate(&both).await.unwrap();
        let only_new = store(&world.url, &new_key);
        let turned = only_new.flags().all().await.unwrap();
        assert_eq!(turned[0].people, only_new.flags().names(IVAN));
    }
}

#[tokio::test]
async fn one_value_that_no_key_reads_is_named_and_costs_nobody_the_others() {
    let world = world().await;
    let (turn, person) = world.admitted("a").await;
    let mut learnt = learning("любит чай");
    learnt.learnt.extend(learning("живёт у моря").learnt);
    let mut done = work("я люблю чай и живу у моря", "Запомню", world.now);
    done.facts = &learnt;
    assert!(world.store.turns().persist(&turn, &person, &done).await.unwrap().is_written());
    let spoilt: (String,) = sqlx::query_as(
        "UPDATE facts SET content = 'spoilt' WHERE id = (SELECT id FROM facts ORDER BY id DESC LIMIT 1) RETURNING id::text",
    )
    .fetch_one(&world.sql)
    .await
    .unwrap();
    let new_key = fernet::Fernet::generate_key();
    let both = store(&world.url, &format!("{new_key},{}", world.key));
    let rotated = rotate(&both).await.unwrap();
    assert_eq!((rotated.seen, rotated.changed, rotated.unreadable), (2, 1, 1));
    assert_eq!(rotated.where_unreadable, [format!("facts.content of {}", spoilt.0)]);
    assert!(verify(&both).await.is_err(), "the last value is looked at too");
    let limits = RecallLimits { messages: 10, carried: 10, earlier: 3, weeks: 4, facts: 50 };
    let recall =
        both.messages().recall(IVAN, &[], limits, &Question::default(), &Postings::default(), None).await.unwrap();
    assert_eq!(recall.facts.len(), 1, "the other fact is there for the answer");
}
