//! The engine: how a message becomes an answer.
//!
//! `turn/` is the way of one message, stage by stage; `model/` the language models that answer; `prompt/` what they are
//! told; `tools/` what they may do; `summary` what is summed up in the background; `jobs/` what is done again and again. No HTTP
//! types of ours, no SQL.

pub mod access;
pub mod broadcasts;
pub mod consents;
pub mod conversations;
pub mod deletions;
pub mod exports;
pub mod facts;
pub mod failures;
mod feedback;
pub mod first;
pub mod history;
pub mod jobs;
pub mod meaning;
pub mod memories;
pub mod memory;
pub mod metrics;
pub mod model;
pub mod payments;
pub mod people;
pub mod preferences;
pub mod profiles;
pub mod prompt;
pub mod providers;
pub mod relationships;
pub mod reports;
pub mod speech;
pub mod stats;
pub mod steering;
pub mod summary;
pub mod tools;
pub mod turn;
pub mod webhooks;

use std::sync::{Arc, RwLock};

use chrono::TimeDelta;
use evolve_domain::{
    language::Language,
    plan::Plans,
    relationship::{Level, Relationship},
};
use evolve_runtime::clock::Clock;
use evolve_store::{Store, wakeups::Wakeups};
use tokio_util::sync::CancellationToken;

use meaning::Meanings;
pub use metrics::EngineMetrics;
use model::{Chain, LinkStatus};
use prompt::{Persona, PromptError, Prompts};
use speech::Speech;

/// What an engine is made of.
#[derive(Debug)]
pub struct EngineConfig {
    /// Postgres.
    pub store: Store,
    /// Hears of turns that end.
    pub wakeups: Wakeups,
    /// The models.
    pub chain: Chain,
    /// What hears and speaks.
    pub speech: Speech,
    /// What tells what messages mean.
    pub meanings: Meanings,
    /// Who the companion is.
    pub persona: Persona,
    /// What each plan allows.
    pub plans: Plans,
    /// How relationships go.
    pub relationship: Relationship,
    /// Rounds of tool use in a turn (`MAX_AI_ITERATIONS`).
    pub max_iterations: u32,
    /// Tokens of thinking (`AI_THINKING_BUDGET`): 0 is as little as the model allows, -1 its own choice.
    pub thinking_budget: i32,
    /// After so long without a word a conversation has ended (`CONVERSATION_SILENCE_HOURS`).
    pub silence: TimeDelta,
    /// What it counts.
    pub metrics: EngineMetrics,
    /// The time.
    pub clock: Clock,
    /// Cancelled when this process has no time left for the turns that it runs
    /// ([`Tasks::handing_back`](evolve_runtime::shutdown::Tasks::handing_back)).
    pub handing_back: CancellationToken,
}

/// Answers messages. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Engine(Arc<Inner>);

/// The parts of an [`Engine`], open to this crate's stages.
#[derive(Debug)]
pub struct Inner {
    store: Store,
    wakeups: Wakeups,
    chain: Chain,
    speech: Speech,
    meanings: Meanings,
    prompts: Prompts,
    flags: RwLock<steering::Flags>,
    persona: Persona,
    plans: Plans,
    relationship: Relationship,
    max_iterations: u32,
    thinking_budget: i32,
    silence: TimeDelta,
    metrics: EngineMetrics,
    clock: Clock,
    handing_back: CancellationToken,
}

impl std::ops::Deref for Engine {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Engine {
    /// Puts an engine together.
    ///
    /// # Errors
    /// [`PromptError`] when a template is broken, which a test excludes.
    pub fn new(config: EngineConfig) -> Result<Self, PromptError> {
        let EngineConfig {
            store,
            wakeups,
            chain,
            speech,
            meanings,
            persona,
            plans,
            relationship,
            max_iterations,
            thinking_budget,
            silence,
            metrics,
            clock,
            handing_back,
        } = config;
        let prompts = Prompts::new()?;
        let inner = Inner {
            store,
            wakeups,
            chain,
            speech,
            meanings,
            prompts,
            flags: RwLock::default(),
            persona,
            plans,
            relationship,
            max_iterations,
            thinking_budget,
            silence,
            metrics,
            clock,
            handing_back,
        };
        Ok(Self(Arc::new(inner)))
    }

    /// Each model provider and its state now, in the order in which they are asked.
    #[must_use]
    pub fn providers(&self) -> Vec<LinkStatus> {
        self.chain.status()
    }

    /// What a level is called in the bot's own language.
    #[must_use]
    pub fn level_name(&self, level: Level) -> &str {
        self.relationship.levels.name(level, self.persona.language)
    }

    /// What the companion is called.
    #[must_use]
    pub fn companion(&self) -> &str {
        &self.persona.name
    }

    /// What a level is called in a language.
    #[must_use]
    pub fn level_named(&self, level: Level, language: Language) -> &str {
        self.relationship.levels.name(level, language)
    }

    /// All that is sent something of what people say, by its name: what answers, hears and speaks, and what tells what is
    /// meant. Each once, whatever it does.
    #[must_use]
    pub fn recipients(&self) -> Vec<String> {
        let answering = self.chain.status().into_iter().map(|link| link.provider);
        let others = self.speech.names().chain(self.meanings.model()).map(str::to_owned);
        let mut names: Vec<String> = Vec::new();
        for name in answering.chain(others) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}
