//! The stand-in itself: understands, calls the tools that keep what it understood, and answers.

use async_trait::async_trait;
use serde_json::{Value, json};

use super::super::answer::{Answer, FinishReason, Usage};
use super::super::error::ModelError;
use super::super::request::{Message, Part, Request, Role, ToolCall, ToolChoice, ToolSpec};
use super::super::{EventStream, ModelProvider};
use super::first;
use super::speak::{self, Known};
use super::understand::{Said, bare_name, language_of, understand};
use super::word_by_word;

/// A stand-in for a model: no network, no key, always the same answer to the same request.
///
/// It reads what is known about the person from the lines of the prompt's `# Profile` (`- name: Anna`) and `# Facts`
/// (`- [preference] loves tea`) sections, and calls `set_profile` and `remember` where they are offered.
#[derive(Debug, Default, Clone, Copy)]
pub struct Scripted;

#[async_trait]
impl ModelProvider for Scripted {
    fn name(&self) -> &str {
        "scripted"
    }

    fn model(&self) -> &str {
        "stand-in"
    }

    async fn generate(&self, request: &Request) -> Result<Answer, ModelError> {
        Ok(answer(request))
    }

    async fn stream(&self, request: &Request) -> Result<EventStream, ModelError> {
        Ok(word_by_word(answer(request)))
    }
}

fn answer(request: &Request) -> Answer {
    let asked = request.context.iter().rposition(|message| message.role == Role::User);
    let (message, after) = match asked {
        Some(asked) => (&request.context[asked], &request.context[asked + 1..]),
        None => (&Message { role: Role::User, parts: Vec::new() }, &request.context[..0]),
    };
    if let Some(words) = first::words(request.language, &message.text()) {
        return finished(request, words, Vec::new());
    }
    let text = own_words(message);
    let mut said = understand(&text);
    if said.is_empty() && asked_for_name(&request.context[..asked.unwrap_or(0)]) {
        said.extend(bare_name(&text).map(Said::Name));
    }
    let calls = if after.is_empty() { tool_calls(request, &said) } else { Vec::new() };
    if !calls.is_empty() {
        return finished(request, String::new(), calls);
    }
    let texts = request.context.iter().flat_map(|message| &message.parts).filter_map(|part| match part {
        Part::Text(text) => Some(text.as_str()),
        _ => None,
    });
    let known = Known::read(std::iter::once(request.system.as_str()).chain(texts));
    let picture = message.parts.iter().any(|part| matches!(part, Part::Image { .. }));
    let language = language_of(&text, request.language);
    let reply = speak::reply(language, &text, picture, &said, &known, saved(after));
    finished(request, reply, Vec::new())
}

/// What the person says in a message; the sections before it hold what was said long ago, or by others.
fn own_words(message: &Message) -> String {
    const SECTIONS: [&str; 2] = ["# Said before\n", "# In reply to\n"];
    let is_own = |text: &&str| !SECTIONS.iter().any(|section| text.starts_with(section));
    let texts = message.parts.iter().filter_map(|part| match part {
        Part::Text(text) => Some(text.as_str()),
        _ => None,
    });
    texts.filter(is_own).collect::<Vec<_>>().join("\n")
}

/// Whether the last thing that the companion said was to ask for the person's name.
fn asked_for_name(before: &[Message]) -> bool {
    let last = before.last().filter(|message| message.role == Role::Assistant);
    let text = last.map(|message| message.text().to_lowercase()).unwrap_or_default();
    ["как тебя зовут?", "как вас зовут?", "what is your name?", "what's your name?"]
        .iter()
        .any(|ask| text.contains(ask))
}

/// Whether all that was to be remembered has been.
fn saved(after: &[Message]) -> bool {
    let mut results = after.iter().flat_map(|message| &message.parts).filter_map(|part| match part {
        Part::ToolResult { value, .. } => Some(value),
        _ => None,
    });
    let mut any = false;
    let all = results.all(|value| {
        any = true;
        value.get("error").is_none_or(Value::is_null)
    });
    any && all
}

fn tool_calls(request: &Request, said: &[Said]) -> Vec<ToolCall> {
    if request.tool_choice == ToolChoice::None {
        return Vec::new();
    }
    let offered = |name: &str| request.tools.iter().find(|tool| tool.name == name);
    let calls = said.iter().filter_map(|said| match said {
        Said::Name(name) => offered("set_profile").map(|tool| (tool, json!({ "name": name }))),
        Said::Fact { topic, fact } => {
            offered("remember").map(|tool| (tool, json!({ "category": topic.category().as_str(), "fact": fact })))
        }
        Said::Ask(_) | Said::Hello => None,
    });
    let before = request.tool_calls_so_far();
    let call = |(number, (tool, args)): (usize, (&ToolSpec, Value))| ToolCall {
        id: format!("call-{}", before + number + 1),
        name: tool.name.clone(),
        args,
        signature: None,
    };
    calls.enumerate().map(call).collect()
}

/// Usage as a real model would count it, at about four bytes a token: quotas and panels have something to show.
fn finished(request: &Request, text: String, tool_calls: Vec<ToolCall>) -> Answer {
    let tokens = |bytes: usize| u32::try_from(bytes.div_ceil(4)).unwrap_or(u32::MAX);
    let context: usize = request.context.iter().map(|message| message.text().len()).sum();
    let prompt_tokens = tokens(request.system.len() + context);
    let output_tokens = tokens(text.len());
    let usage = Usage {
        prompt_tokens,
        output_tokens,
        total_tokens: prompt_tokens.saturating_add(output_tokens),
        ..Usage::default()
    };
    let finish = if tool_calls.is_empty() { FinishReason::Stop } else { FinishReason::ToolCalls };
    Answer { text, picture: None, tool_calls, usage, finish }
}
