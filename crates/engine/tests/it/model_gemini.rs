//! Stories about Gemini, against a server that speaks as Google's does.

use std::time::Duration;

use evolve_engine::model::{
    Event, FinishReason, Message, ModelError, ModelProvider, Request, Thinking, ToolChoice, Waited,
};
use evolve_testkit::models::{Behaviour, End, GeminiServer, Piece};
use futures::StreamExt;
use rstest::rstest;
use serde_json::{Value, json};

use crate::model_support::{IMPATIENT, PATIENT, PIXEL, both, gemini, question, rich, texts, weather, whole};

const MODEL: &str = "gemini-3.8-flash";

#[rstest]
#[case::the_default_model("gemini-3.8-flash")]
#[case::one_of_the_generation_before("gemini-2.5-flash")]
#[tokio::test]
async fn a_rich_request_is_sent_as_the_api_wants_it(#[case] model: &str) {
    let server = GeminiServer::start().await.unwrap();
    let signature = "dGVzdGtpdCBzaWduZWQgZ2V0X3dlYXRoZXI=";
    gemini(&server, model, PATIENT).generate(&rich(Some(signature))).await.unwrap();
    insta::assert_json_snapshot!(format!("request_{model}"), server.requests()[0].body);
}

#[tokio::test]
async fn the_key_travels_in_a_header_and_never_in_the_url() {
    let server = GeminiServer::start().await.unwrap();
    let provider = gemini(&server, MODEL, PATIENT);
    for answer in both(&provider, &question("hello")).await {
        assert_eq!(answer.unwrap().text, "You said: hello");
    }
    let requests = server.requests();
    assert_eq!(requests[0].uri, "/v1beta/models/gemini-3.8-flash:generateContent");
    assert_eq!(requests[1].uri, "/v1beta/models/gemini-3.8-flash:streamGenerateContent?alt=sse");
    assert!(requests.iter().all(|request| request.headers["x-goog-api-key"] == "test-key"));
    assert!(!format!("{provider:?}").contains("test-key"), "the key must not be in debug output");
}

#[tokio::test]
async fn a_person_sees_the_answer_while_the_model_still_speaks() {
    let server = GeminiServer::start().await.unwrap();
    server.next(Behaviour::chunks_then(["Hel", "lo"], End::Silence));
    let mut stream = gemini(&server, MODEL, PATIENT).stream(&question("hi")).await.unwrap();
    let mut events = Vec::new();
    while texts(&events).len() < 2 {
        events.push(stream.next().await.unwrap().unwrap());
    }
    assert_eq!(texts(&events), ["Hel", "lo"]);
    server.release();
    let rest: Vec<Event> = stream.map(Result::unwrap).collect().await;
    assert_eq!(rest.last(), Some(&Event::Finished(FinishReason::Stop)));
}

#[tokio::test]
async fn a_server_that_never_says_goodbye_does_not_keep_the_person_waiting() {
    let server = GeminiServer::start().await.unwrap();
    server.next(Behaviour::chunks_then(["Hello"], End::Lingering));
    let began = std::time::Instant::now();
    let answer = whole(gemini(&server, MODEL, PATIENT).stream(&question("hi")).await).await.unwrap();
    assert_eq!((answer.text.as_str(), answer.finish), ("Hello", FinishReason::Stop));
    assert!(began.elapsed() < PATIENT.idle);
}

#[tokio::test]
async fn a_tool_call_goes_back_with_its_signature_and_its_result() {
    let server = GeminiServer::start().await.unwrap();
    let provider = gemini(&server, MODEL, PATIENT);
    let mut request = Request { tools: [weather()].into(), ..question("weather please") };
    for answer in both(&provider, &request).await {
        let answer = answer.unwrap();
        assert_eq!(answer.finish, FinishReason::ToolCalls);
        assert_eq!(answer.tool_calls[0].args, json!({ "city": "weather please" }));
        assert!(answer.tool_calls[0].signature.is_some());
        request.context.truncate(1);
        request.context.push(Message::tool_calls(answer.tool_calls.clone()));
        request.context.push(Message::tool_results(vec![(&answer.tool_calls[0], json!({ "degrees": 20 }))]));
        // The server refuses a call without the signature that it gave.
        let said = provider.generate(&request).await.unwrap().text;
        assert_eq!(said, r#"The tool get_weather says {"degrees":20}."#);
        request.context.truncate(1);
    }
}

#[tokio::test]
async fn a_call_that_another_provider_made_is_not_refused_for_want_of_a_signature() {
    let server = GeminiServer::start().await.unwrap();
    let answer = gemini(&server, MODEL, PATIENT).generate(&rich(None)).await.unwrap();
    assert_eq!(answer.text, r#"The tool get_weather says {"degrees":-3}."#);
}

#[tokio::test]
async fn calls_made_at_once_and_calls_made_later_have_different_ids() {
    let server = GeminiServer::start().await.unwrap();
    let call = |city: &str| Piece::Call { name: "get_weather".into(), args: json!({ "city": city }) };
    server.always(Behaviour::Answer { pieces: vec![call("Oslo"), call("Rome")], end: End::Finished });
    for answer in both(&gemini(&server, MODEL, PATIENT), &rich(None)).await {
        let ids: Vec<String> = answer.unwrap().tool_calls.into_iter().map(|call| call.id).collect();
        assert_eq!(ids, ["call-2", "call-3"]);
    }
}

#[tokio::test]
async fn a_model_that_may_not_call_tools_answers_in_words() {
    let server = GeminiServer::start().await.unwrap();
    let request = Request { tools: [weather()].into(), tool_choice: ToolChoice::None, ..question("weather please") };
    let answer = gemini(&server, MODEL, PATIENT).generate(&request).await.unwrap();
    assert_eq!((answer.text.as_str(), answer.tool_calls.len()), ("You said: weather please", 0));
}

#[tokio::test]
async fn what_the_model_thinks_is_never_shown_but_is_counted() {
    let server = GeminiServer::start().await.unwrap();
    let pieces = vec![Piece::Thought("they are sad".into()), Piece::Text("I am with you.".into())];
    server.always(Behaviour::Answer { pieces, end: End::Finished });
    for answer in both(&gemini(&server, MODEL, PATIENT), &question("hi")).await {
        let answer = answer.unwrap();
        assert_eq!(answer.text, "I am with you.");
        let usage = answer.usage;
        assert_eq!(
            (usage.prompt_tokens, usage.output_tokens, usage.thinking_tokens, usage.total_tokens),
            (3, 4, 3, 10)
        );
    }
}

#[tokio::test]
async fn an_answer_that_hits_the_limit_is_kept_as_far_as_it_came() {
    let server = GeminiServer::start().await.unwrap();
    server.always(Behaviour::chunks_then(["Once upon"], End::Reason("MAX_TOKENS".into())));
    for answer in both(&gemini(&server, MODEL, PATIENT), &question("a story")).await {
        let answer = answer.unwrap();
        assert_eq!((answer.text.as_str(), answer.finish), ("Once upon", FinishReason::Length));
    }
}

#[rstest]
#[case::no_thinking_on_a_model_without("gemini-2.0-flash")]
#[case::pro_cannot_be_off("gemini-2.5-pro")]
#[case::lite("gemini-2.5-flash-lite")]
#[case::minimal_where_it_exists("gemini-3.6-flash")]
#[case::low_where_it_does_not("gemini-3.8-flash")]
#[case::pro("gemini-3.1-pro-preview")]
#[tokio::test]
async fn every_model_takes_the_thinking_settings_that_it_is_sent(#[case] model: &str) {
    let server = GeminiServer::start().await.unwrap();
    let provider = gemini(&server, model, PATIENT);
    for budget in [-1, 0, 1, 100, 5000, 999_999] {
        let request = Request { thinking: Thinking::Budget(budget), ..question("hello") };
        provider.generate(&request).await.unwrap();
    }
}

fn refusal_in_words() -> Behaviour {
    let error = json!({ "code": 429, "message": "Quota.\nPlease retry in 7.5s.", "status": "RESOURCE_EXHAUSTED" });
    Behaviour::Refuse { status: 429, headers: vec![], body: Some(json!({ "error": error })), retry_after: None }
}

fn refusal_in_details() -> Behaviour {
    let info = json!({ "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "7.25s" });
    let error = json!({ "code": 429, "message": "Quota.", "status": "RESOURCE_EXHAUSTED", "details": [info] });
    Behaviour::Refuse { status: 429, headers: vec![], body: Some(json!({ "error": error })), retry_after: None }
}

fn refusal_with_header() -> Behaviour {
    let headers = vec![("Retry-After".to_owned(), "30".to_owned())];
    Behaviour::Refuse { status: 503, headers, body: Some(Value::Null), retry_after: None }
}

fn odd_call(call: Value) -> Behaviour {
    let content = json!({ "parts": [{ "functionCall": call }] });
    Behaviour::Object(json!({ "candidates": [{ "content": content, "finishReason": "STOP" }] }))
}

#[rstest]
#[case::overloaded(Behaviour::refuse(503), "unavailable", None)]
#[case::broken(Behaviour::refuse(500), "unavailable", None)]
#[case::too_slow_itself(Behaviour::refuse(504), "unavailable", None)]
#[case::overloaded_for_a_while(refusal_with_header(), "unavailable", Some(30_000))]
#[case::too_many_requests(Behaviour::refuse(429), "rate_limited", None)]
#[case::too_many_requests_for_a_while(Behaviour::rate_limited(Duration::from_secs(7)), "rate_limited", Some(7000))]
#[case::too_many_requests_in_details(refusal_in_details(), "rate_limited", Some(7250))]
#[case::too_many_requests_in_words(refusal_in_words(), "rate_limited", Some(7500))]
#[case::our_request_is_wrong(Behaviour::refuse(400), "rejected", None)]
#[case::the_key_may_not(Behaviour::refuse(403), "rejected", None)]
#[case::a_redirect(Behaviour::refuse(302), "rejected", None)]
#[case::question_blocked(Behaviour::nothing_but("prompt:PROHIBITED_CONTENT"), "blocked", None)]
#[case::answer_blocked(Behaviour::nothing_but("SAFETY"), "blocked", None)]
#[case::answer_blocked_on_the_way(
    Behaviour::chunks_then(["You could"], End::Reason("RECITATION".into())), "blocked", None)]
#[case::all_tokens_went_into_thinking(Behaviour::nothing_but("MAX_TOKENS"), "empty", None)]
#[case::nothing_said(Behaviour::nothing_but("STOP"), "empty", None)]
#[case::only_blanks_said(Behaviour::say(" \n "), "empty", None)]
#[case::a_call_that_cannot_be_read(Behaviour::nothing_but("MALFORMED_FUNCTION_CALL"), "malformed", None)]
#[case::a_call_without_a_name(odd_call(json!({ "args": {} })), "malformed", None)]
#[case::a_call_with_a_list_of_arguments(odd_call(json!({ "name": "x", "args": [1] })), "malformed", None)]
#[case::garbage(Behaviour::garbage(), "malformed", None)]
#[case::an_empty_object(Behaviour::Object(json!({})), "malformed", None)]
#[case::json_of_another_kind(Behaviour::Object(json!({ "candidates": "many" })), "malformed", None)]
#[case::an_empty_body(Behaviour::raw("text/plain", ""), "malformed", None)]
#[case::half_an_answer(Behaviour::chunks_then(["Hel"], End::Truncated), "malformed", None)]
#[case::far_too_much(Behaviour::say("x".repeat(100_000)), "malformed", None)]
#[case::the_connection_breaks(Behaviour::chunks_then(["Hel"], End::Cut), "unavailable", None)]
#[case::an_error_on_the_way(Behaviour::chunks_then(["Hel"], End::Error(503)), "unavailable", None)]
#[tokio::test]
async fn whatever_the_server_does_the_error_says_what_it_was(
    #[case] behaviour: Behaviour,
    #[case] kind: &str,
    #[case] retry_after: Option<u64>,
) {
    let server = GeminiServer::start().await.unwrap();
    server.always(behaviour);
    for answer in both(&gemini(&server, MODEL, PATIENT), &question("hello")).await {
        let error = answer.unwrap_err();
        assert_eq!((error.kind(), error.retry_after()), (kind, retry_after.map(Duration::from_millis)), "{error}");
    }
}

#[tokio::test]
async fn a_model_that_never_stops_calling_tools_is_stopped() {
    let server = GeminiServer::start().await.unwrap();
    server.always(Behaviour::EndlessCalls { name: "get_weather".into() });
    let error = whole(gemini(&server, MODEL, PATIENT).stream(&question("hi")).await).await.unwrap_err();
    assert_eq!(error, ModelError::Malformed { what: "it holds more than 64 tool calls".into() });
}

#[tokio::test]
async fn a_server_that_says_nothing_is_not_waited_for_forever() {
    let server = GeminiServer::start().await.unwrap();
    server.always(Behaviour::Hang);
    for answer in both(&gemini(&server, MODEL, IMPATIENT), &question("hello")).await {
        let error = answer.unwrap_err();
        assert_eq!(error, ModelError::TimedOut { waited: Waited::Answer, limit: IMPATIENT.total });
    }
    server.always(Behaviour::chunks_then(["Hel"], End::Silence));
    let error = whole(gemini(&server, MODEL, IMPATIENT).stream(&question("hello")).await).await.unwrap_err();
    assert_eq!(error, ModelError::TimedOut { waited: Waited::NextPiece, limit: IMPATIENT.idle });
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let server = GeminiServer::start().await.unwrap();
    let provider = gemini(&server, MODEL, PATIENT);
    // A port that was free a moment ago and that nobody listens on.
    drop(server);
    evolve_testkit::eventually("the server is gone", async || {
        matches!(provider.generate(&question("hello")).await, Err(ModelError::Unavailable { status: None, .. }))
    })
    .await;
}

#[tokio::test]
async fn an_operator_reads_what_is_wrong_with_the_configuration() {
    let server = GeminiServer::start().await.unwrap();
    server.require_key("another key");
    let error = gemini(&server, MODEL, PATIENT).generate(&question("hello")).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the model's server refuses our request with 400 API_KEY_INVALID: GOOGLE_API_KEY is not a valid key"
    );
    server.require_key("test-key");
    let error = gemini(&server, "gemini-1.0-ultra", PATIENT).generate(&question("hello")).await.unwrap_err();
    assert!(error.to_string().contains("check the model's name and the base URL"), "{error}");
}

#[tokio::test]
async fn what_a_person_wrote_is_in_no_error_and_no_debug_output() {
    const SECRET: &str = "my secret sorrow";
    let server = GeminiServer::start().await.unwrap();
    let body = json!({ "error": { "code": 400, "message": format!("Invalid value: {SECRET}"), "status": "X" } });
    server.always(Behaviour::Refuse { status: 400, headers: vec![], body: Some(body), retry_after: None });
    let request = question(SECRET);
    let error = gemini(&server, MODEL, PATIENT).generate(&request).await.unwrap_err();
    assert!(!format!("{error} {error:?} {request:?}").contains(SECRET));
}

#[tokio::test]
async fn a_model_that_draws_is_told_that_it_may_and_its_picture_comes_with_the_words() {
    let server = GeminiServer::start().await.unwrap();
    let provider = gemini(&server, "gemini-3-pro-image", PATIENT);
    // What it knows nothing of would be refused: tools, and thinking.
    let request = Request { tools: [weather()].into(), thinking: Thinking::Budget(0), ..question("draw a cat") };
    server.always(Behaviour::draw("A cat.", PIXEL));
    for answer in both(&provider, &request).await {
        let answer = answer.unwrap();
        assert_eq!((answer.text.as_str(), answer.picture.unwrap().bytes()), ("A cat.", PIXEL));
    }
    let config = &server.requests()[0].body["generationConfig"];
    assert_eq!(config["responseModalities"], json!(["TEXT", "IMAGE"]));
    server.always(Behaviour::Answer { pieces: vec![Piece::Picture(PIXEL.to_vec())], end: End::Finished });
    for answer in both(&provider, &request).await {
        assert!(answer.unwrap().picture.is_some(), "a picture alone is an answer");
    }
}

#[tokio::test]
async fn what_is_drawn_and_cannot_be_shown_is_left_out_and_never_the_words() {
    let server = GeminiServer::start().await.unwrap();
    let provider = gemini(&server, "gemini-3-pro-image", PATIENT);
    server.always(Behaviour::draw("A cat.", *b"<svg>a cat</svg>"));
    for answer in both(&provider, &question("draw a cat")).await {
        let answer = answer.unwrap();
        assert_eq!((answer.text.as_str(), answer.picture), ("A cat.", None));
    }
    server.always(Behaviour::Answer { pieces: vec![Piece::Picture(b"<svg>".to_vec())], end: End::Finished });
    for answer in both(&provider, &question("draw a cat")).await {
        assert!(matches!(answer, Err(ModelError::Empty { .. })), "{answer:?}");
    }
}
