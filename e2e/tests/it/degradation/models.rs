//! The only model is overloaded, broken, silent, or falls silent in the middle of a word. Where there is another, nobody notices:
//! `crate::models`.

use std::{sync::Arc, time::Duration};

use evolve_engine::model::{Gemini, GeminiConfig, HttpLimits, ModelProvider, SafetyThreshold};
use evolve_runtime::http::{ClientConfig, client};
use evolve_testkit::{
    eventually,
    models::{Behaviour, End, GeminiServer},
};
use rstest::rstest;

use super::{IVAN, Recovery};
use crate::system::{Mode, ground};

fn impatient(server: &GeminiServer) -> Arc<dyn ModelProvider> {
    let config = GeminiConfig {
        name: GeminiConfig::DEFAULT_NAME.to_owned(),
        api_key: "key".into(),
        model: GeminiConfig::DEFAULT_MODEL.to_owned(),
        base_url: server.url().parse().unwrap(),
        safety: SafetyThreshold::default(),
        limits: HttpLimits { total: Duration::from_secs(3), idle: Duration::from_secs(1), ..HttpLimits::default() },
    };
    Arc::new(Gemini::new(client(ClientConfig::default()).unwrap(), config).unwrap())
}

#[rstest]
#[case::overloaded(Behaviour::rate_limited(Duration::from_secs(1)))]
#[case::broken(Behaviour::refuse(500))]
#[case::silent(Behaviour::Hang)]
#[case::silent_in_the_middle(Behaviour::chunks_then(["half of"], End::Silence))]
#[tokio::test]
async fn while_the_only_model_cannot_answer_people_are_told_kindly_and_pay_nothing(#[case] behaviour: Behaviour) {
    let ground = ground().await;
    let server = GeminiServer::start().await.unwrap();
    server.always(behaviour);
    let api = ground.api_of(vec![impatient(&server)]).await;
    let _bot = ground.bot(&api.url, Mode::Polling).await;
    ground.telegram.send_text(IVAN, "hi");
    // What a model had begun to say may be seen for a while; it is what it ends with that counts.
    let excused = |text: &str| !text.is_empty() && !text.contains("half of");
    let sent = ground.telegram.wait_for(IVAN, |sent| sent.len() == 1 && excused(&sent[0].text)).await;
    for technical in ["error", "429", "500", "timeout", "gemini"] {
        assert!(!sent[0].text.to_lowercase().contains(technical), "{:?} is not kind", sent[0].text);
    }
    assert_eq!(ground.count("SELECT sum(messages)::bigint FROM usage_days").await, 0);

    server.always(Behaviour::say("here again"));
    let recovery = Recovery::begins();
    ground.telegram.send_text(IVAN, "and now?");
    ground.wait_for_last(IVAN, |text| text == "here again").await;
    recovery.took_at_most(20);
    assert_eq!(ground.telegram.messages(IVAN).len(), 2);
    assert_eq!(ground.count("SELECT sum(messages)::bigint FROM usage_days").await, 1);
    // The answer is shown while it is made.
    let kept = "SELECT count(*) FROM messages WHERE role = 'user'";
    eventually("both messages are kept", async || ground.count(kept).await == 2).await;
}
