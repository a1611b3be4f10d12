//! Every operation of the document does once what it is there for. That it is every one is compared at the end.

use evolve_contract::{
    aside::AsideRequest,
    payments::{OfferRequest, ReceivedRequest, Way},
};
use evolve_domain::{access::Role, consent::WORDS};
use evolve_engine::model::{Script, Step};
use evolve_runtime::shutdown::Tasks;
use evolve_testkit::eventually;
use reqwest::Method;
use serde_json::{Value, json};

use super::DOCUMENT;
use crate::{
    access::signed_in,
    failures::with_dead,
    harness::{Api, IVAN, SERVICE_KEY, Setup},
    webhooks::receiver,
};

const REGISTRATION: &str = "a token for registration";

/// As whom something is asked.
#[derive(Clone, Copy)]
enum As {
    Nobody,
    /// Ivan, by his token.
    Person,
    /// Our bot for Ivan: by his token and the service key.
    Bot,
    /// Whoever runs the bot.
    Key,
}

use As::{Bot, Key, Nobody, Person};

struct Caller<'a> {
    api: &'a Api,
    token: String,
}

impl Caller<'_> {
    /// Asks, and fails where it is refused.
    async fn ask(&self, who: As, method: Method, path: &str, body: Option<Value>) -> Value {
        let mut request = self.api.request(method.clone(), path);
        if matches!(who, Person | Bot) {
            request = request.bearer_auth(&self.token);
        }
        if matches!(who, Bot | Key) {
            request = request.header("x-service-key", SERVICE_KEY);
        }
        if matches!(path, "/chat" | "/chat/aside") {
            request = request.header("idempotency-key", path);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = self.api.send(request).await;
        let is_done = answer.status.is_success() || answer.status.is_redirection();
        assert!(is_done, "{method} {path}: {} {}", answer.status, answer.text);
        serde_json::from_str(&answer.text).unwrap_or_default()
    }

    async fn get(&self, who: As, path: &str) -> Value {
        self.ask(who, Method::GET, path, None).await
    }

    async fn post(&self, who: As, path: &str, body: Value) -> Value {
        self.ask(who, Method::POST, path, Some(body)).await
    }

    /// What is asked without a body.
    async fn act(&self, who: As, method: Method, path: &str) -> Value {
        self.ask(who, method, path, None).await
    }
}

#[track_caller]
fn id(of: &Value) -> String {
    of["id"].as_str().unwrap_or_else(|| panic!("no id: {of}")).to_owned()
}

async fn setup() -> Setup {
    let script = Script::with(|request| {
        let said = request.context.last().map(|message| message.text()).unwrap_or_default();
        match said.as_str() {
            "Люблю чай" => Step::call("remember", json!({"fact": "Любит чай", "category": "preferences"})),
            _ => Step::say("Запомню"),
        }
    });
    let mut setup = Setup::new().await.script(script);
    for limit in
        ["AUTH", "CHAT", "ASIDE", "PROFILE", "MEMORY", "STATS_API", "ADMIN"].map(|name| format!("{name}_RATE_LIMIT"))
    {
        setup = setup.with(limit.leak(), "1000/minute");
    }
    setup
        .with("PREMIUM_PRICE", r#"{"stars": 250, "amount": 29900, "currency": "RUB"}"#)
        .with("PAYMENT_PROVIDER_TOKEN", "284685063:TEST:abc")
        .with("PERSONA", r#"{"adult": true}"#)
        .with("ADMIN_REGISTRATION_TOKEN", REGISTRATION)
        .with("WEBHOOK_ALLOWED_NETWORKS", "127.0.0.0/8")
}

#[tokio::test]
async fn every_documented_operation_does_what_it_is_there_for_and_answers_as_documented() {
    let setup = setup().await;
    with_dead(&setup, 2).await;
    let api = setup.start().await;
    let caller = Caller { api: &api, token: api.token(IVAN).await };
    open(&caller).await;
    said(&caller).await;
    own(&caller).await;
    money(&caller).await;
    people(&caller).await;
    numbers(&caller).await;
    steering(&caller).await;
    operation(&setup, &caller).await;
    broadcasts(&caller).await;
    webhooks(&caller).await;
    access(&setup, &caller).await;
    gone(&caller).await;
    let (done, documented) = (api.contract.0.done(), DOCUMENT.operations());
    let missing: Vec<&String> = documented.difference(&done).collect();
    assert!(missing.is_empty(), "no story asks for {missing:#?}");
}

async fn open(caller: &Caller<'_>) {
    for path in ["/health", "/ready", "/metrics", "/openapi.json", "/docs"] {
        caller.get(Nobody, path).await;
    }
    caller.post(Key, "/auth", json!({ "user_id": IVAN })).await;
}

async fn said(caller: &Caller<'_>) {
    caller.post(Person, "/chat", json!({ "message": "Люблю чай" })).await;
    caller.post(Person, "/chat/feedback", json!({ "key": "/chat", "reaction": "👍" })).await;
    caller.post(Person, "/chat/stop", json!({})).await;
    let (message, name) = ("Кто прав?".to_owned(), "Иван".to_owned());
    let aside = AsideRequest { user_id: IVAN, message, name, room: Some(-5), ..AsideRequest::default() };
    caller.post(Bot, "/chat/aside", serde_json::to_value(aside).unwrap()).await;
    for path in ["/history/42", "/conversations/42", "/relationship/42", "/stats/42", "/privacy"] {
        caller.get(Person, path).await;
    }
    let facts = eventually("it is remembered", async || {
        let facts = caller.get(Person, "/memory/42").await["facts"].clone();
        facts[0]["id"].is_string().then_some(facts)
    })
    .await;
    let fact = format!("/memory/42/{}", id(&facts[0]));
    caller.get(Person, &fact).await;
    caller.ask(Person, Method::PATCH, &fact, Some(json!({ "content": "Любит зелёный чай" }))).await;
    caller.act(Person, Method::DELETE, &fact).await;
    caller.act(Person, Method::POST, "/chat/reset").await;
}

/// What is theirs to see and to say.
async fn own(caller: &Caller<'_>) {
    caller.post(Person, "/profile", json!({ "user_id": IVAN, "data": { "name": "Иван" } })).await;
    caller.post(Person, "/profile/referrer", json!({ "user_id": IVAN, "parameter": "ref_16" })).await;
    caller.post(Person, "/settings", json!({ "user_id": IVAN, "data": { "detail": "short" } })).await;
    caller.post(Person, "/consent/42", json!({ "agreed": true, "words": WORDS })).await;
    caller.post(Person, "/voice/42", json!({ "mode": "never" })).await;
    for path in ["/profile/42", "/profile/status/42", "/settings/42", "/consent/42", "/voice/42"] {
        caller.get(Person, path).await;
    }
    caller.post(Person, "/export", json!({ "user_id": IVAN })).await;
    caller.get(Person, "/export/42").await;
    caller.post(Person, "/deletion", json!({ "user_id": IVAN, "days": 30 })).await;
    caller.get(Person, "/deletion/42").await;
    caller.act(Person, Method::DELETE, "/deletion/42").await;
}

/// Pays in a way, and gives our id of the payment.
async fn paid(caller: &Caller<'_>, way: Way, charge: &str) -> String {
    let wish = serde_json::to_value(OfferRequest { user_id: IVAN, way }).unwrap();
    let offer = caller.post(Person, "/payments/offers", wish).await;
    let is_monthly = way == Way::StarsMonthly;
    let report = ReceivedRequest {
        user_id: IVAN,
        currency: offer["currency"].as_str().unwrap().to_owned(),
        amount: offer["amount"].as_i64().unwrap(),
        payload: offer["payload"].as_str().unwrap().to_owned(),
        charge_id: charge.to_owned(),
        is_recurring: is_monthly,
        is_first_recurring: is_monthly,
        subscription_expires_at: is_monthly.then(|| caller.api.clock.now() + chrono::TimeDelta::days(30)),
        ..ReceivedRequest::default()
    };
    let known = ids(caller).await;
    caller.post(Bot, "/payments/received", serde_json::to_value(report).unwrap()).await;
    ids(caller).await.into_iter().find(|id| !known.contains(id)).unwrap()
}

async fn ids(caller: &Caller<'_>) -> Vec<String> {
    caller.get(Person, "/payments/42").await["payments"].as_array().unwrap().iter().map(id).collect()
}

async fn money(caller: &Caller<'_>) {
    paid(caller, Way::StarsMonthly, "c1").await;
    caller.post(Person, "/payments/subscription", json!({ "user_id": IVAN, "renews": false })).await;
    for (way, charge, decision) in [(Way::Stars, "c2", "decline"), (Way::Money, "c3", "refund")] {
        let payment = paid(caller, way, charge).await;
        let wish = json!({ "user_id": IVAN, "payment_id": payment });
        caller.post(Person, "/payments/refund-requests", wish).await;
        caller.get(Key, "/admin/payments").await;
        caller.act(Key, Method::POST, &format!("/admin/payments/{payment}/{decision}")).await;
        if decision == "refund" {
            caller.act(Key, Method::POST, &format!("/admin/payments/{payment}/returned")).await;
        }
    }
    caller.post(Bot, "/payments/refunded", json!({ "user_id": IVAN, "charge_id": "c1" })).await;
    caller.post(Key, "/admin/people/42/premium", json!({ "days": 7, "key": "sorry" })).await;
    caller.act(Key, Method::DELETE, "/admin/people/42/premium").await;
}

async fn people(caller: &Caller<'_>) {
    let talks = caller.get(Key, "/api/v1/admin/people/42/conversations").await;
    caller.get(Key, &format!("/api/v1/conversations/{}", id(&talks["conversations"][0]))).await;
    for path in [
        "/api/v1/admin/people",
        "/api/v1/admin/people/42",
        "/api/v1/admin/people/42/facts",
        "/api/v1/users/42/stats",
        "/api/v1/admin/conversations?q=%D1%87%D0%B0%D0%B9",
    ] {
        caller.get(Key, path).await;
    }
    caller.post(Key, "/api/v1/admin/people/42/ban", json!({ "reason": "spam" })).await;
    caller.act(Key, Method::DELETE, "/api/v1/admin/people/42/ban").await;
    caller.post(Key, "/api/v1/admin/people/42/forget", json!({ "days": 3 })).await;
}

async fn numbers(caller: &Caller<'_>) {
    for of in ["overview", "users", "messages", "revenue", "features", "cohort", "funnel", "activity", "tools"] {
        caller.get(Key, &format!("/admin/analytics/{of}")).await;
    }
    caller.get(Key, "/api/v1/stats").await;
}

async fn steering(caller: &Caller<'_>) {
    let (flag, prompt) = ("/api/v1/admin/flags/voice", "/api/v1/admin/prompts/persona");
    caller.ask(Key, Method::PUT, flag, Some(json!({ "percent": 50, "people": [IVAN], "note": "a try" }))).await;
    caller.get(Key, "/api/v1/admin/flags?person=42").await;
    caller.get(Key, &format!("{flag}/history")).await;
    caller.post(Key, &format!("{prompt}/preview"), json!({ "content": "Ты — юнга.", "message": "Кто ты?" })).await;
    caller.post(Key, prompt, json!({ "content": "Ты — юнга." })).await;
    caller.get(Key, "/api/v1/admin/prompts").await;
    caller.get(Key, prompt).await;
    caller.post(Key, &format!("{prompt}/current"), json!({ "version": null })).await;
}

async fn operation(setup: &Setup, caller: &Caller<'_>) {
    for path in ["/admin/db_metrics", "/admin/cache_stats", "/admin/scheduler_status", "/admin/audit"] {
        caller.get(Key, path).await;
    }
    // A job can be hastened once a replica has written it down.
    eventually("the jobs are there", async || {
        !caller.get(Key, "/admin/scheduler_status").await["jobs"].as_array().unwrap().is_empty()
    })
    .await;
    caller.act(Key, Method::POST, "/admin/cleanup_chat_history").await;
    let lost =
        "INSERT INTO outbox (key, chat_id, user_id, method, params, state, ready_at, created_at, finished_at, error)
                VALUES ('tg-9-0', 42, 42, 'sendMessage', '{\"chat_id\": 42}', 'dead', now(), now(), now(), 'expired')
                RETURNING id";
    let lost: i64 = sqlx::query_scalar(lost).fetch_one(&setup.pool()).await.unwrap();
    let given_up = "INSERT INTO inbox (update_id, chat_id, user_id, payload, state, attempts, ready_at, received_at,
                                       finished_at, error, rank)
                    SELECT i, 42, 42, '{\"text\": \"Ahoy\"}', 'dead', 5, now(), now(), now(), 'api_problem: internal', now()
                    FROM generate_series(901, 902) i";
    sqlx::query(given_up).execute(&setup.pool()).await.unwrap();
    caller.get(Key, "/admin/failures").await;
    caller.act(Key, Method::POST, "/admin/failures/inbox/901/replay").await;
    caller.act(Key, Method::POST, &format!("/admin/failures/outbox/{lost}/replay")).await;
    caller.post(Key, "/admin/failures/replay", json!({ "kind": "inbox", "reason": "api_problem" })).await;
}

async fn broadcasts(caller: &Caller<'_>) {
    const PATH: &str = "/api/v1/admin/broadcast";
    caller.post(Key, &format!("{PATH}/preview"), json!({ "text": "<b>Новое</b>" })).await;
    let at = caller.api.clock.now() + chrono::TimeDelta::days(2);
    let one = caller.post(Key, PATH, json!({ "key": "new", "text": "<b>Новое</b>", "send_at": at })).await;
    let one = format!("{PATH}/{}", id(&one));
    caller.get(Key, PATH).await;
    caller.get(Key, &one).await;
    for act in ["pause", "resume", "cancel"] {
        caller.act(Key, Method::POST, &format!("{one}/{act}")).await;
    }
}

async fn webhooks(caller: &Caller<'_>) {
    const PATH: &str = "/api/v1/admin/webhooks";
    let tasks = Tasks::new();
    let (url, _heard) = receiver(&tasks).await;
    let one = format!("{PATH}/{}", id(&caller.post(Key, PATH, json!({ "url": url })).await));
    caller.get(Key, PATH).await;
    caller.act(Key, Method::POST, &format!("{one}/test")).await;
    eventually("it is told", async || {
        let told = caller.get(Key, &format!("{one}/deliveries")).await;
        told["deliveries"][0]["state"] == "delivered"
    })
    .await;
    caller.post(Key, &format!("{one}/replay"), json!({ "failed": true })).await;
    caller.act(Key, Method::POST, &format!("{one}/rotate")).await;
    caller.ask(Key, Method::PATCH, &one, Some(json!({ "enabled": false }))).await;
    caller.act(Key, Method::DELETE, &one).await;
}

async fn access(setup: &Setup, caller: &Caller<'_>) {
    let registered = json!({ "username": "anna", "password": "password1", "admin_token": REGISTRATION });
    let registered = caller.post(Nobody, "/api/v1/auth/register", registered).await;
    caller.get(Key, "/api/v1/auth/me").await;
    caller.get(Key, "/api/v1/admin/api-users").await;
    caller.act(Key, Method::DELETE, &format!("/api/v1/admin/api-users/{}", id(&registered))).await;

    let accounts = "/api/v1/admin/accounts";
    let vera = caller.post(Key, accounts, json!({ "name": "vera", "role": "support" })).await;
    let vera = format!("{accounts}/{}", id(&vera));
    caller.get(Key, accounts).await;
    caller.ask(Key, Method::PATCH, &vera, Some(json!({ "role": "analyst" }))).await;
    caller.act(Key, Method::POST, &format!("{vera}/reset")).await;

    signed_in(setup, caller.api, "eva", Role::Owner).await;
    let sessions = caller.get(Key, "/api/v1/admin/sessions").await;
    caller.act(Key, Method::DELETE, &format!("/api/v1/admin/sessions/{}", id(&sessions["sessions"][0]))).await;

    let keys = "/api/v1/admin/api-keys";
    let made = caller.post(Key, keys, json!({ "name": "warehouse", "scopes": ["numbers"] })).await;
    caller.get(Key, keys).await;
    caller.act(Key, Method::DELETE, &format!("{keys}/{}", id(&made))).await;
}

/// At last, what takes away.
async fn gone(caller: &Caller<'_>) {
    caller.act(Person, Method::DELETE, "/memory/42").await;
    caller.act(Person, Method::DELETE, "/profile/42").await;
}
