//! What the stories about models share.

use std::sync::Arc;
use std::time::Duration;

use evolve_engine::model::{
    Answer, AnswerBuilder, Event, EventStream, Gemini, GeminiConfig, HttpLimits, Message, ModelError, ModelProvider,
    OpenAi, OpenAiConfig, Part, Request, Role, SafetyThreshold, ToolCall, ToolSpec,
};
use evolve_testkit::models::{GeminiServer, OpenAiServer};
use futures::StreamExt;
use serde_json::json;

/// The smallest picture: one pixel.
pub(crate) const PIXEL: &[u8] =
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00";

/// Long enough for a busy machine, short enough that a broken test ends.
pub(crate) const PATIENT: HttpLimits =
    HttpLimits { total: Duration::from_secs(20), idle: Duration::from_secs(20), max_body: 64 * 1024 };

/// For stories in which the server keeps silent.
pub(crate) const IMPATIENT: HttpLimits =
    HttpLimits { total: Duration::from_millis(400), idle: Duration::from_millis(150), max_body: 64 * 1024 };

pub(crate) fn gemini(server: &GeminiServer, model: &str, limits: HttpLimits) -> Gemini {
    let config = GeminiConfig {
        name: GeminiConfig::DEFAULT_NAME.to_owned(),
        api_key: "test-key".into(),
        model: model.to_owned(),
        base_url: server.base_url().parse().unwrap(),
        safety: SafetyThreshold::default(),
        limits,
    };
    Gemini::new(reqwest::Client::new(), config).unwrap()
}

pub(crate) fn openai(server: &OpenAiServer, limits: HttpLimits) -> OpenAi {
    let config = OpenAiConfig {
        name: String::from("openai"),
        api_key: Some("test-key".into()),
        model: String::from("gpt-test"),
        base_url: server.base_url().parse().unwrap(),
        reasoning_effort: false,
        limits,
    };
    OpenAi::new(reqwest::Client::new(), config).unwrap()
}

/// A question without history.
pub(crate) fn question(text: &str) -> Request {
    Request::new("Be kind.", vec![Message::user(text)])
}

pub(crate) fn weather() -> ToolSpec {
    ToolSpec {
        name: String::from("get_weather"),
        description: String::from("The weather in a city."),
        parameters: json!({
            "type": "object",
            "properties": { "city": { "type": "string" } },
            "required": ["city"],
            "additionalProperties": false,
        }),
    }
}

/// A request with everything that a turn may put into one: history, a picture, tools, a call and its result.
pub(crate) fn rich(signature: Option<&str>) -> Request {
    let call = ToolCall {
        id: String::from("call-1"),
        name: String::from("get_weather"),
        args: json!({ "city": "Москва" }),
        signature: signature.map(str::to_owned),
    };
    let picture = Part::Image { mime: String::from("image/png"), bytes: Arc::from(PIXEL) };
    let asked =
        Message { role: Role::User, parts: vec![picture, Part::Text(String::from("Такая ли погода?"))] };
    let result = Message::tool_results(vec![(&call, json!({ "degrees": -3 }))]);
    let now = ToolSpec {
        name: String::from("current_time"),
        description: String::from("The time where the person is."),
        parameters: serde_json::Value::Null,
    };
    Request {
        tools: [weather(), now].into(),
        temperature: Some(0.5),
        max_output_tokens: 1024,
        ..Request::new(
            "Ты добрый собеседник.",
            vec![
                Message::user("Привет!"),
                Message::assistant("Привет, Аня!"),
                asked,
                Message::tool_calls(vec![call.clone()]),
                result,
            ],
        )
    }
}

/// The answer of a stream, whole.
pub(crate) async fn whole(stream: Result<EventStream, ModelError>) -> Result<Answer, ModelError> {
    let mut stream = stream?;
    let mut answer = AnswerBuilder::default();
    while let Some(event) = stream.next().await {
        answer.push(&event?);
    }
    answer.finish()
}

/// What a provider makes of a question, not streamed and streamed.
pub(crate) async fn both(provider: &dyn ModelProvider, request: &Request) -> [Result<Answer, ModelError>; 2] {
    [provider.generate(request).await, whole(provider.stream(request).await).await]
}

/// The texts among events.
pub(crate) fn texts(events: &[Event]) -> Vec<&str> {
    let mut texts = Vec::new();
    for event in events {
        if let Event::Text(text) = event {
            texts.push(text.as_str());
        }
    }
    texts
}
