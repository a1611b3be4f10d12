//! What the bot tells of a person: what they think of answers, by whose link they came.

use evolve_contract::{
    aside::AsideRequest,
    chat::{Again, ChatRequest, FeedbackRequest},
    client::Bot,
    profile::{ProfileData, ProfileUpdate, ReferrerRequest},
};
use reqwest::StatusCode;
use secrecy::SecretString;
use serde_json::json;
use sqlx::PgPool;

use crate::harness::{Api, IVAN, SERVICE_KEY, Setup};

async fn rows(sql: &PgPool, query: &'static str) -> Vec<String> {
    let rows: Vec<(String,)> = sqlx::query_as(query).fetch_all(sql).await.unwrap();
    rows.into_iter().map(|(row,)| row).collect()
}

#[tokio::test]
async fn the_reaction_that_stands_is_kept_with_its_answer_and_an_answer_made_anew_is_another() {
    let setup = Setup::new().await;
    let (api, sql) = (setup.start().await, setup.pool());
    let token = api.token(IVAN).await;
    api.say(&token, "Привет", Some("m1")).await.unwrap();
    let again = ChatRequest { again: Some(Again::Last), ..ChatRequest::default() };
    api.client.chat(&token, Some("r1"), &again).await.unwrap();
    let react = async |key: &str, reaction: Option<&str>| {
        let body = FeedbackRequest { key: key.to_owned(), reaction: reaction.map(str::to_owned) };
        api.client.feedback(&token, &body).await.unwrap().kept
    };
    assert!(react("m1", Some("👎")).await);
    assert!(react("r1", Some("👍")).await);
    let standing = "SELECT t.key || f.reaction FROM feedback f JOIN turns t ON t.id = f.turn_id ORDER BY 1";
    assert_eq!(rows(&sql, standing).await, ["m1👎", "r1👍"]);
    assert!(!react("unknown", Some("👍")).await);
    assert!(react("m1", None).await);
    assert_eq!(rows(&sql, standing).await, ["r1👍"]);
    let strangers = api.token(IVAN + 1).await;
    let body = FeedbackRequest { key: "m1".to_owned(), reaction: Some("👍".to_owned()) };
    assert!(!api.client.feedback(&strangers, &body).await.unwrap().kept);
    let long = api.post("/chat/feedback", Some(&token), &json!({"key": "m1", "reaction": "я".repeat(33)})).await;
    assert_eq!(long.status, StatusCode::UNPROCESSABLE_ENTITY);
}

async fn come(api: &Api, user_id: i64) {
    let data = ProfileData { language: Some("ru".to_owned()), ..ProfileData::default() };
    api.client
        .update_profile(&api.token(user_id).await, &ProfileUpdate { user_id, data, forget: Vec::new() })
        .await
        .unwrap();
}

/// Whether it was kept, which only the database knows.
async fn by(api: &Api, sql: &PgPool, user_id: i64, parameter: &str) -> bool {
    let kept = "SELECT user_id || ' by ' || referrer_id FROM referrals";
    let before = rows(sql, kept).await;
    let body = ReferrerRequest { user_id, parameter: parameter.to_owned() };
    assert!(api.client.referrer(&api.token(user_id).await, &body).await.unwrap().heard, "it tells who is here");
    rows(sql, kept).await != before
}

#[tokio::test]
async fn who_had_everything_forgotten_is_no_newcomer() {
    let setup = Setup::new().await;
    let (api, sql) = (setup.start().await, setup.pool());
    come(&api, 42).await;
    come(&api, 43).await;
    let token = api.token(43).await;
    api.say(&token, "Привет", None).await.unwrap();
    api.client.forget_all(&token, 43).await.unwrap();
    assert_eq!(rows(&sql, "SELECT messages::text FROM users WHERE id = 43").await, ["0"]);
    assert!(!by(&api, &sql, 43, "ref_16").await);
}

#[tokio::test]
async fn who_has_spoken_in_a_group_alone_is_a_newcomer_yet() {
    let setup = Setup::new().await;
    let (api, sql) = (setup.start().await, setup.pool());
    come(&api, 42).await;
    let (key, token) = (SecretString::from(SERVICE_KEY), api.token(43).await);
    let (message, name) = ("Кто прав?".to_owned(), "Ева".to_owned());
    let asked = AsideRequest { user_id: 43, message, name, room: Some(-5), ..AsideRequest::default() };
    api.client.aside(Bot { key: &key, token: &token }, "g1", &asked).await.unwrap();
    assert!(by(&api, &sql, 43, "ref_16").await);
}

#[tokio::test]
async fn hearts_are_in_nobodys_way() {
    let setup = Setup::new().await;
    let api = setup.start().await;
    let token = api.token(IVAN).await;
    come(&api, IVAN).await;
    let react = json!({"key": "m1", "reaction": "❤"});
    let mut refused = 0;
    for _ in 0..25 {
        let answer = api.post("/chat/feedback", Some(&token), &react).await;
        refused += usize::from(answer.status == StatusCode::TOO_MANY_REQUESTS);
    }
    assert_eq!(refused, 5);
    api.client.profile(&token, IVAN).await.unwrap();
}

#[tokio::test]
async fn a_newcomer_has_one_referrer_who_is_somebody_else_and_is_here() {
    let setup = Setup::new().await;
    let (api, sql) = (setup.start().await, setup.pool());
    for person in [42, 43, 44, 45] {
        come(&api, person).await;
    }
    for wrong in ["ref_16", "ref_zzzz", "ref_", "42", "ref_-1", "'; DROP TABLE users"] {
        assert!(!by(&api, &sql, 42, wrong).await, "{wrong} is their own link, or nobody's");
    }
    assert!(by(&api, &sql, 43, "ref_16").await);
    assert!(!by(&api, &sql, 43, "ref_18").await, "it was the second");
    assert!(!by(&api, &sql, 42, "ref_17").await, "each brought the other");
    api.say(&api.token(45).await, "Привет", None).await.unwrap();
    assert!(!by(&api, &sql, 45, "ref_16").await, "they have talked before");
    assert_eq!(rows(&sql, "SELECT user_id || ' by ' || referrer_id FROM referrals").await, ["43 by 42"]);
    let theirs = json!({"user_id": 44, "parameter": "ref_16"});
    let answer = api.post("/profile/referrer", Some(&api.token(43).await), &theirs).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    api.client.delete_profile(&api.token(42).await, 42).await.unwrap();
    assert!(rows(&sql, "SELECT user_id::text FROM referrals").await.is_empty(), "the removed one is still named");
}
