//! What Gemini refuses of a well-formed request.

use serde_json::Value;

use super::answer::is_signature;
use super::models::{Makes, Model, Thinking};
use super::refusal::Refusal;

/// Checks a normalised `generateContent` request.
pub(super) fn generate(model: &Model, body: &Value) -> Result<(), Refusal> {
    let contents = body.get("contents").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if contents.is_empty() {
        return Err(Refusal::invalid("* GenerateContentRequest.contents: contents is not specified\n"));
    }
    for (index, content) in contents.iter().enumerate() {
        one_content(index, content)?;
    }
    turns(contents)?;
    if model.signs() {
        signatures(contents)?;
    }
    modalities(model, body)?;
    if model.makes == Makes::Pictures && body.get("tools").is_some() {
        return Err(Refusal::invalid("Function calling is not enabled for this model"));
    }
    if let Some(thinking) = body.pointer("/generationConfig/thinkingConfig") {
        check_thinking(model, thinking)?;
    }
    Ok(())
}

fn one_content(index: usize, content: &Value) -> Result<(), Refusal> {
    let role = content.get("role").and_then(Value::as_str).unwrap_or("user");
    if !matches!(role, "user" | "model" | "function") {
        return Err(Refusal::invalid("Please use a valid role: user, model."));
    }
    let parts = parts(content);
    if parts.is_empty() {
        let message = format!("* GenerateContentRequest.contents[{index}].parts: contents.parts must not be empty.\n");
        return Err(Refusal::invalid(&message));
    }
    let data =
        ["text", "inlineData", "fileData", "functionCall", "functionResponse", "executableCode", "codeExecutionResult"];
    for (number, part) in parts.iter().enumerate() {
        let set = data.iter().filter(|field| part.get(**field).is_some_and(|value| value.as_str() != Some(""))).count();
        if set != 1 {
            let message = format!(
                "* GenerateContentRequest.contents[{index}].parts[{number}].data: required oneof field 'data' must have \
                 one initialized field\n"
            );
            return Err(Refusal::invalid(&message));
        }
        if let Some(blob) = part.get("inlineData") {
            picture(blob)?;
        }
    }
    Ok(())
}

fn picture(blob: &Value) -> Result<(), Refusal> {
    use base64::Engine as _;
    let mime = blob.get("mimeType").and_then(Value::as_str).unwrap_or_default();
    if !["image/", "audio/", "video/", "text/", "application/pdf"].iter().any(|kind| mime.starts_with(kind)) {
        return Err(Refusal::invalid(&format!("Unsupported MIME type: {mime}")));
    }
    let data = blob.get("data").and_then(Value::as_str).unwrap_or_default();
    // Google's own client sends the URL-safe alphabet.
    let standard = data.replace('-', "+").replace('_', "/");
    match base64::engine::general_purpose::STANDARD.decode(standard) {
        Ok(bytes) if !bytes.is_empty() => Ok(()),
        _ => Err(Refusal::invalid(
            "Unable to process input image. Please retry or report in \
                                   https://developers.generativeai.google/guide/troubleshooting",
        )),
    }
}

/// Calls are answered at once, by as many results.
fn turns(contents: &[Value]) -> Result<(), Refusal> {
    let count = |content: &Value, field: &str| parts(content).iter().filter(|part| part.get(field).is_some()).count();
    for (index, content) in contents.iter().enumerate() {
        let (calls, results) = (count(content, "functionCall"), count(content, "functionResponse"));
        let before = index.checked_sub(1).map(|before| &contents[before]);
        if calls > 0 && before.is_none_or(|before| before.get("role").and_then(Value::as_str) == Some("model")) {
            return Err(Refusal::invalid(
                "Please ensure that function call turn comes immediately after a user turn or after a function response \
                 turn.",
            ));
        }
        if results > 0 && before.map(|before| count(before, "functionCall")) != Some(results) {
            return Err(Refusal::invalid(
                "Please ensure that the number of function response parts is equal to the number of function call parts \
                 of the function call turn.",
            ));
        }
        if calls > 0 && contents.get(index + 1).is_some_and(|next| count(next, "functionResponse") == 0) {
            return Err(Refusal::invalid(
                "Please ensure that function response turn comes immediately after a function call turn.",
            ));
        }
    }
    Ok(())
}

/// The first call of each step of the current turn must be signed.
fn signatures(contents: &[Value]) -> Result<(), Refusal> {
    let said = |content: &Value| {
        content.get("role").and_then(Value::as_str) != Some("model")
            && parts(content).iter().any(|part| part.get("text").is_some())
    };
    let turn = contents.iter().rposition(said).unwrap_or(0);
    for (index, content) in contents.iter().enumerate().skip(turn) {
        let Some(part) = parts(content).iter().find(|part| part.get("functionCall").is_some()) else { continue };
        match part.get("thoughtSignature").and_then(Value::as_str) {
            Some(signature) if is_signature(signature) => {}
            Some(_) => return Err(Refusal::invalid("Thought signature is not valid")),
            None => {
                let name = part.pointer("/functionCall/name").and_then(Value::as_str).unwrap_or_default();
                return Err(Refusal::invalid(&format!(
                    "Function call is missing a thought_signature in functionCall parts. This is required for tools to \
                     work correctly, and missing thought_signature may lead to degraded model performance. Additional \
                     data, function call `default_api:{name}` , position {}. Please refer to \
                     https://ai.google.dev/gemini-api/docs/thought-signatures for more details.",
                    index + 1
                )));
            }
        }
    }
    Ok(())
}

fn modalities(model: &Model, body: &Value) -> Result<(), Refusal> {
    let wanted = body.pointer("/generationConfig/responseModalities").and_then(Value::as_array);
    let wants = |name: &str| wanted.is_some_and(|wanted| wanted.iter().any(|modality| modality == name));
    let fits = wants("AUDIO") == (model.makes == Makes::Speech) && (model.makes == Makes::Pictures || !wants("IMAGE"));
    if fits {
        return Ok(());
    }
    let takes = match model.makes {
        Makes::Speech => "AUDIO",
        Makes::Pictures => "TEXT, IMAGE",
        Makes::Text | Makes::Embeddings => "TEXT",
    };
    Err(Refusal::invalid(&format!(
        "The requested combination of response modalities is not supported by the model. models/{} accepts the following \
         combination of response modalities:\n* {takes}\n",
        model.name
    )))
}

fn check_thinking(model: &Model, config: &Value) -> Result<(), Refusal> {
    let level = config.get("thinkingLevel").and_then(Value::as_str).map(str::to_lowercase);
    let budget = config.get("thinkingBudget").and_then(Value::as_i64);
    match (model.thinking, level, budget) {
        (_, Some(_), Some(_)) => {
            Err(Refusal::invalid("You can only set only one of thinking budget and thinking level."))
        }
        (Thinking::No, ..) => Err(Refusal::invalid("Thinking is not enabled for this model")),
        (Thinking::Budget { .. }, Some(_), _) => {
            Err(Refusal::invalid("Thinking level is not supported for this model."))
        }
        (Thinking::Levels(levels), Some(level), _) if !levels.contains(&level.as_str()) => {
            Err(Refusal::invalid(&format!(
                "Thinking level {} is not supported for this model. Please retry with other thinking level.",
                level.to_uppercase()
            )))
        }
        (Thinking::Budget { lowest, highest, off }, _, Some(budget))
            if budget != -1 && !(off && budget == 0) && !(lowest..=highest).contains(&budget) =>
        {
            Err(Refusal::invalid(&format!(
                "The thinking budget {budget} is invalid. Please choose a value between {lowest} and {highest}."
            )))
        }
        _ => Ok(()),
    }
}

/// The parts of a content: a list, or one alone, as the real API takes it.
pub(super) fn parts(content: &Value) -> &[Value] {
    match content.get("parts") {
        Some(Value::Array(parts)) => parts,
        Some(part @ Value::Object(_)) => std::slice::from_ref(part),
        _ => &[],
    }
}
