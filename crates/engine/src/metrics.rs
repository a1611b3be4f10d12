//! What the engine counts.

use evolve_runtime::metrics::{Durations, Metrics, durations};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
};

use crate::{
    meaning::Purpose,
    model::{Attempt, Observer, Outcome, TracingObserver},
};

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
            fallbacks: Counter::default(),
            tools: Family::default(),
            quoted: Family::default(),
            summaries: Counter::default(),
            written_first: Counter::default(),
        };
        metrics.register(|r| {
            r.register("llm_requests", "Requests to language models", this.requests.clone());
            r.register("llm_errors", "Requests to language models that failed", this.errors.clone());
            r.register("llm_request_duration_seconds", "Time of one model request, seconds", this.duration.clone());
            r.register("llm_fallback_used", "Answers that came from a fallback model", this.fallbacks.clone());
            r.register("tool_calls", "Tools that models used", this.tools.clone());
            r.register(
                "llm_quoted_instructions",
                "Answers that were stopped because they quote their instructions",
                this.quoted.clone(),
            );
            r.register("summaries_written", "Summaries written", this.summaries.clone());
            r.register("written_first", "Messages that the companion wrote first", this.written_first.clone());
        });
        this
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
            r.register("tts_generation_duration_seconds", "Time to speak an answer, seconds", this.duration.clone());
            r.register("voice_messages_generated", "Answers that were spoken", this.spoken.clone());
            r.register("voice_messages_heard", "Voice messages by what came of them", this.heard.clone());
        });
        this
    }

    pub(crate) fn spoke(&self, well: bool, took: std::time::Duration) {
        let status = if well { "success" } else { "error" };
        self.duration.get_or_create(&Status { status }).observe(took.as_secs_f64());
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
            );
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
        self.requests.get_or_create(&Model { model: model() }).inc();
        self.duration.get_or_create(&ModelStatus { model: model(), status }).observe(attempt.took.as_secs_f64());
        if attempt.position > 0 && status == "success" {
            self.fallbacks.inc();
        }
    }
}
