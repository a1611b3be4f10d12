//! Models as they really are: over HTTP, overloaded, evasive and wrong.

use std::{sync::Arc, time::Duration};

use evolve_engine::model::{Gemini, GeminiConfig, HttpLimits, ModelProvider, OpenAi, OpenAiConfig, SafetyThreshold};
use evolve_runtime::http::{ClientConfig, client};
use evolve_testkit::models::{Behaviour, End, GeminiServer, OpenAiServer};
use rstest::rstest;
use serde_json::json;

use crate::system::{Mode, ground};

const IVAN: i64 = 42;

fn gemini(server: &GeminiServer) -> Arc<dyn ModelProvider> {
    let config = GeminiConfig {
        name: GeminiConfig::DEFAULT_NAME.to_owned(),
        api_key: "key".into(),
        model: GeminiConfig::DEFAULT_MODEL.to_owned(),
        base_url: server.url().parse().unwrap(),
        safety: SafetyThreshold::default(),
        limits: HttpLimits { total: Duration::from_secs(5), ..HttpLimits::default() },
    };
    Arc::new(Gemini::new(client(ClientConfig::default()).unwrap(), config).unwrap())
}

fn open_ai(server: &OpenAiServer) -> Arc<dyn ModelProvider> {
    let config = OpenAiConfig {
        name: "openai".to_owned(),
        api_key: None,
        model: "local".to_owned(),
        base_url: server.base_url().parse().unwrap(),
        reasoning_effort: false,
        limits: HttpLimits::default(),
    };
    Arc::new(OpenAi::new(client(ClientConfig::default()).unwrap(), config).unwrap())
}

#[tokio::test]
async fn gemini_learns_a_fact_by_tool_and_finds_it_in_its_next_prompt() {
    let ground = ground().await;
    let server = GeminiServer::start().await.unwrap();
    server.next(Behaviour::call("remember", json!({"fact": "keeps bees", "category": "work"})));
    server.next(Behaviour::say("How **lovely**!"));
    server.next(Behaviour::say("Your bees?"));
    let api = ground.api_of(vec![gemini(&server)]).await;
    let _bot = ground.bot(&api.url, Mode::Polling).await;
    ground.telegram.send_text(IVAN, "I keep bees");
    ground.wait_for_last(IVAN, |text| text == "How lovely!").await;
    ground.telegram.send_text(IVAN, "what should I do today?");
    ground.wait_for_last(IVAN, |text| text == "Your bees?").await;
    let request = server.requests().pop().unwrap();
    assert!(request.body.to_string().contains("- [work] keeps bees"), "{}", request.body);
}

#[tokio::test]
async fn when_gemini_is_overloaded_the_next_provider_answers_and_nobody_notices() {
    let ground = ground().await;
    let (first, second) = (GeminiServer::start().await.unwrap(), OpenAiServer::start().await.unwrap());
    first.always(Behaviour::refuse(503));
    second.always(Behaviour::say("from the second"));
    let api = ground.api_of(vec![gemini(&first), open_ai(&second)]).await;
    let _bot = ground.bot(&api.url, Mode::Polling).await;
    ground.telegram.send_text(IVAN, "hi");
    ground.wait_for_last(IVAN, |text| text == "from the second").await;
    assert_eq!(ground.telegram.messages(IVAN).len(), 1);
}

#[rstest]
#[case::nonsense(Behaviour::garbage())]
#[case::empty(Behaviour::nothing_but("MAX_TOKENS"))]
#[case::blocked(Behaviour::nothing_but("prompt:SAFETY"))]
#[case::truncated(Behaviour::chunks_then(["half of"], End::Truncated))]
#[case::cut(Behaviour::chunks_then(["half of"], End::Cut))]
#[case::endless_calls(Behaviour::call("current_time", json!({})))]
#[case::our_key_is_wrong(Behaviour::refuse(403))]
#[tokio::test]
async fn a_useless_model_ends_in_a_kind_message_and_no_lost_quota(#[case] behaviour: Behaviour) {
    let ground = ground().await;
    let server = GeminiServer::start().await.unwrap();
    server.always(behaviour);
    let api = ground.api_of(vec![gemini(&server)]).await;
    let _bot = ground.bot(&api.url, Mode::Polling).await;
    ground.telegram.send_text(IVAN, "hi");
    // What a model had begun to say may be seen for a while; it is what it ends with that counts.
    let sent = ground.telegram.wait_for(IVAN, |sent| sent.len() == 1 && sent[0].text != "half of").await;
    let text = sent[0].text.to_lowercase();
    for technical in ["error", "http", "json", "model", "gemini", "half of"] {
        assert!(!text.contains(technical), "{text:?} is not kind");
    }
    assert_eq!(ground.count("SELECT sum(messages)::bigint FROM usage_days").await, 0);
    assert_eq!(ground.count("SELECT count(*) FROM messages WHERE text = 'hi'").await, 1, "the message was lost");
}
