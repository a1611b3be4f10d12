//! Stories about the provider chain. Time is tokio's, paused: a minute passes in no time.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use evolve_engine::model::{
    Answer, Attempt, Chain, ChainConfig, Event, FinishReason, Message, ModelError, ModelProvider, Observer, Request,
    Script, Step, Usage, Waited,
};
use evolve_testkit::models::{Behaviour, End, GeminiServer, OpenAiServer};
use futures::StreamExt;
use rstest::rstest;
use serde_json::json;
use tokio::sync::Notify;
use tokio::time::advance;

use crate::model_support::{PATIENT, gemini, openai, question, texts, weather};

const NO_PATIENCE: ChainConfig = ChainConfig {
    breaker: evolve_runtime::breaker::BreakerConfig::MODEL,
    longest_rest: Duration::from_secs(3600),
    patience: Duration::ZERO,
};

/// Notes every attempt as one line.
#[derive(Default)]
struct Notes(Mutex<Vec<String>>);

impl Notes {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl Observer for Notes {
    fn attempt(&self, attempt: &Attempt<'_>) {
        let again = if attempt.again { " again" } else { "" };
        let line = format!("{} {} {}{again}", attempt.position, attempt.provider, attempt.outcome.label());
        self.0.lock().unwrap().push(line);
    }
}

fn chain(scripts: &[&Script], config: ChainConfig) -> (Chain, Arc<Notes>) {
    let providers = scripts.iter().map(|script| Arc::new((*script).clone()) as Arc<dyn ModelProvider>).collect();
    let notes = Arc::new(Notes::default());
    (Chain::observed(providers, config, Arc::clone(&notes) as Arc<dyn Observer>), notes)
}

fn unavailable() -> ModelError {
    ModelError::Unavailable { status: Some(503), reason: "HTTP 503".into(), retry_after: None }
}

fn rate_limited(seconds: u64) -> ModelError {
    ModelError::RateLimited { retry_after: Some(Duration::from_secs(seconds)) }
}

fn hello() -> Arc<Request> {
    Arc::new(question("hello"))
}

#[rstest]
#[case(unavailable())]
#[case(ModelError::RateLimited { retry_after: None })]
#[case(rate_limited(60))]
#[case(ModelError::TimedOut { waited: Waited::Answer, limit: Duration::from_secs(180) })]
#[case(ModelError::Blocked { reason: "SAFETY".into() })]
#[case(ModelError::Empty { finish: FinishReason::Length })]
#[case(ModelError::Malformed { what: "half".into() })]
#[case(ModelError::Rejected { status: 404, code: "NOT_FOUND".into(), hint: "model".into() })]
#[tokio::test(start_paused = true)]
async fn when_the_first_provider_fails_the_second_answers(#[case] error: ModelError) {
    let first = Script::always(Step::Fail(error)).named("first");
    let second = Script::always(Step::say("I am here.")).named("second");
    let (chain, notes) = chain(&[&first, &second], ChainConfig::default());
    let answered = chain.generate(&question("hello")).await.unwrap();
    assert_eq!((answered.answer.text.as_str(), answered.provider.as_str()), ("I am here.", "second"));
    assert_eq!(notes.take()[1], "1 second answered");

    let events: Vec<Event> = chain.stream(hello()).map(Result::unwrap).collect().await;
    assert_eq!(events[0], Event::Started { provider: "second".into(), model: "script".into() });
    assert_eq!(texts(&events), ["I ", "am ", "here."]);
    assert_eq!(events.last(), Some(&Event::Finished(FinishReason::Stop)));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_breaks_off_starts_again_with_the_next_provider() {
    let first = Script::always(Step::FailAfter("I thi".into(), unavailable())).named("first");
    let second = Script::always(Step::say("I agree.")).named("second");
    let (chain, notes) = chain(&[&first, &second], NO_PATIENCE);
    let events: Vec<Event> = chain.stream(hello()).map(Result::unwrap).collect().await;
    let started = |name: &str| Event::Started { provider: name.into(), model: "script".into() };
    assert_eq!(events[..3], [started("first"), Event::Text("I thi".into()), started("second")]);
    let mut answer = evolve_engine::model::AnswerBuilder::default();
    events.iter().for_each(|event| answer.push(event));
    assert_eq!(answer.finish().unwrap().text, "I agree.");
    assert_eq!(notes.take(), ["0 first unavailable", "1 second answered"]);
}

#[tokio::test(start_paused = true)]
async fn after_five_failures_a_provider_is_left_alone_for_a_minute_and_then_tried_once() {
    let first = Script::always(Step::Fail(unavailable())).named("first");
    let second = Script::always(Step::say("hello")).named("second");
    let (chain, notes) = chain(&[&first, &second], NO_PATIENCE);
    for _ in 0..7 {
        chain.generate(&question("hello")).await.unwrap();
    }
    assert_eq!(first.requests().len(), 5);
    let open = json!({ "state": "OPEN", "failure_count": 5, "open_seconds": 0 });
    assert_eq!(json!(chain.status()[0].circuit_breaker), open);
    assert_eq!(notes.take().last_chunk(), Some(&["0 first breaker_open".to_owned(), "1 second answered".to_owned()]));

    advance(Duration::from_secs(59)).await;
    chain.generate(&question("hello")).await.unwrap();
    assert_eq!(first.requests().len(), 5, "it has not been a minute");

    advance(Duration::from_secs(1)).await;
    chain.generate(&question("hello")).await.unwrap();
    chain.generate(&question("hello")).await.unwrap();
    assert_eq!(first.requests().len(), 6, "one probe, which failed");

    advance(Duration::from_secs(60)).await;
    first.push(Step::say("I am back."));
    assert_eq!(chain.generate(&question("hello")).await.unwrap().answer.text, "I am back.");
    assert_eq!(json!(chain.status()[0].circuit_breaker), json!({ "state": "CLOSED", "failure_count": 0 }));
}

#[tokio::test(start_paused = true)]
async fn of_many_people_at_once_exactly_one_is_the_probe() {
    let first = Script::always(Step::Fail(unavailable())).named("first");
    let second = Script::always(Step::say("hello")).named("second");
    let (chain, _) = chain(&[&first, &second], NO_PATIENCE);
    for _ in 0..5 {
        chain.generate(&question("hello")).await.unwrap();
    }
    advance(Duration::from_secs(60)).await;
    let go_on = Arc::new(Notify::new());
    first.push(Step::After(Arc::clone(&go_on), Box::new(Step::say("I am back."))));
    let people: Vec<_> = (0..50)
        .map(|_| {
            let chain = chain.clone();
            tokio::spawn(async move { chain.generate(&question("hello")).await.unwrap().provider })
        })
        .collect();
    first.asked(6).await;
    second.asked(5 + 49).await;
    assert_eq!(json!(chain.status()[0].circuit_breaker)["state"], "HALF_OPEN");
    go_on.notify_one();
    let providers: Vec<String> = futures::future::join_all(people).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(providers.iter().filter(|provider| *provider == "first").count(), 1);
    assert_eq!(json!(chain.status()[0].circuit_breaker)["state"], "CLOSED");
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_its_person_gave_up_frees_the_place_for_the_next() {
    let first = Script::always(Step::Fail(unavailable())).named("first");
    let (chain, notes) = chain(&[&first], NO_PATIENCE);
    for _ in 0..5 {
        chain.generate(&question("hello")).await.unwrap_err();
    }
    advance(Duration::from_secs(60)).await;
    first.push(Step::Hang);
    let gone = tokio::spawn({
        let chain = chain.clone();
        async move { chain.generate(&question("hello")).await }
    });
    first.asked(6).await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    assert_eq!(notes.take().pop().unwrap(), "0 first abandoned");
    first.push(Step::say("hello"));
    assert_eq!(chain.generate(&question("hello")).await.unwrap().provider, "first");
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_asks_for_a_rest_gets_it_and_then_its_turn() {
    let first = Script::new([Step::Fail(rate_limited(42)), Step::say("rested")]).named("first");
    let second = Script::always(Step::say("hello")).named("second");
    let (chain, notes) = chain(&[&first, &second], NO_PATIENCE);
    chain.generate(&question("hello")).await.unwrap();
    advance(Duration::from_secs(41)).await;
    chain.generate(&question("hello")).await.unwrap();
    assert_eq!(notes.take()[2], "0 first resting");
    assert_eq!(chain.status()[0].resting_seconds, Some(1));
    // A rest is no failure: the breaker does not count it.
    assert_eq!(json!(chain.status()[0].circuit_breaker), json!({ "state": "CLOSED", "failure_count": 0 }));
    advance(Duration::from_secs(1)).await;
    assert_eq!(chain.generate(&question("hello")).await.unwrap().answer.text, "rested");
}

#[tokio::test(start_paused = true)]
async fn a_server_cannot_silence_itself_for_days() {
    let first = Script::new([Step::Fail(rate_limited(1_000_000)), Step::say("hello")]);
    let (chain, _) = chain(&[&first], NO_PATIENCE);
    chain.generate(&question("hello")).await.unwrap_err();
    advance(Duration::from_secs(3600)).await;
    chain.generate(&question("hello")).await.unwrap();
}

#[rstest]
#[case::blocked(ModelError::Blocked { reason: "SAFETY".into() })]
#[case::our_mistake(ModelError::Rejected { status: 400, code: "X".into(), hint: "x".into() })]
#[case::thought_too_long(ModelError::Empty { finish: FinishReason::Length })]
#[tokio::test(start_paused = true)]
async fn a_server_that_is_well_is_not_shut_out(#[case] error: ModelError) {
    let first = Script::always(Step::Fail(error));
    let (chain, _) = chain(&[&first], NO_PATIENCE);
    for _ in 0..20 {
        chain.generate(&question("hello")).await.unwrap_err();
    }
    assert_eq!(first.requests().len(), 20);
}

#[tokio::test(start_paused = true)]
async fn a_short_breakdown_of_all_is_waited_out_once() {
    let first = Script::new([Step::Fail(rate_limited(2)), Step::say("hello")]).named("first");
    let (chain, notes) = chain(&[&first], ChainConfig::default());
    let began = tokio::time::Instant::now();
    let events: Vec<Event> = chain.stream(hello()).map(Result::unwrap).collect().await;
    assert_eq!((texts(&events), began.elapsed().as_secs()), (vec!["hello"], 2));
    assert_eq!(notes.take(), ["0 first rate_limited", "0 first answered again"]);
}

#[rstest]
#[case::too_long_a_wait(vec![Step::Fail(rate_limited(4))])]
#[case::it_took_long_enough(vec![Step::Fail(ModelError::TimedOut { waited: Waited::Answer, limit: Duration::from_secs(180) })])]
#[case::waiting_would_not_help(vec![Step::Fail(ModelError::Blocked { reason: "SAFETY".into() })])]
#[case::a_second_time(vec![Step::Fail(unavailable()), Step::Fail(unavailable())])]
#[tokio::test(start_paused = true)]
async fn a_person_is_not_kept_waiting_in_vain(#[case] steps: Vec<Step>) {
    let count = steps.len();
    let first = Script::new(steps);
    let (chain, _) = chain(&[&first], ChainConfig::default());
    chain.generate(&question("hello")).await.unwrap_err();
    assert_eq!(first.requests().len(), count);
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_a_second_time_for_a_provider_that_kept_them_waiting_already() {
    let slow = ModelError::TimedOut { waited: Waited::Answer, limit: Duration::from_secs(180) };
    let (first, second) = (Script::always(Step::Fail(slow)), Script::always(Step::Fail(unavailable())));
    let (chain, _) = chain(&[&first, &second], ChainConfig::default());
    chain.generate(&question("hello")).await.unwrap_err();
    assert_eq!((first.requests().len(), second.requests().len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn when_all_fail_the_error_says_how_and_when_to_come_back() {
    let first = Script::always(Step::Fail(rate_limited(60))).named("first");
    let second = Script::always(Step::Fail(ModelError::Blocked { reason: "SAFETY".into() })).named("second");
    let third = Script::always(Step::Fail(rate_limited(30))).named("third");
    let (chain, _) = chain(&[&first, &second, &third], NO_PATIENCE);
    let error = chain.generate(&question("hello")).await.unwrap_err();
    assert_eq!((error.retry_in(), error.blocked()), (Some(Duration::from_secs(30)), true));
    assert_eq!(
        error.to_string(),
        "no model provider answered (first: the model's rate limit or quota is used up; try again in 60 s; second: the \
         model's filter blocked the question or the answer (SAFETY); third: the model's rate limit or quota is used up; \
         try again in 30 s)"
    );
    let mut items: Vec<_> = chain.stream(hello()).collect().await;
    let error = items.pop().unwrap().unwrap_err();
    assert!(error.to_string().contains("first: not asked, it asked to be left alone"), "{error}");
    assert!(items.is_empty());
}

#[tokio::test]
async fn a_chain_without_providers_says_what_to_do() {
    let (chain, _) = chain(&[], ChainConfig::default());
    let error = chain.generate(&question("hello")).await.unwrap_err();
    assert!(error.to_string().contains("set GOOGLE_API_KEY"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn what_an_answer_cost_is_told_with_it() {
    let usage = Usage { prompt_tokens: 7, output_tokens: 2, total_tokens: 9, ..Usage::default() };
    let answer = Answer { text: "hello".into(), picture: None, tool_calls: vec![], usage, finish: FinishReason::Stop };
    let (chain, _) = chain(&[&Script::always(Step::Answer(answer.clone()))], NO_PATIENCE);
    assert_eq!(chain.generate(&question("hello")).await.unwrap().answer, answer);
}

fn real_chain(gemini_server: &GeminiServer, openai_server: &OpenAiServer) -> Chain {
    let gemini = gemini(gemini_server, "gemini-3.8-flash", PATIENT);
    Chain::new(vec![Arc::new(gemini), Arc::new(openai(openai_server, PATIENT))], NO_PATIENCE)
}

#[tokio::test]
async fn real_servers_fall_back_too() {
    let (gemini_server, openai_server) = (GeminiServer::start().await.unwrap(), OpenAiServer::start().await.unwrap());
    let chain = real_chain(&gemini_server, &openai_server);
    gemini_server
        .next(Behaviour::chunks_then(["You sa"], End::Cut))
        .next(Behaviour::rate_limited(Duration::from_secs(99)));
    let events: Vec<Event> = chain.stream(hello()).map(Result::unwrap).collect().await;
    assert_eq!(texts(&events), ["You sa", "You ", "said: ", "hello"]);
    for provider in ["openai", "openai"] {
        assert_eq!(chain.generate(&question("hello")).await.unwrap().provider, provider);
    }
    assert_eq!(gemini_server.requests().len(), 2, "it rests now");
}

#[tokio::test]
async fn a_turn_that_one_provider_began_with_a_tool_is_finished_by_another() {
    let (gemini_server, openai_server) = (GeminiServer::start().await.unwrap(), OpenAiServer::start().await.unwrap());
    let chain = real_chain(&gemini_server, &openai_server);
    gemini_server.next(Behaviour::refuse(500));
    let mut request = Request { tools: [weather()].into(), ..question("weather please") };
    let asked = chain.generate(&request).await.unwrap();
    assert_eq!(asked.provider, "openai");
    let calls = asked.answer.tool_calls;
    request.context.push(Message::tool_calls(calls.clone()));
    request.context.push(Message::tool_results(vec![(&calls[0], json!("sunny"))]));
    // Gemini 3 refuses calls that are not signed; OpenAI signs nothing.
    let answered = chain.generate(&request).await.unwrap();
    assert_eq!(answered.provider, "gemini");
    assert_eq!(answered.answer.text, r#"The tool get_weather says {"result":"sunny"}."#);
}
