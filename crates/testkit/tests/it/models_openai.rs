//! Stories about the chat completions server.

use std::time::Duration;

use evolve_testkit::models::{Behaviour, OpenAiServer};
use reqwest::Client;
use rstest::rstest;
use serde_json::{Value, json};

async fn server() -> OpenAiServer {
    OpenAiServer::start().await.unwrap()
}

async fn ask(server: &OpenAiServer, body: &Value) -> reqwest::Response {
    let url = format!("{}/chat/completions", server.base_url());
    Client::new().post(url).bearer_auth("k").json(body).send().await.unwrap()
}

async fn complete(server: &OpenAiServer, body: &Value) -> (u16, Value) {
    let response = ask(server, body).await;
    (response.status().as_u16(), response.json().await.unwrap())
}

fn hello() -> Value {
    json!({ "model": "gpt-test", "messages": [{ "role": "user", "content": "hello" }] })
}

fn with(field: &str, value: Value) -> Value {
    let mut body = hello();
    body[field] = value;
    body
}

fn talk(messages: Value) -> Value {
    json!({ "model": "gpt-test", "messages": messages })
}

#[tokio::test]
async fn it_lists_its_models_and_answers() {
    let server = server().await;
    let models: Value =
        Client::new().get(format!("{}/models", server.base_url())).send().await.unwrap().json().await.unwrap();
    assert_eq!(models["data"][0]["id"], "gpt-test");
    let (status, answer) = complete(&server, &hello()).await;
    assert_eq!((status, &answer["choices"][0]["message"]["content"]), (200, &json!("You said: hello")));
    assert_eq!((&answer["choices"][0]["finish_reason"], &answer["usage"]["total_tokens"]), (&json!("stop"), &json!(7)));
}

#[tokio::test]
async fn a_stream_has_comments_deltas_usage_if_asked_for_and_an_end() {
    let server = server().await;
    let mut body = with("stream", json!(true));
    body["stream_options"] = json!({ "include_usage": true });
    let stream = ask(&server, &body).await.text().await.unwrap();
    assert!(stream.starts_with(": PROCESSING\n\n"));
    let events: Vec<&str> = stream.split("\n\n").filter_map(|event| event.strip_prefix("data: ")).collect();
    assert_eq!(events.last(), Some(&"[DONE]"));
    let chunks: Vec<Value> =
        events[..events.len() - 1].iter().map(|event| serde_json::from_str(event).unwrap()).collect();
    let texts: Vec<&str> = chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str()).collect();
    assert_eq!(texts, ["", "You ", "said: ", "hello"]);
    assert_eq!(chunks.last().unwrap()["usage"]["total_tokens"], 7);
    let without = ask(&server, &with("stream", json!(true))).await.text().await.unwrap();
    assert!(!without.contains("usage"));
}

#[rstest]
#[case::unknown_field(with("max_token", json!(1)), "Unrecognized request argument supplied: max_token")]
#[case::two_limits(
    json!({ "model": "m", "messages": [{ "role": "user" }], "max_tokens": 1, "max_completion_tokens": 1 }),
    "at the same time")]
#[case::options_of_no_stream(with("stream_options", json!({})), "only allowed when 'stream' is enabled")]
#[case::no_messages(talk(json!([])), "empty array")]
#[case::a_role_of_others(talk(json!([{ "role": "model", "content": "x" }])), "Invalid value: 'model'")]
#[case::a_result_without_a_call(talk(json!([{ "role": "tool", "tool_call_id": "x", "content": "y" }])), "must be a response")]
#[case::a_call_without_a_result(
    talk(json!([{ "role": "assistant", "tool_calls": [{ "id": "x" }] }, { "role": "user", "content": "y" }])),
    "did not have response messages: x")]
#[tokio::test]
async fn what_the_real_one_refuses_is_refused(#[case] body: Value, #[case] words: &str) {
    let (status, answer) = complete(&server().await, &body).await;
    let message = answer["error"]["message"].as_str().unwrap_or_default();
    assert_eq!((status, &answer["error"]["type"]), (400, &json!("invalid_request_error")));
    assert!(message.contains(words), "{message}");
}

#[tokio::test]
async fn a_tool_is_called_when_the_prompt_asks_for_it_and_its_result_is_used() {
    let server = server().await;
    let mut body = talk(json!([{ "role": "user", "content": "weather please" }]));
    let parameters = json!({ "type": "object", "properties": { "city": { "type": "string" } } });
    body["tools"] = json!([{ "type": "function", "function": { "name": "get_weather", "parameters": parameters } }]);
    let (_, answer) = complete(&server, &body).await;
    let message = answer["choices"][0]["message"].clone();
    assert_eq!(message["tool_calls"][0]["function"]["arguments"], r#"{"city":"weather please"}"#);
    assert_eq!(answer["choices"][0]["finish_reason"], "tool_calls");
    let id = message["tool_calls"][0]["id"].clone();
    let messages = body["messages"].as_array_mut().unwrap();
    messages.extend([message, json!({ "role": "tool", "tool_call_id": id, "content": "sunny" })]);
    let (_, answer) = complete(&server, &body).await;
    assert_eq!(answer["choices"][0]["message"]["content"], "The tool says sunny.");
}

#[tokio::test]
async fn errors_are_those_of_the_api() {
    let server = server().await;
    server.next(Behaviour::rate_limited(Duration::from_secs(3))).next(Behaviour::refuse(503));
    let response = ask(&server, &hello()).await;
    assert_eq!((response.status().as_u16(), &response.headers()["retry-after"]), (429, &"3".parse().unwrap()));
    assert_eq!(complete(&server, &hello()).await.1["error"]["type"], "server_error");
    let (status, answer) = complete(&server, &with("model", json!("no-such-model"))).await;
    assert_eq!((status, &answer["error"]["code"]), (404, &json!("model_not_found")));
    server.require_key("another");
    let (status, answer) = complete(&server, &hello()).await;
    assert_eq!((status, &answer["error"]["code"]), (401, &json!("invalid_api_key")));
}
