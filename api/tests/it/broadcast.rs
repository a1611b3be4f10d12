//! `/api/v1/admin/broadcast`.

use std::collections::BTreeMap;

use evolve_contract::{
    Code,
    broadcast::{
        BroadcastAudience, BroadcastPreviewRequest, BroadcastRequest, BroadcastResponse, BroadcastState,
        BroadcastsResponse,
    },
    client::BroadcastAct,
};
use evolve_testkit::eventually;
use reqwest::{Method, StatusCode};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::harness::{Answer, Api, IVAN, SERVICE_KEY, Setup};

const PATH: &str = "/api/v1/admin/broadcast";

async fn post(api: &Api, path: &str, body: &Value) -> Answer {
    api.send(api.request(Method::POST, path).header("x-service-key", SERVICE_KEY).json(body)).await
}

async fn get(api: &Api, path: &str) -> Answer {
    api.send(api.request(Method::GET, path).header("x-service-key", SERVICE_KEY)).await
}

async fn stands(api: &Api, id: &str) -> BroadcastResponse {
    serde_json::from_str(&get(api, &format!("{PATH}/{id}")).await.text).unwrap()
}

/// Two people, one of them on premium.
pub(crate) async fn inhabited() -> Setup {
    let setup = Setup::new().await;
    sqlx::raw_sql(
        "INSERT INTO users (id, plan, created_at, last_seen_at)
         VALUES (42, 'free', '2020-01-01', '2020-01-02'), (43, 'premium', '2020-01-01', '2020-01-02');
         INSERT INTO settings (user_id, language, time_zone, onboarding, updated_at)
         VALUES (42, 'ru', 'Europe/Moscow', 'done', '2020-01-01'), (43, 'en', 'Europe/London', 'done', '2020-01-01')",
    )
    .execute(&setup.pool())
    .await
    .unwrap();
    setup
}

#[tokio::test]
async fn a_broadcast_is_previewed_asked_for_paused_resumed_and_cancelled() {
    let setup = inhabited().await;
    let api = setup.start().await;
    let words = json!({ "text": "<b>Новое</b>", "translations": { "en": "New" }, "audience": { "plan": "premium" } });
    let preview = post(&api, &format!("{PATH}/preview"), &words).await;
    let entity = json!({ "type": "bold", "offset": 0, "length": 5, "value": null });
    assert_eq!(
        preview.json(),
        json!({
            "people": 1,
            "text": { "text": "Новое", "entities": [entity] },
            "translations": { "en": { "text": "New", "entities": [] } },
        })
    );
    let mut wish = words.clone();
    (wish["key"], wish["send_at"]) = (json!("new"), json!(api.clock.now() + chrono::TimeDelta::hours(1)));
    let made = post(&api, PATH, &wish).await;
    assert_eq!((made.status, &made.json()["state"]), (StatusCode::OK, &json!("scheduled")), "{}", made.text);
    let again = post(&api, PATH, &wish).await.json();
    assert_eq!((&again["id"], &again["replayed"]), (&made.json()["id"], &json!(true)));
    let id = made.json()["id"].as_str().unwrap().to_owned();
    for (act, state) in [("pause", "paused"), ("resume", "scheduled"), ("cancel", "cancelled")] {
        let answer = post(&api, &format!("{PATH}/{id}/{act}"), &json!({})).await;
        assert_eq!((answer.status, &answer.json()["state"]), (StatusCode::OK, &json!(state)), "{act}: {}", answer.text);
    }
    let over = post(&api, &format!("{PATH}/{id}/resume"), &json!({})).await;
    assert_eq!((over.status, over.code()), (StatusCode::CONFLICT, Code::BroadcastState));
    wish["text"] = json!("other");
    assert_eq!(post(&api, PATH, &wish).await.code(), Code::IdempotencyKeyReused);
    let list: BroadcastsResponse = serde_json::from_str(&get(&api, PATH).await.text).unwrap();
    assert_eq!((list.broadcasts.len(), list.broadcasts[0].id.as_str(), list.next), (1, id.as_str(), None));
}

#[tokio::test]
async fn a_replica_writes_to_whom_it_is_for_and_tells_how_far_it_is() {
    let setup = inhabited().await;
    let wish = json!({ "key": "new", "text": "Новое", "audience": { "languages": ["en"] } });
    let id = {
        let api = setup.start().await;
        let id = post(&api, PATH, &wish).await.json()["id"].as_str().unwrap().to_owned();
        api.stop().await;
        id
    };
    setup.clock.advance(chrono::TimeDelta::seconds(10));
    let api = setup.start().await;
    let owed = eventually("it is owed", async || {
        let broadcast = stands(&api, &id).await;
        (broadcast.progress.all_chosen).then_some(broadcast)
    })
    .await;
    assert_eq!((owed.state, owed.progress.chosen, owed.progress.waiting), (BroadcastState::Running, 1, 1));
    let (to,): (i64,) =
        sqlx::query_as("SELECT chat_id FROM outbox WHERE priority = 2").fetch_one(&setup.pool()).await.unwrap();
    assert_eq!(to, 43);
}

#[tokio::test]
async fn what_cannot_be_said_to_anybody_is_refused_and_so_is_whoever_has_no_key() {
    let api = Api::start().await;
    let token = api.token(IVAN).await;
    let wish = |text: &str, audience: Value| json!({ "key": "new", "text": text, "audience": audience });
    let good = wish("Новое", json!({}));
    assert_eq!(api.post(PATH, None, &good).await.code(), Code::Forbidden);
    assert_eq!(api.post(PATH, Some(&token), &good).await.code(), Code::Forbidden);
    for (wrong, detail) in [
        (wish("<b>тайна", json!({})), "text: character 1: this tag is never closed"),
        (wish("a", json!({ "plan": "тайна" })), "audience.plan: use free or premium"),
        (wish("a", json!({ "level_from": 99 })), "audience.level_from: must be from 1 to "),
        (wish("a", json!({ "languages": ["тайна"] })), "audience.languages: use "),
        (json!({ "key": "", "text": "a" }), "key: 1 to 64 Latin letters, digits and signs"),
    ] {
        let problem = post(&api, PATH, &wrong).await.problem();
        assert_eq!(problem.code, Code::InvalidValue);
        assert!(problem.detail.as_deref().unwrap().starts_with(detail), "{problem:?}");
    }
    assert_eq!(post(&api, PATH, &wish("a", json!({ "moon": "full" }))).await.code(), Code::InvalidBody);
    assert_eq!(get(&api, &format!("{PATH}/{}", uuid::Uuid::nil())).await.code(), Code::BroadcastNotFound);
    assert_eq!(post(&api, &format!("{PATH}/nothing/cancel"), &json!({})).await.code(), Code::BroadcastNotFound);
}

#[tokio::test]
async fn the_typed_client_does_all_of_it() {
    let setup = inhabited().await;
    let api = setup.start().await;
    let (client, key) = (&api.client, SecretString::from(SERVICE_KEY));
    let words = BroadcastPreviewRequest {
        text: "Новое".to_owned(),
        translations: BTreeMap::new(),
        audience: BroadcastAudience { plan: Some("premium".to_owned()), ..BroadcastAudience::default() },
        send_to: None,
    };
    assert_eq!(client.preview_broadcast(&key, &words).await.unwrap().people, 1);
    let wish = BroadcastRequest {
        key: "new".to_owned(),
        text: words.text,
        translations: words.translations,
        audience: words.audience,
        send_at: Some(api.clock.now() + chrono::TimeDelta::hours(1)),
    };
    let made = client.broadcast(&key, &wish).await.unwrap();
    for (act, state) in [
        (BroadcastAct::Pause, BroadcastState::Paused),
        (BroadcastAct::Resume, BroadcastState::Scheduled),
        (BroadcastAct::Cancel, BroadcastState::Cancelled),
    ] {
        assert_eq!(client.change_broadcast(&key, &made.id, act).await.unwrap().state, state);
    }
    assert_eq!(client.broadcast_status(&key, &made.id).await.unwrap().state, BroadcastState::Cancelled);
    let list = client.broadcasts(&key, None).await.unwrap();
    assert_eq!((list.broadcasts.len(), list.broadcasts[0].id.as_str()), (1, made.id.as_str()));
    assert!(client.broadcasts(&key, Some(&made.id)).await.unwrap().broadcasts.is_empty());
}
