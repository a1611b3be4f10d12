//! Payments on a real Postgres: once, whatever is repeated, and with a ledger that adds up.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use evolve_domain::{
    payment::{Going, REMIND_BEFORE, Way},
    plan::Plan,
};
use evolve_store::{
    inbox::NewUpdate,
    outbox::{NewOutgoing, Priority},
    payments::{Ending, GivenBack, Granted, NewPayment, Purchase, Refund, RefundBegun, Refunded, Repeats},
};
use proptest::{prelude::*, strategy::ValueTree as _};
use serde_json::json;
use uuid::Uuid;

use crate::support::{IVAN, World, world};

fn payment(user_id: i64, charge: &str, way: Way, now: DateTime<Utc>) -> NewPayment {
    NewPayment {
        id: Uuid::now_v7(),
        user_id,
        charge_id: charge.to_owned(),
        provider_charge_id: String::new(),
        way,
        currency: if way == Way::Money { "RUB" } else { "XTR" }.to_owned(),
        amount: if way == Way::Money { 29_900 } else { 250 },
        matched: true,
        made_at: now,
        repeats: (way == Way::StarsMonthly).then(|| repeats(user_id, true, now)),
        is_found: false,
    }
}

/// Of the one subscription that each person's stories are about.
fn repeats(user_id: i64, begins: bool, now: DateTime<Utc>) -> Repeats {
    Repeats { offer: [u8::try_from(user_id).unwrap(); 32], begins, renews_at: now + TimeDelta::days(30) }
}

fn renewal(user_id: i64, charge: &str, now: DateTime<Utc>) -> NewPayment {
    NewPayment { repeats: Some(repeats(user_id, false, now)), ..payment(user_id, charge, Way::StarsMonthly, now) }
}

fn call(user_id: i64, key: &str) -> NewOutgoing {
    NewOutgoing {
        chat_id: user_id,
        user_id: Some(user_id),
        key: key.to_owned(),
        method: "refundStarPayment".to_owned(),
        params: json!({ "user_id": user_id }),
        priority: Priority::Reply,
    }
}

async fn balances(world: &World) -> BTreeMap<(String, String), i64> {
    let balances = world.store.payments().balances().await.unwrap();
    balances.into_iter().map(|balance| ((balance.account, balance.currency), balance.amount)).collect()
}

async fn notices(world: &World) -> Vec<String> {
    let sql = "SELECT params ->> 'notice' FROM outbox WHERE method = 'notice' ORDER BY id";
    let rows: Vec<(String,)> = sqlx::query_as(sql).fetch_all(&world.sql).await.unwrap();
    rows.into_iter().map(|(notice,)| notice).collect()
}

#[tokio::test]
async fn a_payment_that_is_told_of_twice_at_once_counts_once() {
    let world = world().await;
    let (first, second) = (payment(IVAN, "c1", Way::Stars, world.now), payment(IVAN, "c1", Way::Stars, world.now));
    let payments = world.store.payments();
    let (first, second) = tokio::join!(payments.paid(&first, world.now), payments.paid(&second, world.now));
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_ne!(first.replayed, second.replayed);
    assert_eq!(
        (first.standing.premium_until, second.standing),
        (Some(world.now + TimeDelta::days(30)), first.standing)
    );
    assert_eq!(world.count("SELECT count(*) FROM payments").await, 1);
    assert_eq!(balances(&world).await[&("telegram".to_owned(), "XTR".to_owned())], 250);
}

#[tokio::test]
async fn what_is_for_no_offer_of_ours_is_booked_apart_and_gives_nothing() {
    let world = world().await;
    let stray = NewPayment { matched: false, ..payment(IVAN, "c1", Way::Stars, world.now) };
    let paid = world.store.payments().paid(&stray, world.now).await.unwrap();
    assert_eq!(paid.standing.plan, Plan::Free);
    assert_eq!(balances(&world).await[&("unmatched".to_owned(), "XTR".to_owned())], -250);
    let refund = world.store.payments().refunded(IVAN, "c1", world.now).await.unwrap().refund;
    assert!(matches!(refund, Refund::Done(_)), "{refund:?}");
    assert!(balances(&world).await.values().all(|amount| *amount == 0));
}

#[tokio::test]
async fn a_refund_is_asked_of_telegram_once_and_takes_effect_when_it_says_so() {
    let world = world().await;
    let payments = world.store.payments();
    payments.paid(&payment(IVAN, "c1", Way::Stars, world.now), world.now).await.unwrap();
    let paid = payments.account(IVAN, 5).await.unwrap().payments.remove(0);
    assert!(payments.ask_refund(IVAN, paid.id, world.now).await.unwrap());
    assert!(!payments.ask_refund(7, paid.id, world.now).await.unwrap(), "somebody else's payment");
    assert_eq!(payments.begin_refund(&paid, &call(IVAN, "r"), world.now).await.unwrap(), RefundBegun::Yes);
    assert_eq!(payments.begin_refund(&paid, &call(IVAN, "r"), world.now).await.unwrap(), RefundBegun::Already);
    assert_eq!(world.count("SELECT count(*) FROM outbox").await, 1);
    assert_eq!(payments.account(IVAN, 0).await.unwrap().standing.plan, Plan::Premium, "before Telegram said so");
    assert_eq!(payments.refunded(7, "c1", world.now).await.unwrap().refund, Refund::Unknown);
    let Refund::Done(standing) = payments.refunded(IVAN, "c1", world.now).await.unwrap().refund else {
        panic!("not done")
    };
    assert_eq!(standing.plan, Plan::Free);
    assert!(matches!(payments.refunded(IVAN, "c1", world.now).await.unwrap().refund, Refund::Replayed(_)));
    assert!(payments.account(IVAN, 5).await.unwrap().payments[0].refunded);
    assert!(balances(&world).await.values().all(|amount| *amount == 0));
}

#[tokio::test]
async fn a_cancelled_subscription_owes_telegram_the_call_and_keeps_what_is_paid() {
    let world = world().await;
    let payments = world.store.payments();
    payments.paid(&payment(IVAN, "c1", Way::StarsMonthly, world.now), world.now).await.unwrap();
    let paid_until = Some(world.now + TimeDelta::days(30));
    assert_eq!(
        payments.account(IVAN, 0).await.unwrap().standing.premium_until,
        paid_until.map(|t| t + TimeDelta::days(3))
    );
    for key in ["off", "off again"] {
        let off = payments.set_renewal(IVAN, false, |charge| Some(call(IVAN, &format!("{key}-{charge}"))), world.now);
        assert_eq!(off.await.unwrap().unwrap().premium_until, paid_until);
        assert_eq!(going(&world).await, Going::Stopping, "Telegram has not confirmed it");
    }
    assert_eq!(world.count("SELECT count(*) FROM outbox WHERE key IN ('off-c1', 'off again-c1')").await, 2);
    payments.stopped("c1", world.now).await.unwrap();
    assert_eq!(going(&world).await, Going::Stopped);
    let nobody = payments.set_renewal(7, false, |_| Some(call(7, "x")), world.now).await.unwrap();
    assert_eq!(nobody, None);
}

#[tokio::test]
async fn a_subscription_is_cancelled_by_its_first_charge_however_often_it_was_renewed() {
    let world = world().await;
    let payments = world.store.payments();
    payments.paid(&payment(IVAN, "first", Way::StarsMonthly, world.now), world.now).await.unwrap();
    let renewed = renewal(IVAN, "second", world.now);
    payments.paid(&renewed, world.now).await.unwrap();
    payments.set_renewal(IVAN, false, |charge| Some(call(IVAN, charge)), world.now).await.unwrap();
    assert_eq!(world.count("SELECT count(*) FROM outbox WHERE key = 'first'").await, 1);
    // A bot may only allow people to take a subscription up again.
    let allowed = payments.set_renewal(IVAN, true, |charge| Some(call(IVAN, &format!("on-{charge}"))), world.now);
    assert!(!allowed.await.unwrap().unwrap().renews());
    assert_eq!(
        (going(&world).await, world.count("SELECT count(*) FROM outbox WHERE key = 'on-first'").await),
        (Going::Resumable, 1)
    );
    // They may have: it can be stopped again.
    let off = payments.set_renewal(IVAN, false, |charge| Some(call(IVAN, &format!("again-{charge}"))), world.now);
    off.await.unwrap();
    assert_eq!(
        (going(&world).await, world.count("SELECT count(*) FROM outbox WHERE key = 'again-first'").await),
        (Going::Stopping, 1)
    );
    payments.set_renewal(IVAN, true, |charge| Some(call(IVAN, &format!("on2-{charge}"))), world.now).await.unwrap();
    let later = world.now + TimeDelta::days(1);
    let third = payments.paid(&renewal(IVAN, "third", later), later).await.unwrap();
    assert!(third.standing.renews(), "they took it up again, and it came");
}

async fn going(world: &World) -> Going {
    world.store.payments().account(IVAN, 0).await.unwrap().standing.renewal.unwrap().going()
}

#[tokio::test]
async fn a_renewal_that_was_paid_before_telegram_stopped_it_does_not_take_it_up_again() {
    let world = world().await;
    let payments = world.store.payments();
    let hour = |n: i64| world.now + TimeDelta::hours(n);
    payments.paid(&payment(IVAN, "c1", Way::StarsMonthly, hour(0)), hour(0)).await.unwrap();
    payments.set_renewal(IVAN, false, |_| Some(call(IVAN, "off")), hour(1)).await.unwrap();
    let stops = "SELECT count(*) FROM outbox WHERE key LIKE 'stop-%'";
    payments.paid(&renewal(IVAN, "c2", hour(2)), hour(2)).await.unwrap();
    assert_eq!((going(&world).await, world.count(stops).await), (Going::Stopping, 1), "it is asked for once more");
    payments.stopped("c1", hour(4)).await.unwrap();
    let late = payments.paid(&renewal(IVAN, "c3", hour(3)), hour(5)).await.unwrap();
    assert_eq!((going(&world).await, late.standing.renews()), (Going::Stopped, false));
    payments.paid(&renewal(IVAN, "c4", hour(6)), hour(6)).await.unwrap();
    assert_eq!(going(&world).await, Going::Running);
}

#[tokio::test]
async fn a_renewal_after_the_grace_belongs_to_the_same_subscription_and_its_first_charge_is_never_lost() {
    let world = world().await;
    let payments = world.store.payments();
    payments.paid(&payment(IVAN, "first", Way::StarsMonthly, world.now), world.now).await.unwrap();
    let later = world.now + TimeDelta::days(40);
    assert_eq!(payments.see_to(Ending::Expire, "ru", later).await.unwrap(), 1);
    assert_eq!(payments.account(IVAN, 0).await.unwrap().standing.renewal, None, "it is not spoken of any more");
    // Whatever its payload says now: the keys may have changed.
    let renewed = NewPayment { matched: false, ..renewal(IVAN, "second", later) };
    let renewed = payments.paid(&renewed, later).await.unwrap();
    assert!(renewed.matched && renewed.standing.renews());
    assert_eq!(payments.account(IVAN, 0).await.unwrap().subscription_charge.as_deref(), Some("first"));
    let stray = NewPayment {
        repeats: Some(Repeats { offer: [9; 32], ..repeats(IVAN, false, later) }),
        ..renewal(IVAN, "stray", later)
    };
    payments.paid(&stray, later).await.unwrap();
    assert_eq!(world.count("SELECT count(*) FROM subscriptions").await, 1, "the charge of a renewal stops nothing");
}

#[tokio::test]
async fn what_repeats_for_no_offer_of_ours_is_kept_and_stopped() {
    let world = world().await;
    let payments = world.store.payments();
    let stray = NewPayment { matched: false, ..payment(IVAN, "c1", Way::StarsMonthly, world.now) };
    assert_eq!(payments.paid(&stray, world.now).await.unwrap().standing, Default::default());
    assert_eq!(world.count(STOPPED).await, 1);
    let renewed = payments.paid(&renewal(IVAN, "c2", world.now), world.now).await.unwrap();
    assert!(!renewed.matched && renewed.standing.plan == Plan::Free);
    assert_eq!(world.count(STOPPED).await, 2, "by its first charge");
}

#[tokio::test]
async fn a_gift_adds_to_what_is_paid_and_is_given_once() {
    let world = world().await;
    let payments = world.store.payments();
    let day = |n: i64| world.now + TimeDelta::days(n);
    let week = TimeDelta::days(7);
    assert_eq!(payments.grant(IVAN, week, |_| call(IVAN, "gift"), day(0)).await.unwrap(), Granted::Nobody);
    payments.paid(&payment(IVAN, "c1", Way::Stars, day(0)), day(0)).await.unwrap();
    let Granted::Yes(given) = payments.grant(IVAN, week, |_| call(IVAN, "gift"), day(1)).await.unwrap() else {
        panic!("not given")
    };
    assert_eq!(given.premium_until, Some(day(37)));
    assert_eq!(payments.grant(IVAN, week, |_| call(IVAN, "gift"), day(1)).await.unwrap(), Granted::Already(given));
}

/// Until when each payment of somebody recurs, in days from the beginning of the story, oldest first.
async fn recurs(world: &World, user_id: i64) -> Vec<i64> {
    let sql = "SELECT recurs_until FROM payments WHERE user_id = $1 ORDER BY paid_at, id";
    let until: Vec<DateTime<Utc>> = sqlx::query_scalar(sql).bind(user_id).fetch_all(&world.sql).await.unwrap();
    until.into_iter().map(|until| (until - world.now).num_days()).collect()
}

#[tokio::test]
async fn paid_months_recur_one_after_another_whatever_was_given() {
    let world = world().await;
    let payments = world.store.payments();
    let day = |n: i64| world.now + TimeDelta::days(n);
    payments.paid(&payment(IVAN, "c1", Way::Stars, day(0)), day(0)).await.unwrap();
    let year = TimeDelta::days(365);
    assert!(matches!(payments.grant(IVAN, year, |_| call(IVAN, "gift"), day(1)).await.unwrap(), Granted::Yes(_)));
    for (charge, way) in [("c2", Way::Money), ("c3", Way::Stars)] {
        payments.paid(&payment(IVAN, charge, way, day(2)), day(2)).await.unwrap();
    }
    let stray = NewPayment { matched: false, ..payment(7, "stray", Way::Stars, day(2)) };
    payments.paid(&stray, day(2)).await.unwrap();
    assert_eq!(recurs(&world, IVAN).await, [30, 60, 90]);
    assert_eq!(world.count("SELECT count(recurs_until) FROM payments").await, 3, "a stray payment recurs");
    // Twenty days of the first are left: what comes after it begins earlier by these.
    assert!(matches!(payments.refunded(IVAN, "c1", day(10)).await.unwrap().refund, Refund::Done(_)));
    assert_eq!(recurs(&world, IVAN).await, [30, 40, 70]);
}

#[tokio::test]
async fn who_was_ended_pays_no_more_and_a_refund_after_that_takes_nothing_of_what_they_pay_later() {
    let world = world().await;
    let payments = world.store.payments();
    let day = |n: i64| world.now + TimeDelta::days(n);
    for charge in ["c1", "c2"] {
        payments.paid(&payment(IVAN, charge, Way::Stars, day(0)), day(0)).await.unwrap();
    }
    assert_eq!(payments.end_premium(IVAN, &call(IVAN, "end"), day(5)).await.unwrap(), Some(true));
    assert_eq!(payments.end_premium(IVAN, &call(IVAN, "again"), day(6)).await.unwrap(), Some(false));
    assert_eq!(recurs(&world, IVAN).await, [5, 5]);
    payments.paid(&payment(IVAN, "c3", Way::Stars, day(7)), day(7)).await.unwrap();
    assert_eq!(recurs(&world, IVAN).await, [5, 5, 37]);
    let Refund::Done(standing) = payments.refunded(IVAN, "c1", day(8)).await.unwrap().refund else {
        panic!("not done")
    };
    assert_eq!((standing.paid_until, recurs(&world, IVAN).await), (Some(day(37)), vec![5, 5, 37]));
}

/// What became of subscriptions on the days of the story until one: how many began, went on and ended on which day.
async fn moved(world: &World, until: i64) -> Vec<(i32, (i64, i64, i64))> {
    let day = |n: i64| world.now + TimeDelta::days(n);
    let begins: Vec<DateTime<Utc>> = (0..=until).map(day).collect();
    let moved = world.store.payments().moved(&begins, day(until)).await.unwrap();
    moved.into_iter().map(|of| (of.place - 1, (of.began, of.renewed, of.ended))).collect()
}

#[tokio::test]
async fn what_began_went_on_and_ended_stays_so_whatever_is_paid_or_given_back_later() {
    let world = world().await;
    let payments = world.store.payments();
    let day = |n: i64| world.now + TimeDelta::days(n);
    let pays = async |person: i64, charge: &str, on: i64| {
        payments.paid(&payment(person, charge, Way::Stars, day(on)), day(on)).await.unwrap();
    };
    pays(IVAN, "c1", 0).await;
    pays(IVAN, "c2", 20).await;
    pays(7, "c3", 1).await;
    let until_then = [(0, (1, 0, 0)), (1, (1, 0, 0)), (20, (0, 1, 0)), (31, (0, 0, 1))];
    assert_eq!(moved(&world, 35).await, until_then, "one goes on, and one has ended");
    pays(7, "c4", 40).await;
    assert!(matches!(payments.refunded(IVAN, "c2", day(41)).await.unwrap().refund, Refund::Done(_)));
    assert_eq!(moved(&world, 35).await, until_then, "what is over has changed");
    let since_then = [(40, (0, 1, 0)), (41, (0, 0, 1)), (70, (0, 0, 1))];
    assert_eq!(moved(&world, 75).await, [until_then.as_slice(), since_then.as_slice()].concat());
    // Only what ended since is asked for.
    let since = world.store.payments().moved(&[day(41)], day(75)).await.unwrap();
    assert_eq!((since.len(), since[0].began, since[0].renewed, since[0].ended), (1, 0, 0, 2));
}

#[tokio::test]
async fn a_renewal_that_is_late_ends_nothing_and_who_is_ended_ends_once() {
    let world = world().await;
    let payments = world.store.payments();
    let hour = |n: i64| world.now + TimeDelta::hours(n);
    payments.paid(&payment(IVAN, "c1", Way::StarsMonthly, hour(0)), hour(0)).await.unwrap();
    let late = hour(30 * 24 + 5);
    payments.paid(&renewal(IVAN, "c2", late), late).await.unwrap();
    for charge in ["c3", "c4"] {
        payments.paid(&payment(7, charge, Way::Stars, hour(25)), hour(25)).await.unwrap();
    }
    assert_eq!(payments.end_premium(7, &call(7, "end"), hour(50)).await.unwrap(), Some(true));
    // The second month of the subscription is over on the sixtieth day, and nobody waits for a third after three more.
    let told = [(0, (1, 0, 0)), (1, (1, 1, 0)), (2, (0, 0, 1)), (30, (0, 1, 0)), (63, (0, 0, 1))];
    assert_eq!(moved(&world, 70).await, told);
    assert_eq!(moved(&world, 62).await, told[..4], "its renewal may be late");
}

#[tokio::test]
async fn what_was_reported_and_not_booked_is_booked_when_the_person_is_removed_and_stopped() {
    let world = world().await;
    let payments = world.store.payments();
    payments.paid(&payment(IVAN, "before", Way::Stars, world.now), world.now).await.unwrap();
    let paid = |id: i64, charge: &str, first: bool| NewUpdate {
        update_id: id,
        chat_id: Some(IVAN),
        user_id: Some(IVAN),
        payload: json!({ "update_id": id, "message": { "successful_payment": {
            "currency": "XTR", "total_amount": 250, "invoice_payload": "p1.s.42", "telegram_payment_charge_id": charge,
            "provider_payment_charge_id": "", "is_recurring": first, "is_first_recurring": first,
        } } }),
        urgent: false,
        trace: None,
    };
    let refunded =
        json!({ "update_id": 4, "message": { "refunded_payment": { "telegram_payment_charge_id": "before" } } });
    let refunded = NewUpdate { payload: refunded, ..paid(4, "", false) };
    let updates = [paid(1, "waits", false), paid(2, "dead", false), paid(3, "c1", true), refunded, update(5, IVAN)];
    world.store.inbox().put(&updates, world.now).await.unwrap();
    sqlx::query("UPDATE inbox SET state = 'dead', finished_at = now() WHERE update_id = 2")
        .execute(&world.sql)
        .await
        .unwrap();
    assert_eq!(world.store.users().delete(IVAN).await.unwrap().remaining, 0);
    let balances = balances(&world).await;
    let of = |account: &str| balances[&(account.to_owned(), "XTR".to_owned())];
    assert_eq!((of("telegram"), of("sales"), of("unmatched")), (750, 0, -750));
    assert_eq!(world.count(STOPPED).await, 1);
    assert_eq!(world.count("SELECT count(*) FROM inbox WHERE payload IS NOT NULL OR user_id IS NOT NULL").await, 0);
    let open: Vec<_> =
        payments.to_see_to(None, 10).await.unwrap().into_iter().map(|p| (p.charge_id, p.user_id)).collect();
    assert_eq!(
        open,
        ["waits", "dead", "c1"].map(|charge| (charge.to_owned(), None)),
        "somebody must decide about them"
    );
    // Whoever was booking one meanwhile, and Telegram, which tells it again, bring nobody back.
    assert!(payments.paid(&payment(IVAN, "waits", Way::Stars, world.now), world.now).await.unwrap().replayed);
    assert_eq!(world.count("SELECT count(*) FROM users").await, 0);
}

#[tokio::test]
async fn a_renewal_of_somebody_who_was_removed_brings_nobody_back_and_is_stopped_by_the_first_charge() {
    let world = world().await;
    let payments = world.store.payments();
    payments.paid(&payment(IVAN, "c1", Way::StarsMonthly, world.now), world.now).await.unwrap();
    world.store.users().delete(IVAN).await.unwrap();
    assert_eq!(world.count(STOPPED).await, 1);
    let late = payments.paid(&renewal(IVAN, "c2", world.now), world.now).await.unwrap();
    assert!(!late.matched && !late.replayed);
    assert!(payments.paid(&renewal(IVAN, "c2", world.now), world.now).await.unwrap().replayed);
    assert_eq!((world.count(STOPPED).await, world.count("SELECT count(*) FROM users").await), (2, 0));
    let open = payments.to_see_to(None, 10).await.unwrap();
    assert_eq!((open.len(), open[0].user_id, open[0].amount), (1, None, 250));
    assert_eq!(payments.refunded(IVAN, "c2", world.now).await.unwrap().refund, Refund::OfNobody);
    assert_eq!(payments.to_see_to(None, 10).await.unwrap(), []);
}

#[tokio::test]
async fn a_payment_that_was_never_reported_is_found_once_and_is_a_first_one_only_if_no_other_is_known() {
    let world = world().await;
    let payments = world.store.payments();
    let found = |charge: &str| NewPayment { is_found: true, ..renewal(IVAN, charge, world.now) };
    let first = payments.paid(&found("c1"), world.now).await.unwrap();
    assert!(first.standing.renews(), "who paid is known from then on");
    assert!(payments.paid(&found("c2"), world.now).await.unwrap().standing.renews());
    assert!(payments.paid(&renewal(IVAN, "c2", world.now), world.now).await.unwrap().replayed);
    assert_eq!(payments.account(IVAN, 0).await.unwrap().subscription_charge.as_deref(), Some("c1"));
    assert_eq!(world.count("SELECT count(*) FROM subscriptions").await, 1);
}

#[tokio::test]
async fn what_somebody_wants_back_and_who_was_removed_can_be_given_back_and_nothing_else_of_them_is_left() {
    let world = world().await;
    let payments = world.store.payments();
    for charge in ["asked", "kept"] {
        payments.paid(&payment(IVAN, charge, Way::Stars, world.now), world.now).await.unwrap();
    }
    let mine = payments.account(IVAN, 5).await.unwrap().payments;
    let asked = mine.iter().find(|payment| payment.charge_id == "asked").unwrap();
    payments.ask_refund(IVAN, asked.id, world.now).await.unwrap();
    assert_eq!(world.store.users().delete(IVAN).await.unwrap().remaining, 0);
    let open = payments.to_see_to(None, 10).await.unwrap();
    assert_eq!(
        (open.len(), open[0].charge_id.as_str(), open[0].user_id, open[0].covers_until),
        (1, "asked", None, None)
    );
    assert_eq!(world.count("SELECT count(*) FROM payments").await, 1);
    assert_eq!(payments.begin_refund(&open[0], &call(IVAN, "r"), world.now).await.unwrap(), RefundBegun::Yes);
}

const STOPPED: &str = "
    SELECT count(*) FROM outbox WHERE method = 'editUserStarSubscription' AND user_id IS NULL AND chat_id = 0
    AND params = '{\"user_id\": 42, \"telegram_payment_charge_id\": \"c1\", \"is_canceled\": true}'";

#[tokio::test]
async fn of_two_subscriptions_of_one_person_the_older_is_stopped() {
    let world = world().await;
    let payments = world.store.payments();
    payments.paid(&payment(IVAN, "c1", Way::StarsMonthly, world.now), world.now).await.unwrap();
    assert_eq!(world.count(STOPPED).await, 0);
    let later = world.now + TimeDelta::seconds(1);
    let second = payments.paid(&payment(IVAN, "c2", Way::StarsMonthly, later), later).await.unwrap();
    assert_eq!((world.count(STOPPED).await, second.standing.renews()), (1, true));
    assert_eq!(payments.account(IVAN, 0).await.unwrap().subscription_charge.as_deref(), Some("c2"));
    assert_eq!(second.standing.paid_until, Some(world.now + TimeDelta::days(60)), "both were paid");
}

#[tokio::test]
async fn a_subscription_whose_newest_payment_is_given_back_is_stopped() {
    let world = world().await;
    let payments = world.store.payments();
    payments.paid(&payment(IVAN, "c1", Way::StarsMonthly, world.now), world.now).await.unwrap();
    let renewed = renewal(IVAN, "c2", world.now);
    payments.paid(&renewed, world.now).await.unwrap();
    let Refund::Done(standing) = payments.refunded(IVAN, "c1", world.now).await.unwrap().refund else {
        panic!("not done")
    };
    assert_eq!((standing.renews(), world.count(STOPPED).await), (true, 0), "an older one");
    let Refund::Done(standing) = payments.refunded(IVAN, "c2", world.now).await.unwrap().refund else {
        panic!("not done")
    };
    assert_eq!((standing.renews(), standing.plan, world.count(STOPPED).await), (false, Plan::Free, 1));
}

#[tokio::test]
async fn a_refund_takes_no_days_that_another_payment_gave() {
    let world = world().await;
    let payments = world.store.payments();
    let day = |n: i64| world.now + TimeDelta::days(n);
    for charge in ["c1", "c2", "c3"] {
        payments.paid(&payment(IVAN, charge, Way::Stars, world.now), world.now).await.unwrap();
    }
    let until = async |charge: &str, n: i64| match payments.refunded(IVAN, charge, day(n)).await.unwrap().refund {
        Refund::Done(standing) => standing.paid_until,
        other => panic!("{other:?}"),
    };
    assert_eq!(until("c1", 10).await, Some(day(70)), "twenty days of the first were left");
    assert_eq!(until("c2", 20).await, Some(day(50)), "the second was for the days from 10 to 40 by then");
    assert_eq!(until("c3", 30).await, None, "the last of them was in use");
}

#[tokio::test]
async fn a_refund_that_telegram_refused_can_be_asked_for_again() {
    let world = world().await;
    let payments = world.store.payments();
    payments.paid(&payment(IVAN, "c1", Way::Stars, world.now), world.now).await.unwrap();
    let paid = payments.account(IVAN, 5).await.unwrap().payments.remove(0);
    let under_way = async || payments.under_way(&["r".to_owned(), "another".to_owned()]).await.unwrap();
    assert_eq!(payments.begin_refund(&paid, &call(IVAN, "r"), world.now).await.unwrap(), RefundBegun::Yes);
    assert_eq!(under_way().await, ["r"]);
    sqlx::query("UPDATE outbox SET state = 'dead', finished_at = now(), params = NULL")
        .execute(&world.sql)
        .await
        .unwrap();
    assert_eq!(under_way().await, [""; 0]);
    assert_eq!(payments.begin_refund(&paid, &call(IVAN, "r"), world.now).await.unwrap(), RefundBegun::Yes);
    assert_eq!(under_way().await, ["r"]);
    let owed = "SELECT count(*) FROM outbox WHERE state = 'pending' AND params IS NOT NULL AND attempts = 0";
    assert_eq!(world.count(owed).await, 1);
    payments.refunded(IVAN, "c1", world.now).await.unwrap();
    assert_eq!(payments.begin_refund(&paid, &call(IVAN, "r"), world.now).await.unwrap(), RefundBegun::Already);
}

#[tokio::test]
async fn what_somebody_must_decide_about_is_listed_until_it_is_given_back() {
    let world = world().await;
    let payments = world.store.payments();
    payments.paid(&payment(IVAN, "fine", Way::Stars, world.now), world.now).await.unwrap();
    payments.paid(&payment(IVAN, "asked", Way::Stars, world.now), world.now).await.unwrap();
    let stray = NewPayment { matched: false, ..payment(7, "stray", Way::Stars, world.now) };
    payments.paid(&stray, world.now + TimeDelta::hours(1)).await.unwrap();
    let mine = payments.account(IVAN, 5).await.unwrap().payments;
    let asked = mine.iter().find(|payment| payment.charge_id == "asked").unwrap();
    payments.ask_refund(IVAN, asked.id, world.now).await.unwrap();
    let listed = async || {
        let payments = payments.to_see_to(None, 10).await.unwrap();
        payments.into_iter().map(|payment| payment.charge_id).collect::<Vec<_>>()
    };
    assert_eq!(listed().await, ["asked", "stray"]);
    let second = payments.to_see_to(Some(asked.id), 10).await.unwrap();
    assert_eq!((second.len(), second[0].charge_id.as_str()), (1, "stray"), "a page of them");
    assert!(!payments.decline_refund(mine[0].id, world.now).await.unwrap() || mine[0].id == asked.id);
    payments.refunded(IVAN, "asked", world.now).await.unwrap();
    payments.refunded(7, "stray", world.now).await.unwrap();
    assert_eq!(listed().await, [""; 0]);
}

#[tokio::test]
async fn what_a_payment_buys_is_told_however_it_comes_and_as_often_as_it_is_reported() {
    let world = world().await;
    let payments = world.store.payments();
    let found = |charge| NewPayment { is_found: true, ..renewal(8, charge, world.now) };
    let stray = NewPayment { matched: false, ..payment(9, "stray", Way::StarsMonthly, world.now) };
    for (payment, buys) in [
        (payment(IVAN, "once", Way::Stars, world.now), Purchase::Once),
        (payment(IVAN, "c1", Way::StarsMonthly, world.now), Purchase::Subscription),
        (renewal(IVAN, "c2", world.now), Purchase::Renewal),
        // Which of them began it, Telegram does not say of what it lists.
        (found("f1"), Purchase::Subscription),
        (found("f2"), Purchase::Renewal),
        (stray, Purchase::Subscription),
    ] {
        let paid = payments.paid(&payment, world.now).await.unwrap();
        assert_eq!((paid.buys, paid.replayed), (buys, false), "{payment:?}");
        assert!(payments.paid(&payment, world.now).await.unwrap().replayed);
    }
}

#[tokio::test]
async fn a_refund_that_is_owed_outlives_the_person_and_is_booked() {
    let world = world().await;
    let payments = world.store.payments();
    payments.paid(&payment(IVAN, "c1", Way::Stars, world.now), world.now).await.unwrap();
    let paid = payments.account(IVAN, 5).await.unwrap().payments.remove(0);
    payments.begin_refund(&paid, &call(IVAN, "r"), world.now).await.unwrap();
    assert_eq!(world.store.users().delete(IVAN).await.unwrap().remaining, 0);
    let owed = "SELECT count(*) FROM outbox WHERE method = 'refundStarPayment' AND user_id IS NULL AND chat_id = 0";
    assert_eq!(world.count(owed).await, 1);
    let stars = GivenBack { currency: "XTR".to_owned(), amount: 250, was_sale: true };
    for back in [Some(stars), None] {
        let refunded = payments.refunded(IVAN, "c1", world.now).await.unwrap();
        assert_eq!(refunded, Refunded { refund: Refund::OfNobody, back }, "given back once");
        assert!(balances(&world).await.values().all(|amount| *amount == 0));
    }
    assert_eq!(world.count("SELECT count(*) FROM users").await, 0);
    assert_eq!(payments.refunded(IVAN, "never", world.now).await.unwrap().refund, Refund::Unknown);
}

#[tokio::test]
async fn who_blocks_the_bot_after_cancelling_is_not_charged_all_the_same() {
    let world = world().await;
    let word = NewOutgoing { method: "sendMessage".to_owned(), ..call(IVAN, "word") };
    let stop = NewOutgoing { method: "editUserStarSubscription".to_owned(), ..call(IVAN, "stop") };
    world.store.outbox().put(&[word, stop, call(IVAN, "refund")], world.now).await.unwrap();
    world.store.outbox().close(IVAN, world.now).await.unwrap();
    let waits: Vec<(String,)> = sqlx::query_as("SELECT key FROM outbox WHERE state = 'pending' ORDER BY key")
        .fetch_all(&world.sql)
        .await
        .unwrap();
    assert_eq!(waits, [("refund".to_owned(),), ("stop".to_owned(),)]);
}

#[tokio::test]
async fn who_pays_is_reminded_once_before_the_end_and_told_once_at_it() {
    let world = world().await;
    let payments = world.store.payments();
    payments.paid(&payment(IVAN, "c1", Way::Stars, world.now), world.now).await.unwrap();
    let look = async |days: i64, ending: Ending| {
        payments.see_to(ending, "ru", world.now + TimeDelta::days(days)).await.unwrap()
    };
    let remind = Ending::Remind { before: REMIND_BEFORE };
    assert_eq!(look(26, remind).await, 0);
    assert_eq!((look(27, remind).await, look(28, remind).await), (1, 0));
    assert_eq!(look(29, Ending::Expire).await, 0);
    assert_eq!((look(30, Ending::Expire).await, look(31, Ending::Expire).await), (1, 0));
    assert_eq!(notices(&world).await, ["premium_ending", "premium_ended"]);
    assert_eq!(payments.account(IVAN, 0).await.unwrap().standing, Default::default());
}

#[tokio::test]
async fn of_a_subscription_that_is_long_over_nobody_is_told_that_it_is_late() {
    let world = world().await;
    let payments = world.store.payments();
    // Cancelled in Telegram, which does not tell; other days are paid.
    payments.paid(&payment(IVAN, "c1", Way::StarsMonthly, world.now), world.now).await.unwrap();
    payments.paid(&payment(IVAN, "c2", Way::Stars, world.now), world.now).await.unwrap();
    let at_the_end = world.now + TimeDelta::days(60);
    assert_eq!(payments.see_to(Ending::Late, "ru", at_the_end).await.unwrap(), 0);
    assert_eq!(payments.see_to(Ending::Remind { before: REMIND_BEFORE }, "ru", at_the_end).await.unwrap(), 1);
    assert_eq!(notices(&world).await, ["premium_ending"]);
}

#[tokio::test]
async fn nobody_is_told_of_an_ending_in_their_quiet_hours_but_once_they_are_over() {
    let world = world().await;
    let payments = world.store.payments();
    let paid_at: DateTime<Utc> = "2026-03-01T12:00:00Z".parse().unwrap();
    payments.paid(&payment(IVAN, "c1", Way::Stars, paid_at), paid_at).await.unwrap();
    sqlx::query(
        "INSERT INTO settings (user_id, language, time_zone, onboarding, updated_at, quiet_from, quiet_until)
         VALUES ($1, 'en', 'Asia/Novosibirsk', 'done', now(), 22, 8)",
    )
    .bind(IVAN)
    .execute(&world.sql)
    .await
    .unwrap();
    let look = async |at: &str, ending: Ending| payments.see_to(ending, "en", at.parse().unwrap()).await.unwrap();
    let remind = Ending::Remind { before: REMIND_BEFORE };
    // Novosibirsk is seven hours ahead: 22:00, 02:00 and 07:59 there are quiet, 08:00 is not.
    for quiet in ["2026-03-28T15:00:00Z", "2026-03-28T19:00:00Z", "2026-03-29T00:59:00Z"] {
        assert_eq!(look(quiet, remind).await, 0, "{quiet}");
    }
    assert_eq!(world.count("SELECT count(*) FROM outbox").await, 0, "what waits there would hold up answers");
    assert_eq!(look("2026-03-29T01:00:00Z", remind).await, 1);
    sqlx::query("UPDATE settings SET quiet_from = 18, quiet_until = 20").execute(&world.sql).await.unwrap();
    assert_eq!(look("2026-03-31T12:30:00Z", Ending::Expire).await, 0, "19:30");
    assert_eq!(look("2026-03-31T13:00:00Z", Ending::Expire).await, 1, "20:00");
    assert_eq!(notices(&world).await, ["premium_ending", "premium_ended"]);
}

#[tokio::test]
async fn a_late_renewal_has_its_grace_and_ends_when_that_is_over() {
    let world = world().await;
    let payments = world.store.payments();
    payments.paid(&payment(IVAN, "c1", Way::StarsMonthly, world.now), world.now).await.unwrap();
    let look = async |days: i64, ending: Ending| {
        payments.see_to(ending, "ru", world.now + TimeDelta::days(days)).await.unwrap()
    };
    assert_eq!(look(29, Ending::Remind { before: REMIND_BEFORE }).await, 0, "it will renew itself");
    assert_eq!(look(29, Ending::Late).await, 0);
    assert_eq!((look(31, Ending::Late).await, look(31, Ending::Late).await), (1, 0));
    assert_eq!(look(32, Ending::Expire).await, 0);
    assert_eq!(look(33, Ending::Expire).await, 1);
    assert_eq!(notices(&world).await, ["premium_late", "premium_ended"]);
    assert_eq!(payments.account(IVAN, 0).await.unwrap().standing.renewal, None);
}

#[tokio::test]
async fn who_is_removed_leaves_the_ledger_whole_and_is_charged_no_more() {
    let world = world().await;
    let payments = world.store.payments();
    let paid = payment(IVAN, "c1", Way::StarsMonthly, world.now);
    payments.paid(&paid, world.now).await.unwrap();
    let before = balances(&world).await;
    assert_eq!(world.store.users().delete(IVAN).await.unwrap().remaining, 0);
    assert_eq!(balances(&world).await, before);
    let owed = "SELECT count(*) FROM outbox WHERE method = 'editUserStarSubscription' AND user_id IS NULL";
    assert_eq!(world.count(owed).await, 1);
    assert!(payments.paid(&paid, world.now).await.unwrap().replayed);
    assert_eq!(world.count("SELECT count(*) FROM users").await, 0, "a repetition brought the person back");
}

/// What can happen to a person's money.
#[derive(Clone, Copy, Debug)]
enum Event {
    Paid { person: i64, charge: u8, way: usize, matched: bool },
    Refunded { person: i64, charge: u8 },
    Canceled { person: i64 },
    Removed { person: i64 },
    DayPassed,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let paid = (1..4_i64, 0..12_u8, 0..3_usize, prop::bool::weighted(0.9))
        .prop_map(|(person, charge, way, matched)| Event::Paid { person, charge, way, matched });
    let refunded = (1..4_i64, 0..12_u8).prop_map(|(person, charge)| Event::Refunded { person, charge });
    let event = prop_oneof![
        6 => paid,
        3 => refunded,
        1 => (1..4_i64).prop_map(|person| Event::Canceled { person }),
        1 => (1..4_i64).prop_map(|person| Event::Removed { person }),
        3 => Just(Event::DayPassed),
    ];
    prop::collection::vec(event, 1..40)
}

/// Plays events; what Telegram must hold of each currency afterwards, counted by hand.
async fn play(world: &World, run: usize, events: &[Event]) -> BTreeMap<String, i64> {
    let payments = world.store.payments();
    let (mut held, mut now): (BTreeMap<String, i64>, _) = (BTreeMap::new(), world.now);
    let mut open: BTreeMap<String, (String, i64)> = BTreeMap::new();
    for event in events {
        match *event {
            Event::Paid { person, charge, way, matched } => {
                let new = NewPayment { matched, ..payment(person, &format!("{run}-{charge}"), Way::ALL[way], now) };
                if !payments.paid(&new, now).await.unwrap().replayed {
                    *held.entry(new.currency.clone()).or_default() += new.amount;
                    open.insert(new.charge_id, (new.currency, new.amount));
                }
            }
            Event::Refunded { person, charge } => {
                let charge = format!("{run}-{charge}");
                // Of people who were removed, too; each once.
                let refund = payments.refunded(person, &charge, now).await.unwrap().refund;
                if matches!(refund, Refund::Done(_) | Refund::OfNobody)
                    && let Some((currency, amount)) = open.remove(&charge)
                {
                    *held.entry(currency).or_default() -= amount;
                }
            }
            Event::Canceled { person } => {
                let key = Uuid::now_v7().to_string();
                payments.set_renewal(person, false, |_| Some(call(person, &key)), now).await.unwrap();
            }
            Event::Removed { person } => {
                world.store.users().delete(person).await.unwrap();
            }
            Event::DayPassed => now += TimeDelta::days(11),
        }
        for person in 1..4 {
            let account = payments.account(person, 100).await.unwrap();
            let standing = account.standing;
            assert_eq!(standing.plan == Plan::Premium, standing.premium_until.is_some(), "{standing:?}");
            let kept = account.payments.iter().filter(|payment| !payment.refunded);
            let last = kept.filter_map(|payment| payment.covers_until).max();
            assert!(standing.plan == Plan::Free || standing.paid_until == last, "{standing:?}: paid until {last:?}");
        }
    }
    held
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_happens_the_ledger_adds_up_to_what_telegram_holds() {
    let world = world().await;
    let mut expected: BTreeMap<String, i64> = BTreeMap::new();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for run in 0..24 {
        let events = events().new_tree(&mut runner).unwrap().current();
        for (currency, amount) in play(&world, run, &events).await {
            *expected.entry(currency).or_default() += amount;
        }
        let balances = balances(&world).await;
        for (currency, amount) in &expected {
            let held = balances.get(&("telegram".to_owned(), currency.clone())).copied().unwrap_or_default();
            assert_eq!(held, *amount, "{currency} after {events:?}");
            let sum: i64 = balances.iter().filter(|((_, of), _)| of == currency).map(|(_, amount)| amount).sum();
            assert_eq!(sum, 0, "{currency} after {events:?}");
        }
    }
    assert!(expected.values().any(|amount| *amount > 0), "nothing was ever paid");
}

fn update(update_id: i64, person: i64) -> NewUpdate {
    NewUpdate {
        update_id,
        chat_id: Some(person),
        user_id: Some(person),
        payload: json!({ "update_id": update_id }),
        urgent: false,
        trace: None,
    }
}

#[tokio::test]
async fn premium_overtakes_free_but_nobody_waits_for_ever() {
    let world = world().await;
    world.store.payments().paid(&payment(IVAN, "c1", Way::Stars, world.now), world.now).await.unwrap();
    let inbox = world.store.inbox();
    let second = |n: i64| world.now + TimeDelta::seconds(n);
    inbox.put(&[update(1, 7), update(2, 7), update(3, 8)], second(0)).await.unwrap();
    // Somebody on premium writes without a pause, each time before anybody else is looked at.
    let mut order = Vec::new();
    for (n, id) in (0..).zip(10..) {
        inbox.put(&[update(id, IVAN)], second(n * 10)).await.unwrap();
        let lease = TimeDelta::seconds(60);
        let claimed = inbox.claim(Uuid::now_v7(), second(n * 10), lease).await.unwrap().unwrap();
        order.push((claimed.update_id, claimed.chat_id.unwrap()));
        assert!(inbox.finish(&claimed, &[], second(n * 10)).await.unwrap());
        if order.iter().filter(|(_, chat)| *chat != IVAN).count() == 3 {
            break;
        }
        assert!(n < 30, "free people starve: {order:?}");
    }
    let chats: Vec<i64> = order.iter().map(|(_, chat)| *chat).collect();
    assert_eq!(chats[..6], [IVAN; 6], "premium did not overtake: {order:?}");
    let free: Vec<i64> = order.iter().filter(|(_, chat)| *chat != IVAN).map(|(id, _)| *id).collect();
    // Whoever wrote twice has the second one wait for whoever wrote once.
    assert_eq!(free, [1, 3, 2], "{order:?}");
    assert!(order.len() <= 12, "free people wait too long: {order:?}");
}

#[tokio::test]
async fn every_query_of_payments_has_an_index() {
    let world = world().await;
    for (sql, index) in [
        ("SELECT id FROM payments WHERE user_id = 1 ORDER BY paid_at DESC LIMIT 5", "payments_of_user"),
        ("SELECT id FROM payments WHERE charge_id = 'c'", "payments_charge_id_key"),
        (
            "SELECT id FROM payments WHERE refunded_at IS NULL AND declined_at IS NULL
             AND (refund_asked_at IS NOT NULL OR NOT matched) AND id > gen_random_uuid() ORDER BY id LIMIT 100",
            "payments_to_see_to",
        ),
        (
            "SELECT id FROM users WHERE plan = 'premium' AND premium_until <= now() ORDER BY premium_until",
            "users_premium_ends",
        ),
        (
            "SELECT u.id FROM users u WHERE u.plan = 'premium' AND u.premium_until > now() AND paid_until <= now()
             AND u.premium_until <= now() + interval '3 days'
             AND EXISTS (SELECT FROM subscriptions s WHERE s.user_id = u.id AND s.shown AND s.wanted AND s.stopped_at IS NULL)
             ORDER BY u.premium_until LIMIT 500",
            "users_premium_ends",
        ),
        ("SELECT charge_id FROM subscriptions WHERE user_id = 1 AND shown ORDER BY begun_at DESC LIMIT 1", "subscriptions_of_user"),
        ("SELECT charge_id FROM subscriptions WHERE offer = 'o' ORDER BY begun_at DESC LIMIT 1", "subscriptions_by_offer"),
        (
            "SELECT id FROM users WHERE plan = 'premium' AND premium_until > now() AND premium_until <= now() + interval '1 year'
             AND (premium_until, id) < (now() + interval '1 year', 9) ORDER BY premium_until DESC, id DESC LIMIT 51",
            "users_premium_ends",
        ),
        (
            "SELECT id FROM payments p WHERE COALESCE(p.recurs_until, p.covers_until) >= now() AND p.paid_at >= now() AND p.matched",
            "payments_by_end",
        ),
        ("SELECT debit, currency, amount FROM ledger", "ledger_balances"),
        ("SELECT count(*) FROM inbox WHERE state = 'pending' AND chat_id IS NULL", "inbox_apart"),
        ("SELECT update_id FROM inbox WHERE finished_at IS NULL ORDER BY rank, update_id LIMIT 1", "inbox_pending"),
    ] {
        let mut connection = world.sql.acquire().await.unwrap();
        sqlx::query("SET enable_seqscan = off").execute(&mut *connection).await.unwrap();
        let plan: Vec<(String,)> =
            sqlx::query_as(sqlx::AssertSqlSafe(format!("EXPLAIN {sql}"))).fetch_all(&mut *connection).await.unwrap();
        let plan = plan.into_iter().map(|(line,)| line).collect::<Vec<_>>().join("\n");
        assert!(plan.contains(index), "{index} does not serve {sql}:\n{plan}");
    }
}
