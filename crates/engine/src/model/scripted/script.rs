//! A model for tests, which does what it is told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures::StreamExt;
use serde_json::Value;
use tokio::sync::{Notify, watch};

use super::super::answer::{Answer, AnswerBuilder, Event, FinishReason, Usage};
use super::super::error::ModelError;
use super::super::request::{Request, ToolCall};
use super::super::{EventStream, ModelProvider};
use super::word_by_word;

/// What a [`Script`] does with one request.
#[derive(Debug, Clone)]
pub enum Step {
    /// Answers, word by word when streaming.
    Say(String),
    /// Calls one tool.
    Call {
        /// Its name.
        name: String,
        /// Its arguments.
        args: Value,
    },
    /// Answers exactly this.
    Answer(Answer),
    /// Fails before anything has come.
    Fail(ModelError),
    /// Gives some text out, then fails. Not streaming, it just fails.
    FailAfter(String, ModelError),
    /// Gives some text out, then nothing more. Not streaming, it never answers.
    HangAfter(String),
    /// Waits for the notification, then does the step.
    After(Arc<Notify>, Box<Step>),
    /// Never answers.
    Hang,
}

impl Step {
    /// [`Step::Say`].
    pub fn say(text: impl Into<String>) -> Self {
        Self::Say(text.into())
    }

    /// [`Step::Call`].
    pub fn call(name: impl Into<String>, args: Value) -> Self {
        Self::Call { name: name.into(), args }
    }
}

type Improvise = dyn Fn(&Request) -> Step + Send + Sync;

/// A model that follows a script: first its queue of steps, then whatever it was told to do otherwise. Clones are the
/// same model.
#[derive(Clone)]
pub struct Script {
    inner: Arc<Inner>,
}

struct Inner {
    name: String,
    queue: Mutex<VecDeque<Step>>,
    otherwise: Box<Improvise>,
    requests: Mutex<Vec<Request>>,
    asked: watch::Sender<usize>,
}

impl Script {
    /// Does these steps, one for each request; after the last it is [`ModelError::Unavailable`].
    pub fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        let over = ModelError::Unavailable {
            status: None,
            reason: String::from("the script is over: it has no step for this request"),
            retry_after: None,
        };
        Self::build("script", steps.into_iter().collect(), Box::new(move |_| Step::Fail(over.clone())))
    }

    /// Does the same with every request. `Script::always(Step::call(…))` never stops calling tools.
    #[must_use]
    pub fn always(step: Step) -> Self {
        Self::with(move |_| step.clone())
    }

    /// Decides by the request.
    pub fn with(improvise: impl Fn(&Request) -> Step + Send + Sync + 'static) -> Self {
        Self::build("script", VecDeque::new(), Box::new(improvise))
    }

    /// The same script under another name, for chains of several. Call it before the script is used.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        match Arc::try_unwrap(self.inner) {
            Ok(inner) => Self { inner: Arc::new(Inner { name: name.into(), ..inner }) },
            Err(inner) => Self { inner },
        }
    }

    /// Adds a step at the end of the queue.
    pub fn push(&self, step: Step) {
        lock(&self.inner.queue).push_back(step);
    }

    /// Every request so far.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.inner.requests).clone()
    }

    /// Waits until it has been asked this often.
    pub async fn asked(&self, times: usize) {
        // The sender lives in `self`, so waiting cannot fail.
        let _ = self.inner.asked.subscribe().wait_for(|asked| *asked >= times).await;
    }

    fn build(name: &str, queue: VecDeque<Step>, otherwise: Box<Improvise>) -> Self {
        let inner = Inner {
            name: name.to_owned(),
            queue: Mutex::new(queue),
            otherwise,
            requests: Mutex::new(Vec::new()),
            asked: watch::Sender::new(0),
        };
        Self { inner: Arc::new(inner) }
    }

    fn next(&self, request: &Request) -> Step {
        lock(&self.inner.requests).push(request.clone());
        self.inner.asked.send_modify(|asked| *asked += 1);
        let step = lock(&self.inner.queue).pop_front();
        step.unwrap_or_else(|| (self.inner.otherwise)(request))
    }
}

#[async_trait]
impl ModelProvider for Script {
    fn name(&self) -> &str {
        &self.inner.name
    }

    fn model(&self) -> &str {
        "script"
    }

    async fn generate(&self, request: &Request) -> Result<Answer, ModelError> {
        let mut events = self.stream(request).await?;
        let mut answer = AnswerBuilder::default();
        while let Some(event) = events.next().await {
            answer.push(&event?);
        }
        answer.finish()
    }

    async fn stream(&self, request: &Request) -> Result<EventStream, ModelError> {
        let mut step = self.next(request);
        loop {
            let answer = match step {
                Step::Say(text) => answer(text, Vec::new()),
                Step::Call { name, args } => {
                    let id = format!("call-{}", request.tool_calls_so_far() + 1);
                    answer(String::new(), vec![ToolCall { id, name, args, signature: None }])
                }
                Step::Answer(answer) => answer,
                Step::Fail(error) => return Err(error),
                Step::FailAfter(text, error) => {
                    return Ok(futures::stream::iter([Ok(Event::Text(text)), Err(error)]).boxed());
                }
                Step::HangAfter(text) => {
                    let said = word_by_word(answer(text, Vec::new())).filter(|event| {
                        std::future::ready(matches!(event, Ok(Event::Started { .. } | Event::Text(_))))
                    });
                    return Ok(said.chain(futures::stream::pending()).boxed());
                }
                Step::After(notify, then) => {
                    notify.notified().await;
                    step = *then;
                    continue;
                }
                Step::Hang => std::future::pending().await,
            };
            return Ok(word_by_word(answer));
        }
    }
}

fn answer(text: String, tool_calls: Vec<ToolCall>) -> Answer {
    let finish = if tool_calls.is_empty() { FinishReason::Stop } else { FinishReason::ToolCalls };
    let usage = Usage { prompt_tokens: 10, output_tokens: 5, total_tokens: 15, ..Usage::default() };
    Answer { text, picture: None, tool_calls, usage, finish }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
