//! How close a person and the companion have become, through the API.

use chrono::TimeDelta;
use evolve_contract::{
    Code,
    chat::{ChatEvent, ChatRequest, LevelUp},
    relationship::{Event, EventKind, Level},
};
use evolve_engine::model::{Script, Step};
use futures::TryStreamExt as _;
use serde_json::json;

use crate::harness::{Api, IVAN, Setup};

fn level(level: u8, name: &str, points: i64) -> Level {
    Level { level, name: name.to_owned(), points }
}

#[tokio::test]
async fn a_person_sees_their_level_how_far_the_next_is_and_what_happened_lately() {
    let remember = Step::call("remember", json!({"fact": "любит чай", "category": "preferences"}));
    let script = Script::new([Step::say("Привет"), remember, Step::say("Запомнила"), Step::say("Доброе утро")]);
    let api = Setup::new().await.script(script).start().await;
    let token = api.token(IVAN).await;
    assert_eq!(api.get("/relationship/42", Some(&token)).await.code(), Code::ProfileNotFound);
    assert_eq!(api.get("/relationship/43", Some(&token)).await.code(), Code::Forbidden);
    api.say(&token, "Привет", None).await.unwrap();
    api.say(&token, "Я люблю чай", None).await.unwrap();
    api.clock.advance(TimeDelta::days(1));
    let token = api.token(IVAN).await;
    api.say(&token, "Доброе утро", None).await.unwrap();
    let it = api.client.relationship(&token, IVAN).await.unwrap();
    assert_eq!((it.points, it.points_today, it.points_a_day, it.streak_days, it.levels), (7, 3, 30, 2, 5));
    assert_eq!(it.level, level(1, "Незнакомец", 0));
    assert_eq!(it.next_level, Some(level(2, "Знакомый", 100)));
    let yesterday = it.today.pred_opt().unwrap();
    let event = |day, kind, times, points| Event { day, kind, times, points, level: None };
    let lately = [
        event(it.today, EventKind::Message, 1, 1),
        event(it.today, EventKind::Streak, 1, 2),
        event(yesterday, EventKind::Fact, 1, 2),
        event(yesterday, EventKind::Message, 2, 2),
    ];
    assert_eq!(it.lately, lately);
}

#[tokio::test]
async fn a_level_is_told_with_the_answer_that_reached_it_again_under_its_key_and_at_the_end_of_a_stream() {
    let setup = Setup::new().await;
    let api = setup.start().await;
    let token = api.token(IVAN).await;
    let ordinary = api.say(&token, "Привет", None).await.unwrap();
    assert_eq!(ordinary.level_up, None);
    sqlx::query("UPDATE users SET points = 99").execute(&setup.pool()).await.unwrap();
    let reached = api.say(&token, "Как дела?", Some("k")).await.unwrap();
    assert_eq!(reached.level_up, Some(LevelUp { level: 2, name: "Знакомый".to_owned() }));
    assert_eq!(api.say(&token, "Как дела?", Some("k")).await.unwrap(), reached);
    let body = ChatRequest { message: "Как дела?".to_owned(), ..ChatRequest::default() };
    let events: Vec<_> = api.client.chat_stream(&token, Some("k"), &body).await.unwrap().try_collect().await.unwrap();
    assert_eq!(events, [ChatEvent::Done(reached)]);
    assert_eq!(api.say(&token, "Хорошо", None).await.unwrap().level_up, None);
    let status = api.client.status(&token, IVAN).await.unwrap();
    assert_eq!((status.level, status.level_name.as_str(), status.points), (2, "Знакомый", 101));
}

#[tokio::test]
async fn a_bot_may_have_levels_of_its_own_in_the_persons_language_and_points_that_fade() {
    let levels = r#"[{"name": "Гость", "names": {"en": "Guest"}, "points": 0},
                     {"name": "Свой", "names": {"en": "Insider"}, "points": 2, "voice": "Speak as a pirate."}]"#;
    let setup = Setup::new()
        .await
        .with("RELATIONSHIP_LEVELS", levels)
        .with("RELATIONSHIP_DECAY", r#"{"afterDays": 3, "pointsPerDay": 4}"#);
    let api = setup.start().await;
    let token = api.token(IVAN).await;
    let english = json!({"user_id": IVAN, "data": {"language": "en"}});
    assert_eq!(api.post("/profile", Some(&token), &english).await.status, 200);
    api.say(&token, "Hi", None).await.unwrap();
    let reached = api.say(&token, "Hi", None).await.unwrap();
    assert_eq!(reached.level_up, Some(LevelUp { level: 2, name: "Insider".to_owned() }));
    api.say(&token, "Hi", None).await.unwrap();
    assert!(api.script.requests()[2].system.contains("Speak as a pirate."));
    sqlx::query("UPDATE users SET points = 20").execute(&setup.pool()).await.unwrap();
    api.clock.advance(TimeDelta::days(5));
    let token = api.token(IVAN).await;
    let it = api.client.relationship(&token, IVAN).await.unwrap();
    assert_eq!((it.points, it.streak_days, it.level.name.as_str(), it.next_level), (12, 0, "Insider", None));
    let faded = Event { day: it.today, kind: EventKind::Decay, times: 1, points: -8, level: None };
    assert_eq!(it.lately[0], faded);
    assert_eq!(api.client.status(&token, IVAN).await.unwrap().points, 12);
    let levels: Vec<_> = it.lately.iter().filter_map(|event| event.level.clone()).collect();
    assert_eq!(levels, [level(2, "Insider", 2)]);
}

#[tokio::test]
async fn the_relationship_goes_with_everything_else_of_a_person() {
    let api = Api::start().await;
    let token = api.token(IVAN).await;
    api.say(&token, "Привет", None).await.unwrap();
    let deleted = api.client.delete_profile(&token, IVAN).await.unwrap();
    assert_eq!((deleted.deleted["relationship_events"], deleted.remaining), (1, 0));
    assert_eq!(api.get("/relationship/42", Some(&token)).await.code(), Code::ProfileNotFound);
    api.say(&token, "Привет", None).await.unwrap();
    assert_eq!(api.client.relationship(&token, IVAN).await.unwrap().points, 1);
}
