//! Flags and prompts, turned and written on pages.

use evolve_domain::access::Role;
use evolve_engine::model::{Script, Step};
use reqwest::StatusCode;

use super::people::{has, logged, went_to};
use crate::{
    access::signed_in,
    harness::{Answer, IVAN, Setup},
};

async fn patient() -> Setup {
    Setup::new().await.with("PANEL_RATE_LIMIT", "1000/minute").script(Script::always(Step::say("Ахой!")))
}

#[tokio::test]
async fn a_flag_is_turned_for_some_and_its_history_says_who_and_why() {
    let setup = patient().await;
    let api = setup.start().await;
    let eva = signed_in(&setup, &api, "eva", Role::Admin).await;
    has(&eva.get("/admin/panel/flags").await, &["streaming", "Answers are shown while they are made", "100%"]);
    let path = "/admin/panel/flags/voice";
    has(&eva.get(path).await, &["It was never turned.", "name=\"plan\""]);
    let wrong = eva.form(path, &[("percent", "101"), ("note", "cheaper than we thought")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("from 0 to 100") && wrong.text.contains("cheaper than we thought"), "{}", wrong.text);
    let typed = [("percent", "25"), ("plan", "premium"), ("people", "42, 43"), ("note", "cheaper than we thought")];
    went_to(&eva.form(path, &typed).await, path);
    has(&eva.get(path).await, &["25%", "cheaper than we thought", "eva"]);
    has(&eva.get("/admin/panel/flags.csv").await, &["name,explains,state,percent,plan,people", "eva"]);
    went_to(&eva.form(path, &[("percent", "25"), ("people", "-")]).await, path);
    let kept: i64 = sqlx::query_scalar("SELECT cardinality(people)::bigint FROM flags WHERE name = 'voice'")
        .fetch_one(&setup.pool())
        .await
        .unwrap();
    assert_eq!((kept, logged(&setup, "flag.turn").await), (0, 3), "one of them was refused");
    let streaming = eva.get("/admin/panel/flags/streaming").await;
    assert!(!streaming.text.contains("name=\"plan\""), "nobody's plan is known there");
    assert_eq!(eva.get("/admin/panel/flags/magic").await.status, StatusCode::NOT_FOUND);
    let vera = signed_in(&setup, &api, "vera", Role::Support).await;
    let closed = vera.get("/admin/panel/flags").await;
    assert_eq!(closed.status, StatusCode::FORBIDDEN);
    assert!(closed.text.contains("Not for your role"), "{}", closed.text);
}

/// A form comes back with what is wrong at this field, and at no other; above them, where there is no such field.
#[track_caller]
fn is_wrong_at(page: &Answer, field: &str, says: &str) {
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", page.text);
    let at = if field.is_empty() {
        format!("<p class=\"alert bad\" role=\"alert\">{says}")
    } else {
        format!("<span class=\"error\" id=\"{field}-error\">{says}")
    };
    assert!(page.text.contains(&at), "{at} is not in {}", page.text);
    assert_eq!(page.text.matches("class=\"error\"").count(), usize::from(!field.is_empty()), "{}", page.text);
}

#[tokio::test]
async fn what_is_wrong_with_a_flag_or_a_prompt_stands_at_the_field_that_it_is_about() {
    let setup = patient().await;
    let api = setup.start().await;
    let eva = signed_in(&setup, &api, "eva", Role::Admin).await;
    let (flag, long) = ("/admin/panel/flags/voice", "a".repeat(501));
    let people = eva.form(flag, &[("percent", "5"), ("people", "@anna")]).await;
    is_wrong_at(&people, "flag-voice-people", "Write numbers of people");
    assert!(people.text.contains("value=\"@anna\"") && people.text.contains("value=\"5\""), "{}", people.text);
    let note = eva.form(flag, &[("percent", "5"), ("note", &long)]).await;
    is_wrong_at(&note, "flag-voice-note", "The reason has at most 500");
    let plan = eva.form("/admin/panel/flags/streaming", &[("percent", "5"), ("plan", "premium")]).await;
    is_wrong_at(&plan, "", "This flag cannot be for one plan alone");

    let prompt = "/admin/panel/prompts/persona";
    is_wrong_at(&eva.form(prompt, &[("text", " ")]).await, "prompt-text", "There is nothing in it");
    is_wrong_at(&eva.form(prompt, &[("text", "a"), ("why", &long)]).await, "prompt-why", "The reason has at most 500");
    let level = eva.form(&format!("{prompt}/preview"), &[("text", "a"), ("level", "11")]).await;
    is_wrong_at(&level, "prompt-level", "Levels are from 1 to 10");
}

#[tokio::test]
async fn a_flag_of_nobody_but_those_who_are_named_is_on_for_some() {
    let setup = patient().await;
    let api = setup.start().await;
    let eva = signed_in(&setup, &api, "eva", Role::Admin).await;
    let path = "/admin/panel/flags/voice";
    for (people, state) in [("42", "For some"), ("-", "Off")] {
        went_to(&eva.form(path, &[("percent", "0"), ("people", people)]).await, path);
        let stands = format!("voice,Answers are spoken to who wants it.,{state},0,");
        has(&eva.get("/admin/panel/flags.csv").await, &[&stands]);
    }
}

#[tokio::test]
async fn a_prompt_is_looked_at_written_compared_and_taken_back() {
    let setup = patient().await;
    let api = setup.start().await;
    let eva = signed_in(&setup, &api, "eva", Role::Admin).await;
    has(&eva.get("/admin/panel/prompts").await, &["Who the companion is", "rules_ru", "As configured"]);
    let path = "/admin/panel/prompts/persona";
    has(&eva.get(path).await, &["What is configured is in force.", "It was never changed."]);
    let told = async || {
        let token = api.token(IVAN).await;
        api.say(&token, "Привет", None).await.unwrap();
        setup.script.requests().last().unwrap().system.clone()
    };

    let first = [("text", "Ты — пират.\r\nГовори громко."), ("why", "День пирата"), ("message", "Кто ты?")];
    let look = eva.form(&format!("{path}/preview"), &first).await;
    has(&look, &["Ахой!", "Ты — пират.\nГовори громко.", "День пирата", "Кто ты?"]);
    assert!(!told().await.contains("пират"), "it was only looked at");
    for (text, says) in [("  ", "There is nothing in it."), ("a\u{7}", "control characters")] {
        let wrong = eva.form(path, &[("text", text)]).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(wrong.text.contains(says), "{}", wrong.text);
    }
    // Longer than any other form.
    let long = eva.form(path, &[("text", &"ы".repeat(32_769))]).await;
    assert!(long.text.contains("more than 32,768"), "{}", long.status);
    let level = eva.form(&format!("{path}/preview"), &[("text", "a"), ("level", "11")]).await;
    assert_eq!(level.status, StatusCode::UNPROCESSABLE_ENTITY);

    went_to(&eva.form(path, &first).await, path);
    assert!(told().await.starts_with("Ты — пират.\nГовори громко."));
    went_to(&eva.form(path, &[("text", "Ты — пират.\nГовори тихо.")]).await, path);
    let beside = eva.get(&format!("{path}?version=1")).await;
    has(
        &beside,
        &[
            "What is configured</h2>",
            "<del>− Говори тихо.</del>",
            "<ins>+ Говори громко.</ins>",
            "  Ты — пират.",
            "День пирата",
            "eva",
        ],
    );
    assert_eq!(eva.get(&format!("{path}?version=9")).await.status, StatusCode::NOT_FOUND);

    went_to(&eva.form(&format!("{path}/restore"), &[("version", "1")]).await, path);
    assert!(told().await.contains("Говори громко."));
    went_to(&eva.form(&format!("{path}/restore"), &[("version", "")]).await, path);
    assert!(!told().await.contains("пират"));
    has(&eva.get(path).await, &["What is configured is in force."]);
    assert_eq!(logged(&setup, "prompt.choose").await, 2);
    assert_eq!(
        eva.form("/admin/panel/prompts/content_never", &[("text", "Можно всё")]).await.status,
        StatusCode::NOT_FOUND
    );
}
