//! Payments on a real Postgres: once, whatever is repeated, and with a ledger that adds up.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use evolve_domain::{
    payment::{REMIND_BEFORE, Way},
    plan::Plan,
};
use evolve_store::{
    inbox::NewUpdate,
    outbox::NewOutgoing,
    payments::{Ending, NewPayment, Refund, RefundBegun},
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
        renews_at: (way == Way::StarsMonthly).then(|| now + TimeDelta::days(30)),
        begins: way == Way::StarsMonthly,
    }
}

fn call(user_id: i64, key: &str) -> NewOutgoing {
    NewOutgoing {
        chat_id: user_id,
        user_id: Some(user_id),
        key: key.to_owned(),
        method: "refundStarPayment".to_owned(),
        params: json!({ "user_id": user_id }),
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
    let refund = world.store.payments().refunded(IVAN, "c1", world.now).await.unwrap();
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
    assert_eq!(payments.refunded(7, "c1", world.now).await.unwrap(), Refund::Unknown);
    let Refund::Done(standing) = payments.refunded(IVAN, "c1", world.now).await.unwrap() else { panic!("not done") };
    assert_eq!(standing.plan, Plan::Free);
    assert!(matches!(payments.refunded(IVAN, "c1", world.now).await.unwrap(), Refund::Replayed(_)));
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
    }
    let owed = world.count("SELECT count(*) FROM outbox WHERE key = 'off-c1'").await;
    assert_eq!((owed, world.count("SELECT count(*) FROM outbox").await), (1, 1), "it was cancelled twice");
    let nobody = payments.set_renewal(7, false, |_| Some(call(7, "x")), world.now).await.unwrap();
    assert_eq!(nobody, None);
}

#[tokio::test]
async fn a_subscription_is_cancelled_by_its_first_charge_however_often_it_was_renewed() {
    let world = world().await;
    let payments = world.store.payments();
    payments.paid(&payment(IVAN, "first", Way::StarsMonthly, world.now), world.now).await.unwrap();
    let renewal = NewPayment { begins: false, ..payment(IVAN, "second", Way::StarsMonthly, world.now) };
    payments.paid(&renewal, world.now).await.unwrap();
    payments.set_renewal(IVAN, false, |charge| Some(call(IVAN, charge)), world.now).await.unwrap();
    assert_eq!(world.count("SELECT count(*) FROM outbox WHERE key = 'first'").await, 1);
    // A bot may only allow people to take a subscription up again.
    let allowed = payments.set_renewal(IVAN, true, |charge| Some(call(IVAN, &format!("on-{charge}"))), world.now);
    assert!(!allowed.await.unwrap().unwrap().renews());
    assert_eq!(world.count("SELECT count(*) FROM outbox WHERE key = 'on-first'").await, 1);
    let third = NewPayment { begins: false, ..payment(IVAN, "third", Way::StarsMonthly, world.now) };
    assert!(payments.paid(&third, world.now).await.unwrap().standing.renews(), "they took it up again, and it came");
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
    let second = payments.paid(&payment(IVAN, "c2", Way::StarsMonthly, world.now), world.now).await.unwrap();
    assert_eq!((world.count(STOPPED).await, second.standing.renews()), (1, true));
    assert_eq!(payments.account(IVAN, 0).await.unwrap().subscription_charge.as_deref(), Some("c2"));
    assert_eq!(second.standing.paid_until, Some(world.now + TimeDelta::days(60)), "both were paid");
}

#[tokio::test]
async fn a_subscription_whose_newest_payment_is_given_back_is_stopped() {
    let world = world().await;
    let payments = world.store.payments();
    payments.paid(&payment(IVAN, "c1", Way::StarsMonthly, world.now), world.now).await.unwrap();
    let renewal = NewPayment { begins: false, ..payment(IVAN, "c2", Way::StarsMonthly, world.now) };
    payments.paid(&renewal, world.now).await.unwrap();
    let Refund::Done(standing) = payments.refunded(IVAN, "c1", world.now).await.unwrap() else { panic!("not done") };
    assert_eq!((standing.renews(), world.count(STOPPED).await), (true, 0), "an older one");
    let Refund::Done(standing) = payments.refunded(IVAN, "c2", world.now).await.unwrap() else { panic!("not done") };
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
    let until = async |charge: &str, n: i64| match payments.refunded(IVAN, charge, day(n)).await.unwrap() {
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
    assert_eq!(payments.begin_refund(&paid, &call(IVAN, "r"), world.now).await.unwrap(), RefundBegun::Yes);
    sqlx::query("UPDATE outbox SET state = 'dead', params = NULL").execute(&world.sql).await.unwrap();
    assert_eq!(payments.begin_refund(&paid, &call(IVAN, "r"), world.now).await.unwrap(), RefundBegun::Yes);
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
        let payments = payments.to_see_to(10).await.unwrap();
        payments.into_iter().map(|payment| payment.charge_id).collect::<Vec<_>>()
    };
    assert_eq!(listed().await, ["asked", "stray"]);
    payments.refunded(IVAN, "asked", world.now).await.unwrap();
    payments.refunded(7, "stray", world.now).await.unwrap();
    assert_eq!(listed().await, [""; 0]);
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
    for _ in 0..2 {
        assert_eq!(payments.refunded(IVAN, "c1", world.now).await.unwrap(), Refund::OfNobody);
        assert!(balances(&world).await.values().all(|amount| *amount == 0));
    }
    assert_eq!(world.count("SELECT count(*) FROM users").await, 0);
    assert_eq!(payments.refunded(IVAN, "never", world.now).await.unwrap(), Refund::Unknown);
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
    assert_eq!(world.count("SELECT count(*) FROM subscriptions").await, 0);
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
                let refund = payments.refunded(person, &charge, now).await.unwrap();
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
    NewUpdate { update_id, chat_id: Some(person), user_id: Some(person), payload: json!({ "update_id": update_id }) }
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
    assert_eq!(free, [1, 2, 3], "a chat was worked out of order: {order:?}");
    assert!(order.len() <= 12, "free people wait too long: {order:?}");
}

#[tokio::test]
async fn every_query_of_payments_has_an_index() {
    let world = world().await;
    for (sql, index) in [
        ("SELECT id FROM payments WHERE user_id = 1 ORDER BY paid_at DESC LIMIT 5", "payments_of_user"),
        ("SELECT id FROM payments WHERE charge_id = 'c'", "payments_charge_id_key"),
        (
            "SELECT id FROM payments WHERE refunded_at IS NULL AND (refund_asked_at IS NOT NULL OR NOT matched)
             ORDER BY paid_at LIMIT 100",
            "payments_to_see_to",
        ),
        (
            "SELECT id FROM users WHERE plan = 'premium' AND premium_until <= now() ORDER BY premium_until",
            "users_premium_ends",
        ),
        ("SELECT update_id FROM inbox WHERE state = 'pending' ORDER BY rank, update_id LIMIT 1", "inbox_pending"),
    ] {
        let mut connection = world.sql.acquire().await.unwrap();
        sqlx::query("SET enable_seqscan = off").execute(&mut *connection).await.unwrap();
        let plan: Vec<(String,)> =
            sqlx::query_as(sqlx::AssertSqlSafe(format!("EXPLAIN {sql}"))).fetch_all(&mut *connection).await.unwrap();
        let plan = plan.into_iter().map(|(line,)| line).collect::<Vec<_>>().join("\n");
        assert!(plan.contains(index), "{index} does not serve {sql}:\n{plan}");
    }
}
