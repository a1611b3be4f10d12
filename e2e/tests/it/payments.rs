//! Somebody buys premium in Telegram: API, bot, Postgres, and a Telegram that takes the payment.

use evolve_contract::payments::{
    Way,
    payload::{KEY_PURPOSE, Payload},
};
use evolve_domain::payment::Price;
use evolve_engine::payments::{
    Payments, RefundEnd,
    provider::{Money, Stars},
};
use evolve_runtime::{clock::Clock, config::Reader, metrics::Metrics};
use evolve_store::{
    Keyring, Store, StoreConfig,
    cache::{Cache, CacheConfig},
    redis::{Redis, RedisConfig},
};
use evolve_testkit::telegram::{Doing, Fault, Sent, SentKind, TelegramServer};
use secrecy::SecretString;
use serde_json::json;

use crate::system::{Ground, Mode, PROVIDER_TOKEN, ground, parrot};

const ANNA: i64 = 1001;

/// Presses the button whose label has this in it, on the newest message that has one.
fn press(telegram: &TelegramServer, part: &str) {
    let messages = telegram.messages(ANNA);
    let found = messages.iter().rev().find_map(|sent| {
        let button = sent.buttons.iter().flatten().find(|button| button.text.contains(part))?;
        Some((sent.message_id, button.callback_data.clone()?))
    });
    let (message, data) = found.unwrap_or_else(|| panic!("no button {part:?}: {messages:#?}"));
    telegram.press(ANNA, message, &data);
}

async fn wait_for(ground: &Ground, part: &str) {
    ground.wait_for_last(ANNA, |text| text.contains(part)).await;
}

async fn invoice(ground: &Ground) -> i64 {
    let sent = ground.telegram.wait_for(ANNA, |sent| sent.last().is_some_and(|last| last.kind == SentKind::Invoice));
    sent.await.pop().unwrap().message_id
}

fn refusals(telegram: &TelegramServer) -> Vec<String> {
    let refused = telegram.events(ANNA).into_iter().filter_map(|event| match event.doing {
        Doing::CheckoutAnswered { ok: false, error, .. } => error,
        _ => None,
    });
    refused.collect()
}

#[rstest::rstest]
#[case(Mode::Polling)]
#[case(Mode::Webhook)]
#[tokio::test]
async fn premium_is_bought_for_stars_and_at_once_there(#[case] mode: Mode) {
    let ground = ground().await;
    let api = ground.api(parrot()).await;
    let bot = ground.bot(&api.url, mode).await;
    ground.telegram.send_text(ANNA, "/premium");
    wait_for(&ground, "30 days").await;
    press(&ground.telegram, "250 ⭐ for 30 days");
    let message = invoice(&ground).await;
    assert!(ground.telegram.pay(ANNA, message) > 0);
    wait_for(&ground, "Thank you!").await;
    ground.telegram.send_text(ANNA, "/status");
    wait_for(&ground, "premium").await;
    assert_eq!(ground.count("SELECT count(*) FROM payments").await, 1);
    assert_eq!(ground.count("SELECT sum(amount)::bigint FROM ledger").await, 250);
    bot.stop().await;
}

#[tokio::test]
async fn premium_is_bought_for_money_by_a_provider_whose_token_only_telegram_is_told() {
    let ground = ground().await;
    let api = ground.api(parrot()).await;
    let bot = ground.bot(&api.url, Mode::Polling).await;
    ground.telegram.send_text(ANNA, "/premium");
    wait_for(&ground, "30 days").await;
    // The bill has to wait in the outbox, where it can be looked at.
    ground.telegram.fault(Fault::refuse("sendInvoice", 502, "Bad Gateway").times(1000));
    press(&ground.telegram, "299.00 RUB for 30 days");
    let tried = |telegram: &TelegramServer| (!telegram.calls_of("sendInvoice").is_empty()).then_some(());
    ground.telegram.wait_until("the bill to be tried", tried).await;
    let without = "SELECT count(*) FROM outbox WHERE method = 'sendInvoice' AND params ->> 'provider_token' = ''";
    assert_eq!(ground.count(without).await, 1);
    assert_eq!(ground.count("SELECT count(*) FROM outbox WHERE params::text LIKE '%:TEST:%'").await, 0);
    ground.telegram.clear_faults();
    let message = invoice(&ground).await;
    let bill = ground.telegram.calls_of("sendInvoice").pop().unwrap().params;
    assert_eq!((&bill["provider_token"], &bill["currency"]), (&json!(PROVIDER_TOKEN), &json!("RUB")));
    assert!(ground.telegram.pay(ANNA, message) > 0);
    wait_for(&ground, "Thank you!").await;
    ground.telegram.send_text(ANNA, "/status");
    wait_for(&ground, "premium").await;
    let paid = "SELECT count(*) FROM payments WHERE way = 'money' AND currency = 'RUB' AND amount = 29900 AND matched
                AND provider_charge_id = 'provider-' || charge_id";
    assert_eq!(ground.count(paid).await, 1);
    bot.stop().await;
}

#[tokio::test]
async fn a_payment_that_telegram_reports_again_counts_once() {
    let ground = ground().await;
    let api = ground.api(parrot()).await;
    let _bot = ground.bot(&api.url, Mode::Polling).await;
    ground.telegram.open_chat(ANNA);
    let payload = payload(&ground, Way::Stars, ANNA, 250);
    let paid = json!({
        "currency": "XTR", "total_amount": 250, "invoice_payload": payload,
        "telegram_payment_charge_id": "stx-once", "provider_payment_charge_id": "",
    });
    for message_id in [900, 901] {
        ground.telegram.send_update(json!({ "message": {
            "message_id": message_id, "date": 1_770_000_000, "successful_payment": paid,
            "chat": { "id": ANNA, "type": "private", "first_name": "Anna" },
            "from": { "id": ANNA, "is_bot": false, "first_name": "Anna", "language_code": "en" },
        } }));
    }
    ground.telegram.wait_for(ANNA, |sent| sent.len() == 2).await;
    assert_eq!(ground.count("SELECT count(*) FROM payments").await, 1);
    let days = "SELECT round(extract(epoch FROM premium_until - now()) / 86400)::bigint FROM users";
    assert_eq!(ground.count(days).await, 30);
}

#[tokio::test]
async fn a_subscription_renews_itself_until_it_is_cancelled_and_a_refund_ends_it() {
    let ground = ground().await;
    let api = ground.api(parrot()).await;
    let _bot = ground.bot(&api.url, Mode::Polling).await;
    ground.telegram.send_text(ANNA, "/premium");
    wait_for(&ground, "30 days").await;
    press(&ground.telegram, "every 30 days");
    wait_for(&ground, "opens the bill").await;
    let link = ground.telegram.messages(ANNA).pop().unwrap().buttons[0][0].url.clone().unwrap();
    assert!(ground.telegram.pay_link(ANNA, &link) > 0);
    wait_for(&ground, "is charged again on").await;
    let (charge, ..) = ground.telegram.charges(ANNA)[0].clone();
    assert!(ground.telegram.renew(&charge) > 0);
    wait_for(&ground, "was renewed").await;
    ground.telegram.send_text(ANNA, "/premium");
    wait_for(&ground, "renews itself on").await;
    press(&ground.telegram, "Cancel the subscription");
    // Telegram may have done it before they are told that it is asked.
    let told =
        |text: &str| text.contains("asking Telegram to cancel") || text.contains("The subscription is cancelled");
    ground.wait_for_last(ANNA, told).await;
    let canceled =
        |telegram: &TelegramServer| telegram.charges(ANNA).iter().any(|(.., canceled)| *canceled).then_some(());
    ground.telegram.wait_until("Telegram knows that it is cancelled", canceled).await;
    assert_eq!(ground.telegram.renew(&charge), 0, "Telegram goes on");
    evolve_testkit::eventually("the cancellation to be confirmed", async || {
        ground.count("SELECT count(*) FROM subscriptions WHERE NOT wanted AND stopped_at IS NOT NULL").await == 1
    })
    .await;
    ground.telegram.send_text(ANNA, "/premium");
    wait_for(&ground, "Telegram has confirmed it").await;
    press(&ground.telegram, "Take the subscription up again");
    wait_for(&ground, "The last step is yours").await;
    let resumed = |telegram: &TelegramServer| telegram.resume(&charge).then_some(());
    ground.telegram.wait_until("Telegram lets them take it up again", resumed).await;
    assert!(ground.telegram.renew(&charge) > 0);
    wait_for(&ground, "was renewed").await;
    ground.telegram.send_text(ANNA, "/paysupport");
    wait_for(&ground, "Your payments").await;
    press(&ground.telegram, "Return");
    wait_for(&ground, "tell you here").await;
    assert_eq!(ground.count("SELECT count(*) FROM payments WHERE refund_asked_at IS NOT NULL").await, 1);
}

#[tokio::test]
async fn who_cancels_while_a_payment_is_late_is_told_that_premium_ends() {
    let ground = ground().await;
    let api = ground.api(parrot()).await;
    let _bot = ground.bot(&api.url, Mode::Polling).await;
    ground.telegram.send_text(ANNA, "/premium");
    wait_for(&ground, "30 days").await;
    press(&ground.telegram, "every 30 days");
    wait_for(&ground, "opens the bill").await;
    let link = ground.telegram.messages(ANNA).pop().unwrap().buttons[0][0].url.clone().unwrap();
    ground.telegram.pay_link(ANNA, &link);
    wait_for(&ground, "is charged again on").await;
    ground.telegram.send_text(ANNA, "/premium");
    wait_for(&ground, "renews itself on").await;
    // The next payment did not come in time, and the grace is running.
    sqlx::raw_sql(
        "UPDATE users SET paid_until = now() - interval '1 day', premium_until = now() + interval '2 days';
         UPDATE subscriptions SET renews_at = now() - interval '1 day'",
    )
    .execute(&ground.sql)
    .await
    .unwrap();
    press(&ground.telegram, "Cancel the subscription");
    wait_for(&ground, "so premium ends now").await;
    assert_eq!(ground.count("SELECT count(*) FROM users WHERE premium_until > now()").await, 0);
}

#[tokio::test]
async fn who_subscribes_with_days_left_is_told_when_they_end_and_when_telegram_takes_the_next_payment() {
    let ground = ground().await;
    let api = ground.api(parrot()).await;
    let _bot = ground.bot(&api.url, Mode::Polling).await;
    buy_once(&ground).await;
    ground.telegram.send_text(ANNA, "/premium");
    wait_for(&ground, "You have premium until").await;
    press(&ground.telegram, "every 30 days");
    wait_for(&ground, "opens the bill").await;
    let link = ground.telegram.messages(ANNA).pop().unwrap().buttons[0][0].url.clone().unwrap();
    assert!(ground.telegram.pay_link(ANNA, &link) > 0);
    wait_for(&ground, "is charged again on").await;
    let told = ground.telegram.messages(ANNA).pop().unwrap().text;
    // The zone is the companion's: Anna has told none of hers.
    let days = "SELECT to_char(u.paid_until AT TIME ZONE 'Europe/Moscow', 'FMMonth FMDD, YYYY'),
                       to_char(s.renews_at AT TIME ZONE 'Europe/Moscow', 'FMMonth FMDD, YYYY'),
                       round(extract(epoch FROM u.paid_until - s.renews_at) / 86400)::bigint
                FROM users u JOIN subscriptions s ON s.user_id = u.id";
    let (paid_until, next, apart): (String, String, i64) = sqlx::query_as(days).fetch_one(&ground.sql).await.unwrap();
    assert_eq!(apart, 30);
    assert!(told.contains(&format!("yours until {paid_until}")), "{told}");
    assert!(told.contains(&format!("charged again on {next}")), "{told}");
    // What is bought beside it is no subscription.
    buy_once(&ground).await;
    let told = ground.telegram.messages(ANNA).pop().unwrap().text;
    assert!(!told.contains("again"), "{told}");
}

/// Anna buys 30 days for Stars, and is thanked.
async fn buy_once(ground: &Ground) {
    let seen = ground.telegram.messages(ANNA).len();
    ground.telegram.send_text(ANNA, "/premium");
    let offered = |sent: &[Sent]| sent.len() > seen && sent.last().is_some_and(|last| !last.buttons.is_empty());
    ground.telegram.wait_for(ANNA, offered).await;
    press(&ground.telegram, "250 ⭐ for 30 days");
    let message = invoice(ground).await;
    assert!(ground.telegram.pay(ANNA, message) > 0);
    wait_for(ground, "Thank you!").await;
}

#[tokio::test]
async fn a_renewal_that_telegram_reports_of_somebody_who_was_removed_is_answered_and_brings_nobody_back() {
    let ground = ground().await;
    let api = ground.api(parrot()).await;
    let _bot = ground.bot(&api.url, Mode::Polling).await;
    ground.telegram.send_text(ANNA, "hi");
    wait_for(&ground, "you said hi").await;
    let (client, token) = ground.client(&api, ANNA).await;
    client.delete_profile(&token, ANNA).await.unwrap();
    ground.telegram.send_update(json!({ "message": {
        "message_id": 900, "date": 1_770_000_000,
        "successful_payment": {
            "currency": "XTR", "total_amount": 250, "invoice_payload": payload(&ground, Way::StarsMonthly, ANNA, 250),
            "telegram_payment_charge_id": "stx-late", "provider_payment_charge_id": "", "is_recurring": true,
            "subscription_expiration_date": 1_772_592_000,
        },
        "chat": { "id": ANNA, "type": "private", "first_name": "Anna" },
        "from": { "id": ANNA, "is_bot": false, "first_name": "Anna", "language_code": "en" },
    } }));
    wait_for(&ground, "can't tell what it is for").await;
    assert_eq!(ground.count("SELECT count(*) FROM users").await, 0);
}

#[rstest::rstest]
#[case(400, "Bad Request: SUBSCRIPTION_STRANGE")]
#[case(403, "Forbidden: user is deactivated")]
#[case(400, "Bad Request: chat not found")]
#[tokio::test]
async fn a_person_whose_subscription_telegram_does_not_let_us_cancel_is_told_so(
    #[case] status: u16,
    #[case] description: &str,
) {
    let ground = ground().await;
    let api = ground.api(parrot()).await;
    let _bot = ground.bot(&api.url, Mode::Polling).await;
    ground.telegram.send_text(ANNA, "/premium");
    wait_for(&ground, "30 days").await;
    press(&ground.telegram, "every 30 days");
    wait_for(&ground, "opens the bill").await;
    let link = ground.telegram.messages(ANNA).pop().unwrap().buttons[0][0].url.clone().unwrap();
    ground.telegram.pay_link(ANNA, &link);
    wait_for(&ground, "is charged again on").await;
    ground.telegram.fault(Fault::refuse("editUserStarSubscription", status, description));
    ground.telegram.send_text(ANNA, "/premium");
    wait_for(&ground, "renews itself on").await;
    press(&ground.telegram, "Cancel the subscription");
    let is_told = |text: &str| text.contains("did not let me cancel");
    ground.telegram.wait_for(ANNA, |sent| sent.iter().any(|sent| is_told(&sent.text))).await;
    // What is shown is what is known, and it can be tried again.
    ground.telegram.send_text(ANNA, "/premium");
    wait_for(&ground, "hasn't confirmed that yet").await;
    press(&ground.telegram, "Cancel the subscription");
    let canceled =
        |telegram: &TelegramServer| telegram.charges(ANNA).iter().any(|(.., canceled)| *canceled).then_some(());
    ground.telegram.wait_until("Telegram knows that it is cancelled", canceled).await;
}

#[tokio::test]
async fn a_person_whose_subscription_telegram_does_not_let_them_take_up_again_is_told_so() {
    let ground = ground().await;
    let api = ground.api(parrot()).await;
    let _bot = ground.bot(&api.url, Mode::Polling).await;
    ground.telegram.send_text(ANNA, "/premium");
    wait_for(&ground, "30 days").await;
    press(&ground.telegram, "every 30 days");
    wait_for(&ground, "opens the bill").await;
    let link = ground.telegram.messages(ANNA).pop().unwrap().buttons[0][0].url.clone().unwrap();
    ground.telegram.pay_link(ANNA, &link);
    wait_for(&ground, "is charged again on").await;
    ground.telegram.send_text(ANNA, "/premium");
    wait_for(&ground, "renews itself on").await;
    press(&ground.telegram, "Cancel the subscription");
    evolve_testkit::eventually("the cancellation to be confirmed", async || {
        ground.count("SELECT count(*) FROM subscriptions WHERE NOT wanted AND stopped_at IS NOT NULL").await == 1
    })
    .await;
    ground.telegram.send_text(ANNA, "/premium");
    wait_for(&ground, "Telegram has confirmed it").await;
    ground.telegram.fault(Fault::refuse("editUserStarSubscription", 400, "Bad Request: SUBSCRIPTION_STRANGE"));
    press(&ground.telegram, "Take the subscription up again");
    let is_told = |text: &str| text.contains("did not let me open that subscription");
    ground.telegram.wait_for(ANNA, |sent| sent.iter().any(|sent| is_told(&sent.text))).await;
}

#[tokio::test]
async fn a_renewal_that_was_never_reported_is_found_among_telegrams_transactions() {
    let ground = ground().await;
    let api = ground.api(parrot()).await;
    let bot = ground.bot(&api.url, Mode::Polling).await;
    ground.telegram.send_text(ANNA, "/premium");
    wait_for(&ground, "30 days").await;
    press(&ground.telegram, "every 30 days");
    wait_for(&ground, "opens the bill").await;
    let link = ground.telegram.messages(ANNA).pop().unwrap().buttons[0][0].url.clone().unwrap();
    ground.telegram.pay_link(ANNA, &link);
    wait_for(&ground, "is charged again on").await;
    bot.stop().await;
    // Renewed while nobody listened for more than a day.
    let (charge, ..) = ground.telegram.charges(ANNA)[0].clone();
    ground.telegram.renew(&charge);
    ground.telegram.forget_updates();
    ground.telegram.age_transactions(7200);
    let _bot = ground.bot(&api.url, Mode::Polling).await;
    evolve_testkit::eventually("the renewal to be booked", async || {
        ground.count("SELECT count(*) FROM payments").await == 2
    })
    .await;
    let days = "SELECT round(extract(epoch FROM paid_until - now()) / 86400)::bigint FROM users";
    assert_eq!(ground.count(days).await, 60);
    assert_eq!(ground.count("SELECT count(*) FROM subscriptions").await, 1);
    assert_eq!(ground.count("SELECT seen FROM star_transactions").await, 2);
}

#[tokio::test]
async fn a_person_whose_bill_telegram_refuses_is_told_so() {
    let ground = ground().await;
    let api = ground.api(parrot()).await;
    let _bot = ground.bot(&api.url, Mode::Polling).await;
    ground.telegram.fault(Fault::refuse("sendInvoice", 400, "Bad Request: CURRENCY_TOTAL_AMOUNT_INVALID"));
    ground.telegram.send_text(ANNA, "/premium");
    wait_for(&ground, "30 days").await;
    press(&ground.telegram, "250 ⭐ for 30 days");
    wait_for(&ground, "did not let me make this bill").await;
}

#[tokio::test]
async fn a_bill_that_was_forwarded_and_paid_in_a_group_counts_and_is_thanked_for_in_private() {
    let ground = ground().await;
    let api = ground.api(parrot()).await;
    let _bot = ground.bot(&api.url, Mode::Polling).await;
    ground.telegram.open_chat(ANNA);
    ground.telegram.send_update(json!({ "message": {
        "message_id": 900, "date": 1_770_000_000,
        "successful_payment": {
            "currency": "XTR", "total_amount": 250, "invoice_payload": payload(&ground, Way::Stars, ANNA, 250),
            "telegram_payment_charge_id": "stx-group", "provider_payment_charge_id": "",
        },
        "chat": { "id": -100_500, "type": "supergroup", "title": "Friends" },
        "from": { "id": ANNA, "is_bot": false, "first_name": "Anna", "language_code": "en" },
    } }));
    wait_for(&ground, "Thank you!").await;
    assert_eq!(ground.count("SELECT count(*) FROM users WHERE plan = 'premium'").await, 1);
}

#[tokio::test]
async fn stars_that_were_given_back_are_booked_though_the_report_of_it_is_lost() {
    let ground = ground().await;
    let api = ground.api(parrot()).await;
    let _bot = ground.bot(&api.url, Mode::Polling).await;
    ground.telegram.send_text(ANNA, "/premium");
    wait_for(&ground, "30 days").await;
    press(&ground.telegram, "250 ⭐ for 30 days");
    let message = invoice(&ground).await;
    ground.telegram.pay(ANNA, message);
    wait_for(&ground, "Thank you!").await;
    // Nothing comes in any more.
    ground.telegram.fault(Fault::refuse("getUpdates", 502, "Bad Gateway").times(1000));
    let administrator = administrator(&ground);
    let payment = administrator.account(ANNA).await.unwrap().payments[0].id;
    assert_eq!(administrator.refund(payment, None).await.unwrap(), RefundEnd::Asked);
    evolve_testkit::eventually("the payment to be booked as given back", async || {
        ground.count("SELECT count(*) FROM payments WHERE refunded_at IS NOT NULL").await == 1
    })
    .await;
    assert_eq!(ground.count("SELECT count(*) FROM ledger").await, 2);
}

#[tokio::test]
async fn a_person_whose_subscription_telegram_does_not_offer_is_told_so() {
    let ground = ground().await;
    let api = ground.api(parrot()).await;
    let _bot = ground.bot(&api.url, Mode::Polling).await;
    ground.telegram.fault(Fault::refuse("createInvoiceLink", 400, "Bad Request: SUBSCRIPTION_PERIOD_INVALID"));
    ground.telegram.send_text(ANNA, "/premium");
    wait_for(&ground, "30 days").await;
    press(&ground.telegram, "every 30 days");
    wait_for(&ground, "did not let me make this bill").await;
}

#[tokio::test]
async fn stars_that_somebody_gave_back_elsewhere_are_booked_when_telegram_says_so() {
    let ground = ground().await;
    let api = ground.api(parrot()).await;
    let _bot = ground.bot(&api.url, Mode::Polling).await;
    ground.telegram.send_text(ANNA, "/premium");
    wait_for(&ground, "30 days").await;
    press(&ground.telegram, "250 ⭐ for 30 days");
    let message = invoice(&ground).await;
    ground.telegram.pay(ANNA, message);
    wait_for(&ground, "Thank you!").await;
    ground.telegram.fault(Fault::refuse("refundStarPayment", 400, "Bad Request: CHARGE_ALREADY_REFUNDED"));
    let administrator = administrator(&ground);
    let payment = administrator.account(ANNA).await.unwrap().payments[0].id;
    assert_eq!(administrator.refund(payment, None).await.unwrap(), RefundEnd::Asked);
    evolve_testkit::eventually("the payment to be booked as given back", async || {
        ground.count("SELECT count(*) FROM payments WHERE refunded_at IS NOT NULL").await == 1
    })
    .await;
    assert_eq!(ground.count("SELECT count(*) FROM users WHERE plan = 'premium'").await, 0);
}

/// The use cases as an administrator has them, over the same database.
fn administrator(ground: &Ground) -> Payments {
    let (metrics, database_url) = (Metrics::new(), ground.database_url.as_str().into());
    let config = StoreConfig { database_url, pool_size: 2, encryption_key: ground.key.as_str().into() };
    let store = Store::connect(&config, &metrics).unwrap();
    let mut env = Reader::from_values([("REDIS_URL", ground.redis_url.as_str())]);
    let redis = Redis::connect(&RedisConfig::read(&mut env), &metrics);
    let cache = Cache::new(redis, store.keys().clone(), CacheConfig::read(&mut env), &metrics);
    Payments::new(store, cache, Clock::system(), Price::default(), vec![Box::new(Stars), Box::new(Money)], &metrics)
}

#[tokio::test]
async fn an_administrator_gives_stars_back_through_telegram_once_and_premium_ends() {
    let ground = ground().await;
    let api = ground.api(parrot()).await;
    let _bot = ground.bot(&api.url, Mode::Polling).await;
    ground.telegram.send_text(ANNA, "/premium");
    wait_for(&ground, "30 days").await;
    press(&ground.telegram, "250 ⭐ for 30 days");
    let message = invoice(&ground).await;
    ground.telegram.pay(ANNA, message);
    wait_for(&ground, "Thank you!").await;
    let administrator = administrator(&ground);
    let payment = administrator.account(ANNA).await.unwrap().payments[0].id;
    assert_eq!(administrator.refund(payment, None).await.unwrap(), RefundEnd::Asked);
    assert_eq!(administrator.refund(payment, None).await.unwrap(), RefundEnd::Already);
    wait_for(&ground, "was returned to you").await;
    assert_eq!(administrator.refund(payment, None).await.unwrap(), RefundEnd::Already);
    let charges = ground.telegram.charges(ANNA);
    assert!(charges.len() == 1 && charges[0].1, "Telegram has not given it back: {charges:?}");
    assert_eq!(ground.count("SELECT count(*) FROM users WHERE plan = 'premium'").await, 0);
    assert_eq!(ground.count("SELECT count(*) FROM ledger").await, 2);
    assert_eq!(ground.telegram.calls_of("refundStarPayment").len(), 1);
}

#[tokio::test]
async fn a_checkout_is_answered_while_the_companion_is_thinking_and_while_the_api_is_away() {
    let ground = ground().await;
    let api = ground.api(parrot()).await;
    let bot = ground.bot(&api.url, Mode::Polling).await;
    ground.telegram.send_text(ANNA, "/premium");
    wait_for(&ground, "30 days").await;
    press(&ground.telegram, "250 ⭐ for 30 days");
    let message = invoice(&ground).await;
    let url = api.url.clone();
    drop(api);
    // A message whose answer waits for the API holds up the chat, but not the payment.
    ground.telegram.send_text(ANNA, "are you there?");
    assert!(ground.telegram.pay(ANNA, message) > 0);
    let answered = |telegram: &TelegramServer| (!telegram.charges(ANNA).is_empty()).then_some(());
    ground.telegram.wait_until("the checkout to be accepted", answered).await;
    let _api = ground.api_at(&url, parrot()).await;
    wait_for(&ground, "Thank you!").await;
    bot.stop().await;
}

#[tokio::test]
async fn a_lost_answer_to_a_checkout_is_given_again() {
    let ground = ground().await;
    let api = ground.api(parrot()).await;
    let _bot = ground.bot(&api.url, Mode::Polling).await;
    ground.telegram.fault(Fault::drop_before("answerPreCheckoutQuery"));
    ground.telegram.send_text(ANNA, "/premium");
    wait_for(&ground, "30 days").await;
    press(&ground.telegram, "250 ⭐ for 30 days");
    let message = invoice(&ground).await;
    ground.telegram.pay(ANNA, message);
    wait_for(&ground, "Thank you!").await;
}

fn payload(ground: &Ground, way: Way, user_id: i64, amount: i64) -> String {
    let issued_at = chrono::Utc::now();
    Payload { way, user_id, amount, currency: "XTR".to_owned(), issued_at, nonce: 1 }.sign(&payload_key(ground))
}

fn payload_key(ground: &Ground) -> SecretString {
    Keyring::parse(&ground.key.as_str().into()).unwrap().signing_keys(KEY_PURPOSE).remove(0)
}

#[tokio::test]
async fn nobody_pays_for_a_forged_a_foreign_or_an_old_bill() {
    let ground = ground().await;
    let api = ground.api(parrot()).await;
    let _bot = ground.bot(&api.url, Mode::Polling).await;
    ground.telegram.open_chat(ANNA);
    let old = Payload {
        way: Way::Stars,
        user_id: ANNA,
        amount: 250,
        currency: "XTR".to_owned(),
        issued_at: chrono::Utc::now() - chrono::TimeDelta::hours(25),
        nonce: 1,
    };
    let bills = [
        (payload(&ground, Way::Stars, 7, 250), "somebody else"),
        (payload(&ground, Way::Stars, ANNA, 1), "out of date"),
        (old.sign(&payload_key(&ground)), "out of date"),
        ("free please".to_owned(), "out of date"),
    ];
    let client = reqwest::Client::new();
    for (number, (payload, part)) in bills.into_iter().enumerate() {
        let url = format!("{}/bot{}/sendInvoice", ground.telegram.url(), ground.telegram.token());
        let invoice = json!({
            "chat_id": ANNA, "title": "Premium", "description": "Premium", "payload": payload, "currency": "XTR",
            "prices": [{ "label": "Premium", "amount": 250 }],
        });
        let sent: serde_json::Value = client.post(url).json(&invoice).send().await.unwrap().json().await.unwrap();
        ground.telegram.pay(1001, sent["result"]["message_id"].as_i64().unwrap());
        let refused = |telegram: &TelegramServer| refusals(telegram).get(number).cloned();
        let error = ground.telegram.wait_until("a refusal", refused).await;
        assert!(error.contains(part), "{error}");
    }
    assert!(ground.telegram.charges(ANNA).is_empty());
}
