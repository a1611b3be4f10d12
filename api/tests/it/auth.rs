//! Who gets a token, and what it opens.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use evolve_contract::{
    Code,
    profile::{ProfileData, ProfileUpdate},
};
use evolve_runtime::clock::Clock;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{Api, IVAN, JWT_SECRET, SERVICE_KEY, Setup};

#[tokio::test]
async fn our_bot_gets_a_token_for_a_person_and_it_works_for_an_hour() {
    let api = Api::start().await;
    let token = api.token(IVAN).await;
    api.client.update_profile(&token, &ProfileUpdate { user_id: IVAN, ..ProfileUpdate::default() }).await.unwrap();
    api.clock.advance(TimeDelta::seconds(3599));
    assert_eq!(api.get("/profile/42", Some(&token)).await.status, StatusCode::OK);
    api.clock.advance(TimeDelta::seconds(1));
    let answer = api.get("/profile/42", Some(&token)).await;
    assert_eq!(answer.code(), Code::Unauthorized);
    assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"evolve\""));
}

/// What a token says of who shows it.
fn is_of_bot(token: &str) -> bool {
    let claims = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice::<Value>(&claims).unwrap()["bot"] == true
}

#[tokio::test]
async fn a_web_app_gets_a_token_for_the_person_that_telegram_signed_for() {
    let mut setup = Setup::new().await.with("PERSONA", r#"{"language":"en"}"#);
    setup.clock = Clock::fixed("2026-03-01T12:30:00Z".parse().unwrap());
    let api = setup.start().await;
    let init_data = include_str!("../../src/auth/init_data_sample.txt").trim_end();
    let answer = api.client.auth_as_web_app(init_data).await.unwrap();
    assert_eq!((answer.token_type.as_str(), answer.expires_in), ("bearer", 3600));
    // Nothing is known of them, and a token makes nobody known; but whoever speaks is answered in the language of their app,
    // and not in the bot's own.
    let token = answer.access_token;
    // Our bot is believed where in a trace it is, and nobody else.
    assert!(is_of_bot(&api.token(IVAN).await) && !is_of_bot(&token));
    assert_eq!(api.get("/profile/42", Some(&token)).await.code(), Code::ProfileNotFound);
    api.say(&token, "Привет", None).await.unwrap();
    assert_eq!(api.client.profile(&token, IVAN).await.unwrap().data.language.as_deref(), Some("ru"));
    // What they choose stays, whatever their app says.
    let data = ProfileData { language: Some("en".to_owned()), ..ProfileData::default() };
    api.client.update_profile(&token, &ProfileUpdate { user_id: IVAN, data, forget: Vec::new() }).await.unwrap();
    let token = api.client.auth_as_web_app(init_data).await.unwrap().access_token;
    assert_eq!(api.client.profile(&token, IVAN).await.unwrap().data.language.as_deref(), Some("en"));
    // Who was only known from a group has none either.
    sqlx::query("DELETE FROM settings").execute(&setup.pool()).await.unwrap();
    api.client.auth_as_web_app(init_data).await.unwrap();
    let languages = sqlx::query_as::<_, (String,)>("SELECT language FROM settings").fetch_all(&setup.pool()).await;
    assert_eq!(languages.unwrap(), [("ru".to_owned(),)]);
    api.clock.advance(TimeDelta::hours(1));
    assert_eq!(api.client.auth_as_web_app(init_data).await.unwrap_err().code(), Some(Code::Forbidden));
}

#[tokio::test]
async fn whoever_was_removed_does_not_come_back_by_a_token_but_by_what_they_say_or_tell() {
    let mut setup = Setup::new().await.with("PERSONA", r#"{"language":"en"}"#);
    setup.clock = Clock::fixed("2026-03-01T12:30:00Z".parse().unwrap());
    let api = setup.start().await;
    let init_data = include_str!("../../src/auth/init_data_sample.txt").trim_end();
    let pool = setup.pool();
    let people = async || {
        let all = sqlx::query_as::<_, (i64,)>("SELECT id FROM users UNION ALL SELECT user_id FROM settings");
        all.fetch_all(&pool).await.unwrap().len()
    };
    let token = async || api.client.auth_as_web_app(init_data).await.unwrap().access_token;
    api.say(&token().await, "Привет", None).await.unwrap();
    assert_eq!(people().await, 2);
    api.client.delete_profile(&token().await, IVAN).await.unwrap();
    let after = token().await;
    assert_eq!(people().await, 0, "a token has brought them back");
    assert_eq!(api.get("/profile/42", Some(&after)).await.code(), Code::ProfileNotFound);
    let data = ProfileData { name: Some("Иван".to_owned()), ..ProfileData::default() };
    let told = ProfileUpdate { user_id: IVAN, data, forget: Vec::new() };
    let known = api.client.update_profile(&after, &told).await.unwrap();
    assert_eq!(known.data.language.as_deref(), Some("ru"));
}

#[tokio::test]
async fn nobody_gets_a_token_without_proof() {
    let api = Setup::new().await.with("AUTH_RATE_LIMIT", "100/minute").start().await;
    let sample = include_str!("../../src/auth/init_data_sample.txt").trim_end();
    let table: [(&str, Option<&str>, Value, Code); 11] = [
        ("no key", None, json!({"user_id": IVAN}), Code::Forbidden),
        ("an empty key", Some(""), json!({"user_id": IVAN}), Code::Forbidden),
        ("another key", Some("another service key, of 32 letters"), json!({"user_id": IVAN}), Code::Forbidden),
        ("the start of the key", Some(&SERVICE_KEY[..20]), json!({"user_id": IVAN}), Code::Forbidden),
        ("nothing asked", Some(SERVICE_KEY), json!({}), Code::InvalidValue),
        ("both asked", Some(SERVICE_KEY), json!({"user_id": IVAN, "init_data": sample}), Code::InvalidValue),
        ("a group's id", Some(SERVICE_KEY), json!({"user_id": -100_123}), Code::InvalidValue),
        ("no id", Some(SERVICE_KEY), json!({"user_id": 0}), Code::InvalidValue),
        ("an id too large", Some(SERVICE_KEY), json!({"user_id": 1_i64 << 52}), Code::InvalidValue),
        ("stale init data", None, json!({"init_data": sample}), Code::Forbidden),
        ("an unknown field", Some(SERVICE_KEY), json!({"user_id": IVAN, "admin": true}), Code::InvalidBody),
    ];
    for (what, key, body, expected) in table {
        let request = api.request(Method::POST, "/auth").json(&body);
        let answer = api.send(key.iter().fold(request, |request, key| request.header("x-service-key", *key))).await;
        assert_eq!(answer.code(), expected, "{what}");
    }
}

#[tokio::test]
async fn while_one_key_takes_the_place_of_another_both_open_and_replicas_take_each_others_tokens() {
    let (old, new) = ("a service key of thirty-two letters", "another service key of so many letters");
    let new_secret = "another secret of thirty-two letters";
    let setup = Setup::new().await.with("SERVICE_KEY", old);
    let old_replica = setup.start().await;
    let setup = setup.with("SERVICE_KEY", format!("{new},{old}"));
    let new_replica = setup.with("JWT_SECRET", format!("{JWT_SECRET},{new_secret}")).start().await;
    for key in [new, old] {
        let token = new_replica.client.auth_as_service(&key.into(), IVAN).await.unwrap().access_token;
        for replica in [&old_replica, &new_replica] {
            let answer = replica.get("/profile/status/42", Some(&token)).await;
            assert_eq!(answer.code(), Code::ProfileNotFound, "let in, and nobody yet");
        }
    }
    let both = format!("{new},{old}");
    let refused = new_replica.client.auth_as_service(&both.as_str().into(), IVAN).await.unwrap_err();
    assert_eq!(refused.code(), Some(Code::Forbidden), "the list itself is no key");
}

#[tokio::test]
async fn a_request_without_a_valid_token_is_refused() {
    let api = Api::start().await;
    let token = api.token(IVAN).await;
    let unsigned = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
    let parts: Vec<&str> = token.split('.').collect();
    let table = [
        ("nothing", None),
        ("another scheme", Some(format!("Basic {token}"))),
        ("no scheme", Some(token.clone())),
        ("garbage", Some("Bearer garbage".to_owned())),
        ("no signature", Some(format!("Bearer {unsigned}.{}.", parts[1]))),
        ("another's signature", Some(format!("Bearer {}.{}.{}", parts[0], parts[1], "A".repeat(43)))),
    ];
    for (what, value) in table {
        let request = api.request(Method::GET, "/profile/42");
        let answer = api.send(value.iter().fold(request, |r, value| r.header("authorization", value))).await;
        assert_eq!(answer.code(), Code::Unauthorized, "{what}");
        assert!(answer.header("www-authenticate").unwrap().starts_with("Bearer"), "{what}");
    }
    let twice = api.request(Method::GET, "/profile/42").bearer_auth(&token).bearer_auth(&token);
    assert_eq!(api.send(twice).await.code(), Code::Unauthorized);
}

#[tokio::test]
async fn a_token_opens_its_own_persons_rows_alone() {
    let api = Api::start().await;
    let (ivan, maria) = (api.token(IVAN).await, api.token(43).await);
    let body = json!({"user_id": 43, "data": {"name": "Мария"}});
    assert_eq!(api.post("/profile", Some(&maria), &body).await.status, StatusCode::OK);
    for (method, path) in
        [(Method::GET, "/profile/43"), (Method::DELETE, "/profile/43"), (Method::GET, "/profile/status/43")]
    {
        let answer = api.send(api.request(method.clone(), path).bearer_auth(&ivan)).await;
        assert_eq!(answer.code(), Code::Forbidden, "{method} {path}");
        assert!(!answer.text.contains("Мария"));
    }
    assert_eq!(api.post("/profile", Some(&ivan), &body).await.code(), Code::Forbidden);
    assert_eq!(api.client.profile(&maria, 43).await.unwrap().data.name.as_deref(), Some("Мария"));
}
