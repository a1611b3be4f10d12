//! `getUpdates`: what is confirmed, what waits, and who may ask.

use evolve_testkit::telegram::TelegramServer;
use serde_json::{Value, json};

use crate::telegram_api::{bad, call, client, refusal, result};

fn ids(updates: &Value) -> Vec<i64> {
    updates.as_array().expect("a list").iter().filter_map(|update| update["update_id"].as_i64()).collect()
}

#[tokio::test]
async fn an_offset_confirms_what_is_before_it() {
    let server = TelegramServer::builder().first_update_id(10).start().await;
    for text in ["a", "b", "c"] {
        server.send_text(1, text);
    }
    assert_eq!(ids(&result(&server, "getUpdates", json!({})).await), [10, 11, 12]);
    assert_eq!(ids(&result(&server, "getUpdates", json!({"limit": 2})).await), [10, 11], "nothing is confirmed yet");
    assert_eq!(ids(&result(&server, "getUpdates", json!({"offset": 12})).await), [12]);
    assert_eq!(ids(&result(&server, "getUpdates", json!({})).await), [12], "confirmed ones are gone for good");
    assert_eq!(ids(&result(&server, "getUpdates", json!({"offset": 13})).await), Vec::<i64>::new());
    assert!(server.pending_updates().is_empty());
}

#[tokio::test]
async fn a_negative_offset_keeps_the_latest_and_forgets_the_rest() {
    let server = TelegramServer::builder().first_update_id(10).start().await;
    for text in ["a", "b", "c"] {
        server.send_text(1, text);
    }
    assert_eq!(ids(&result(&server, "getUpdates", json!({"offset": -1})).await), [12]);
    assert_eq!(server.pending_updates().len(), 1);
}

#[tokio::test]
async fn an_offset_of_the_far_future_confirms_nothing() {
    let server = TelegramServer::builder().first_update_id(10).start().await;
    server.send_text(1, "a");
    assert_eq!(ids(&result(&server, "getUpdates", json!({"offset": 1_000_000})).await), [10]);
}

#[tokio::test]
async fn a_long_poll_ends_with_the_first_update() {
    let server = TelegramServer::start().await;
    let (updates, ()) = tokio::join!(result(&server, "getUpdates", json!({"timeout": 30})), async {
        server.wait_until("the poll", |server| (!server.calls_of("getUpdates").is_empty()).then_some(())).await;
        server.send_text(1, "a");
    });
    assert_eq!(updates[0]["message"]["text"], "a");
}

#[tokio::test]
async fn a_second_poll_takes_the_place_of_the_first() {
    let server = TelegramServer::start().await;
    let (first, second) = tokio::join!(refusal(&server, "getUpdates", json!({"timeout": 30})), async {
        server.wait_until("the poll", |server| (!server.calls_of("getUpdates").is_empty()).then_some(())).await;
        let (second, ()) = tokio::join!(result(&server, "getUpdates", json!({"timeout": 30})), async {
            let both = |server: &TelegramServer| (server.calls_of("getUpdates").len() == 2).then_some(());
            server.wait_until("both polls", both).await;
            let refused = |server: &TelegramServer| {
                let first = server.calls_of("getUpdates").remove(0);
                (first.outcome != evolve_testkit::telegram::CallOutcome::Pending).then_some(())
            };
            server.wait_until("the refusal of the first", refused).await;
            server.send_text(1, "for the second");
        });
        second
    });
    assert_eq!(
        first,
        (
            409,
            "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
                .to_owned()
        )
    );
    assert_eq!(second[0]["message"]["text"], "for the second");
}

#[tokio::test]
async fn polling_and_a_webhook_exclude_each_other() {
    let server = TelegramServer::start().await;
    let poll = refusal(&server, "getUpdates", json!({"timeout": 30}));
    let (ended, ()) = tokio::join!(poll, async {
        server.wait_until("the poll", |server| (!server.calls_of("getUpdates").is_empty()).then_some(())).await;
        result(&server, "setWebhook", json!({"url": "http://127.0.0.1:9/hook"})).await;
    });
    assert_eq!(ended, (409, "Conflict: terminated by setWebhook request".to_owned()));
    let refused = refusal(&server, "getUpdates", json!({})).await;
    assert_eq!(
        refused,
        (
            409,
            "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook \
             first"
                .to_owned()
        )
    );
    server.send_text(1, "a");
    result(&server, "deleteWebhook", json!({"drop_pending_updates": true})).await;
    assert_eq!(ids(&result(&server, "getUpdates", json!({})).await), Vec::<i64>::new());
}

#[tokio::test]
async fn only_the_kinds_that_were_asked_for_are_queued() {
    let server = TelegramServer::start().await;
    result(&server, "getUpdates", json!({"allowed_updates": ["callback_query"]})).await;
    assert_eq!(server.send_text(1, "a"), 0);
    result(&server, "getUpdates", json!({"allowed_updates": []})).await;
    assert_ne!(server.send_text(1, "b"), 0, "an empty list means the default");
    assert_eq!(result(&server, "getUpdates", json!({})).await[0]["message"]["text"], "b");
}

#[tokio::test]
async fn arguments_mean_the_same_in_every_form() {
    let server = TelegramServer::start().await;
    server.open_chat(1);
    let base = format!("{}/bot{}", server.url(), server.token());
    let http = client();
    let keyboard = r#"{"inline_keyboard":[[{"text":"x","callback_data":"y"}]]}"#;
    let query = [("chat_id", "1"), ("text", "query"), ("reply_markup", keyboard)];
    let form = [("chat_id", "1"), ("text", "form"), ("reply_markup", keyboard)];
    let multipart = reqwest::multipart::Form::new()
        .text("chat_id", "1")
        .text("text", "multipart")
        .text("reply_markup", keyboard.to_owned());
    for request in [
        http.get(format!("{base}/SENDmessage")).query(&query),
        http.post(format!("{base}/sendmessage")).form(&form),
        http.post(format!("{base}/sendMessage")).multipart(multipart),
        http.post(format!("{base}/sendMessage")).json(
            &json!({"chat_id": 1, "text": "json", "reply_markup": {"inline_keyboard": [[{"text": "x", "callback_data": "y"}]]}}),
        ),
    ] {
        assert_eq!(request.send().await.expect("an answer").status(), 200);
    }
    let sent = server.messages(1);
    let texts: Vec<_> = sent.iter().map(|message| message.text.as_str()).collect();
    assert_eq!(texts, ["query", "form", "multipart", "json"]);
    assert!(sent.iter().all(|message| message.callback_data("x") == Some("y")), "{sent:?}");
}

#[tokio::test]
async fn who_is_not_the_bot_is_turned_away() {
    let server = TelegramServer::start().await;
    let status = async |path: String| {
        let response = client().get(format!("{}{path}", server.url())).send().await.expect("an answer");
        let status = response.status().as_u16();
        let body: Value = response.json().await.expect("json");
        (status, body["description"].as_str().unwrap_or_default().to_owned())
    };
    let other = "777000777:AAanother-token-of-valid-shape-000000";
    assert_eq!(status(format!("/bot{other}/getMe")).await, (401, "Unauthorized".to_owned()));
    assert_eq!(status("/botnonsense/getMe".to_owned()).await, (404, "Not Found".to_owned()));
    assert_eq!(status("/".to_owned()).await, (404, "Not Found".to_owned()));
    assert_eq!(status(format!("/file/bot{}/photos/none.jpg", server.token())).await.0, 404);
    let unknown = refusal(&server, "sendTelepathy", json!({})).await;
    assert_eq!(unknown, (404, "Not Found: method not found".to_owned()));
    let url = format!("{}/bot{}/getMe", server.url(), server.token());
    let broken = client().post(url).header("content-type", "application/json").body("{").send().await;
    assert_eq!(broken.expect("an answer").status(), 400);
    assert_eq!(refusal(&server, "getFile", json!({"file_id": "nonsense"})).await, bad("invalid file_id"));
}

#[tokio::test]
async fn any_token_will_do_where_that_is_allowed() {
    let server = TelegramServer::builder().any_token().start().await;
    for id in ["123", "456"] {
        let url = format!("{}/bot{id}:AAbcdefghijklmnopqrstuvwxyz-0123456_/getMe", server.url());
        let me: Value = client().get(url).send().await.expect("an answer").json().await.expect("json");
        assert_eq!(me["result"]["id"].to_string(), id);
    }
    let (status, _) = call(&server, "getMe", json!({})).await;
    assert_eq!(status, 200, "the handle's token is valid too");
}
