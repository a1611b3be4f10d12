//! What the companion remembers, through the API: seen, searched, corrected, forgotten.

use evolve_contract::{
    Code,
    memory::{CategoryCount, FactCorrection, MemoryQuery},
};
use evolve_engine::model::{Script, Step};
use reqwest::Method;
use rstest::rstest;
use serde_json::json;
use uuid::Uuid;

use crate::harness::{Api, IVAN, Setup};

/// An API whose companion has remembered these of Ivan, each told in a message of the same words.
async fn knowing(facts: &[(&str, &str)]) -> (Api, String) {
    let steps = facts.iter().flat_map(|(category, fact)| {
        [Step::call("remember", json!({"fact": fact, "category": category})), Step::say("Хорошо")]
    });
    let setup = Setup::new().await.script(Script::new(steps)).with("CHAT_RATE_LIMIT", "1000/minute");
    let api = setup.start().await;
    let token = api.token(IVAN).await;
    for (_, fact) in facts {
        api.say(&token, fact, None).await.unwrap();
    }
    (api, token)
}

const FACTS: [(&str, &str); 3] =
    [("family", "Есть сестра Анна"), ("work", "Работает в музее"), ("family", "Кошку зовут Слива")];

#[tokio::test]
async fn a_person_looks_through_what_is_remembered_by_category_by_words_and_by_pages() {
    let (api, token) = knowing(&FACTS).await;
    let all = api.client.memory(&token, IVAN, &MemoryQuery::default()).await.unwrap();
    assert_eq!((all.total, all.limit, all.found, all.page, all.pages), (3, Some(50), 3, 0, 1));
    let count = |category: &str, facts| CategoryCount { category: category.to_owned(), facts };
    assert_eq!(all.categories, [count("family", 2), count("work", 1)]);
    let texts =
        |facts: &[evolve_contract::memory::FactData]| facts.iter().map(|fact| fact.content.clone()).collect::<Vec<_>>();
    assert_eq!(texts(&all.facts), ["Кошку зовут Слива", "Работает в музее", "Есть сестра Анна"]);

    let family =
        MemoryQuery { category: Some("family".to_owned()), page: 9, per_page: Some(1), ..MemoryQuery::default() };
    let last = api.client.memory(&token, IVAN, &family).await.unwrap();
    assert_eq!((last.page, last.pages, texts(&last.facts)), (1, 2, vec!["Есть сестра Анна".to_owned()]));

    let sister = MemoryQuery { words: Some("сестрой".to_owned()), ..MemoryQuery::default() };
    assert_eq!(texts(&api.client.memory(&token, IVAN, &sister).await.unwrap().facts), ["Есть сестра Анна"]);
    let nothing = MemoryQuery { words: Some("самолёт".to_owned()), ..MemoryQuery::default() };
    assert_eq!(api.client.memory(&token, IVAN, &nothing).await.unwrap().found, 0);
}

#[tokio::test]
async fn a_fact_is_put_right_and_then_forgotten_with_what_was_said() {
    let (api, token) = knowing(&FACTS).await;
    let cat = api.client.memory(&token, IVAN, &MemoryQuery::default()).await.unwrap().facts[0].clone();
    let correction = FactCorrection {
        content: Some("  Кошку зовут\nГруша ".to_owned()), ..FactCorrection::default()
    };
    let corrected = api.client.correct_fact(&token, IVAN, cat.id, &correction).await.unwrap();
    assert_eq!((corrected.content.as_str(), corrected.confidence), ("Кошку зовут Груша", 100));
    let fact = api.client.fact(&token, IVAN, cat.id).await.unwrap();
    assert_eq!((fact.fact, fact.history.len()), (corrected, 0));

    let day = |day: &str| FactCorrection { day: Some(day.to_owned()), ..FactCorrection::default() };
    let plan = FactCorrection { category: Some("plans".to_owned()), ..day("2026-12-24") };
    let planned = api.client.correct_fact(&token, IVAN, cat.id, &plan).await.unwrap();
    assert_eq!((planned.category.as_str(), planned.day), ("plans", "2026-12-24".parse().ok()));
    let words = FactCorrection {
        content: Some("Кошку зовут Груша, как бабушку".to_owned()),
        ..FactCorrection::default()
    };
    assert_eq!(api.client.correct_fact(&token, IVAN, cat.id, &words).await.unwrap().day, planned.day);
    assert_eq!(api.client.correct_fact(&token, IVAN, cat.id, &day("")).await.unwrap().day, None);

    let forgotten = api.client.forget_fact(&token, IVAN, cat.id).await.unwrap();
    assert_eq!((forgotten.facts, forgotten.messages), (1, 1));
    let path = format!("/memory/{IVAN}/{}", cat.id);
    assert_eq!(api.get(&path, Some(&token)).await.code(), Code::FactNotFound);
    let all = api.client.forget_all(&token, IVAN).await.unwrap();
    assert_eq!((all.facts, all.messages), (2, 6));
    assert_eq!(api.client.memory(&token, IVAN, &MemoryQuery::default()).await.unwrap().total, 0);
}

#[tokio::test]
async fn what_is_over_is_shown_apart_and_forgotten_by_itself() {
    let job = |fact: &str, replaces: Option<&str>| {
        Step::call("remember", json!({"fact": fact, "category": "work", "replaces": replaces}))
    };
    let steps = [
        job("Занимается испанским", None),
        Step::say("¡Olé!"),
        Step::call("forget", json!({"fact": "Занимается испанским", "outdated": true})),
        Step::say("Жаль"),
        job("Работает медсестрой", None),
        Step::say("Ого"),
        job("Преподаёт в школе", Some("Работает медсестрой")),
        Step::say("Здорово"),
    ];
    let api = Setup::new().await.script(Script::new(steps)).with("CHAT_RATE_LIMIT", "1000/minute").start().await;
    let token = api.token(IVAN).await;
    for words in ["Занимаюсь испанским", "Больше нет", "Работаю медсестрой", "Преподаю в школе"]
    {
        api.say(&token, words, None).await.unwrap();
    }
    let all = api.client.memory(&token, IVAN, &MemoryQuery::default()).await.unwrap();
    assert_eq!((all.total, all.past, all.facts.len(), all.facts[0].ended_on), (1, 1, 1, None));
    let past = MemoryQuery { past: true, ..MemoryQuery::default() };
    let over = api.client.memory(&token, IVAN, &past).await.unwrap().facts;
    assert!(over.len() == 1 && over[0].content == "Занимается испанским" && over[0].ended_on.is_some(), "{over:?}");
    assert_eq!(api.client.fact(&token, IVAN, over[0].id).await.unwrap().fact, over[0]);
    assert_eq!(api.client.forget_fact(&token, IVAN, over[0].id).await.unwrap().facts, 1);
    let path = format!("/memory/{IVAN}/{}", over[0].id);
    assert_eq!(api.get(&path, Some(&token)).await.code(), Code::FactNotFound);

    let teacher = api.client.fact(&token, IVAN, all.facts[0].id).await.unwrap();
    assert_eq!(teacher.history[0].content, "Работает медсестрой");
    assert_eq!(api.client.forget_fact(&token, IVAN, teacher.history[0].id).await.unwrap().facts, 1);
    let left = api.client.fact(&token, IVAN, all.facts[0].id).await.unwrap();
    assert_eq!((left.fact, left.history.len()), (teacher.fact, 0));
    assert_eq!(api.client.memory(&token, IVAN, &past).await.unwrap().past, 0);
}

#[tokio::test]
async fn nobody_gets_at_the_memory_of_another() {
    let (api, token) = knowing(&FACTS).await;
    let fact = api.client.memory(&token, IVAN, &MemoryQuery::default()).await.unwrap().facts[0].id;
    let eva = api.token(43).await;
    assert_eq!(api.get("/memory/43", Some(&eva)).await.code(), Code::ProfileNotFound);
    let body = json!({"content": "x"});
    for (method, path, code) in [
        (Method::GET, format!("/memory/{IVAN}"), Code::Forbidden),
        (Method::DELETE, format!("/memory/{IVAN}"), Code::Forbidden),
        (Method::DELETE, format!("/memory/{IVAN}/{fact}"), Code::Forbidden),
        (Method::PATCH, format!("/memory/{IVAN}/{fact}"), Code::Forbidden),
        (Method::DELETE, format!("/memory/43/{fact}"), Code::FactNotFound),
    ] {
        let answer = api.send(api.request(method.clone(), &path).bearer_auth(&eva).json(&body)).await;
        assert_eq!(answer.code(), code, "{method} {path}");
    }
    assert_eq!(api.client.memory(&token, IVAN, &MemoryQuery::default()).await.unwrap().total, 3);
}

#[rstest]
#[case(Method::GET, "/memory/42?category=secrets", None, Code::InvalidValue)]
#[case(Method::GET, "/memory/42?pages=1", None, Code::InvalidValue)]
#[case(Method::GET, "/memory/42?page=-1", None, Code::InvalidValue)]
#[case(Method::GET, "/memory/42/7", None, Code::InvalidValue)]
#[case(Method::PATCH, "/memory/42/FACT", Some(json!({"content": ""})), Code::InvalidValue)]
#[case(Method::PATCH, "/memory/42/FACT", Some(json!({"content": "я".repeat(301)})), Code::InvalidValue)]
#[case(Method::PATCH, "/memory/42/FACT", Some(json!({"category": "secrets"})), Code::InvalidValue)]
#[case(Method::PATCH, "/memory/42/FACT", Some(json!({"day": "tomorrow"})), Code::InvalidValue)]
#[case(Method::PATCH, "/memory/42/FACT", Some(json!({"day": "-0044-03-15"})), Code::InvalidValue)]
#[case(Method::PATCH, "/memory/42/FACT", Some(json!({"text": "x"})), Code::InvalidBody)]
#[case(Method::PATCH, "/memory/42/00000000-0000-7000-8000-000000000001", Some(json!({"content": "x"})), Code::FactNotFound)]
#[tokio::test]
async fn what_cannot_be_is_refused(
    #[case] method: Method,
    #[case] path: &str,
    #[case] body: Option<serde_json::Value>,
    #[case] code: Code,
) {
    let (api, token) = knowing(&FACTS[..1]).await;
    let fact: Uuid = api.client.memory(&token, IVAN, &MemoryQuery::default()).await.unwrap().facts[0].id;
    let request = api.request(method, &path.replace("FACT", &fact.to_string())).bearer_auth(&token);
    let answer = api
        .send(body.map_or_else(|| request.try_clone().unwrap(), |body| request.try_clone().unwrap().json(&body)))
        .await;
    assert_eq!(answer.code(), code, "{answer:?}");
}
