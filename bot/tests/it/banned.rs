//! Somebody is not talked with: they hear it once, kindly, and nothing of it counts as a fault.

use evolve_contract::{
    Code, Problem,
    profile::{Onboarding, ProfileData},
};
use serde_json::json;

use crate::{
    api::Reply,
    world::{World, anna},
};

#[tokio::test]
async fn who_is_banned_hears_so_once_in_their_language_and_can_still_have_themselves_removed() {
    let world = World::new().await;
    let known =
        ProfileData { language: Some("ru".to_owned()), onboarding: Some(Onboarding::Done), ..ProfileData::default() };
    world.api.know(42, known);
    world.api.answer(|_, _| Reply::Problem(Problem::new(Code::Banned)));
    let bot = world.bot().await;
    let mut last = 0;
    for text in ["Привет", "Ты тут?", "Ответь!"] {
        last = world.telegram.send_text(anna(), text);
    }
    world.wait_until_done(last).await;
    world.wait_until_nothing_is_owed().await;
    let told = world.texts(42);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("больше не можем разговаривать") && told[0].contains("/export"), "{told:?}");
    assert_eq!(bot.metric("telegram_inbox_failures_total{reason=\"api_problem\"}"), 0.0);

    world.telegram.send_text(anna(), "/delete");
    world.telegram.wait_for(42, |sent| sent.len() == 2).await;

    // A ban of another time renames what was owed for this one, and is told of.
    let renamed = "UPDATE outbox SET key = key || '-' || id WHERE key = 'banned-42-0'";
    assert_eq!(sqlx::query(renamed).execute(&world.database.pool()).await.unwrap().rows_affected(), 1);
    world.telegram.send_text(anna(), "А теперь?");
    world.telegram.wait_for(42, |sent| sent.len() == 3).await;
}

#[tokio::test]
async fn whoever_has_a_name_at_telegram_is_known_to_the_api_by_it_and_a_change_is_told() {
    let world = World::new().await;
    let bot = world.webhook_bot().await;
    let http = reqwest::Client::new();
    let says = async |update_id: i64, username: Option<&str>| {
        let mut update = json!({ "update_id": update_id, "message": {
            "message_id": update_id, "date": 1_770_000_000, "text": "Привет",
            "chat": { "id": 42, "type": "private", "first_name": "Анна" },
            "from": { "id": 42, "is_bot": false, "first_name": "Анна", "language_code": "ru" },
        } });
        if let Some(username) = username {
            update["message"]["from"]["username"] = json!(username);
        }
        let sent = http.post(format!("{}/telegram/webhook/main", bot.url)).json(&update);
        let sent = sent.header("x-telegram-bot-api-secret-token", crate::world::WEBHOOK_SECRET).send().await.unwrap();
        assert!(sent.status().is_success(), "{sent:?}");
        world.wait_until_done(update_id).await;
    };
    for (update_id, name) in [(1001, Some("anna_1")), (1002, Some("anna_1")), (1003, Some("anna_2")), (1004, None)] {
        says(update_id, name).await;
    }
    assert_eq!(world.api.names(42), ["anna_1", "anna_2", ""], "a token for each name, and no more");
}
