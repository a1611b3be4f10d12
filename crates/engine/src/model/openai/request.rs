//! A request in the words of chat completions.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::Value;

use super::super::picture;
use super::super::request::{Message, Part, Request, Role, Thinking, ThinkingLevel, ToolChoice, ToolSpec};
use super::OpenAiConfig;

/// The body of `POST chat/completions`.
#[derive(Debug, Serialize)]
pub(super) struct Body<'a> {
    model: &'a str,
    messages: Vec<WireMessage<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<&'static str>,
    // OpenAI's newer models refuse `max_tokens`; the compatible servers know nothing else.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_effort: Option<&'static str>,
    // OpenRouter and others after it: what draws has to be asked to.
    #[serde(skip_serializing_if = "Option::is_none")]
    modalities: Option<[&'static str; 2]>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
}

#[derive(Debug, Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Debug, Default, Serialize)]
struct WireMessage<'a> {
    role: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<Content>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<WireCall<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<&'a str>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<ContentPart>),
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ContentPart {
    Text { text: String },
    ImageUrl { image_url: ImageUrl },
}

#[derive(Debug, Serialize)]
struct ImageUrl {
    url: String,
}

#[derive(Debug, Serialize)]
struct WireCall<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    function: WireFunction<'a>,
}

#[derive(Debug, Serialize)]
struct WireFunction<'a> {
    name: &'a str,
    arguments: String,
}

#[derive(Debug, Serialize)]
struct Tool<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    function: ToolFunction<'a>,
}

#[derive(Debug, Serialize)]
struct ToolFunction<'a> {
    name: &'a str,
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<&'a Value>,
}

impl<'a> Body<'a> {
    pub(super) fn new(request: &'a Request, config: &'a OpenAiConfig, stream: bool) -> Self {
        let system = (!request.system.is_empty()).then(|| WireMessage {
            role: "system",
            content: Some(Content::Text(request.system.clone())),
            ..WireMessage::default()
        });
        let openai = config.base_url.host_str() == Some("api.openai.com");
        let limit = Some(request.max_output_tokens);
        let draws = picture::draws(&config.model);
        let tools = if draws { &[] } else { &*request.tools };
        let forbidden = request.tool_choice == ToolChoice::None && !tools.is_empty();
        Self {
            model: &config.model,
            messages: system.into_iter().chain(request.context.iter().flat_map(messages)).collect(),
            tools: tools.iter().map(tool).collect(),
            tool_choice: forbidden.then_some("none"),
            max_tokens: limit.filter(|_| !openai),
            max_completion_tokens: limit.filter(|_| openai),
            temperature: request.temperature,
            reasoning_effort: effort(request.thinking).filter(|_| config.reasoning_effort),
            modalities: draws.then_some(["image", "text"]),
            stream,
            stream_options: stream.then_some(StreamOptions { include_usage: true }),
        }
    }
}

fn tool(spec: &ToolSpec) -> Tool<'_> {
    let parameters = (!spec.parameters.is_null()).then_some(&spec.parameters);
    let function = ToolFunction { name: &spec.name, description: &spec.description, parameters };
    Tool { kind: "function", function }
}

fn effort(thinking: Thinking) -> Option<&'static str> {
    match thinking {
        Thinking::Budget(budget) if budget < 0 => None,
        Thinking::Budget(0..=2048) | Thinking::Level(ThinkingLevel::Minimal | ThinkingLevel::Low) => Some("low"),
        Thinking::Budget(2049..=12_288) | Thinking::Level(ThinkingLevel::Medium) => Some("medium"),
        Thinking::Budget(_) | Thinking::Level(ThinkingLevel::High) => Some("high"),
    }
}

/// One message of ours is one of theirs, except tool results: each of them is a message.
fn messages(message: &Message) -> Vec<WireMessage<'_>> {
    let results = message.parts.iter().filter_map(|part| match part {
        Part::ToolResult { id, value, .. } => Some(WireMessage {
            role: "tool",
            content: Some(Content::Text(value.to_string())),
            tool_call_id: Some(id),
            ..WireMessage::default()
        }),
        _ => None,
    });
    let mut messages: Vec<WireMessage<'_>> = results.collect();
    let tool_calls: Vec<WireCall<'_>> = message
        .parts
        .iter()
        .filter_map(|part| match part {
            Part::ToolCall(call) => {
                let function = WireFunction { name: &call.name, arguments: call.args.to_string() };
                Some(WireCall { id: &call.id, kind: "function", function })
            }
            _ => None,
        })
        .collect();
    let content = content(message);
    if content.is_some() || !tool_calls.is_empty() {
        let role = if message.role == Role::Assistant { "assistant" } else { "user" };
        messages.push(WireMessage { role, content, tool_calls, tool_call_id: None });
    }
    messages
}

/// Plain text where there is no image: some servers take nothing else.
fn content(message: &Message) -> Option<Content> {
    if !message.parts.iter().any(|part| matches!(part, Part::Image { .. })) {
        return Some(message.text()).filter(|text| !text.is_empty()).map(Content::Text);
    }
    let parts = message.parts.iter().filter_map(|part| match part {
        Part::Text(text) if !text.is_empty() => Some(ContentPart::Text { text: text.clone() }),
        Part::Image { mime, bytes } => {
            let url = format!("data:{mime};base64,{}", STANDARD.encode(bytes));
            Some(ContentPart::ImageUrl { image_url: ImageUrl { url } })
        }
        _ => None,
    });
    Some(Content::Parts(parts.collect()))
}
