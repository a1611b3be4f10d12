//! A request in Gemini's words.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::{Value, json};

use super::super::picture;
use super::super::request::{Message, Part, Request, Role, ToolCall, ToolChoice, ToolSpec};
use super::SafetyThreshold;
use super::thinking::{self, ThinkingConfig};

/// What Google documents for a call that Gemini 3 did not make itself: another provider of the chain made it, so that
/// there is no signature, and without any the request would be refused.
const NO_SIGNATURE: &str = "skip_thought_signature_validator";

/// The body of `generateContent`. What stays the same from turn to turn stands first.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    system_instruction: Option<Content<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tools<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_config: Option<Value>,
    safety_settings: &'a [SafetySetting],
    generation_config: GenerationConfig,
    contents: Vec<Content<'a>>,
}

#[derive(Debug, Serialize)]
struct Content<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    parts: Vec<WirePart<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum WirePart<'a> {
    Text {
        text: &'a str,
    },
    #[serde(rename_all = "camelCase")]
    Image {
        inline_data: InlineData<'a>,
    },
    #[serde(rename_all = "camelCase")]
    Call {
        function_call: FunctionCall<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        thought_signature: Option<&'a str>,
    },
    #[serde(rename_all = "camelCase")]
    Result {
        function_response: FunctionResponse<'a>,
    },
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct InlineData<'a> {
    mime_type: &'a str,
    data: String,
}

#[derive(Debug, Serialize)]
struct FunctionCall<'a> {
    id: &'a str,
    name: &'a str,
    args: &'a Value,
}

#[derive(Debug, Serialize)]
struct FunctionResponse<'a> {
    id: &'a str,
    name: &'a str,
    response: Value,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Tools<'a> {
    function_declarations: Vec<FunctionDeclaration<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FunctionDeclaration<'a> {
    name: &'a str,
    description: &'a str,
    // The field that takes JSON Schema as it is; `parameters` takes a dialect of OpenAPI.
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters_json_schema: Option<&'a Value>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct GenerationConfig {
    max_output_tokens: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_config: Option<ThinkingConfig>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_modalities: Option<[&'static str; 2]>,
}

/// One of Google's adjustable filters.
#[derive(Debug, Serialize)]
pub(super) struct SafetySetting {
    category: &'static str,
    threshold: &'static str,
}

impl SafetySetting {
    /// The same threshold for all of them.
    pub(super) fn all(threshold: SafetyThreshold) -> [Self; 4] {
        let threshold = match threshold {
            SafetyThreshold::Strict => "BLOCK_LOW_AND_ABOVE",
            SafetyThreshold::Medium => "BLOCK_MEDIUM_AND_ABOVE",
            SafetyThreshold::OnlyHigh => "BLOCK_ONLY_HIGH",
            SafetyThreshold::Nothing => "BLOCK_NONE",
        };
        [
            "HARM_CATEGORY_HARASSMENT",
            "HARM_CATEGORY_HATE_SPEECH",
            "HARM_CATEGORY_SEXUALLY_EXPLICIT",
            "HARM_CATEGORY_DANGEROUS_CONTENT",
        ]
        .map(|category| Self { category, threshold })
    }
}

impl<'a> Body<'a> {
    pub(super) fn new(request: &'a Request, model: &str, safety_settings: &'a [SafetySetting]) -> Self {
        let signatures = thinking::wants_signatures(model);
        let draws = picture::draws(model);
        let tool_specs = if draws { &[] } else { &*request.tools };
        let system = WirePart::Text { text: &request.system };
        Self {
            system_instruction: (!request.system.is_empty()).then(|| Content { role: None, parts: vec![system] }),
            tools: tools(tool_specs),
            tool_config: tool_config(request.tool_choice, tool_specs),
            safety_settings,
            generation_config: GenerationConfig {
                max_output_tokens: request.max_output_tokens,
                temperature: request.temperature,
                thinking_config: thinking::config(model, request.thinking).filter(|_| !draws),
                response_modalities: draws.then_some(["TEXT", "IMAGE"]),
            },
            contents: request.context.iter().filter_map(|message| content(message, signatures)).collect(),
        }
    }
}

fn tools(specs: &[ToolSpec]) -> Vec<Tools<'_>> {
    if specs.is_empty() {
        return Vec::new();
    }
    let declarations = specs.iter().map(|spec| FunctionDeclaration {
        name: &spec.name,
        description: &spec.description,
        parameters_json_schema: (!spec.parameters.is_null()).then_some(&spec.parameters),
    });
    vec![Tools { function_declarations: declarations.collect() }]
}

fn tool_config(choice: ToolChoice, tools: &[ToolSpec]) -> Option<Value> {
    let forbidden = choice == ToolChoice::None && !tools.is_empty();
    forbidden.then(|| json!({ "functionCallingConfig": { "mode": "NONE" } }))
}

/// A message, unless nothing of it is left: the API refuses contents without parts, and parts with an empty text.
fn content(message: &Message, signatures: bool) -> Option<Content<'_>> {
    let role = match message.role {
        Role::User | Role::Tool => "user",
        Role::Assistant => "model",
    };
    let mut first_call = true;
    let mut parts = Vec::with_capacity(message.parts.len());
    for part in &message.parts {
        match part {
            Part::Text(text) if text.is_empty() => {}
            Part::Text(text) => parts.push(WirePart::Text { text }),
            Part::Image { mime, bytes } | Part::Audio { mime, bytes } => {
                parts.push(WirePart::Image {
                    inline_data: InlineData { mime_type: mime, data: STANDARD.encode(bytes) },
                });
            }
            Part::ToolCall(call) => {
                parts.push(function_call(call, signatures && first_call));
                first_call = false;
            }
            Part::ToolResult { id, name, value } => {
                let response = if value.is_object() { value.clone() } else { json!({ "result": value }) };
                parts.push(WirePart::Result { function_response: FunctionResponse { id, name, response } });
            }
        }
    }
    (!parts.is_empty()).then_some(Content { role: Some(role), parts })
}

/// Of calls made at once, Gemini signs the first only, and wants it back on the first only.
fn function_call(call: &ToolCall, must_be_signed: bool) -> WirePart<'_> {
    let signature = call.signature.as_deref().or(must_be_signed.then_some(NO_SIGNATURE));
    WirePart::Call {
        function_call: FunctionCall { id: &call.id, name: &call.name, args: &call.args },
        thought_signature: signature,
    }
}
