//! Prompts, as a use case of those who run the bot: written, seen as a model would, and taken back.

use evolve_domain::{language::Language, profile::Profile, relationship::Level};
use evolve_store::{
    audit,
    prompts::{NewVersion, Version},
};

use super::{SteeringError, check_note};
use crate::{
    Engine,
    model::{Message, Request, ToolChoice},
    prompt::{
        Known, configured_prompt,
        overrides::{self, Named},
    },
    tools,
    turn::{TurnError, clean, failure},
};

/// Versions on a page.
const PAGE: u32 = 20;
/// Longest sample of what a person may write, in characters.
const MAX_MESSAGE_CHARS: usize = 2000;
/// Longest answer to a sample, in tokens.
const MAX_OUTPUT_TOKENS: u32 = 1024;

/// A prompt that can be written, and which version of it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromptState {
    /// What it is.
    pub named: Named,
    /// The version that is used; nothing for what is configured.
    pub version: Option<i32>,
}

/// A prompt with versions of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// What it is, and which version is used.
    pub state: PromptState,
    /// What that version says; nothing for what is configured.
    pub content: Option<String>,
    /// What is configured, whether it is used or not; what is of all languages in the bot's own.
    pub configured: String,
    /// Versions, newest first.
    pub versions: Vec<Version>,
    /// The version before which the next page begins; nothing on the last.
    pub older: Option<i32>,
}

/// What is to be seen.
#[derive(Clone, Copy, Debug)]
pub struct Sample<'a> {
    /// What the prompt would say; nothing for what it says now.
    pub content: Option<&'a str>,
    /// The language of the sample person; nothing for the bot's own.
    pub language: Option<Language>,
    /// Their level.
    pub level: Level,
    /// What they write, where a model is to answer.
    pub message: Option<&'a str>,
}

/// What a model would be told, and what it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// The system instruction.
    pub system: String,
    /// How many tokens that is, about.
    pub tokens: u32,
    /// What a model answers, if it was asked.
    pub answer: Option<String>,
    /// Which model that was.
    pub model: Option<String>,
}

impl Engine {
    /// Every prompt that can be written.
    ///
    /// # Errors
    /// [`SteeringError::Store`].
    pub async fn prompts(&self) -> Result<Vec<PromptState>, SteeringError> {
        let in_use = self.store.prompts().in_use().await?;
        let state = |named: Named| {
            let version = in_use.iter().find(|prompt| prompt.name == named.name).map(|prompt| prompt.version);
            PromptState { named, version }
        };
        Ok(overrides::all().into_iter().map(state).collect())
    }

    /// A prompt, with a page of its versions.
    ///
    /// # Errors
    /// [`SteeringError::NoSuchPrompt`], [`SteeringError::Store`].
    pub async fn prompt(&self, name: &str, before: Option<i32>) -> Result<Shown, SteeringError> {
        let named = named(name)?;
        let used = self.store.prompts().in_use().await?.into_iter().find(|prompt| prompt.name == name);
        let mut versions = self.store.prompts().versions(name, before, PAGE + 1).await?;
        let is_more = versions.len() > PAGE as usize;
        versions.truncate(PAGE as usize);
        let older = versions.last().filter(|_| is_more).map(|last| last.version);
        let (version, content) = used.map(|used| (used.version, used.content)).unzip();
        let voice = |level: Level| self.relationship.levels.voice(level).map(str::to_owned);
        let configured = configured_prompt(name, &self.persona, voice, self.persona.language);
        let configured = configured.map_err(|error| SteeringError::Model(TurnError::Prompt(error)))?;
        let configured = configured.unwrap_or_default();
        Ok(Shown { state: PromptState { named, version }, content, configured, versions, older })
    }

    /// Writes a version of a prompt and has it used, with the entry of the log; which it is. It is in force here at once, and
    /// elsewhere in a moment.
    ///
    /// # Errors
    /// [`SteeringError`].
    pub async fn write_prompt(
        &self,
        name: &str,
        content: &str,
        note: &str,
        author: &str,
        entry: &audit::Entry,
    ) -> Result<i32, SteeringError> {
        named(name)?;
        check(content)?;
        let new = NewVersion { name, content: content.trim(), note: check_note(note)?, author };
        let version = self.store.prompts().write(&new, Some(entry), self.clock.now()).await?;
        self.follow_prompts().await;
        Ok(version)
    }

    /// Has a version of a prompt used that was written before, or what is configured where none is named, with the entry of the log.
    ///
    /// # Errors
    /// [`SteeringError`].
    pub async fn choose_prompt(
        &self,
        name: &str,
        version: Option<i32>,
        by: &str,
        entry: &audit::Entry,
    ) -> Result<(), SteeringError> {
        named(name)?;
        if !self.store.prompts().choose(name, version, by, Some(entry), self.clock.now()).await? {
            return Err(SteeringError::NoSuchPrompt);
        }
        self.follow_prompts().await;
        Ok(())
    }

    /// What a model would be told of a sample person; and, where they write something, what it answers to that. Nothing of it is
    /// kept, nobody is charged, and no tool is used.
    ///
    /// # Errors
    /// [`SteeringError`].
    pub async fn preview_prompt(&self, name: &str, sample: Sample<'_>) -> Result<Preview, SteeringError> {
        named(name)?;
        let Sample { content, language, level, message } = sample;
        let in_force = self.prompts.overrides();
        let overrides = match content {
            Some(content) => {
                check(content)?;
                in_force.as_ref().clone().with(name, Some(content))
            }
            None => in_force.as_ref().clone(),
        };
        let language = language.unwrap_or(self.persona.language);
        let profile = Profile { name: Some("Alex".to_owned()), ..Profile::default() };
        let known = Known {
            language,
            level,
            voice: self.relationship.levels.voice(level),
            adult: false,
            profile: &profile,
            facts: &[],
            earlier: &[],
            summary: None,
        };
        let system = self.prompts.system_with(&overrides, &self.persona, &known);
        let system = system.map_err(|error| SteeringError::Model(TurnError::Prompt(error)))?;
        let tokens = evolve_domain::tokens::estimate(&system);
        let Some(message) = message else { return Ok(Preview { system, tokens, answer: None, model: None }) };
        let (answer, model) = self.answer_sample(&system, message, language).await?;
        Ok(Preview { system, tokens, answer: Some(answer), model: Some(model) })
    }

    async fn answer_sample(
        &self,
        system: &str,
        message: &str,
        language: Language,
    ) -> Result<(String, String), SteeringError> {
        if !(1..=MAX_MESSAGE_CHARS).contains(&message.trim().chars().count()) {
            return Err(SteeringError::invalid("message", "must have 1 to 2000 characters"));
        }
        let mut request = Request::new(system.to_owned(), vec![Message::user(message.trim())]);
        request.tools = tools::specs();
        request.tool_choice = ToolChoice::None;
        request.max_output_tokens = MAX_OUTPUT_TOKENS;
        request.language = language;
        let answered = self.chain.generate(&request).await.map_err(|error| SteeringError::Model(failure(&error)))?;
        Ok((clean(&answered.answer.text), answered.model))
    }

    /// It is kept: where it cannot be read now, the task that follows reads it.
    async fn follow_prompts(&self) {
        if let Err(error) = self.follow_administrators().await {
            tracing::warn!(%error, "a prompt that was changed is not in force here yet");
        }
    }
}

fn named(name: &str) -> Result<Named, SteeringError> {
    overrides::all().into_iter().find(|named| named.name == name).ok_or(SteeringError::NoSuchPrompt)
}

fn check(content: &str) -> Result<(), SteeringError> {
    overrides::problem(content).map_or(Ok(()), |problem| Err(SteeringError::invalid("content", problem)))
}
