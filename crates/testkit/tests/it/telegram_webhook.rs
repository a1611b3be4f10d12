//! Updates that are pushed.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router};
use evolve_testkit::telegram::TelegramServer;
use serde_json::{Value, json};
use tokio::sync::{Notify, Semaphore};
use tokio_util::task::AbortOnDropHandle;

use crate::telegram_api::result;

/// A bot behind a webhook.
struct Hook {
    url: String,
    seen: Arc<Seen>,
    _server: AbortOnDropHandle<()>,
}

/// What a delivery is answered with, by its number and its update.
type Answer = dyn Fn(usize, &Value) -> Response + Send + Sync;

struct Seen {
    deliveries: Mutex<Vec<(Option<String>, Value)>>,
    busy: Mutex<(usize, usize)>,
    /// Deliveries are answered as far as there are permits.
    permits: Semaphore,
    arrived: Notify,
    answer: Box<Answer>,
}

impl Hook {
    /// Answers delivery N (from 0) with what the function makes of it.
    async fn start(answer: impl Fn(usize, &Value) -> Response + Send + Sync + 'static) -> Self {
        let seen = Arc::new(Seen {
            deliveries: Mutex::default(),
            busy: Mutex::default(),
            permits: Semaphore::new(Semaphore::MAX_PERMITS),
            arrived: Notify::new(),
            answer: Box::new(answer),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        let router = Router::new().fallback(receive).with_state(seen.clone());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        Self { url, seen, _server: AbortOnDropHandle::new(server) }
    }

    fn texts(&self) -> Vec<String> {
        let deliveries = self.seen.deliveries.lock().expect("the lock");
        deliveries.iter().map(|(_, update)| update["message"]["text"].as_str().unwrap_or("?").to_owned()).collect()
    }
}

async fn receive(State(seen): State<Arc<Seen>>, headers: HeaderMap, Json(update): Json<Value>) -> Response {
    let secret = headers.get("x-telegram-bot-api-secret-token").and_then(|value| value.to_str().ok());
    let number = {
        let mut deliveries = seen.deliveries.lock().expect("the lock");
        deliveries.push((secret.map(str::to_owned), update.clone()));
        deliveries.len() - 1
    };
    {
        let mut busy = seen.busy.lock().expect("the lock");
        busy.0 += 1;
        busy.1 = busy.1.max(busy.0);
    }
    seen.arrived.notify_waiters();
    let permit = seen.permits.acquire().await.expect("it is open");
    permit.forget();
    seen.busy.lock().expect("the lock").0 -= 1;
    (seen.answer)(number, &update)
}

fn ok() -> Response {
    StatusCode::OK.into_response()
}

#[tokio::test]
async fn updates_arrive_with_the_secret_and_in_order() {
    let server = TelegramServer::start().await;
    let hook = Hook::start(|_, _| ok()).await;
    for number in 0..20 {
        server.send_text(1, &number.to_string());
    }
    result(&server, "setWebhook", json!({"url": hook.url, "secret_token": "s-e_cret"})).await;
    server.wait_until_confirmed().await;
    assert_eq!(hook.texts(), (0..20).map(|number| number.to_string()).collect::<Vec<_>>());
    assert!(hook.seen.deliveries.lock().expect("the lock").iter().all(|(s, _)| s.as_deref() == Some("s-e_cret")));
    let info = result(&server, "getWebhookInfo", json!({})).await;
    assert_eq!((&info["url"], &info["pending_update_count"]), (&json!(hook.url), &json!(0)));
    assert_eq!(info.get("last_error_message"), None);
}

#[tokio::test]
async fn an_update_is_pushed_again_until_it_is_taken() {
    let server = TelegramServer::builder().webhook_retry(Duration::from_millis(1)).start().await;
    let hook = Hook::start(|number, _| match number {
        0..=2 => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        _ => ok(),
    })
    .await;
    result(&server, "setWebhook", json!({"url": hook.url})).await;
    server.send_text(1, "a");
    server.send_text(1, "b");
    server.wait_until_confirmed().await;
    assert_eq!(hook.texts(), ["a", "a", "a", "a", "b"], "the next one of a chat waits");
    let info = result(&server, "getWebhookInfo", json!({})).await;
    assert_eq!(info["last_error_message"], "Wrong response from the webhook: 503 Service Unavailable");
    assert!(info["last_error_date"].is_i64());
}

#[tokio::test]
async fn a_webhook_that_is_away_gets_everything_once_it_is_back() {
    let server = TelegramServer::builder().webhook_retry(Duration::from_millis(1)).start().await;
    let closed = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        listener.local_addr().expect("an address")
    };
    result(&server, "setWebhook", json!({"url": format!("http://{closed}/")})).await;
    server.send_text(1, "a");
    let failures = |server: &TelegramServer| {
        let pending = server.pending_updates().len();
        server.webhook_error().map(|error| (error, pending))
    };
    let (error, pending) = server.wait_until("a failure", failures).await;
    assert_eq!((error.as_str(), pending), ("Connection refused", 1));
    let hook = Hook::start(|_, _| ok()).await;
    result(&server, "setWebhook", json!({"url": hook.url})).await;
    server.wait_until_confirmed().await;
    assert_eq!(hook.texts(), ["a"]);
}

#[tokio::test]
async fn no_more_connections_are_used_than_allowed_and_one_for_each_chat() {
    let server = TelegramServer::start().await;
    let hook = Hook::start(|_, _| ok()).await;
    hook.seen.permits.forget_permits(Semaphore::MAX_PERMITS);
    result(&server, "setWebhook", json!({"url": hook.url, "max_connections": 3})).await;
    for number in 0..30 {
        server.send_text(1 + number % 5, &number.to_string());
    }
    loop {
        let arrived = hook.seen.arrived.notified();
        if hook.texts().len() == 3 {
            break;
        }
        arrived.await;
    }
    let first: HashSet<_> = hook.texts().into_iter().collect();
    assert_eq!(first, HashSet::from(["0".to_owned(), "1".to_owned(), "2".to_owned()]));
    hook.seen.permits.add_permits(1000);
    server.wait_until_confirmed().await;
    assert_eq!(hook.seen.busy.lock().expect("the lock").1, 3, "never more than three at once");
    let mut per_chat: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for (_, update) in hook.seen.deliveries.lock().expect("the lock").iter() {
        let chat = update["message"]["chat"]["id"].as_i64().expect("a chat");
        per_chat.entry(chat).or_default().push(update["update_id"].as_i64().expect("an id"));
    }
    assert!(per_chat.values().all(|ids| ids.is_sorted() && ids.len() == 6), "{per_chat:?}");
}

#[tokio::test]
async fn the_answer_of_a_webhook_can_be_a_call() {
    let server = TelegramServer::start().await;
    let hook = Hook::start(|_, update| {
        let chat_id = &update["message"]["chat"]["id"];
        Json(json!({"method": "sendMessage", "chat_id": chat_id, "text": "<b>да</b>", "parse_mode": "HTML"}))
            .into_response()
    })
    .await;
    result(&server, "setWebhook", json!({"url": hook.url})).await;
    server.send_text(1, "да?");
    let sent = server.wait_for(1, |sent| !sent.is_empty()).await;
    assert_eq!(sent[0].text, "да");

    let hook = Hook::start(|_, _| Json(json!({"method": "deleteWebhook"})).into_response()).await;
    result(&server, "setWebhook", json!({"url": hook.url})).await;
    server.send_text(1, "ещё");
    server.wait_until_confirmed().await;
    assert!(server.webhook_url().is_some(), "an answer does not change the webhook");
}

#[tokio::test]
async fn nothing_is_pushed_while_telegram_is_down() {
    let server = TelegramServer::start().await;
    let hook = Hook::start(|_, _| ok()).await;
    result(&server, "setWebhook", json!({"url": hook.url})).await;
    server.set_down(true);
    server.send_text(1, "a");
    assert_eq!(server.pending_updates().len(), 1);
    server.set_down(false);
    server.wait_until_confirmed().await;
    assert_eq!(hook.texts(), ["a"]);
}

#[tokio::test]
async fn setting_the_same_webhook_again_disturbs_no_delivery() {
    let server = TelegramServer::start().await;
    let hook = Hook::start(|_, _| ok()).await;
    hook.seen.permits.forget_permits(Semaphore::MAX_PERMITS);
    let webhook = json!({"url": hook.url, "secret_token": "s", "drop_pending_updates": false});
    result(&server, "setWebhook", webhook.clone()).await;
    server.send_text(1, "a");
    loop {
        let arrived = hook.seen.arrived.notified();
        if hook.texts().len() == 1 {
            break;
        }
        arrived.await;
    }
    result(&server, "setWebhook", webhook).await;
    hook.seen.permits.add_permits(1000);
    server.wait_until_confirmed().await;
    assert_eq!(hook.texts(), ["a"]);
}
