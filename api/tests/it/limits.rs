//! At most so many requests a minute, across replicas, Redis or not.

use chrono::TimeDelta;
use evolve_contract::Code;
use evolve_testkit::{OwnRedis, proxy::CountingProxy};
use reqwest::{Method, StatusCode, header::HeaderValue};
use serde_json::json;

use crate::{
    harness::{Answer, Api, IVAN, SERVICE_KEY, Setup, fernet_key},
    scheduler::settled,
};

async fn chat(api: &Api, token: &str) -> Answer {
    api.post("/chat", Some(token), &json!({"message": "Привет"})).await
}

fn told(answer: &Answer) -> [Option<&str>; 3] {
    ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"].map(|name| answer.header(name))
}

#[tokio::test]
async fn the_eleventh_message_of_a_minute_is_refused_with_the_time_to_come_back() {
    let api = Api::start().await;
    let token = api.token(IVAN).await;
    for left in (0..10).rev() {
        let answer = chat(&api, &token).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(told(&answer), [Some("10"), Some(left.to_string().as_str()), Some("60")]);
        api.clock.advance(TimeDelta::seconds(1));
    }
    let refused = chat(&api, &token).await;
    assert_eq!(refused.code(), Code::RateLimited);
    assert_eq!(told(&refused), [Some("10"), Some("0"), Some("59")]);
    assert_eq!(refused.header("retry-after"), Some("50"));
    assert_eq!(api.script.requests().len(), 10, "the refused one cost nothing");
    let maria = api.token(43).await;
    assert_eq!(chat(&api, &maria).await.status, StatusCode::OK);
    api.clock.advance(TimeDelta::seconds(50));
    assert_eq!(chat(&api, &token).await.status, StatusCode::OK);
}

#[tokio::test]
async fn every_limited_answer_tells_of_the_limit_problems_included() {
    let api = Api::start().await;
    let token = api.token(IVAN).await;
    let wrong = api.post("/chat", Some(&token), &json!({"massage": "Привет"})).await;
    assert_eq!(wrong.code(), Code::InvalidBody);
    assert_eq!(told(&wrong), [Some("10"), Some("9"), Some("60")]);
    let nobody = api.get("/profile/42", Some(&token)).await;
    assert_eq!((nobody.code(), told(&nobody)[0]), (Code::ProfileNotFound, Some("20")));
    let reset = api.send(api.request(Method::POST, "/chat/reset").bearer_auth(&token)).await;
    assert_eq!(told(&reset), [Some("10"), Some("9"), Some("60")], "resets are counted apart");
    assert_eq!(told(&api.get("/health", None).await), [None; 3]);
}

#[tokio::test]
async fn a_copy_of_everything_is_fetched_three_times_a_minute_at_most() {
    let api = Api::start().await;
    let token = api.token(IVAN).await;
    for left in ["2", "1", "0"] {
        let answer = api.get("/export/42", Some(&token)).await;
        assert_eq!((answer.code(), told(&answer)), (Code::ExportNotFound, [Some("3"), Some(left), Some("60")]));
    }
    assert_eq!(api.get("/export/42", Some(&token)).await.code(), Code::RateLimited);
    assert_eq!(told(&api.get("/profile/42", Some(&token)).await)[0], Some("20"));
}

#[tokio::test]
async fn repeats_of_a_message_are_no_new_messages_but_do_not_go_on_for_ever() {
    let api = Setup::new().await.with("CHAT_RATE_LIMIT", "2/minute").start().await;
    let token = api.token(IVAN).await;
    let say = async |key: &str| {
        let request = api.request(Method::POST, "/chat").bearer_auth(&token).header("idempotency-key", key);
        api.send(request.json(&json!({"message": "Привет"}))).await
    };
    assert_eq!(told(&say("one").await), [Some("2"), Some("1"), Some("60")]);
    for left in (0..6).rev() {
        let repeat = say("one").await;
        assert_eq!(repeat.status, StatusCode::OK);
        assert_eq!(told(&repeat), [Some("6"), Some(left.to_string().as_str()), Some("60")], "counted apart");
    }
    assert_eq!(say("one").await.code(), Code::RateLimited);
    assert_eq!(told(&say("two").await), [Some("2"), Some("0"), Some("60")], "the repeats took nothing of it");
    assert_eq!(say("three").await.code(), Code::RateLimited);
    assert_eq!(say("three").await.code(), Code::RateLimited, "what was not let through is not repeated");
    assert_eq!(chat(&api, &token).await.code(), Code::RateLimited);
    assert_eq!(api.script.requests().len(), 2);
    let maria = api.token(43).await;
    let hers = api.request(Method::POST, "/chat").bearer_auth(&maria).header("idempotency-key", "one");
    let hers = api.send(hers.json(&json!({"message": "Привет"}))).await;
    assert_eq!(told(&hers), [Some("2"), Some("1"), Some("60")], "another person's key is no repeat");
}

#[tokio::test]
async fn an_unreadable_line_before_the_proxys_does_not_hide_it() {
    let api = Setup::new().await.with("TRUSTED_PROXY_HOPS", 1).start().await;
    let mut last = None;
    for i in 0..=10 {
        // A proxy that appends to the last line, as it got it.
        let appended = HeaderValue::from_bytes(b"\xff, 1.2.3.4").unwrap();
        let request = api.request(Method::POST, "/auth").header("x-forwarded-for", format!("6.6.6.{i}"));
        last = Some(api.send(request.header("x-forwarded-for", appended).json(&json!({"user_id": IVAN}))).await);
    }
    assert_eq!(last.unwrap().code(), Code::RateLimited);
}

#[tokio::test]
async fn tokens_are_limited_by_person_and_guesses_by_address() {
    let api = Api::start().await;
    let ask = async |key: &str, user_id: i64| {
        let request = api.request(Method::POST, "/auth").header("x-service-key", key);
        api.send(request.json(&json!({"user_id": user_id}))).await
    };
    for _ in 0..10 {
        assert_eq!(ask(SERVICE_KEY, IVAN).await.status, StatusCode::OK);
        assert_eq!(ask("guess", IVAN).await.code(), Code::Forbidden);
    }
    assert_eq!(ask(SERVICE_KEY, IVAN).await.code(), Code::RateLimited);
    assert_eq!(ask("guess", 43).await.code(), Code::RateLimited);
    assert_eq!(ask(SERVICE_KEY, 43).await.status, StatusCode::OK, "another person, the same address");
    let keyless = api.post("/auth", None, &json!({"user_id": 44})).await;
    assert_eq!(keyless.code(), Code::RateLimited, "without a key, it is the address that counts");
}

#[tokio::test]
async fn replicas_share_the_limit_through_redis() {
    let setup = Setup::new().await;
    let replicas = [setup.start().await, setup.start().await];
    let token = replicas[0].token(IVAN).await;
    let mut answered = 0;
    for i in 0..14 {
        answered += u32::from(chat(&replicas[i % 2], &token).await.status == StatusCode::OK);
    }
    assert_eq!(answered, 10);
}

#[tokio::test]
async fn without_redis_people_are_served_and_each_replica_limits_by_itself() {
    let mut redis = tokio::task::spawn_blocking(|| OwnRedis::start().unwrap()).await.unwrap();
    let mut setup = Setup::new().await;
    setup.redis_url = Some(redis.url());
    let api = setup.start().await;
    let token = api.token(IVAN).await;
    assert_eq!(chat(&api, &token).await.status, StatusCode::OK);
    redis.kill().unwrap();
    for _ in 0..10 {
        assert_eq!(chat(&api, &token).await.status, StatusCode::OK);
    }
    let refused = chat(&api, &token).await;
    assert_eq!(refused.code(), Code::RateLimited);
    assert_eq!(told(&refused), [Some("10"), Some("0"), Some("60")]);
    assert_eq!(api.get("/ready", None).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_limit_costs_one_round_trip_to_redis_and_a_cached_profile_one_more() {
    let mut setup = Setup::new().await;
    let proxy = CountingProxy::redis(setup.redis_url.as_deref().unwrap()).await.unwrap();
    setup.redis_url = Some(proxy.url().to_owned());
    let api = settled(&setup).await;
    // Connects, makes the script known, fills the cache.
    let token = api.token(IVAN).await;
    chat(&api, &token).await;
    api.client.profile(&token, IVAN).await.unwrap();

    proxy.reset();
    assert_eq!(chat(&api, &token).await.status, StatusCode::OK);
    assert_eq!((proxy.round_trips(), proxy.statements()), (1, vec!["EVALSHA".to_owned()]));
    proxy.reset();
    api.token(43).await;
    assert_eq!((proxy.round_trips(), proxy.statements()), (1, vec!["EVALSHA".to_owned()]));
    proxy.reset();
    api.client.profile(&token, IVAN).await.unwrap();
    assert_eq!((proxy.round_trips(), proxy.statements()), (2, vec!["EVALSHA".to_owned(), "GET".to_owned()]));
}

#[tokio::test]
async fn whoever_goes_leaves_no_window_and_comes_and_goes_twenty_times_an_hour_at_most() {
    let setup = Setup::new().await;
    let api = setup.start().await;
    for _ in 0..20 {
        let token = api.token(IVAN).await;
        assert_eq!(chat(&api, &token).await.status, StatusCode::OK);
        api.client.delete_profile(&token, IVAN).await.unwrap();
    }
    let server = redis::Client::open(setup.redis_url.as_deref().unwrap()).unwrap();
    let mut connection = server.get_multiplexed_async_connection().await.unwrap();
    let keys: Vec<String> = redis::cmd("KEYS").arg("*:42").query_async(&mut connection).await.unwrap();
    assert_eq!(keys, ["evolve:profile:2:42"], "the mark that keeps the old copy out");

    let token = api.token(IVAN).await;
    let refused = api.send(api.request(Method::DELETE, "/profile/42").bearer_auth(&token)).await;
    assert_eq!((refused.code(), refused.header("retry-after")), (Code::RateLimited, Some("3600")));
    api.clock.advance(TimeDelta::hours(1));
    api.client.delete_profile(&api.token(IVAN).await, IVAN).await.unwrap();
}

#[tokio::test]
async fn keys_that_rotate_give_nobody_another_twenty_removals() {
    let mut setup = Setup::new().await;
    let old = setup.start().await;
    let keys = format!("RFRfZ2V0X3RoaXNfaXNfYV90ZXN0X2tleV8xMjM0NTY=,{}", fernet_key());
    setup.variables.extend([("SERVICE_KEY", "another".repeat(8)), ("ENCRYPTION_KEY", keys)]);
    let new = setup.start().await;
    for api in [&old, &new] {
        for _ in 0..10 {
            let token = old.token(IVAN).await;
            assert_eq!(chat(api, &token).await.status, StatusCode::OK);
            api.client.delete_profile(&token, IVAN).await.unwrap();
        }
    }
    let token = old.token(IVAN).await;
    let refused = new.send(new.request(Method::DELETE, "/profile/42").bearer_auth(&token)).await;
    assert_eq!(refused.code(), Code::RateLimited);
}
