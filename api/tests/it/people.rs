//! People, as those who run the bot find them, see them and act on them.

use chrono::{DateTime, TimeDelta, Utc};
use evolve_contract::{
    Code,
    audit::AuditResponse,
    client::Bot,
    history::ConversationsQuery,
    payments::{GrantRequest, OfferRequest, ReceivedRequest, SubscriptionState, Way},
    people::{BanRequest, ConversationQuery, ConversationsSearch, ForgetPersonRequest, PeopleQuery},
};
use evolve_engine::model::{Script, Step};
use reqwest::Method;
use secrecy::SecretString;
use serde_json::json;
use sqlx::PgPool;

use crate::harness::{Api, IVAN, SERVICE_KEY, Setup};

const ANNA: i64 = 734_002_117;

fn key() -> SecretString {
    SecretString::from(SERVICE_KEY)
}

/// A token, as our bot gets it for somebody with an @name.
async fn token_of(api: &Api, user_id: i64, name: &str) -> String {
    api.client.auth_of(&key(), user_id, Some(name)).await.unwrap().access_token
}

fn words(q: &str) -> PeopleQuery {
    PeopleQuery { q: Some(q.to_owned()), after: None }
}

async fn ids(api: &Api, query: &PeopleQuery) -> Vec<i64> {
    api.client.people(&key(), query).await.unwrap().people.into_iter().map(|person| person.user_id).collect()
}

async fn acts(api: &Api, query: &str) -> Vec<String> {
    let asked = api.request(Method::GET, &format!("/admin/audit{query}")).header("x-service-key", SERVICE_KEY);
    let log: AuditResponse = serde_json::from_str(&api.send(asked).await.text).unwrap();
    log.entries.into_iter().map(|entry| entry.act).collect()
}

#[tokio::test]
async fn somebody_is_found_by_id_by_name_and_by_payment_and_the_name_stands_nowhere() {
    let setup = Setup::new().await;
    let (api, pool) = (setup.start().await, setup.pool());
    for (user_id, name) in [(IVAN, "Ivan_The_First"), (ANNA, "")] {
        let token = token_of(&api, user_id, name).await;
        api.say(&token, "Привет", None).await.unwrap();
        setup.clock.advance(TimeDelta::minutes(1));
    }
    let pay =
        "INSERT INTO payments (id, user_id, charge_id, provider_charge_id, way, currency, amount, matched, paid_at)
               VALUES (gen_random_uuid(), $1, 'stxCharge-7', '', 'stars', 'XTR', 250, true, now())";
    sqlx::query(pay).bind(ANNA).execute(&pool).await.unwrap();

    assert_eq!(ids(&api, &PeopleQuery::default()).await, [ANNA, IVAN], "whoever was here last first");
    assert_eq!(ids(&api, &words("42")).await, [IVAN]);
    assert_eq!(ids(&api, &words("@ivan_the_first")).await, [IVAN]);
    assert_eq!(ids(&api, &words("stxCharge-7")).await, [ANNA]);
    assert_eq!(ids(&api, &words("@nobody")).await, [0_i64; 0]);
    let dump = "SELECT count(*) FROM users WHERE users::text ILIKE '%ivan_the%'";
    let (named,): (i64,) = sqlx::query_as(dump).fetch_one(&pool).await.unwrap();
    assert_eq!(named, 0);

    // They give the name up: their next token says so, and their next message has it written.
    let token = token_of(&api, IVAN, "").await;
    api.say(&token, "Пока", None).await.unwrap();
    assert_eq!(ids(&api, &words("@ivan_the_first")).await, [0_i64; 0]);
    for bad in ["?after=x", "?who=me", &format!("?q={}", "a".repeat(201))] {
        let asked = api.request(Method::GET, &format!("/api/v1/admin/people{bad}"));
        assert_eq!(api.send(asked.header("x-service-key", SERVICE_KEY)).await.code(), Code::InvalidValue, "{bad}");
    }
}

#[tokio::test]
async fn people_are_leafed_through_without_a_gap() {
    let setup = Setup::new().await;
    let (api, pool) = (setup.start().await, setup.pool());
    let insert = "INSERT INTO users (id, created_at, last_seen_at)
                  SELECT i, now(), '2026-11-21T12:00:00Z'::timestamptz - make_interval(hours => i) FROM generate_series(1, 120) i";
    sqlx::query(insert).execute(&pool).await.unwrap();
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = api.client.people(&key(), &PeopleQuery { q: None, after: after.clone() }).await.unwrap();
        seen.extend(page.people.iter().map(|person| person.user_id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, (1..=120).collect::<Vec<i64>>());
}

#[tokio::test]
async fn somebody_is_shown_without_a_word_of_theirs_and_each_look_at_words_is_in_the_log() {
    let script = Script::always(Step::say("Море тёплое, а самолёт в семь."));
    let setup = Setup::new().await.script(script);
    let (api, pool) = (setup.start().await, setup.pool());
    let token = api.token(ANNA).await;
    api.say(&token, "Мы летим на Мальту", None).await.unwrap();
    let person = api.client.person(&key(), ANNA).await.unwrap();
    assert_eq!((person.person.plan.as_str(), person.messages_sent, person.conversations), ("free", 1, 1));
    assert_eq!(person.person.messages, 1, "in the list as on the page");
    assert_eq!((person.days.len(), person.days[29].messages, person.person.points > 0), (30, 1, true));
    let shown = serde_json::to_string(&person).unwrap();
    assert!(!shown.contains("Мальту") && !shown.contains("самолёт"), "{shown}");
    assert_eq!(api.client.stats_of(&key(), ANNA).await.unwrap().messages, 1);
    let looks = "SELECT count(*) FROM audit_log";
    assert_eq!(sqlx::query_as::<_, (i64,)>(looks).fetch_one(&pool).await.unwrap().0, 0, "nothing was read");

    let talks = api.client.conversations_of(&key(), ANNA, &ConversationsQuery::default()).await.unwrap();
    let id = talks.conversations[0].id.to_string();
    let spoken = api.client.conversation(&key(), &id, ConversationQuery::default()).await.unwrap();
    assert_eq!((spoken.user_id, spoken.messages_count, spoken.older), (ANNA, 2, None));
    let texts: Vec<&str> = spoken.messages.iter().map(|said| said.text.as_str()).collect();
    assert_eq!(texts, ["Мы летим на Мальту", "Море тёплое, а самолёт в семь."]);
    api.client.facts_of(&key(), ANNA, 0).await.unwrap();
    let of_anna = acts(&api, &format!("?person={ANNA}")).await;
    // Two entries of a look: before anything is shown, and how it went. That a conversation is hers is known once it was read.
    assert_eq!(
        of_anna,
        [
            "person.look_facts",
            "person.look_facts",
            "conversation.look",
            "person.look_conversations",
            "person.look_conversations"
        ]
    );
    let token = api.token(IVAN).await;
    for path in [format!("/api/v1/conversations/{id}"), format!("/api/v1/admin/people/{ANNA}/facts")] {
        assert_eq!(api.get(&path, Some(&token)).await.code(), Code::Forbidden);
    }
    let key = key();
    let unknown = api.client.conversation(&key, "0199a1b2-5c3d-7e4f-8a9b-0c1d2e3f4a5b", ConversationQuery::default());
    assert_eq!(unknown.await.unwrap_err().code(), Some(Code::ConversationNotFound));
}

#[tokio::test]
async fn the_numbers_of_somebody_are_told_while_nobody_can_read_what_they_said() {
    let setup = Setup::new().await;
    let (api, pool) = (setup.start().await, setup.pool());
    let token = api.token(ANNA).await;
    api.say(&token, "Привет", None).await.unwrap();
    // One after the other: whoever waits for one of them may hold the other.
    let mut holder = pool.begin().await.unwrap();
    sqlx::query("LOCK TABLE messages IN ACCESS EXCLUSIVE MODE").execute(&mut *holder).await.unwrap();
    let person = api.client.person(&key(), ANNA).await.unwrap();
    assert_eq!((person.messages_sent, person.active_days, person.days[29].messages), (1, 1, 1));
    assert_eq!(api.client.stats_of(&key(), ANNA).await.unwrap().messages, 1);
    holder.rollback().await.unwrap();
    let mut holder = pool.begin().await.unwrap();
    sqlx::query("LOCK TABLE facts IN ACCESS EXCLUSIVE MODE").execute(&mut *holder).await.unwrap();
    let told = api.client.stats_of(&key(), ANNA).await.unwrap();
    assert_eq!((told.messages, told.active_days, told.advice.len()), (1, 1, 0));
    holder.rollback().await.unwrap();
}

#[tokio::test]
async fn what_was_said_is_found_over_all_people_whatever_the_endings() {
    let setup = Setup::new().await;
    let api = setup.start().await;
    for (user_id, text) in
        [(IVAN, "Завтра полетим самолётом на Мальту"), (ANNA, "Боюсь самолётов"), (43, "Люблю поезда")]
    {
        let token = api.token(user_id).await;
        api.say(&token, text, None).await.unwrap();
    }
    let search = async |q: &str, person: Option<i64>| {
        let query = ConversationsSearch { q: q.to_owned(), person, after: None };
        let found = api.client.search_conversations(&key(), &query).await.unwrap();
        let mut people: Vec<i64> = found.found.iter().map(|found| found.user_id).collect();
        people.sort_unstable();
        people
    };
    assert_eq!(search("самолёт", None).await, [IVAN, ANNA]);
    assert_eq!(search("самолеты мальта", None).await, [IVAN]);
    assert_eq!(search("самолёт", Some(ANNA)).await, [ANNA]);
    assert_eq!(search("велосипед", None).await, [0_i64; 0]);
    assert_eq!(search("и", None).await, [0_i64; 0], "a word that says nothing leads nowhere");
    assert_eq!(acts(&api, "?act=conversation.search&limit=1").await, ["conversation.search"]);
}

#[tokio::test]
async fn who_is_banned_costs_nothing_and_keeps_what_is_theirs_and_is_still_banned_when_they_come_back() {
    let setup = Setup::new().await;
    let (api, pool) = (setup.start().await, setup.pool());
    let token = api.token(ANNA).await;
    api.say(&token, "Привет", None).await.unwrap();
    let asked = setup.script.requests().len();
    let ban = BanRequest { reason: "Угрожала людям".to_owned(), until: None };
    assert!(api.client.ban(&key(), ANNA, &ban).await.unwrap().banned);
    let refused = api.say(&token, "Эй", None).await.unwrap_err();
    assert_eq!(refused.code(), Some(Code::Banned));
    assert_eq!(setup.script.requests().len(), asked, "no model was asked");
    let used = "SELECT sum(messages)::bigint FROM usage_days";
    assert_eq!(sqlx::query_as::<_, (i64,)>(used).fetch_one(&pool).await.unwrap().0, 1, "it cost a message");
    let person = api.client.person(&key(), ANNA).await.unwrap();
    assert_eq!(person.ban.unwrap().reason.as_deref(), Some("Угрожала людям"));
    let (kept,): (String,) = sqlx::query_as("SELECT reason FROM bans").fetch_one(&pool).await.unwrap();
    assert!(!kept.contains("Угрожала"), "it is encrypted");

    // A copy and a removal are theirs as ever; and coming back is no way around it.
    let copy =
        api.send(api.request(Method::POST, "/export").bearer_auth(&token).json(&json!({ "user_id": ANNA }))).await;
    assert!(copy.status.is_success(), "{copy:?}");
    api.client.delete_profile(&token, ANNA).await.unwrap();
    let (named,): (i64,) =
        sqlx::query_as("SELECT count(*) FROM bans WHERE bans::text LIKE '%734002117%'").fetch_one(&pool).await.unwrap();
    assert_eq!(named, 0);
    let token = api.token(ANNA).await;
    assert_eq!(api.say(&token, "Это снова я", None).await.unwrap_err().code(), Some(Code::Banned));

    let lifted = api.client.lift_ban(&key(), ANNA).await.unwrap();
    assert_eq!((lifted.banned, lifted.changed), (false, true));
    assert!(!api.client.lift_ban(&key(), ANNA).await.unwrap().changed);
    api.say(&token, "Спасибо", None).await.unwrap();
    assert_eq!(
        acts(&api, &format!("?person={ANNA}")).await,
        ["person.lift_ban", "person.lift_ban", "person.ban", "person.ban"]
    );
}

/// Ivan pays for a month, and Telegram is to repeat it: when.
async fn subscribes(api: &Api, by: Bot<'_>) -> DateTime<Utc> {
    let offer = OfferRequest { user_id: IVAN, way: Way::StarsMonthly };
    let offer = api.client.offer(by, &offer).await.unwrap();
    let renews_at = api.clock.now() + TimeDelta::days(30);
    let paid = ReceivedRequest {
        user_id: IVAN,
        currency: offer.currency,
        amount: offer.amount,
        payload: offer.payload,
        charge_id: "c1".to_owned(),
        is_recurring: true,
        is_first_recurring: true,
        subscription_expires_at: Some(renews_at),
        ..ReceivedRequest::default()
    };
    assert!(api.client.received(by, &paid).await.unwrap().renews);
    renews_at
}

/// How often Telegram is asked to stop a subscription.
async fn stops(pool: &PgPool) -> i64 {
    let sql =
        "SELECT count(*) FROM outbox WHERE method = 'editUserStarSubscription' AND params ->> 'is_canceled' = 'true'";
    sqlx::query_scalar(sql).fetch_one(pool).await.unwrap()
}

/// How acts of a name went, each with what it began with.
async fn outcomes(pool: &PgPool, act: &str) -> Vec<String> {
    let query = sqlx::query_scalar("SELECT outcome FROM audit_log WHERE act = $1 ORDER BY id").bind(act);
    query.fetch_all(pool).await.unwrap()
}

#[tokio::test]
async fn nobody_is_charged_for_the_time_of_a_ban() {
    let setup = Setup::new().await.with("PREMIUM_PRICE", r#"{"stars": 250}"#);
    let (api, pool, key) = (setup.start().await, setup.pool(), key());
    let token = api.token(IVAN).await;
    let by = Bot { key: &key, token: &token };
    let renews_at = subscribes(&api, by).await;
    let until = Some(renews_at - TimeDelta::days(1));
    api.client.ban(&key, IVAN, &BanRequest { reason: "spam".to_owned(), until }).await.unwrap();
    assert_eq!(stops(&pool).await, 0, "it is over before they are charged");
    api.client.ban(&key, IVAN, &BanRequest { reason: "spam".to_owned(), until: None }).await.unwrap();
    assert_eq!(stops(&pool).await, 1);
    let subscription = api.client.payments(by, IVAN).await.unwrap().subscription.unwrap();
    assert_eq!(subscription.state, SubscriptionState::Stopping);
}

#[tokio::test]
async fn no_subscription_is_stopped_of_which_the_log_does_not_know() {
    let setup = Setup::new().await.with("PREMIUM_PRICE", r#"{"stars": 250}"#);
    let (api, pool, key) = (setup.start().await, setup.pool(), key());
    let token = api.token(IVAN).await;
    subscribes(&api, Bot { key: &key, token: &token }).await;
    let ban = BanRequest { reason: "spam".to_owned(), until: None };
    let begun_and_done = || vec!["begun".to_owned(), "done".to_owned()];
    sqlx::query("ALTER TABLE audit_log RENAME TO audit_log_gone").execute(&pool).await.unwrap();
    assert_eq!(api.client.end_premium(&key, IVAN).await.unwrap_err().code(), Some(Code::Internal));
    assert_eq!(api.client.ban(&key, IVAN, &ban).await.unwrap_err().code(), Some(Code::Internal));
    assert_eq!(stops(&pool).await, 0);
    sqlx::query("ALTER TABLE audit_log_gone RENAME TO audit_log").execute(&pool).await.unwrap();

    // Premium may be over already while Telegram goes on charging.
    let over = "UPDATE users SET plan = 'free', paid_until = NULL, premium_until = NULL";
    sqlx::query(over).execute(&pool).await.unwrap();
    assert!(!api.client.end_premium(&key, IVAN).await.unwrap().ended);
    assert_eq!((stops(&pool).await, outcomes(&pool, "person.end_premium").await), (1, begun_and_done()));
    api.client.ban(&key, IVAN, &ban).await.unwrap();
    assert_eq!((stops(&pool).await, outcomes(&pool, "person.ban").await), (2, begun_and_done()));
}

#[tokio::test]
async fn a_ban_that_ends_ends_by_itself() {
    let setup = Setup::new().await;
    let api = setup.start().await;
    let token = api.token(IVAN).await;
    api.say(&token, "Привет", None).await.unwrap();
    let until = Some(setup.clock.now() + TimeDelta::minutes(30));
    api.client.ban(&key(), IVAN, &BanRequest { reason: "spam".to_owned(), until }).await.unwrap();
    assert_eq!(api.say(&token, "Эй", None).await.unwrap_err().code(), Some(Code::Banned));
    setup.clock.advance(TimeDelta::minutes(30));
    api.say(&token, "Эй", None).await.unwrap();
    let past = BanRequest { reason: "spam".to_owned(), until };
    assert_eq!(api.client.ban(&key(), IVAN, &past).await.unwrap_err().code(), Some(Code::InvalidValue));
    let silent = BanRequest { reason: " ".to_owned(), until: None };
    assert_eq!(api.client.ban(&key(), IVAN, &silent).await.unwrap_err().code(), Some(Code::InvalidValue));
}

#[tokio::test]
async fn premium_is_ended_and_somebody_is_forgotten_later_or_now() {
    let setup = Setup::new().await;
    let (api, pool) = (setup.start().await, setup.pool());
    let token = api.token(ANNA).await;
    api.say(&token, "Привет", None).await.unwrap();
    let gift = GrantRequest { days: 7, key: "sorry".to_owned() };
    let given = api.request(Method::POST, &format!("/admin/people/{ANNA}/premium")).json(&gift);
    assert!(api.send(given.header("x-service-key", SERVICE_KEY)).await.status.is_success());
    assert!(api.client.end_premium(&key(), ANNA).await.unwrap().ended);
    assert!(!api.client.end_premium(&key(), ANNA).await.unwrap().ended, "there is none any more");
    assert_eq!(outcomes(&pool, "person.end_premium").await, ["begun", "done", "begun", "unchanged"]);
    assert_eq!(api.client.status(&token, ANNA).await.unwrap().plan, "free");
    let told = "SELECT count(*) FROM outbox WHERE params ->> 'notice' = 'premium_ended'";
    assert_eq!(sqlx::query_as::<_, (i64,)>(told).fetch_one(&pool).await.unwrap().0, 1);

    let later = api.client.forget_person(&key(), ANNA, ForgetPersonRequest { days: 3 }).await.unwrap();
    assert!(later.due_at.is_some() && later.removed.is_empty());
    assert_eq!(
        api.client.person(&key(), ANNA).await.unwrap().removal_due.map(|due| due.timestamp()),
        later.due_at.map(|due| due.timestamp())
    );
    let now = api.client.forget_person(&key(), ANNA, ForgetPersonRequest { days: 0 }).await.unwrap();
    assert_eq!((now.due_at, now.removed["users"]), (None, 1));
    let gone = api.client.forget_person(&key(), ANNA, ForgetPersonRequest { days: 0 }).await.unwrap_err();
    assert_eq!(gone.code(), Some(Code::ProfileNotFound));
}
