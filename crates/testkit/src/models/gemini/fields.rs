//! The fields of Gemini's requests: unknown ones are a 400, and both spellings of a name are the same name.

use serde_json::{Map, Value};

use super::refusal::Refusal;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Generate,
    Count,
    Embed,
    BatchEmbed,
}

/// What a field holds.
#[derive(Clone, Copy)]
enum Field {
    /// Anything that has no names of the API in it: scalars, JSON Schema, arguments.
    Free,
    /// A message of the API, or a list of them.
    Of(&'static [(&'static str, Field)]),
}

use Field::{Free, Of};

const BLOB: &[(&str, Field)] = &[("mimeType", Free), ("data", Free), ("displayName", Free)];
const PART: &[(&str, Field)] = &[
    ("text", Free),
    ("thought", Free),
    ("thoughtSignature", Free),
    ("inlineData", Of(BLOB)),
    ("fileData", Of(&[("mimeType", Free), ("fileUri", Free), ("displayName", Free)])),
    ("functionCall", Of(&[("id", Free), ("name", Free), ("args", Free)])),
    (
        "functionResponse",
        Of(&[
            ("id", Free),
            ("name", Free),
            ("response", Free),
            ("parts", Free),
            ("scheduling", Free),
            ("willContinue", Free),
        ]),
    ),
    ("executableCode", Free),
    ("codeExecutionResult", Free),
    ("videoMetadata", Free),
    ("mediaResolution", Free),
    ("partMetadata", Free),
];
const CONTENT: &[(&str, Field)] = &[("role", Free), ("parts", Of(PART))];
const DECLARATION: &[(&str, Field)] = &[
    ("name", Free),
    ("description", Free),
    ("behavior", Free),
    ("parameters", Free),
    ("parametersJsonSchema", Free),
    ("response", Free),
    ("responseJsonSchema", Free),
];
const TOOL: &[(&str, Field)] = &[
    ("functionDeclarations", Of(DECLARATION)),
    ("googleSearch", Free),
    ("googleSearchRetrieval", Free),
    ("codeExecution", Free),
    ("urlContext", Free),
    ("computerUse", Free),
    ("fileSearch", Free),
    ("googleMaps", Free),
];
const TOOL_CONFIG: &[(&str, Field)] =
    &[("functionCallingConfig", Of(&[("mode", Free), ("allowedFunctionNames", Free)])), ("retrievalConfig", Free)];
const THINKING: &[(&str, Field)] = &[("includeThoughts", Free), ("thinkingBudget", Free), ("thinkingLevel", Free)];
const VOICE: &[(&str, Field)] = &[("prebuiltVoiceConfig", Of(&[("voiceName", Free)]))];
const SPEECH: &[(&str, Field)] = &[
    ("voiceConfig", Of(VOICE)),
    ("multiSpeakerVoiceConfig", Of(&[("speakerVoiceConfigs", Of(&[("speaker", Free), ("voiceConfig", Of(VOICE))]))])),
    ("languageCode", Free),
];
const GENERATION: &[(&str, Field)] = &[
    ("stopSequences", Free),
    ("responseMimeType", Free),
    ("responseSchema", Free),
    ("responseJsonSchema", Free),
    ("_responseJsonSchema", Free),
    ("responseModalities", Free),
    ("candidateCount", Free),
    ("maxOutputTokens", Free),
    ("temperature", Free),
    ("topP", Free),
    ("topK", Free),
    ("seed", Free),
    ("presencePenalty", Free),
    ("frequencyPenalty", Free),
    ("responseLogprobs", Free),
    ("logprobs", Free),
    ("enableEnhancedCivicAnswers", Free),
    ("speechConfig", Of(SPEECH)),
    ("thinkingConfig", Of(THINKING)),
    ("imageConfig", Free),
    ("mediaResolution", Free),
];
const GENERATE: &[(&str, Field)] = &[
    ("model", Free),
    ("contents", Of(CONTENT)),
    ("systemInstruction", Of(CONTENT)),
    ("tools", Of(TOOL)),
    ("toolConfig", Of(TOOL_CONFIG)),
    ("safetySettings", Of(&[("category", Free), ("threshold", Free)])),
    ("generationConfig", Of(GENERATION)),
    ("cachedContent", Free),
    ("labels", Free),
    ("serviceTier", Free),
    ("store", Free),
];
const COUNT: &[(&str, Field)] = &[("contents", Of(CONTENT)), ("generateContentRequest", Of(GENERATE))];
const EMBED: &[(&str, Field)] = &[
    ("model", Free),
    ("content", Of(CONTENT)),
    ("taskType", Free),
    ("title", Free),
    ("outputDimensionality", Free),
    ("embedContentConfig", Free),
];
const BATCH_EMBED: &[(&str, Field)] = &[("requests", Of(EMBED))];

/// The same request with every name in camelCase.
pub(super) fn normalised(body: &Value, kind: Kind) -> Result<Value, Refusal> {
    let fields = match kind {
        Kind::Generate => GENERATE,
        Kind::Count => COUNT,
        Kind::Embed => EMBED,
        Kind::BatchEmbed => BATCH_EMBED,
    };
    message(body, fields, "")
}

fn message(value: &Value, fields: &[(&str, Field)], path: &str) -> Result<Value, Refusal> {
    match value {
        Value::Array(items) => {
            let item = |(index, item)| message(item, fields, &format!("{path}[{index}]"));
            items.iter().enumerate().map(item).collect::<Result<Vec<_>, _>>().map(Value::Array)
        }
        Value::Object(object) => {
            let mut normal = Map::new();
            for (name, value) in object {
                let camel = camel_case(name);
                let Some((_, field)) = fields.iter().find(|(known, _)| *known == camel) else {
                    return Err(Refusal::unknown_field(name, path));
                };
                let path = if path.is_empty() { snake_case(&camel) } else { format!("{path}.{}", snake_case(&camel)) };
                let value = match field {
                    Free => value.clone(),
                    Of(fields) => message(value, fields, &path)?,
                };
                normal.insert(camel, value);
            }
            Ok(Value::Object(normal))
        }
        Value::Null => Ok(Value::Null),
        _ => Err(Refusal::invalid(&format!("Invalid value at '{path}' (type.googleapis.com), an object is expected"))),
    }
}

/// The text of the last content of a request, whatever its spelling.
pub(super) fn last_text(body: &Value) -> String {
    let contents = body.get("contents");
    let last = contents.and_then(Value::as_array).and_then(|contents| contents.last()).or(contents);
    last.map(part_texts).unwrap_or_default().join("\n")
}

/// Every text of a request.
pub(super) fn texts(request: &Value) -> Vec<String> {
    let contents = request.get("contents");
    let contents = contents.and_then(Value::as_array).cloned().unwrap_or_default();
    request.get("systemInstruction").into_iter().chain(contents.iter()).flat_map(part_texts).collect()
}

/// The texts of one content.
pub(super) fn part_texts(content: &Value) -> Vec<String> {
    let parts = content.get("parts");
    let parts = parts.and_then(Value::as_array).map(Vec::as_slice).or(parts.map(std::slice::from_ref));
    let text = |part: &Value| part.get("text").and_then(Value::as_str).map(str::to_owned);
    parts.unwrap_or_default().iter().filter_map(text).collect()
}

fn camel_case(name: &str) -> String {
    let mut pieces = name.split('_');
    // A name that begins with an underscore has an empty first piece: the underscore is part of the name.
    let mut camel = pieces.next().unwrap_or_default().to_owned();
    let keep = if name.starts_with('_') { "_" } else { "" };
    for piece in pieces {
        if camel.is_empty() {
            camel.push_str(piece);
            continue;
        }
        let mut letters = piece.chars();
        camel.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        camel.push_str(letters.as_str());
    }
    format!("{keep}{camel}")
}

fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}
