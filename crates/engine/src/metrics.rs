//! What the engine counts.

use std::{
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use evolve_domain::report::ModelPrices;
use evolve_runtime::metrics::{Durations, Metrics, durations};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
};

use crate::{
    meaning::Purpose,
    model::{Attempt, ModelError as ProviderError, Observer, Outcome, TracingObserver, Usage},
    tools,
};

/// Picodollars, which tokens times their price come to, in a dollar.
pub(crate) const PICODOLLARS: f64 = 1e12;
/// What bounds the names of models.
const MODELS: &str = "the models of `PROVIDERS`";

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Model {
    model: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ModelError {
    model: String,
    error_type: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ModelStatus {
    model: String,
    status: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Tokens {
    model: String,
    kind: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Tool {
    tool: &'static str,
    ok: bool,
}

/// Metrics of turns and models. Models come from configuration, so their labels are bounded.
#[derive(Clone, Debug)]
pub struct EngineMetrics {
    requests: Family<Model, Counter>,
    errors: Family<ModelError, Counter>,
    duration: Durations<ModelStatus>,
    first_piece: Durations<Model>,
    tokens: Family<Tokens, Counter>,
    cost: Family<Model, Counter<f64, AtomicU64>>,
    prices: Arc<ModelPrices>,
    responses: Durations<Status>,
    fallbacks: Counter,
    tools: Family<Tool, Counter>,
    quoted: Family<Model, Counter>,
    pub(crate) summaries: Counter,
    pub(crate) written_first: Counter,
}

impl EngineMetrics {
    /// Registers them.
    #[must_use]
    pub fn register(metrics: &Metrics) -> Self {
        let this = Self {
            requests: Family::default(),
            errors: Family::default(),
            duration: durations(),
            first_piece: durations(),
            tokens: Family::default(),
            cost: Family::default(),
            prices: Arc::default(),
            responses: durations(),
            fallbacks: Counter::default(),
            tools: Family::default(),
            quoted: Family::default(),
            summaries: Counter::default(),
            written_first: Counter::default(),
        };
        metrics.register(|r| {
            r.register("llm_requests", "Requests to language models", this.requests.clone()).label("model", MODELS);
            r.register("llm_errors", "Requests to language models that failed", this.errors.clone())
                .label("model", MODELS)
                .one_of("error_type", ProviderError::KINDS);
            r.register("llm_request_duration_seconds", "Time of one model request, seconds", this.duration.clone())
                .label("model", MODELS)
                .one_of("status", ["success", "error", "abandoned"]);
            let help = "Time to the first piece of a streamed answer, seconds";
            r.register("llm_time_to_first_token_seconds", help, this.first_piece.clone()).label("model", MODELS);
            let help =
                "Tokens, as far as models told; each in one kind alone, so that all kinds add up to what is billed";
            r.register("llm_tokens", help, this.tokens.clone())
                .label("model", MODELS)
                .one_of("kind", ["input", "cached", "output", "thinking"]);
            let help = "What tokens cost by MODEL_PRICES, US dollars; without the models that have no price there";
            r.register("llm_cost_dollars", help, this.cost.clone()).label("model", MODELS);
            let help = "Time of all that models and their tools did for one answer, seconds";
            r.register("ai_response_duration_seconds", help, this.responses.clone())
                .one_of("status", ["success", "error"]);
            r.register("llm_fallback_used", "Answers that came from a fallback model", this.fallbacks.clone());
            r.register("tool_calls", "Tools that models used", this.tools.clone())
                .one_of("tool", tools::names())
                .one_of("ok", ["true", "false"]);
            r.register(
                "llm_quoted_instructions",
                "Answers that were stopped because they quote their instructions",
                this.quoted.clone(),
            )
            .label("model", MODELS);
            r.register("summaries_written", "Summaries written", this.summaries.clone());
            r.register("written_first", "Messages that the companion wrote first", this.written_first.clone());
        });
        this
    }

    /// The same metrics, which reckon what tokens cost by these prices.
    #[must_use]
    pub fn priced(self, prices: ModelPrices) -> Self {
        Self { prices: Arc::new(prices), ..self }
    }

    /// An answer was made, or could not be.
    pub(crate) fn responded(&self, well: bool, took: Duration) {
        self.responses.get_or_create(&Status::of(well)).observe(took.as_secs_f64());
    }

    /// A model told what it took. Nothing is shown of what took nothing.
    fn spent(&self, model: &str, usage: Usage) {
        let Usage { prompt_tokens, cached_tokens, output_tokens, thinking_tokens, .. } = usage;
        for (kind, tokens) in [
            ("input", prompt_tokens.saturating_sub(cached_tokens)),
            ("cached", cached_tokens.min(prompt_tokens)),
            ("output", output_tokens),
            ("thinking", thinking_tokens),
        ] {
            if tokens > 0 {
                self.tokens.get_or_create(&Tokens { model: model.to_owned(), kind }).inc_by(tokens.into());
            }
        }
        // As the reports reckon: what came from the provider's cache is paid as any other.
        let Some((_, price)) = self.prices.iter().find(|(name, _)| *name == model) else { return };
        let answer = output_tokens.saturating_add(thinking_tokens);
        let picodollars = f64::from(prompt_tokens) * price.input as f64 + f64::from(answer) * price.output as f64;
        if picodollars > 0.0 {
            self.cost.get_or_create(&Model { model: model.to_owned() }).inc_by(picodollars / PICODOLLARS);
        }
    }

    pub(crate) fn tool(&self, tool: &'static str, ok: bool) {
        self.tools.get_or_create(&Tool { tool, ok }).inc();
    }

    pub(crate) fn quoted(&self, model: &str) {
        self.quoted.get_or_create(&Model { model: model.to_owned() }).inc();
    }
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Status {
    status: &'static str,
}

impl Status {
    const fn of(well: bool) -> Self {
        Self { status: if well { "success" } else { "error" } }
    }
}

/// Metrics of speech, by the seed's names.
#[derive(Clone, Debug)]
pub(crate) struct SpeechMetrics {
    duration: Durations<Status>,
    spoken: Counter,
    heard: Family<Status, Counter>,
}

impl SpeechMetrics {
    /// Registers them.
    pub(crate) fn register(metrics: &Metrics) -> Self {
        let this = Self { duration: durations(), spoken: Counter::default(), heard: Family::default() };
        metrics.register(|r| {
            r.register("tts_generation_duration_seconds", "Time to speak an answer, seconds", this.duration.clone())
                .one_of("status", ["success", "error"]);
            r.register("voice_messages_generated", "Answers that were spoken", this.spoken.clone());
            r.register("voice_messages_heard", "Voice messages by what came of them", this.heard.clone())
                .one_of("status", ["ok", "silence", "error"]);
        });
        this
    }

    pub(crate) fn spoke(&self, well: bool, took: Duration) {
        self.duration.get_or_create(&Status::of(well)).observe(took.as_secs_f64());
        if well {
            self.spoken.inc();
        }
    }

    pub(crate) fn heard(&self, status: &'static str) {
        self.heard.get_or_create(&Status { status }).inc();
    }
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Embedding {
    purpose: &'static str,
    status: &'static str,
}

/// Metrics of the model that embeds.
#[derive(Clone, Debug)]
pub(crate) struct MeaningMetrics {
    requests: Family<Embedding, Counter>,
}

impl MeaningMetrics {
    /// Registers them.
    pub(crate) fn register(metrics: &Metrics) -> Self {
        let this = Self { requests: Family::default() };
        metrics.register(|r| {
            r.register(
                "embedding_requests",
                "Requests to the embedding model by what came of them",
                this.requests.clone(),
            )
            .one_of("purpose", ["question", "message"])
            .one_of("status", ["success"].into_iter().chain(ProviderError::KINDS));
        });
        this
    }

    pub(crate) fn asked(&self, purpose: Purpose, status: &'static str) {
        let purpose = match purpose {
            Purpose::Question => "question",
            Purpose::Message => "message",
        };
        self.requests.get_or_create(&Embedding { purpose, status }).inc();
    }
}

impl Observer for EngineMetrics {
    fn attempt(&self, attempt: &Attempt<'_>) {
        TracingObserver.attempt(attempt);
        let model = || attempt.model.to_owned();
        let status = match attempt.outcome {
            Outcome::Skipped(_) => return,
            Outcome::Answered(_) => "success",
            Outcome::Failed(error) => {
                self.errors.get_or_create(&ModelError { model: model(), error_type: error.kind() }).inc();
                "error"
            }
            Outcome::Abandoned => "abandoned",
        };
        self.spent(attempt.model, attempt.usage);
        if let Some(first) = attempt.first_event {
            self.first_piece.get_or_create(&Model { model: model() }).observe(first.as_secs_f64());
        }
        self.requests.get_or_create(&Model { model: model() }).inc();
        self.duration.get_or_create(&ModelStatus { model: model(), status }).observe(attempt.took.as_secs_f64());
        if attempt.position > 0 && status == "success" {
            self.fallbacks.inc();
        }
    }
}
