//! What was said in other words comes back by its meaning, and whatever is wrong with meaning costs nobody an answer.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use chrono::TimeDelta;
use evolve_domain::fact::Category;
use evolve_engine::{
    conversations,
    meaning::{Embedder, GeminiEmbedder, Meanings, OpenAiEmbedder, Purpose},
    model::{GeminiConfig, HttpLimits, ModelError, OpenAiConfig, Part, Request, Script, Step},
    speech::Providers,
    summary,
};
use evolve_runtime::metrics::Metrics;
use evolve_store::facts::{FactChanges, NewFact};
use evolve_testkit::models::{GeminiServer, OpenAiServer};
use uuid::Uuid;

use crate::turn_support::{IVAN, World, world_that_understands};

/// Knows dogs from everything else.
#[derive(Debug, Default)]
struct Toy {
    asked: AtomicUsize,
    is_away: AtomicBool,
    /// Whether it takes few texts at once, and nothing that the companion says.
    is_picky: bool,
}

#[async_trait]
impl Embedder for Toy {
    fn id(&self) -> &str {
        "toy/2"
    }

    fn dimensions(&self) -> Option<usize> {
        Some(2)
    }

    async fn embed(&self, texts: &[&str], _: Purpose) -> Result<Vec<Vec<f32>>, ModelError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if self.is_away.load(Ordering::Relaxed) {
            return Err(ModelError::Unavailable { status: None, reason: "away".to_owned(), retry_after: None });
        }
        if self.is_picky && (texts.len() > 4 || texts.iter().any(|text| text.contains("ага"))) {
            return Err(ModelError::Rejected {
                status: 413,
                code: "Validation".to_owned(),
                hint: "too much".to_owned(),
            });
        }
        let is_dog = |text: &&str| text.contains("Кекс") || text.contains("четвероногий");
        Ok(texts.iter().map(|text| if is_dog(text) { vec![3.0, 0.0] } else { vec![0.1, 2.0] }).collect())
    }
}

fn companion(request: &Request) -> Step {
    if request.tools.is_empty() { Step::say(r#"{"title": "t", "summary": "s"}"#) } else { Step::say("ага") }
}

/// A world that the toy understands. Nothing where the server has no pgvector.
async fn understood_by(toy: &Arc<Toy>) -> Option<(World, Meanings)> {
    let meanings = Meanings::new(Some(Arc::clone(toy) as Arc<dyn Embedder>), &Metrics::new());
    let world = world_that_understands(Script::with(companion), Providers::default(), &meanings).await;
    let available = "SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'";
    if world.count(available).await == 0 {
        // The store's tests say so, loudly.
        return None;
    }
    meanings.enable(&world.store(), world.clock.now()).await;
    Some((world, meanings))
}

/// Somebody told of their dog half a year ago, and it was summed up.
async fn half_a_year_after(toy: &Arc<Toy>) -> Option<(World, Meanings)> {
    let (world, meanings) = understood_by(toy).await?;
    let store = world.store();
    world.say("Взяли из приюта щенка, назвали Кексом").await.unwrap();
    assert_eq!(toy.asked.load(Ordering::Relaxed), 0, "there is nothing that the question could be compared with");
    for _ in 0..30 {
        world.clock.advance(TimeDelta::days(6));
        world.say("Доброе утро!").await.unwrap();
        while conversations::end_some(&world.engine).await.unwrap() > 0 {}
        while summary::sum_up_one(&world.engine).await {}
        while meanings.place_one(&store).await {}
    }
    Some((world, meanings))
}

/// What stood before the person's message in the newest request.
fn remembered(world: &World) -> String {
    match &world.last_request().context.last().unwrap().parts[..] {
        [Part::Text(said), Part::Text(_)] => said.clone(),
        _ => String::new(),
    }
}

#[tokio::test]
async fn what_was_told_half_a_year_ago_comes_back_in_other_words() {
    let toy = Arc::new(Toy::default());
    let Some((world, _)) = half_a_year_after(&toy).await else { return };
    world.say("Как поживает мой четвероногий друг?").await.unwrap();
    assert!(remembered(&world).contains("назвали Кексом"), "{}", remembered(&world));
}

#[tokio::test]
async fn of_more_facts_than_fit_the_one_that_the_message_means_in_other_words_is_shown() {
    let toy = Arc::new(Toy::default());
    let Some((world, meanings)) = understood_by(&toy).await else { return };
    world.say("Доброе утро!").await.unwrap();
    let store = world.store();
    let dog = "Есть щенок из приюта, зовут Кекс, любит спать на диване, а по выходным подолгу лает со двора на всех, кто идёт мимо \
               забора";
    let others = (0..49).map(|number| {
        format!("{number}: умеет печь пироги с капустой и собирать старые радиоприёмники, а по выходным чинит их для соседей")
    });
    let learnt = std::iter::once(dog.to_owned())
        .chain(others)
        .map(|text| NewFact::new(Uuid::now_v7(), Category::Other, text))
        .collect();
    let version = store.facts().book(IVAN).await.unwrap().version;
    let changes = FactChanges { version, learnt, ..FactChanges::default() };
    assert!(store.facts().write(IVAN, &changes, world.clock.now()).await.unwrap());
    world.clock.advance(TimeDelta::days(6));
    while conversations::end_some(&world.engine).await.unwrap() > 0 {}
    while summary::sum_up_one(&world.engine).await {}
    while meanings.place_one(&store).await {}
    assert_eq!(world.count("SELECT count(*) FROM facts WHERE meaning IS NOT NULL").await, 50);
    toy.is_away.store(true, Ordering::Relaxed);
    world.say("Как поживает мой четвероногий друг?").await.unwrap();
    assert!(!world.last_system().contains("Кекс"), "by words alone, newer ones come before it");
    toy.is_away.store(false, Ordering::Relaxed);
    world.say("Так как поживает мой четвероногий друг?").await.unwrap();
    assert!(world.last_system().contains("зовут Кекс"), "{}", world.last_system());
}

#[tokio::test]
async fn texts_that_the_model_refuses_keep_no_others_from_being_found() {
    let toy = Arc::new(Toy { is_picky: true, ..Toy::default() });
    let Some((world, _)) = half_a_year_after(&toy).await else { return };
    // The last two were not summed up yet.
    let without = "
        SELECT count(*) FROM messages LEFT JOIN message_vectors v USING (user_id, number)
        WHERE v.vector IS NULL AND number <= (SELECT max(number) - 2 FROM messages)";
    assert_eq!(world.count(without).await, 0);
    world.say("Как поживает мой четвероногий друг?").await.unwrap();
    assert!(remembered(&world).contains("назвали Кексом"), "{}", remembered(&world));
}

#[tokio::test]
async fn without_the_model_or_the_database_s_help_there_is_an_answer_all_the_same() {
    let toy = Arc::new(Toy::default());
    let Some((world, meanings)) = half_a_year_after(&toy).await else { return };
    toy.is_away.store(true, Ordering::Relaxed);
    assert_eq!(world.say("Как там мой четвероногий друг?").await.unwrap().text, "ага");
    toy.is_away.store(false, Ordering::Relaxed);
    sqlx::query("ALTER TABLE message_vectors ALTER COLUMN vector TYPE text").execute(&world.sql).await.unwrap();
    assert_eq!(world.say("И как же мой четвероногий друг?").await.unwrap().text, "ага");
    let asked = toy.asked.load(Ordering::Relaxed);
    world.say("А четвероногий?").await.unwrap();
    assert_eq!(toy.asked.load(Ordering::Relaxed), asked, "it is not paid for what cannot be used");
    sqlx::query("UPDATE message_vectors SET vector = NULL").execute(&world.sql).await.unwrap();
    sqlx::query("ALTER TABLE message_vectors ALTER COLUMN vector TYPE real[] USING NULL")
        .execute(&world.sql)
        .await
        .unwrap();
    meanings.enable(&world.store(), world.clock.now()).await;
    world.say("А как четвероногий?").await.unwrap();
    assert_eq!(toy.asked.load(Ordering::Relaxed), asked, "a database that refused is left alone for minutes");
    world.clock.advance(TimeDelta::minutes(10));
    meanings.enable(&world.store(), world.clock.now()).await;
    world.say("А четвероногий-то?").await.unwrap();
    assert!(toy.asked.load(Ordering::Relaxed) > asked);
}

#[tokio::test]
async fn a_refused_message_is_not_embedded() {
    let toy = Arc::new(Toy::default());
    let Some((world, _)) = half_a_year_after(&toy).await else { return };
    while world.say("ну").await.is_ok() {}
    let asked = toy.asked.load(Ordering::Relaxed);
    assert!(world.say("Мой четвероногий друг?").await.is_err(), "the day's messages are used up");
    assert_eq!(toy.asked.load(Ordering::Relaxed), asked);
}

const LIMITS: HttpLimits =
    HttpLimits { total: Duration::from_secs(20), idle: Duration::from_secs(20), max_body: 10_000_000 };

async fn nearest_is_the_one_with_the_same_words(embedder: &dyn Embedder, dimensions: usize) {
    let texts = ["тёплый чай", "снег идёт", "горячий чай"];
    let vectors = embedder.embed(&texts, Purpose::Message).await.unwrap();
    assert!(vectors.len() == 3 && vectors.iter().all(|vector| vector.len() == dimensions));
    let asked = embedder.embed(&["снег"], Purpose::Question).await.unwrap().remove(0);
    let near = |vector: &Vec<f32>| -> f32 { vector.iter().zip(&asked).map(|(a, b)| a * b).sum() };
    assert!(near(&vectors[1]) > near(&vectors[0]) && near(&vectors[1]) > near(&vectors[2]));
}

#[tokio::test]
async fn gemini_embeds_questions_and_messages_each_as_such() {
    let server = GeminiServer::start().await.unwrap();
    let config = GeminiConfig {
        name: GeminiConfig::DEFAULT_NAME.to_owned(),
        api_key: "key".into(),
        model: "models/gemini-embedding-001".to_owned(),
        base_url: server.base_url().parse().unwrap(),
        safety: Default::default(),
        limits: LIMITS,
    };
    let embedder = GeminiEmbedder::new(reqwest::Client::new(), &config, 64).unwrap();
    assert_eq!(embedder.id(), "gemini-embedding-001/64");
    nearest_is_the_one_with_the_same_words(&embedder, 64).await;
    let tasks: Vec<String> =
        server.requests().iter().map(|request| request.body["requests"][0]["taskType"].to_string()).collect();
    assert_eq!(tasks, [r#""RETRIEVAL_DOCUMENT""#, r#""RETRIEVAL_QUERY""#]);
}

#[tokio::test]
async fn an_openai_server_embeds_and_its_answers_may_come_in_any_order() {
    let server = OpenAiServer::start().await.unwrap();
    let config = OpenAiConfig {
        name: "openai".to_owned(),
        api_key: None,
        model: "nomic-embed-text".to_owned(),
        base_url: server.base_url().parse().unwrap(),
        reasoning_effort: false,
        limits: LIMITS,
    };
    let embedder = OpenAiEmbedder::new(reqwest::Client::new(), &config, Some(32)).unwrap();
    nearest_is_the_one_with_the_same_words(&embedder, 32).await;
    let wrong = OpenAiConfig { model: "no-such".to_owned(), ..config };
    let wrong = OpenAiEmbedder::new(reqwest::Client::new(), &wrong, None).unwrap();
    assert!(matches!(wrong.embed(&["x"], Purpose::Message).await, Err(ModelError::Rejected { status: 404, .. })));
}
