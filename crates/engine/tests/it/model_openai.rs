//! Stories about OpenAI-compatible servers.

use std::time::Duration;

use evolve_engine::model::{
    Event, FinishReason, Message, ModelError, ModelProvider, OpenAi, OpenAiConfig, Request, Thinking, ToolChoice,
    Usage, Waited,
};
use evolve_testkit::models::{Behaviour, End, OpenAiServer, Piece};
use futures::StreamExt;
use rstest::rstest;
use serde_json::{Value, json};

use crate::model_support::{IMPATIENT, PATIENT, PIXEL, both, openai, question, rich, texts, weather, whole};

#[tokio::test]
async fn a_rich_request_is_sent_as_the_api_wants_it() {
    let server = OpenAiServer::start().await.unwrap();
    let answers = both(&openai(&server, PATIENT), &rich(Some("only Gemini knows this"))).await;
    assert_eq!(answers.map(|answer| answer.unwrap().text), [r#"The tool says {"degrees":-3}."#; 2]);
    let requests = server.requests();
    assert_eq!(requests[0].headers["authorization"], "Bearer test-key");
    insta::assert_json_snapshot!("request_openai", requests[0].body);
    assert_eq!(requests[1].body["stream_options"], json!({ "include_usage": true }));
}

#[tokio::test]
async fn a_local_server_needs_no_key_and_a_reasoning_model_gets_its_effort() {
    let server = OpenAiServer::start().await.unwrap();
    let config = OpenAiConfig {
        name: String::from("ollama"),
        api_key: None,
        model: String::from("qwen"),
        base_url: format!("{}/", server.base_url()).parse().unwrap(),
        reasoning_effort: true,
        limits: PATIENT,
    };
    let provider = OpenAi::new(reqwest::Client::new(), config).unwrap();
    let request = Request { thinking: Thinking::Budget(5000), ..question("hello") };
    assert_eq!(provider.generate(&request).await.unwrap().text, "You said: hello");
    assert_eq!((provider.name(), provider.model()), ("ollama", "qwen"));
    let sent = &server.requests()[0];
    assert_eq!(sent.headers.get("authorization"), None);
    assert_eq!(sent.body["reasoning_effort"], "medium");
}

#[tokio::test]
async fn a_person_sees_the_answer_while_the_model_still_speaks() {
    let server = OpenAiServer::start().await.unwrap();
    server.next(Behaviour::chunks_then(["Hel", "lo"], End::Silence));
    let mut stream = openai(&server, PATIENT).stream(&question("hi")).await.unwrap();
    let mut events = Vec::new();
    while texts(&events).len() < 2 {
        events.push(stream.next().await.unwrap().unwrap());
    }
    assert_eq!(texts(&events), ["Hel", "lo"]);
    server.release();
    let rest: Vec<Event> = stream.map(Result::unwrap).collect().await;
    let usage = Usage { prompt_tokens: 3, output_tokens: 2, total_tokens: 5, ..Usage::default() };
    assert_eq!(rest, [Event::Usage(usage), Event::Finished(FinishReason::Stop)]);
}

#[tokio::test]
async fn tool_calls_that_come_in_pieces_are_put_together() {
    let server = OpenAiServer::start().await.unwrap();
    let call = |city: &str| Piece::Call { name: "get_weather".into(), args: json!({ "city": city }) };
    let pieces = vec![Piece::Text("One moment.".into()), call("Oslo"), call("Rome")];
    server.always(Behaviour::Answer { pieces, end: End::Finished });
    for answer in both(&openai(&server, PATIENT), &question("hi")).await {
        let answer = answer.unwrap();
        assert_eq!((answer.text.as_str(), answer.finish), ("One moment.", FinishReason::ToolCalls));
        let calls: Vec<(&str, &Value)> = answer.tool_calls.iter().map(|call| (call.id.as_str(), &call.args)).collect();
        assert_eq!(calls, [("call_0", &json!({ "city": "Oslo" })), ("call_1", &json!({ "city": "Rome" }))]);
    }
}

#[tokio::test]
async fn a_tool_is_called_and_its_result_is_used() {
    let server = OpenAiServer::start().await.unwrap();
    let provider = openai(&server, PATIENT);
    let mut request = Request { tools: [weather()].into(), ..question("weather please") };
    let calls = provider.generate(&request).await.unwrap().tool_calls;
    request.context.push(Message::tool_calls(calls.clone()));
    request.context.push(Message::tool_results(vec![(&calls[0], json!("sunny"))]));
    assert_eq!(provider.generate(&request).await.unwrap().text, r#"The tool says "sunny"."#);

    let request = Request { tools: [weather()].into(), tool_choice: ToolChoice::None, ..question("weather please") };
    assert_eq!(provider.generate(&request).await.unwrap().text, "You said: weather please");
}

fn chunks(chunks: &[Value]) -> String {
    chunks.iter().map(|chunk| format!("data: {chunk}\n\n")).collect()
}

fn delta(delta: Value) -> Value {
    json!({ "choices": [{ "index": 0, "delta": delta }] })
}

fn tool_delta(call: Value) -> Value {
    delta(json!({ "tool_calls": [call] }))
}

/// How servers after OpenAI stream a call of `f` with `{"a":1}`.
#[rstest]
#[case::ollama_gives_no_index_and_an_object(vec![
    tool_delta(json!({ "id": "x", "function": { "name": "f", "arguments": { "a": 1 } } }))])]
#[case::some_give_no_id(vec![
    tool_delta(json!({ "index": 0, "function": { "name": "f", "arguments": "{\"a\"" } })),
    tool_delta(json!({ "index": 0, "function": { "arguments": ":1}" } }))])]
#[case::some_repeat_the_id_and_give_no_index(vec![
    tool_delta(json!({ "id": "x", "function": { "name": "f", "arguments": "{\"a\"" } })),
    tool_delta(json!({ "id": "x", "function": { "arguments": ":1}" } }))])]
#[case::some_send_nulls(vec![
    json!({ "choices": [{ "delta": { "content": null, "tool_calls": null }, "finish_reason": null }], "usage": null }),
    tool_delta(json!({ "index": 0, "id": "x", "function": { "name": "f", "arguments": "{\"a\":1}" } })),
    tool_delta(json!({ "index": 0, "id": null, "function": { "name": null, "arguments": null } }))])]
#[tokio::test]
async fn servers_that_differ_in_details_are_understood(#[case] deltas: Vec<Value>) {
    let server = OpenAiServer::start().await.unwrap();
    server.next(Behaviour::raw("text/event-stream", format!("{}data: [DONE]\n\n", chunks(&deltas))));
    let answer = whole(openai(&server, PATIENT).stream(&question("hi")).await).await.unwrap();
    assert_eq!(answer.tool_calls.len(), 1);
    assert_eq!((answer.tool_calls[0].name.as_str(), &answer.tool_calls[0].args), ("f", &json!({ "a": 1 })));
    assert!(!answer.tool_calls[0].id.is_empty());
}

#[tokio::test]
async fn a_connection_that_breaks_after_the_answer_is_complete_loses_nothing() {
    let server = OpenAiServer::start().await.unwrap();
    let end = json!({ "choices": [{ "delta": {}, "finish_reason": "stop" }] });
    server.next(Behaviour::raw("text/event-stream", chunks(&[delta(json!({ "content": "Hello" })), end])));
    let answer = whole(openai(&server, PATIENT).stream(&question("hi")).await).await.unwrap();
    assert_eq!(answer.text, "Hello");
}

#[tokio::test]
async fn a_server_that_never_says_goodbye_does_not_keep_the_person_waiting() {
    let server = OpenAiServer::start().await.unwrap();
    server.next(Behaviour::chunks_then(["Hello"], End::Lingering));
    let began = std::time::Instant::now();
    let answer = whole(openai(&server, PATIENT).stream(&question("hi")).await).await.unwrap();
    assert_eq!((answer.text.as_str(), answer.finish), ("Hello", FinishReason::Stop));
    assert!(began.elapsed() < PATIENT.idle);
}

fn message(message: Value) -> Behaviour {
    Behaviour::Object(json!({ "choices": [{ "message": message, "finish_reason": "stop" }] }))
}

fn refusal(status: u16, error: Value) -> Behaviour {
    Behaviour::Refuse { status, headers: vec![], body: Some(json!({ "error": error })), retry_after: None }
}

fn until_a_date() -> Behaviour {
    let headers = vec![("Retry-After".to_owned(), "Wed, 21 Oct 2015 07:28:00 GMT".to_owned())];
    Behaviour::Refuse { status: 429, headers, body: None, retry_after: None }
}

#[rstest]
#[case::overloaded(Behaviour::refuse(503), "unavailable", None)]
#[case::broken(Behaviour::refuse(500), "unavailable", None)]
#[case::a_proxy_that_gave_up(refusal(524, Value::Null), "unavailable", None)]
#[case::too_many_requests(Behaviour::refuse(429), "rate_limited", None)]
#[case::too_many_requests_for_a_while(Behaviour::rate_limited(Duration::from_secs(9)), "rate_limited", Some(9))]
#[case::until_a_date_that_is_over(until_a_date(), "rate_limited", None)]
#[case::our_request_is_wrong(Behaviour::refuse(400), "rejected", None)]
#[case::no_credit(Behaviour::refuse(402), "rejected", None)]
#[case::openrouter_moderates(refusal(403, json!({ "code": 403, "metadata": { "reasons": ["x"] } })), "blocked", None)]
#[case::azure_filters(refusal(400, json!({ "code": "content_filter", "message": "x" })), "blocked", None)]
#[case::answer_filtered(Behaviour::nothing_but("content_filter"), "blocked", None)]
#[case::refused_in_words(message(json!({ "content": null, "refusal": "I cannot." })), "blocked", None)]
#[case::all_tokens_went_into_thinking(Behaviour::nothing_but("length"), "empty", None)]
#[case::nothing_said(Behaviour::nothing_but("stop"), "empty", None)]
#[case::a_call_without_a_name(message(json!({ "tool_calls": [{ "id": "x" }] })), "malformed", None)]
#[case::arguments_that_are_not_json(
    message(json!({ "tool_calls": [{ "function": { "name": "f", "arguments": "{\"a\":" } }] })), "malformed", None)]
#[case::arguments_that_are_a_list(
    message(json!({ "tool_calls": [{ "function": { "name": "f", "arguments": "[1]" } }] })), "malformed", None)]
#[case::garbage(Behaviour::garbage(), "malformed", None)]
#[case::choices_of_another_kind(Behaviour::Object(json!({ "choices": 7 })), "malformed", None)]
#[case::half_an_answer(Behaviour::chunks_then(["Hel"], End::Truncated), "malformed", None)]
#[case::far_too_much(Behaviour::say("x".repeat(100_000)), "malformed", None)]
#[case::the_connection_breaks(Behaviour::chunks_then(["Hel"], End::Cut), "unavailable", None)]
#[case::an_error_on_the_way(Behaviour::chunks_then(["Hel"], End::Error(502)), "unavailable", None)]
#[tokio::test]
async fn whatever_the_server_does_the_error_says_what_it_was(
    #[case] behaviour: Behaviour,
    #[case] kind: &str,
    #[case] retry_after: Option<u64>,
) {
    let server = OpenAiServer::start().await.unwrap();
    server.always(behaviour);
    for answer in both(&openai(&server, PATIENT), &question("hello")).await {
        let error = answer.unwrap_err();
        assert_eq!((error.kind(), error.retry_after()), (kind, retry_after.map(Duration::from_secs)), "{error}");
    }
}

#[tokio::test]
async fn a_model_that_never_stops_calling_tools_is_stopped() {
    let server = OpenAiServer::start().await.unwrap();
    server.always(Behaviour::EndlessCalls { name: "get_weather".into() });
    let error = whole(openai(&server, PATIENT).stream(&question("hi")).await).await.unwrap_err();
    assert_eq!(error, ModelError::Malformed { what: "it holds more than 64 tool calls".into() });
}

#[tokio::test]
async fn a_server_that_says_nothing_is_not_waited_for_forever() {
    let server = OpenAiServer::start().await.unwrap();
    server.always(Behaviour::Hang);
    for answer in both(&openai(&server, IMPATIENT), &question("hello")).await {
        let error = answer.unwrap_err();
        assert_eq!(error, ModelError::TimedOut { waited: Waited::Answer, limit: IMPATIENT.total });
    }
    server.always(Behaviour::chunks_then(["Hel"], End::Silence));
    let error = whole(openai(&server, IMPATIENT).stream(&question("hello")).await).await.unwrap_err();
    assert_eq!(error, ModelError::TimedOut { waited: Waited::NextPiece, limit: IMPATIENT.idle });
}

#[tokio::test]
async fn an_operator_reads_what_is_wrong_with_the_configuration() {
    let server = OpenAiServer::start().await.unwrap();
    server.require_key("another key");
    let error = openai(&server, PATIENT).generate(&question("hello")).await.unwrap_err();
    let words = error.to_string();
    assert!(words.contains("401 invalid_api_key: check the API key and what it may do."), "{words}");
}

#[tokio::test]
async fn what_a_server_draws_comes_with_the_words_and_no_address_is_followed() {
    let server = OpenAiServer::start().await.unwrap();
    let config = OpenAiConfig {
        name: String::from("openrouter"),
        api_key: Some("test-key".into()),
        model: String::from("google/gemini-2.5-flash-image"),
        base_url: server.base_url().parse().unwrap(),
        reasoning_effort: false,
        limits: PATIENT,
    };
    let provider = OpenAi::new(reqwest::Client::new(), config).unwrap();
    server.always(Behaviour::draw("A cat.", PIXEL));
    let request = Request { tools: [weather()].into(), ..question("draw a cat") };
    for answer in both(&provider, &request).await {
        let answer = answer.unwrap();
        assert_eq!((answer.text.as_str(), answer.picture.unwrap().bytes()), ("A cat.", PIXEL));
    }
    let sent = &server.requests()[0].body;
    assert_eq!((&sent["modalities"], sent.get("tools")), (&json!(["image", "text"]), None));
    let elsewhere = json!({ "image_url": { "url": format!("{}/v1/models", server.url()) } });
    let message = json!({ "content": "Look.", "images": [elsewhere] });
    server.next(Behaviour::Object(json!({ "choices": [{ "message": message, "finish_reason": "stop" }] })));
    let answer = provider.generate(&request).await.unwrap();
    assert_eq!((answer.text.as_str(), answer.picture), ("Look.", None));
    assert_eq!(server.requests().len(), 3);
}
