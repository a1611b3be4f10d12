//! Who is not talked with: whatever looks at many people passes them by, and the keys may change.

use chrono::TimeDelta;
use evolve_domain::{payment::Way, profile::ProfilePatch};
use evolve_store::{
    bans::NewBan, broadcasts::Reach, payments::NewPayment, preferences::PreferencesPatch, rotate::rotate,
    turns::Admission,
};
use uuid::Uuid;

use crate::support::{IVAN, LEASE, World, defaults, store, world};

const FOR_GOOD: NewBan<'_> = NewBan { reason: "spam", until: None, by: "service-key:5f0c2a91" };

async fn met() -> World {
    let world = world().await;
    world.store.users().update(IVAN, &ProfilePatch::default(), defaults(), world.now).await.unwrap();
    world.say("Привет", "Привет!").await;
    world
}

fn payment(charge: &str, world: &World) -> NewPayment {
    NewPayment {
        id: Uuid::now_v7(),
        user_id: IVAN,
        charge_id: charge.to_owned(),
        provider_charge_id: String::new(),
        way: Way::Stars,
        currency: "XTR".to_owned(),
        amount: 250,
        matched: true,
        made_at: world.now,
        repeats: None,
        is_found: false,
    }
}

async fn reached(world: &World) -> u64 {
    let reach = Reach { came_by: world.now, ..Reach::default() };
    let (_, people) = world.store.broadcasts().reaches(0, 10, &reach, world.now).await.unwrap().unwrap();
    people
}

#[tokio::test]
async fn broadcasts_and_first_words_pass_by_who_is_banned_until_the_ban_is_over() {
    let world = met().await;
    let allow = PreferencesPatch { good_morning: Some(true), ..PreferencesPatch::default() };
    world.store.preferences().change(IVAN, &allow, defaults(), world.now).await.unwrap().unwrap();
    let is_leaving = async || {
        sqlx::query("UPDATE settings SET proactive_at = 'epoch'").execute(&world.sql).await.unwrap();
        let found = world.store.first().claim(5, 12, defaults(), world.now, LEASE).await.unwrap();
        found[0].is_leaving
    };
    assert_eq!((reached(&world).await, is_leaving().await), (1, false));
    world.store.bans().ban(IVAN, FOR_GOOD, None, world.now).await.unwrap();
    assert_eq!((reached(&world).await, is_leaving().await), (0, true));
    let past = NewBan { until: Some(world.now), ..FOR_GOOD };
    world.store.bans().ban(IVAN, past, None, world.now - TimeDelta::hours(1)).await.unwrap();
    assert_eq!((reached(&world).await, is_leaving().await), (1, false));
}

#[tokio::test]
async fn who_is_banned_is_not_admitted_and_pays_nothing_also_where_they_come_anew() {
    let world = met().await;
    let used = world.used_today().await;
    world.store.bans().ban(IVAN, FOR_GOOD, None, world.now).await.unwrap();
    assert!(matches!(world.admit("k").await, Admission::Banned { until: None }));
    assert_eq!(world.used_today().await, used);
    world.store.users().delete(IVAN).await.unwrap();
    assert!(matches!(world.admit("k").await, Admission::Banned { until: None }));
    // Who came anew by another way than by speaking is found out when they speak.
    world.store.users().delete(IVAN).await.unwrap();
    world.store.users().welcome(IVAN, defaults(), world.now).await.unwrap();
    assert!(matches!(world.admit("k").await, Admission::Banned { until: None }));
    assert!(world.store.bans().lift(IVAN, None).await.unwrap());
    assert!(matches!(world.admit("k").await, Admission::Admitted(..)));
}

#[tokio::test]
async fn who_was_removed_and_comes_anew_without_speaking_is_passed_by_too() {
    let world = met().await;
    let users = world.store.users();
    world.store.bans().ban(IVAN, FOR_GOOD, None, world.now).await.unwrap();
    users.delete(IVAN).await.unwrap();
    users.welcome(IVAN, defaults(), world.now).await.unwrap();
    assert_eq!(reached(&world).await, 0, "by the first command");
    users.delete(IVAN).await.unwrap();
    users.update(IVAN, &ProfilePatch::default(), defaults(), world.now).await.unwrap();
    assert_eq!(reached(&world).await, 0, "by a setting");
    users.delete(IVAN).await.unwrap();
    world.store.payments().paid(&payment("c1", &world), world.now).await.unwrap();
    let marked = world.count("SELECT count(*) FROM users WHERE banned_until IS NOT NULL").await;
    assert_eq!(marked, 1, "by a payment");
}

#[tokio::test]
async fn what_somebody_pays_who_is_banned_waits_for_somebody_to_see_to_it() {
    let world = met().await;
    let payments = world.store.payments();
    payments.paid(&payment("before", &world), world.now).await.unwrap();
    assert_eq!(payments.to_see_to(None, 10).await.unwrap(), []);
    world.store.bans().ban(IVAN, FOR_GOOD, None, world.now).await.unwrap();
    payments.paid(&payment("while", &world), world.now).await.unwrap();
    let waiting = payments.to_see_to(None, 10).await.unwrap();
    assert_eq!(
        waiting.iter().map(|of| (of.charge_id.as_str(), of.refund_asked)).collect::<Vec<_>>(),
        [("while", true)]
    );
}

#[tokio::test]
async fn a_ban_outlives_the_key_that_it_was_written_under() {
    let world = met().await;
    world.store.bans().ban(IVAN, FOR_GOOD, None, world.now).await.unwrap();
    let new_key = fernet::Fernet::generate_key();
    let both = store(&world.url, &format!("{new_key},{}", world.key));
    rotate(&both).await.unwrap();
    let only_new = store(&world.url, &new_key);
    let ban = only_new.bans().of(IVAN, world.now).await.unwrap().unwrap();
    assert_eq!((ban.reason.as_deref(), ban.until), (Some("spam"), None));
    only_new.users().delete(IVAN).await.unwrap();
    let back = World { store: only_new, ..world };
    assert!(matches!(back.admit("k").await, Admission::Banned { .. }));
}
