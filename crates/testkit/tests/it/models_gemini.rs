//! Stories about the Gemini server: a client that the real one would refuse is refused here, in the same words.

use std::time::Duration;

use evolve_testkit::models::{Behaviour, End, GeminiServer};
use futures::StreamExt;
use reqwest::Client;
use rstest::rstest;
use serde_json::{Value, json};

const CHAT: &str = "gemini-3.8-flash";

async fn server() -> GeminiServer {
    GeminiServer::start().await.unwrap()
}

/// Posts to `/{path}` and reads a JSON answer.
async fn post(server: &GeminiServer, path: &str, body: &Value) -> (u16, Value) {
    let request = Client::new().post(format!("{}/{path}", server.url())).header("x-goog-api-key", "k").json(body);
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn generate(server: &GeminiServer, model: &str, body: &Value) -> (u16, Value) {
    post(server, &format!("v1beta/models/{model}:generateContent"), body).await
}

fn hello() -> Value {
    json!({ "contents": [{ "role": "user", "parts": [{ "text": "hello" }] }] })
}

fn with(field: &str, value: Value) -> Value {
    let mut body = hello();
    body[field] = value;
    body
}

fn thinking(config: Value) -> Value {
    with("generationConfig", json!({ "thinkingConfig": config }))
}

#[rstest]
#[case::v1("v1")]
#[case::v1beta("v1beta")]
#[tokio::test]
async fn both_versions_and_both_spellings_are_taken(#[case] version: &str) {
    let server = server().await;
    let body = json!({
        "system_instruction": { "parts": { "text": "be kind" } },
        "contents": [{ "parts": [{ "text": "look" }, { "inline_data": { "mime_type": "image/png", "data": "aGk=" } }] }],
        "generation_config": { "max_output_tokens": 5, "thinking_config": { "thinking_level": "LOW" } },
        "safetySettings": [{ "category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE" }],
    });
    let (status, answer) = post(&server, &format!("{version}/models/{CHAT}:generateContent"), &body).await;
    assert_eq!((status, &answer["candidates"][0]["finishReason"]), (200, &json!("STOP")), "{answer}");
    assert_eq!(text(&answer), "I see an image/png picture. You said: look");
    assert_eq!(answer["usageMetadata"]["totalTokenCount"], 16);
}

#[rstest]
#[case::unknown_field(with("sysemInstruction", json!({})), r#"Unknown name "sysemInstruction": Cannot find field."#)]
#[case::unknown_field_deeper(
    with("generationConfig", json!({ "thinkingConfig": { "level": 1 } })),
    r#"Unknown name "level" at 'generation_config.thinking_config': Cannot find field."#)]
#[case::unknown_field_of_a_part(
    json!({ "contents": [{ "parts": [{ "txt": "x" }] }] }),
    r#"Unknown name "txt" at 'contents[0].parts[0]': Cannot find field."#)]
#[case::level_and_budget(
    thinking(json!({ "thinkingLevel": "low", "thinking_budget": 0 })), "only one of thinking budget and thinking level")]
#[case::a_level_that_it_has_not(
    thinking(json!({ "thinkingLevel": "MINIMAL" })), "Thinking level MINIMAL is not supported for this model.")]
#[case::no_contents(json!({ "contents": [] }), "contents is not specified")]
#[case::no_parts(json!({ "contents": [{ "role": "user" }] }), "contents.parts must not be empty")]
#[case::an_empty_text(json!({ "contents": [{ "parts": [{ "text": "" }] }] }), "required oneof field 'data'")]
#[case::a_role_of_others(json!({ "contents": [{ "role": "assistant", "parts": [{ "text": "x" }] }] }), "valid role")]
#[case::a_picture_that_is_none(
    json!({ "contents": [{ "parts": [{ "inlineData": { "mimeType": "image/png", "data": "%%" } }] }] }),
    "Unable to process input image")]
#[case::a_result_without_a_call(
    json!({ "contents": [{ "parts": [{ "functionResponse": { "name": "x", "response": {} } }] }] }),
    "number of function response parts")]
#[case::speech_from_a_model_that_writes(
    with("generationConfig", json!({ "responseModalities": ["AUDIO"] })), "combination of response modalities")]
#[tokio::test]
async fn what_the_real_one_refuses_is_refused(#[case] body: Value, #[case] words: &str) {
    let server = server().await;
    let (status, answer) = generate(&server, CHAT, &body).await;
    let message = answer["error"]["message"].as_str().unwrap_or_default();
    assert_eq!((status, &answer["error"]["status"]), (400, &json!("INVALID_ARGUMENT")), "{answer}");
    assert!(message.contains(words), "{message}");
    assert_eq!(server.requests().len(), 1, "refused requests are recorded too");
}

#[rstest]
#[case::a_level_on_2_5("gemini-2.5-flash", json!({ "thinkingLevel": "low" }), 400)]
#[case::off_on_2_5_flash("gemini-2.5-flash", json!({ "thinkingBudget": 0 }), 200)]
#[case::off_on_2_5_pro("gemini-2.5-pro", json!({ "thinkingBudget": 0 }), 400)]
#[case::dynamic_on_2_5_pro("gemini-2.5-pro", json!({ "thinkingBudget": -1 }), 200)]
#[case::too_little_on_lite("gemini-2.5-flash-lite", json!({ "thinkingBudget": 511 }), 400)]
#[case::a_budget_on_3_is_still_taken("gemini-3.8-flash", json!({ "thinkingBudget": 0 }), 200)]
#[case::minimal_on_3_6("gemini-3.6-flash", json!({ "thinkingLevel": "minimal" }), 200)]
#[case::a_model_that_does_not_think("gemini-2.0-flash", json!({ "thinkingBudget": 0 }), 400)]
#[tokio::test]
async fn each_model_has_its_own_thinking_settings(#[case] model: &str, #[case] config: Value, #[case] status: u16) {
    assert_eq!(generate(&server().await, model, &thinking(config)).await.0, status);
}

fn step(call: Value, result: Value) -> Value {
    json!({
        "contents": [
            { "role": "user", "parts": [{ "text": "weather please" }] },
            { "role": "model", "parts": [call] },
            { "role": "user", "parts": [result] },
        ],
        "tools": [{ "functionDeclarations": [{ "name": "get_weather", "parameters": { "type": "OBJECT",
            "properties": { "city": { "type": "STRING" } } } }] }],
    })
}

#[tokio::test]
async fn a_tool_call_must_come_back_signed_on_the_models_that_sign() {
    let server = server().await;
    let mut asked = step(json!({}), json!({}));
    asked["contents"].as_array_mut().unwrap().truncate(1);
    let (_, answer) = generate(&server, CHAT, &asked).await;
    let part = answer["candidates"][0]["content"]["parts"][0].clone();
    assert_eq!(part["functionCall"], json!({ "name": "get_weather", "args": { "city": "weather please" } }));
    let result = json!({ "functionResponse": { "name": "get_weather", "response": { "degrees": 20 } } });

    let (status, answer) = generate(&server, CHAT, &step(part.clone(), result.clone())).await;
    assert_eq!(status, 200, "{answer}");
    let unsigned = json!({ "functionCall": part["functionCall"] });
    let (status, answer) = generate(&server, CHAT, &step(unsigned.clone(), result.clone())).await;
    assert_eq!(status, 400);
    assert!(answer["error"]["message"].as_str().unwrap().starts_with("Function call is missing a thought_signature"));
    let forged = json!({ "functionCall": part["functionCall"], "thoughtSignature": "Zm9yZ2Vk" });
    assert_eq!(generate(&server, CHAT, &step(forged, result.clone())).await.0, 400);
    let documented =
        json!({ "functionCall": part["functionCall"], "thoughtSignature": "skip_thought_signature_validator" });
    assert_eq!(generate(&server, CHAT, &step(documented, result.clone())).await.0, 200);
    assert_eq!(generate(&server, "gemini-2.5-flash", &step(unsigned, result)).await.0, 200);
}

#[tokio::test]
async fn a_model_or_a_method_that_is_not_there_is_not_found() {
    let server = server().await;
    for path in [
        "v1beta/models/gemini-9:generateContent",
        "v2/models/gemini-3.8-flash:generateContent",
        "v1beta/models/gemini-3.8-flash:embedContent",
        "v1beta/models/gemini-3.8-flash:fly",
        "v1beta/tunedModels",
    ] {
        let (status, answer) = post(&server, path, &hello()).await;
        assert_eq!((status, &answer["error"]["status"]), (404, &json!("NOT_FOUND")), "{path}");
    }
}

#[tokio::test]
async fn a_key_must_be_given_and_be_the_right_one() {
    let server = server().await;
    server.require_key("right");
    let url = format!("{}/v1beta/models/{CHAT}:generateContent", server.url());
    let status = async |request: reqwest::RequestBuilder| {
        let response = request.json(&hello()).send().await.unwrap();
        (response.status().as_u16(), response.json::<Value>().await.unwrap()["error"]["details"][0]["reason"].clone())
    };
    let client = Client::new();
    assert_eq!(status(client.post(&url)).await, (403, Value::Null));
    assert_eq!(status(client.post(&url).header("x-goog-api-key", "wrong")).await, (400, json!("API_KEY_INVALID")));
    assert_eq!(status(client.post(&url).header("x-goog-api-key", "right")).await, (200, Value::Null));
    assert_eq!(status(client.post(format!("{url}?key=right"))).await, (200, Value::Null));
}

#[tokio::test]
async fn a_rate_limit_says_when_to_come_back_in_details_and_in_words() {
    let server = server().await;
    server.next(Behaviour::rate_limited(Duration::from_secs(7)));
    let (status, answer) = generate(&server, CHAT, &hello()).await;
    assert_eq!((status, &answer["error"]["status"]), (429, &json!("RESOURCE_EXHAUSTED")));
    assert_eq!(answer["error"]["details"][2]["retryDelay"], "7s");
    assert!(answer["error"]["message"].as_str().unwrap().ends_with("Please retry in 7s."));
    assert_eq!(generate(&server, CHAT, &hello()).await.0, 200, "the queue is over");
}

async fn stream(server: &GeminiServer, query: &str) -> reqwest::Response {
    let url = format!("{}/v1beta/models/{CHAT}:streamGenerateContent{query}", server.url());
    Client::new().post(url).header("x-goog-api-key", "k").json(&hello()).send().await.unwrap()
}

fn text(chunk: &Value) -> String {
    let parts = chunk["candidates"][0]["content"]["parts"].as_array().unwrap();
    parts.iter().filter_map(|part| part["text"].as_str()).collect()
}

#[tokio::test]
async fn a_stream_is_events_or_an_array() {
    let server = server().await;
    let events = stream(&server, "?alt=sse").await.text().await.unwrap();
    let events: Vec<Value> = events
        .split("\r\n\r\n")
        .filter_map(|event| event.strip_prefix("data: "))
        .map(|event| serde_json::from_str(event).unwrap())
        .collect();
    let array: Vec<Value> = stream(&server, "").await.json().await.unwrap();
    assert_eq!(events, array);
    assert_eq!(array.iter().map(text).collect::<Vec<_>>(), ["You ", "said: ", "hello"]);
    assert_eq!(array[2]["candidates"][0]["finishReason"], "STOP");
}

#[tokio::test]
async fn a_blocked_question_has_no_candidates_and_a_blocked_answer_no_content() {
    let server = server().await;
    server.next(Behaviour::nothing_but("prompt:SAFETY")).next(Behaviour::nothing_but("PROHIBITED_CONTENT"));
    let (_, answer) = generate(&server, CHAT, &hello()).await;
    assert_eq!((&answer["candidates"], &answer["promptFeedback"]), (&Value::Null, &json!({ "blockReason": "SAFETY" })));
    let (_, answer) = generate(&server, CHAT, &hello()).await;
    assert_eq!(answer["candidates"][0]["finishReason"], "PROHIBITED_CONTENT");
    assert_eq!(answer["candidates"][0]["content"], json!({ "role": "model" }));
}

#[tokio::test]
async fn a_connection_that_is_cut_has_given_out_what_came_before() {
    let server = server().await;
    server.next(Behaviour::chunks_then(["Hel"], End::Cut));
    let mut bytes = stream(&server, "?alt=sse").await.bytes_stream();
    let first = bytes.next().await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&first).contains("Hel"));
    assert!(bytes.next().await.unwrap().is_err());
}

#[tokio::test]
async fn what_hangs_goes_on_when_it_is_released_and_what_came_is_on_record() {
    let server = server().await;
    server.next(Behaviour::Hang);
    let hello = hello();
    let mut answer = std::pin::pin!(generate(&server, CHAT, &hello));
    let requests = tokio::select! {
        _ = &mut answer => panic!("it hangs"),
        requests = server.wait_for_requests(1) => requests,
    };
    assert_eq!((requests[0].prompt.as_str(), requests[0].model.as_str(), requests[0].stream), ("hello", CHAT, false));
    assert_eq!(requests[0].headers["x-goog-api-key"], "k");
    // The server may not have begun to wait yet: released again and again, it goes on for certain.
    let status = loop {
        server.release();
        if let Ok((status, _)) = tokio::time::timeout(Duration::from_millis(5), &mut answer).await {
            break status;
        }
    };
    assert_eq!(status, 200);
}

#[tokio::test]
async fn an_answer_can_be_late_and_what_came_be_forgotten() {
    let server = server().await;
    server.next(Behaviour::say("at last").after(Duration::from_millis(20)));
    let began = std::time::Instant::now();
    assert_eq!(text(&generate(&server, CHAT, &hello()).await.1), "at last");
    assert!(began.elapsed() >= Duration::from_millis(20), "{:?}", began.elapsed());
    server.forget_requests();
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_test_can_decide_by_the_request() {
    let server = server().await;
    server.answer_with(|request| request.prompt.contains("hello").then(|| Behaviour::say("hello yourself")));
    assert_eq!(text(&generate(&server, CHAT, &hello()).await.1), "hello yourself");
    let other = json!({ "contents": { "parts": { "text": "bye" } } });
    assert_eq!(generate(&server, CHAT, &other).await.0, 400, "contents is a list");
    let other = json!({ "contents": [{ "parts": { "text": "bye" } }] });
    assert_eq!(text(&generate(&server, CHAT, &other).await.1), "You said: bye");
}

#[tokio::test]
async fn speech_is_sound_and_longer_for_longer_texts() {
    use base64::Engine as _;
    let server = server().await;
    let mut lengths = Vec::new();
    for (words, model, mime) in [
        ("hello", "gemini-2.5-flash-preview-tts", "audio/L16;codec=pcm;rate=24000"),
        ("hello, how are you today?", "gemini-3.8-flash-tts", "audio/wav"),
    ] {
        let body = json!({
            "contents": [{ "parts": [{ "text": words }] }],
            "generationConfig": { "responseModalities": ["AUDIO"], "speechConfig": { "voiceConfig":
                { "prebuiltVoiceConfig": { "voiceName": "Kore" } } } },
        });
        let (_, answer) = generate(&server, model, &body).await;
        let data = &answer["candidates"][0]["content"]["parts"][0]["inlineData"];
        assert_eq!(data["mimeType"], mime);
        let sound = base64::engine::general_purpose::STANDARD.decode(data["data"].as_str().unwrap()).unwrap();
        assert!(sound.chunks(2).any(|sample| sample != [0, 0]));
        lengths.push(sound.len());
    }
    assert!(lengths[0] < lengths[1], "{lengths:?}");
    assert_eq!(generate(&server, "gemini-3.8-flash-tts", &hello()).await.0, 400, "it only speaks");
}

#[tokio::test]
async fn texts_that_share_words_have_embeddings_that_are_near() {
    let server = server().await;
    let text = |text: &str| json!({ "content": { "parts": [{ "text": text }] }, "outputDimensionality": 256 });
    let batch = json!({ "requests": [text("I love green tea"), text("green tea with milk"), text("rain in Oslo")] });
    let (_, answer) = post(&server, "v1beta/models/gemini-embedding-001:batchEmbedContents", &batch).await;
    let vector = |index: usize| -> Vec<f64> {
        let values = answer["embeddings"][index]["values"].as_array().unwrap();
        values.iter().map(|value| value.as_f64().unwrap()).collect()
    };
    let near = |one: usize, other: usize| -> f64 { vector(one).iter().zip(vector(other)).map(|(a, b)| a * b).sum() };
    assert_eq!(vector(0).len(), 256);
    assert!((near(0, 0) - 1.0).abs() < 1e-3);
    assert!(near(0, 1) > near(0, 2));
}
