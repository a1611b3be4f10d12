//! A turn as work of the process: it goes on when its caller has gone, and shutdown waits for it.

use std::panic::AssertUnwindSafe;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use evolve_contract::{
    Code,
    chat::{ChatResponse, LevelUp},
};
use evolve_engine::turn::{TurnError, TurnEvent, TurnReply, TurnRequest};
use futures::FutureExt as _;
use tokio::sync::mpsc;
use tracing::Instrument as _;

use crate::{
    chat::{danger, later::Later},
    problem::{ApiError, code_name},
    state::Api,
};

/// What comes out of a running turn.
#[derive(Debug)]
pub enum Progress {
    /// A piece of the answer.
    Event(TurnEvent),
    /// The end; nothing comes after it.
    End(Result<ChatResponse, ApiError>),
}

/// Events that the engine may be ahead of us. It waits for nobody: beyond this, deltas stop and only the end comes.
const EVENT_BUFFER: usize = 4096;

/// Runs a turn and waits for its answer.
///
/// # Errors
/// Whatever became of the turn instead.
pub async fn run(api: &Api, request: TurnRequest) -> Result<ChatResponse, ApiError> {
    let mut progress = start(api, request, false);
    while let Some(step) = progress.recv().await {
        if let Progress::End(result) = step {
            return result;
        }
    }
    // The task was torn down with the runtime.
    Err(Code::Internal.into())
}

/// Starts a turn. The channel is unbounded so that a slow reader does not hold the turn up; an answer has a bounded size.
pub fn start(api: &Api, request: TurnRequest, stream: bool) -> mpsc::UnboundedReceiver<Progress> {
    let (sender, receiver) = mpsc::unbounded_channel();
    let work = {
        let api = api.clone();
        async move {
            let started = tokio::time::Instant::now();
            let result = AssertUnwindSafe(generate(&api, request, stream, &sender)).catch_unwind().await;
            let result = result.unwrap_or_else(|_| {
                tracing::error!("the turn panicked");
                Err((Code::Internal.into(), code_name(Code::Internal)))
            });
            api.chat_metrics.observe(started.elapsed());
            let mut later = None;
            let result = match result {
                Ok((answer, outcome, spoken)) => {
                    api.chat_metrics.count(outcome);
                    later = spoken;
                    Ok(answer)
                }
                Err((error, outcome)) => {
                    api.chat_metrics.count(&outcome);
                    Err(error)
                }
            };
            // Nobody listens any more where the caller hung up.
            let _ = sender.send(Progress::End(result));
            drop(sender);
            if let Some(later) = later {
                later.speak(&api).await;
            }
        }
    };
    api.tasks.spawn_work(work.in_current_span());
    receiver
}

type Outcome = Result<(ChatResponse, &'static str, Option<Later>), (ApiError, String)>;

async fn generate(api: &Api, request: TurnRequest, stream: bool, out: &mpsc::UnboundedSender<Progress>) -> Outcome {
    let (user_id, key) = (request.user_id, request.key.clone().filter(|_| request.voice_later));
    let images_left_out = u32::try_from(request.images_left_out).ok().filter(|count| *count > 0);
    // In a group, where somebody is is nobody else's business; our bot, which alone asks there, looks after them.
    let written = if request.aside.is_some() { String::new() } else { request.text.clone() };
    let mut heard = String::new();
    // What is heard in a recording is told as an event alone where the turn then fails.
    let listens = stream || request.audio.is_some();
    let result =
        if listens { listened(api, request, out, &mut heard).await } else { api.engine.chat(request, None).await };
    match result {
        Ok(reply) => {
            let heard = reply.heard.as_deref().unwrap_or(&heard);
            let helplines = danger::helplines(api, user_id, &[&written, heard]).await;
            if reply.profile_changed {
                api.profiles.changed(user_id).await;
            }
            let outcome = if reply.replayed { "replayed" } else { "ok" };
            let level_up = reply.level_up.clone().map(|reached| LevelUp { level: reached.level, name: reached.name });
            let later = key.and_then(|key| Later::of(user_id, key, &reply));
            let spoken = if later.is_none() { api.engine.sound(&reply).await } else { None };
            let seconds = spoken.as_ref().map(|spoken| spoken.duration_ms.div_ceil(1000));
            let answer = ChatResponse {
                response_text: reply.text,
                heard: reply.heard,
                voice_message: spoken.map(|spoken| BASE64_STANDARD.encode(spoken.ogg)),
                voice_seconds: seconds.map(|seconds| u32::try_from(seconds).unwrap_or(u32::MAX)),
                image_base64: reply.picture.map(|picture| BASE64_STANDARD.encode(picture)),
                level_up,
                stopped: reply.stopped,
                corrected: reply.corrected,
                asks_consent: reply.asks_consent,
                consent_withdrawn: reply.consent_withdrawn,
                helplines,
                images_left_out,
            };
            Ok((answer, outcome, later))
        }
        Err(error) => {
            let error = crate::errors::turn(error, api.clock.now());
            let error = error.helplines(danger::helplines(api, user_id, &[&written, &heard]).await);
            let outcome = code_name(error.code());
            Err((error, outcome))
        }
    }
}

/// Runs a turn and hands on what comes out of it. What is heard in a recording is then in `heard`.
async fn listened(
    api: &Api,
    request: TurnRequest,
    out: &mpsc::UnboundedSender<Progress>,
    heard: &mut String,
) -> Result<TurnReply, TurnError> {
    let (sender, mut events) = mpsc::channel(EVENT_BUFFER);
    let forward = async {
        while let Some(event) = events.recv().await {
            if let TurnEvent::Heard(words) = &event {
                heard.clone_from(words);
            }
            let _ = out.send(Progress::Event(event));
        }
    };
    tokio::join!(api.engine.chat(request, Some(sender)), forward).0
}
