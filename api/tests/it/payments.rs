//! Premium for money, through the API.

use chrono::{DateTime, TimeDelta, Utc};
use evolve_contract::{
    Code,
    client::Bot,
    deletion::DeletionRequest,
    payments::{
        OfferRequest, ReceivedRequest, RefundRequest, RefundedRequest, SubscriptionRequest, SubscriptionState as State,
        Way,
    },
};
use reqwest::{Method, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use crate::harness::{Api, IVAN, SERVICE_KEY, Setup, fernet_key};

/// Nobody's.
const NEWER_KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
const PRICE: &str = r#"{"stars": 250, "amount": 29900, "currency": "RUB"}"#;

async fn selling() -> Setup {
    Setup::new().await.with("PREMIUM_PRICE", PRICE).with("PROFILE_RATE_LIMIT", "1000/minute")
}

fn key() -> SecretString {
    SERVICE_KEY.into()
}

/// The report of a payment for a fresh offer.
async fn payment(api: &Api, by: Bot<'_>, way: Way, charge: &str) -> ReceivedRequest {
    let offer = api.client.offer(by, &OfferRequest { user_id: IVAN, way }).await.unwrap();
    ReceivedRequest {
        user_id: IVAN,
        currency: offer.currency,
        amount: offer.amount,
        payload: offer.payload,
        charge_id: charge.to_owned(),
        is_recurring: way == Way::StarsMonthly,
        is_first_recurring: way == Way::StarsMonthly,
        subscription_expires_at: (way == Way::StarsMonthly).then(|| api.clock.now() + TimeDelta::days(30)),
        ..ReceivedRequest::default()
    }
}

#[tokio::test]
async fn who_pays_is_on_premium_at_once_and_for_thirty_days() {
    let api = selling().await.start().await;
    let (token, key) = (api.token(IVAN).await, key());
    let by = Bot { key: &key, token: &token };
    let before = api.client.payments(by, IVAN).await.unwrap();
    assert_eq!(
        (before.plan.as_str(), before.prices.len()),
        ("free", 2),
        "without a provider's token no money is taken"
    );
    let paid = payment(&api, by, Way::Stars, "c1").await;
    let received = api.client.received(by, &paid).await.unwrap();
    assert!(received.matched && !received.replayed);
    assert_eq!(received.paid_until, Some(api.clock.now() + TimeDelta::days(30)));
    let again = api.client.received(by, &paid).await.unwrap();
    assert_eq!((again.replayed, again.paid_until), (true, received.paid_until));
    let status = api.client.status(&token, IVAN).await.unwrap();
    assert_eq!((status.plan.as_str(), status.messages_limit), ("premium", None));
    api.clock.advance(TimeDelta::days(30));
    let token = api.token(IVAN).await;
    assert_eq!(api.client.status(&token, IVAN).await.unwrap().plan, "free");
}

#[tokio::test]
async fn who_does_not_know_the_service_key_cannot_say_that_they_paid() {
    let api = selling().await.start().await;
    let token = api.token(IVAN).await;
    let body = json!({ "user_id": IVAN, "currency": "XTR", "amount": 250, "payload": "", "charge_id": "c" });
    assert_eq!(api.post("/payments/received", Some(&token), &body).await.code(), Code::Forbidden);
    let back = json!({ "user_id": IVAN, "charge_id": "c" });
    assert_eq!(api.post("/payments/refunded", Some(&token), &back).await.code(), Code::Forbidden);
    let wrong = api.request(Method::POST, "/payments/received").bearer_auth(&token).header("x-service-key", "wrong");
    assert_eq!(api.send(wrong.json(&body)).await.code(), Code::Forbidden);
    let key = key();
    let other = ReceivedRequest { user_id: 7, amount: 250, charge_id: "c".to_owned(), ..ReceivedRequest::default() };
    let error = api.client.received(Bot { key: &key, token: &token }, &other).await.unwrap_err();
    assert_eq!(error.code(), Some(Code::Forbidden), "another person");
}

#[tokio::test]
async fn with_a_token_of_their_own_people_see_prices_are_offered_premium_cancel_and_ask_for_money_back() {
    let api = selling().await.start().await;
    let (token, key) = (api.token(IVAN).await, key());
    let by = Bot { key: &key, token: &token };
    let way = json!({ "user_id": IVAN, "way": "stars_monthly" });
    let offer = api.post("/payments/offers", Some(&token), &way).await;
    assert_eq!((&offer.json()["amount"], &offer.json()["terms"]["voice"]), (&json!(250), &json!(true)));
    api.client.received(by, &payment(&api, by, Way::StarsMonthly, "c1").await).await.unwrap();
    let stands = api.get("/payments/42", Some(&token)).await.json();
    assert_eq!((&stands["plan"], &stands["prices"][0]["currency"]), (&json!("premium"), &json!("XTR")));
    let off = api.post("/payments/subscription", Some(&token), &json!({ "user_id": IVAN, "renews": false })).await;
    assert_eq!(off.json()["subscription"]["state"], "stopping");
    let wish = json!({ "user_id": IVAN, "payment_id": stands["payments"][0]["id"] });
    let asked = api.post("/payments/refund-requests", Some(&token), &wish).await;
    assert_eq!(asked.json()["payments"][0]["refund_asked"], true);
    let stranger = api.token(7).await;
    assert_eq!(api.get("/payments/42", Some(&stranger)).await.code(), Code::Forbidden);
    for (path, body) in [
        ("/payments/offers", way),
        ("/payments/subscription", json!({ "user_id": IVAN, "renews": true })),
        ("/payments/refund-requests", wish),
    ] {
        assert_eq!(api.post(path, Some(&stranger), &body).await.code(), Code::Forbidden, "{path}");
    }
}

#[tokio::test]
async fn a_payment_at_a_price_that_was_never_offered_gives_nothing_and_is_kept() {
    let api = selling().await.start().await;
    let (token, key) = (api.token(IVAN).await, key());
    let by = Bot { key: &key, token: &token };
    let paid = ReceivedRequest { amount: 1, ..payment(&api, by, Way::Stars, "c1").await };
    let received = api.client.received(by, &paid).await.unwrap();
    assert_eq!((received.matched, received.plan.as_str()), (false, "free"));
    assert_eq!(api.client.payments(by, IVAN).await.unwrap().payments.len(), 1, "it is there to be refunded");
}

#[tokio::test]
async fn a_subscription_is_renewed_cancelled_and_never_doubled() {
    let api = selling().await.start().await;
    let (token, key) = (api.token(IVAN).await, key());
    let by = Bot { key: &key, token: &token };
    let first = payment(&api, by, Way::StarsMonthly, "c1").await;
    assert!(api.client.received(by, &first).await.unwrap().renews);
    let second = api.client.offer(by, &OfferRequest { user_id: IVAN, way: Way::StarsMonthly }).await.unwrap_err();
    assert_eq!(second.code(), Some(Code::AlreadySubscribed));
    let renewal = ReceivedRequest { charge_id: "c2".to_owned(), is_first_recurring: false, ..first };
    let received = api.client.received(by, &renewal).await.unwrap();
    assert!(received.matched);
    assert_eq!(received.paid_until, Some(api.clock.now() + TimeDelta::days(60)));
    let off = api.client.renew(by, &SubscriptionRequest { user_id: IVAN, renews: false }).await.unwrap();
    assert_eq!(off.subscription.unwrap().state, State::Stopping);
    let on = api.client.renew(by, &SubscriptionRequest { user_id: IVAN, renews: true }).await.unwrap();
    let state = on.subscription.unwrap().state;
    assert_eq!(state, State::Resumable, "to take it up again is the person's own step, in Telegram");
}

#[rstest::rstest]
#[case::cancelled_with_other_days_left(true, true, 30)]
#[case::cancelled_in_telegram_which_does_not_tell(true, false, 33)]
#[case::never_renewed_and_nobody_has_looked_yet(false, false, 33)]
#[tokio::test]
async fn a_subscription_that_is_over_is_not_spoken_of_and_stands_in_the_way_of_no_new_one(
    #[case] has_other_days: bool,
    #[case] cancels: bool,
    #[case] days: i64,
) {
    let api = selling().await.start().await;
    let (token, key) = (api.token(IVAN).await, key());
    let by = Bot { key: &key, token: &token };
    api.client.received(by, &payment(&api, by, Way::StarsMonthly, "c1").await).await.unwrap();
    if has_other_days {
        api.client.received(by, &payment(&api, by, Way::Stars, "c2").await).await.unwrap();
    }
    if cancels {
        api.client.renew(by, &SubscriptionRequest { user_id: IVAN, renews: false }).await.unwrap();
    }
    api.clock.advance(TimeDelta::days(days) - TimeDelta::seconds(1));
    let token = api.token(IVAN).await;
    let by = Bot { key: &key, token: &token };
    let monthly = OfferRequest { user_id: IVAN, way: Way::StarsMonthly };
    assert!(api.client.payments(by, IVAN).await.unwrap().subscription.is_some());
    if !cancels {
        assert_eq!(api.client.offer(by, &monthly).await.unwrap_err().code(), Some(Code::AlreadySubscribed));
    }
    api.clock.advance(TimeDelta::seconds(1));
    let stands = api.client.payments(by, IVAN).await.unwrap();
    assert_eq!((stands.subscription, stands.plan == "premium"), (None, has_other_days));
    assert_eq!(api.client.offer(by, &monthly).await.unwrap().amount, 250);
    // The button of an old message.
    let wish = SubscriptionRequest { user_id: IVAN, renews: true };
    assert_eq!(api.client.renew(by, &wish).await.unwrap_err().code(), Some(Code::PaymentNotFound));
}

#[tokio::test]
async fn who_asks_to_be_removed_in_some_days_pays_for_no_further_month() {
    let api = selling().await.start().await;
    let (token, key) = (api.token(IVAN).await, key());
    let by = Bot { key: &key, token: &token };
    let first = payment(&api, by, Way::StarsMonthly, "c1").await;
    assert!(api.client.received(by, &first).await.unwrap().renews);
    api.client.ask_deletion(&token, &DeletionRequest { user_id: IVAN, days: 30 }).await.unwrap();
    let account = api.client.payments(by, IVAN).await.unwrap();
    assert_eq!(account.subscription.unwrap().state, State::Stopping);
    assert!(api.client.cancel_deletion(&token, IVAN).await.unwrap().cancelled);
    let account = api.client.payments(by, IVAN).await.unwrap();
    assert_eq!(account.subscription.unwrap().state, State::Stopping, "it is taken up again by the person alone");
}

#[tokio::test]
async fn what_was_bought_can_be_cancelled_and_given_back_when_nothing_is_sold_any_more() {
    let setup = selling().await;
    let api = setup.start().await;
    let (token, key) = (api.token(IVAN).await, key());
    let by = Bot { key: &key, token: &token };
    api.client.received(by, &payment(&api, by, Way::StarsMonthly, "c1").await).await.unwrap();
    let api = setup.with("TELEGRAM_STARS", "false").start().await;
    let stands = api.client.payments(by, IVAN).await.unwrap();
    assert_eq!((stands.prices.len(), stands.plan.as_str()), (0, "premium"));
    let off = api.client.renew(by, &SubscriptionRequest { user_id: IVAN, renews: false }).await.unwrap();
    assert_eq!(off.subscription.unwrap().state, State::Stopping);
    let refund = format!("/admin/payments/{}/refund", stands.payments[0].id);
    let asked = api.send(api.request(Method::POST, &refund).header("x-service-key", SERVICE_KEY)).await;
    assert_eq!(asked.json()["state"], "asked");
}

#[tokio::test]
async fn an_administrator_sees_what_waits_and_gives_it_back_once() {
    let setup = selling().await.with("PAYMENT_PROVIDER_TOKEN", "284685063:TEST:abc");
    let api = setup.start().await;
    let (token, key) = (api.token(IVAN).await, key());
    let by = Bot { key: &key, token: &token };
    api.client.received(by, &payment(&api, by, Way::Money, "c1").await).await.unwrap();
    let open = async || {
        let list = api.request(Method::GET, "/admin/payments").header("x-service-key", SERVICE_KEY);
        api.send(list).await.json()
    };
    assert_eq!(open().await["payments"], json!([]));
    let id = api.client.payments(by, IVAN).await.unwrap().payments[0].id.clone();
    api.client.ask_refund(by, &RefundRequest { user_id: IVAN, payment_id: id.clone() }).await.unwrap();
    let listed = open().await;
    assert_eq!(
        (&listed["payments"][0]["payment"]["id"], &listed["payments"][0]["user_id"]),
        (&json!(id), &json!(IVAN))
    );
    assert_eq!(listed["balances"][1], json!({ "account": "telegram", "currency": "RUB", "amount": 29_900 }));
    let path = format!("/admin/payments/{id}/refund");
    let decide =
        async |path: String| api.send(api.request(Method::POST, &path).header("x-service-key", SERVICE_KEY)).await;
    let returned = format!("/admin/payments/{id}/returned");
    assert_eq!(decide(returned.clone()).await.code(), Code::PaymentNotFound, "nobody decided to give it back");
    for _ in 0..2 {
        assert_eq!(decide(path.clone()).await.json()["state"], "by_hand");
        assert_eq!(api.client.payments(by, IVAN).await.unwrap().plan, "premium", "the money is still ours");
    }
    assert_eq!(open().await["payments"][0]["refund_begun"], true);
    for state in ["returned", "already"] {
        assert_eq!(decide(returned.clone()).await.json()["state"], state);
    }
    assert_eq!(open().await["payments"], json!([]));
    assert_eq!(api.client.payments(by, IVAN).await.unwrap().plan, "free");
    let told = "SELECT params ->> 'notice' FROM outbox WHERE chat_id = 42";
    let told: Vec<(String,)> = sqlx::query_as(told).fetch_all(&setup.pool()).await.unwrap();
    assert_eq!(told, [("payment_refunded".to_owned(),)]);
    let nothing = api.request(Method::POST, "/admin/payments/none/refund").header("x-service-key", SERVICE_KEY);
    assert_eq!(api.send(nothing).await.code(), Code::PaymentNotFound);
    assert_eq!(api.get("/admin/payments", Some(&token)).await.code(), Code::Forbidden);
    assert_eq!(api.post(&path, Some(&token), &json!({})).await.code(), Code::Forbidden);
}

#[tokio::test]
async fn money_back_is_asked_for_and_ends_what_it_gave() {
    let api = selling().await.with("PAYMENT_PROVIDER_TOKEN", "284685063:TEST:abc").start().await;
    let (token, key) = (api.token(IVAN).await, key());
    let by = Bot { key: &key, token: &token };
    let paid = payment(&api, by, Way::Money, "c1").await;
    assert_eq!((paid.currency.as_str(), paid.amount), ("RUB", 29_900));
    api.client.received(by, &paid).await.unwrap();
    let id = api.client.payments(by, IVAN).await.unwrap().payments[0].id.clone();
    let asked = api.client.ask_refund(by, &RefundRequest { user_id: IVAN, payment_id: id }).await.unwrap();
    assert!(asked.payments[0].refund_asked);
    let refunded = RefundedRequest { user_id: IVAN, charge_id: "c1".to_owned() };
    assert_eq!(api.client.refunded(by, &refunded).await.unwrap().plan, "free");
    assert!(api.client.refunded(by, &refunded).await.unwrap().replayed);
    let unknown = RefundedRequest { user_id: IVAN, charge_id: "c9".to_owned() };
    assert_eq!(api.client.refunded(by, &unknown).await.unwrap_err().code(), Some(Code::PaymentNotFound));
}

#[tokio::test]
async fn money_is_counted_once_however_often_and_wherever_it_is_reported() {
    let setup = selling().await.with("PAYMENT_PROVIDER_TOKEN", "284685063:TEST:abc");
    let (api, other) = (setup.start().await, setup.start().await);
    let (token, key) = (api.token(IVAN).await, key());
    let by = Bot { key: &key, token: &token };
    assert!(api.metrics.encode().contains("revenue_stars_total{kind=\"renewal\"} 0\n"), "that none came is known");
    let first = payment(&api, by, Way::StarsMonthly, "c1").await;
    for replica in [&api, &other, &api] {
        replica.client.received(by, &first).await.unwrap();
    }
    let renewal = ReceivedRequest { charge_id: "c2".to_owned(), is_first_recurring: false, ..first };
    let once = payment(&api, by, Way::Stars, "c3").await;
    let money = payment(&api, by, Way::Money, "c4").await;
    let stray = ReceivedRequest { amount: 1, ..payment(&api, by, Way::Stars, "c5").await };
    let late = payment(&api, by, Way::Stars, "c6").await;
    for paid in [&renewal, &once, &money, &stray] {
        api.client.received(by, paid).await.unwrap();
    }
    for charge in ["c3", "c3", "c4", "c5"] {
        api.client.refunded(by, &RefundedRequest { user_id: IVAN, charge_id: charge.to_owned() }).await.unwrap();
    }
    let unknown = RefundedRequest { user_id: IVAN, charge_id: "c9".to_owned() };
    api.client.refunded(by, &unknown).await.unwrap_err();
    // The ledger is away for a moment: it is reported again until it is booked.
    sqlx::query("ALTER TABLE payments RENAME TO payments_gone").execute(&setup.pool()).await.unwrap();
    api.client.received(by, &late).await.unwrap_err();
    api.client.refunded(by, &RefundedRequest { user_id: IVAN, charge_id: "c1".to_owned() }).await.unwrap_err();
    sqlx::query("ALTER TABLE payments_gone RENAME TO payments").execute(&setup.pool()).await.unwrap();
    for (line, here, there) in [
        (r#"payments_total{outcome="booked"}"#, 4.0, 0.0),
        (r#"payments_total{outcome="unmatched"}"#, 1.0, 0.0),
        (r#"payments_total{outcome="refunded"}"#, 3.0, 0.0),
        (r#"payments_total{outcome="replayed"}"#, 2.0, 1.0),
        (r#"payments_total{outcome="unknown"}"#, 1.0, 0.0),
        (r#"payments_total{outcome="failed"}"#, 2.0, 0.0),
        (r#"revenue_stars_total{kind="subscription"}"#, 250.0, 0.0),
        (r#"revenue_stars_total{kind="renewal"}"#, 250.0, 0.0),
        (r#"revenue_stars_total{kind="once"}"#, 250.0, 0.0),
        // Neither money nor what was never a sale.
        ("refunded_stars_total", 250.0, 0.0),
    ] {
        assert_eq!((api.metric(line).await, other.metric(line).await), (here, there), "{line}");
    }
    api.client.received(by, &late).await.unwrap();
    assert_eq!(api.metric(r#"payments_total{outcome="booked"}"#).await, 5.0);
}

#[tokio::test]
async fn without_a_price_nothing_is_for_sale() {
    let api = Api::start().await;
    let (token, key) = (api.token(IVAN).await, key());
    let by = Bot { key: &key, token: &token };
    assert!(api.client.payments(by, IVAN).await.unwrap().prices.is_empty());
    let error = api.client.offer(by, &OfferRequest { user_id: IVAN, way: Way::Stars }).await.unwrap_err();
    assert_eq!(error.code(), Some(Code::NotForSale));
}

#[tokio::test]
async fn an_administrator_who_declines_says_so_to_the_person_once() {
    let setup = selling().await;
    let api = setup.start().await;
    let (token, key) = (api.token(IVAN).await, key());
    let by = Bot { key: &key, token: &token };
    api.client.received(by, &payment(&api, by, Way::Stars, "c1").await).await.unwrap();
    let id = api.client.payments(by, IVAN).await.unwrap().payments[0].id.clone();
    let decide = async |what: &str| {
        let path = format!("/admin/payments/{id}/{what}");
        api.send(api.request(Method::POST, &path).header("x-service-key", SERVICE_KEY)).await
    };
    assert_eq!(decide("decline").await.code(), Code::PaymentNotFound, "nobody asked for it back");
    let wish = RefundRequest { user_id: IVAN, payment_id: id.clone() };
    api.client.ask_refund(by, &wish).await.unwrap();
    for state in ["declined", "already"] {
        assert_eq!(decide("decline").await.json()["state"], state);
    }
    let after = api.client.payments(by, IVAN).await.unwrap();
    assert_eq!((after.payments[0].declined, after.plan.as_str()), (true, "premium"));
    assert_eq!(api.client.ask_refund(by, &wish).await.unwrap_err().code(), Some(Code::PaymentNotFound));
    let told = "SELECT params ->> 'notice' FROM outbox WHERE chat_id = 42";
    let told: Vec<(String,)> = sqlx::query_as(told).fetch_all(&setup.pool()).await.unwrap();
    assert_eq!(told, [("refund_declined".to_owned(),)]);
}

#[tokio::test]
async fn an_administrator_gives_premium_once_for_each_key_and_who_has_it_without_end_is_sold_none() {
    let setup = selling().await;
    let api = setup.start().await;
    let (token, key) = (api.token(IVAN).await, key());
    let by = Bot { key: &key, token: &token };
    let give = async |days: u32, key: &str| {
        let gift = api.request(Method::POST, "/admin/people/42/premium").header("x-service-key", SERVICE_KEY);
        api.send(gift.json(&json!({ "days": days, "key": key }))).await
    };
    assert_eq!(give(7, "sorry").await.code(), Code::PaymentNotFound, "nobody knows them");
    api.client.received(by, &payment(&api, by, Way::Stars, "c1").await).await.unwrap();
    assert_eq!((give(0, "sorry").await.code(), give(7, "a b").await.code()), (Code::InvalidValue, Code::InvalidValue));
    let until = Some(api.clock.now() + TimeDelta::days(37));
    for replayed in [false, true] {
        assert_eq!(give(7, "sorry").await.json()["replayed"], replayed);
        assert_eq!(api.client.payments(by, IVAN).await.unwrap().premium_until, until);
    }
    assert_eq!(
        api.post("/admin/people/42/premium", Some(&token), &json!({ "days": 7, "key": "k" })).await.code(),
        Code::Forbidden
    );
    let endless = "UPDATE users SET paid_until = NULL, premium_until = NULL";
    sqlx::query(endless).execute(&setup.pool()).await.unwrap();
    assert!(api.client.payments(by, IVAN).await.unwrap().prices.is_empty());
    let error = api.client.offer(by, &OfferRequest { user_id: IVAN, way: Way::Stars }).await.unwrap_err();
    assert_eq!(error.code(), Some(Code::NotForSale));
}

#[tokio::test]
async fn nobody_is_promised_the_grace_of_a_renewal_and_the_days_of_a_notice_are_their_own() {
    let setup = selling().await;
    let api = setup.start().await;
    let (token, key) = (api.token(IVAN).await, key());
    let by = Bot { key: &key, token: &token };
    let home = json!({ "user_id": IVAN, "data": { "language": "en", "time_zone": "Asia/Novosibirsk" } });
    assert_eq!(api.post("/profile", Some(&token), &home).await.status, StatusCode::OK);
    let begun = api.clock.now();
    api.client.received(by, &payment(&api, by, Way::StarsMonthly, "c1").await).await.unwrap();
    let day = |n: i64| Some(begun + TimeDelta::days(n));
    assert_eq!(api.client.status(&token, IVAN).await.unwrap().premium_until, day(30));
    let gift = api.request(Method::POST, "/admin/people/42/premium").header("x-service-key", SERVICE_KEY);
    api.send(gift.json(&json!({ "days": 7, "key": "sorry" }))).await;
    let owed = "SELECT params ->> 'time_zone', (params ->> 'until')::timestamptz FROM outbox WHERE chat_id = 42";
    let owed: Vec<(String, DateTime<Utc>)> = sqlx::query_as(owed).fetch_all(&setup.pool()).await.unwrap();
    assert_eq!(owed, [("Asia/Novosibirsk".to_owned(), day(37).unwrap())]);
    api.clock.advance(TimeDelta::days(38));
    let token = api.token(IVAN).await;
    assert_eq!(api.client.status(&token, IVAN).await.unwrap().premium_until, day(40), "the renewal is late");
}

#[tokio::test]
async fn a_bill_outlives_the_service_key_and_an_older_encryption_key() {
    let setup = selling().await;
    let api = setup.start().await;
    let (token, key) = (api.token(IVAN).await, key());
    let paid = payment(&api, Bot { key: &key, token: &token }, Way::Stars, "c1").await;
    let changed: SecretString = "another-service-key-another-service-key".into();
    let keys = format!("{NEWER_KEY},{}", fernet_key());
    let api = setup.with("SERVICE_KEY", changed.expose_secret()).with("ENCRYPTION_KEY", &keys).start().await;
    let received = api.client.received(Bot { key: &changed, token: &token }, &paid).await.unwrap();
    assert!(received.matched, "the person paid what we had offered");
}
