//! What a person told of themselves.

use evolve_contract::{
    Code,
    profile::{Onboarding, ProfileData, ProfileField, ProfileUpdate},
};
use evolve_engine::model::{Script, Step};
use evolve_testkit::eventually;
use reqwest::StatusCode;
use serde_json::json;

use crate::{
    harness::{Api, IVAN, Setup},
    scheduler::{jobs, settled},
};

async fn set(api: &Api, token: &str, data: ProfileData) -> ProfileData {
    api.client.update_profile(token, &ProfileUpdate { user_id: IVAN, data, forget: Vec::new() }).await.unwrap().data
}

fn named(name: &str) -> ProfileData {
    ProfileData { name: Some(name.to_owned()), ..ProfileData::default() }
}

#[tokio::test]
async fn a_profile_is_made_changed_read_and_removed() {
    let setup = Setup::new().await;
    let api = setup.start().await;
    let token = api.token(IVAN).await;
    assert_eq!(api.get("/profile/42", Some(&token)).await.code(), Code::ProfileNotFound);
    assert_eq!(api.get("/profile/status/42", Some(&token)).await.code(), Code::ProfileNotFound);

    let data = ProfileData {
        gender: Some("male".to_owned()),
        birthday: Some("1990-05-17".parse().unwrap()),
        city: Some("Казань".to_owned()),
        language: Some("ru".to_owned()),
        time_zone: Some("Europe/Samara".to_owned()),
        onboarding: Some(Onboarding::Name),
        ..named("Иван")
    };
    assert_eq!(set(&api, &token, data.clone()).await, data);
    let changed =
        ProfileData { city: Some(String::new()), occupation: Some("повар".to_owned()), ..ProfileData::default() };
    let now = ProfileData { city: None, occupation: Some("повар".to_owned()), ..data };
    assert_eq!(set(&api, &token, changed).await, now);
    assert_eq!(api.client.profile(&token, IVAN).await.unwrap().data, now);

    api.say(&token, "Привет", None).await.unwrap();
    let deleted = api.client.delete_profile(&token, IVAN).await.unwrap();
    assert_eq!((deleted.remaining, deleted.deleted["users"], deleted.deleted["messages"]), (0, 1, 2));
    assert_eq!(api.get("/profile/42", Some(&token)).await.code(), Code::ProfileNotFound);
    let again = api.client.delete_profile(&token, IVAN).await.unwrap();
    assert_eq!((again.remaining, again.deleted["users"]), (0, 0), "nothing was left to remove");
}

#[tokio::test]
async fn every_field_can_be_forgotten_and_what_was_said_of_it_goes_along() {
    let setup = Setup::new().await;
    let api = setup.start().await;
    let token = api.token(IVAN).await;
    let data = ProfileData {
        gender: Some("male".to_owned()),
        birthday: Some("1990-05-17".parse().unwrap()),
        occupation: Some("повар".to_owned()),
        city: Some("Казань".to_owned()),
        ..named("Иван")
    };
    set(&api, &token, data).await;
    api.say(&token, "Родился 17 мая 1990", None).await.unwrap();
    api.say(&token, "Сегодня дождь", None).await.unwrap();
    let forget = vec![
        ProfileField::Name,
        ProfileField::Gender,
        ProfileField::Birthday,
        ProfileField::Occupation,
        ProfileField::City,
    ];
    let update = ProfileUpdate { user_id: IVAN, data: ProfileData::default(), forget };
    let left = api.client.update_profile(&token, &update).await.unwrap().data;
    let settings = ProfileData {
        language: left.language.clone(),
        time_zone: left.time_zone.clone(),
        onboarding: left.onboarding,
        ..ProfileData::default()
    };
    assert_eq!(left, settings);
    assert_eq!(api.client.profile(&token, IVAN).await.unwrap().data, settings);
    let history = api.get("/history/42", Some(&token)).await;
    assert!(!history.text.contains("1990") && history.text.contains("дождь"), "{}", history.text);
}

#[tokio::test]
async fn a_value_out_of_bounds_is_named_and_nothing_is_changed() {
    let api = Api::start().await;
    let token = api.token(IVAN).await;
    set(&api, &token, named("Иван")).await;
    for (data, field) in [
        (json!({"name": "я".repeat(65)}), "name"),
        (json!({"name": "Иван\n# Rules"}), "name"),
        (json!({"city": "Казань", "birthday": "2999-01-01"}), "birthday"),
        (json!({"language": "zxx"}), "language"),
        (json!({"time_zone": "Mars/Olympus"}), "time_zone"),
    ] {
        let answer = api.post("/profile", Some(&token), &json!({"user_id": IVAN, "data": data})).await;
        assert_eq!(answer.code(), Code::InvalidValue);
        let detail = answer.problem().detail.unwrap();
        assert!(detail.starts_with(&format!("{field}: ")), "{detail}");
    }
    let data = api.client.profile(&token, IVAN).await.unwrap().data;
    assert_eq!((data.name.as_deref(), data.city), (Some("Иван"), None));
}

#[tokio::test]
async fn the_bots_own_language_and_zone_are_not_told_as_those_of_a_person_who_has_only_written() {
    let api = Api::start().await;
    let token = api.token(IVAN).await;
    api.say(&token, "Привет", None).await.unwrap();
    let new = ProfileData { onboarding: Some(Onboarding::New), ..ProfileData::default() };
    // As it is, and as it is kept in the cache.
    for _ in 0..2 {
        let profile = api.client.profile(&token, IVAN).await.unwrap();
        assert_eq!(profile.created_at, api.clock.now());
        assert_eq!(profile.data, new);
    }
    // What they then set makes the rest theirs.
    let expected = ProfileData {
        language: Some("ru".to_owned()),
        time_zone: Some("Europe/Moscow".to_owned()),
        ..ProfileData { name: Some("Иван".to_owned()), ..new }
    };
    assert_eq!(set(&api, &token, named("Иван")).await, expected);
    assert_eq!(api.client.profile(&token, IVAN).await.unwrap().data, expected);
}

#[tokio::test]
async fn a_profile_is_read_from_the_cache_and_a_change_is_seen_at_once() {
    let setup = Setup::new().await;
    let (one, two) = (settled(&setup).await, setup.start().await);
    // Each fills the cache with whom it finds when it starts.
    eventually("both have done so", async || jobs(&two).await["cache_warm_up"].runs == 2).await;
    let token = one.token(IVAN).await;
    one.say(&token, "Привет", None).await.unwrap();
    // Behind the API's back too: what it writes itself is kept out of the cache for a while.
    let settings = "INSERT INTO settings (user_id, language, time_zone, onboarding, updated_at)
                    VALUES (42, 'ru', 'Europe/Moscow', 'new', now())";
    sqlx::query(settings).execute(&setup.pool()).await.unwrap();
    assert_eq!(one.client.profile(&token, IVAN).await.unwrap().data.name, None);
    // Behind the API's back: what is read next can only come from the cache.
    sqlx::query("UPDATE settings SET language = 'en'").execute(&setup.pool()).await.unwrap();
    sqlx::query("DELETE FROM settings").execute(&setup.pool()).await.unwrap();
    assert_eq!(two.client.profile(&token, IVAN).await.unwrap().data.language.as_deref(), Some("ru"));
    assert!((two.metric("cache_hits_total").await - 1.0).abs() < f64::EPSILON);
    set(&two, &token, named("Иван")).await;
    assert_eq!(one.client.profile(&token, IVAN).await.unwrap().data.name.as_deref(), Some("Иван"));
}

#[tokio::test]
async fn what_the_companion_learns_in_a_turn_is_seen_at_once() {
    let script = Script::new([
        Step::say("Здравствуй"),
        Step::call("set_profile", json!({"name": "Иван"})),
        Step::say("Приятно познакомиться, Иван"),
    ]);
    let api = Setup::new().await.script(script).start().await;
    let token = api.token(IVAN).await;
    api.say(&token, "Привет", None).await.unwrap();
    assert_eq!(api.client.profile(&token, IVAN).await.unwrap().data.name, None);
    api.say(&token, "Я Иван", None).await.unwrap();
    assert_eq!(api.client.profile(&token, IVAN).await.unwrap().data.name.as_deref(), Some("Иван"));
}

#[tokio::test]
async fn a_corrupt_cache_entry_is_dropped_counted_and_nobody_notices() {
    let setup = Setup::new().await;
    let api = setup.start().await;
    let token = api.token(IVAN).await;
    set(&api, &token, named("Иван")).await;
    let client = redis::Client::open(setup.redis_url.clone().unwrap()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let key = "evolve:profile:2:42";
    redis::cmd("SET").arg(key).arg("garbage").exec_async(&mut connection).await.unwrap();
    let answer = api.get("/profile/42", Some(&token)).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json()["data"]["name"], "Иван");
    assert!((api.metric("cache_corrupt_entries_total").await - 1.0).abs() < f64::EPSILON);
    let entry: String = redis::cmd("GET").arg(key).query_async(&mut connection).await.unwrap();
    assert!(entry.starts_with("gAAAAA"), "a new one took its place: {entry}");
}
