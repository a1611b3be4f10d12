//! The chat turn: admit → recall → compose → generate → persist.
//!
//! One message in, one answer out, once. Three round trips to Postgres, model time aside: admit, recall, persist.

mod admit;
mod again;
mod aside;
mod compose;
mod error;
mod generate;
mod hear;
mod manner;
mod persist;
mod quoted;
mod recall;
mod stop;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use evolve_domain::{
    consent::Manner, flags::Flag, memory::question::Question, profile::Settings, relationship::LevelUp,
};
use evolve_store::turns;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub use aside::Aside;
pub(crate) use compose::push_message;
pub use error::TurnError;
pub(crate) use generate::{clean, failure, stored};
pub use hear::Sound;
pub use quoted::{Author, Quoted};

use crate::{
    Engine,
    model::Picture,
    speech::{Audio, Heard},
    tools::Effects,
};

/// How long a turn may be silent before another process may take it over.
const LEASE: TimeDelta = TimeDelta::seconds(10);
/// How long a repeated request waits for the first one's answer.
const WAIT_FOR_FIRST: Duration = Duration::from_secs(150);

/// A message to answer. Its content has been checked by the caller: bounded length, a real image.
#[derive(Clone, Default)]
pub struct TurnRequest {
    /// The person's Telegram id.
    pub user_id: i64,
    /// The Idempotency-Key; without one, the request is like no other.
    pub key: Option<String>,
    /// What the person wrote.
    pub text: String,
    /// A picture that came with it.
    pub image: Option<Image>,
    /// How the caller can have the picture again: it is kept, the picture is not.
    pub image_ref: Option<String>,
    /// More pictures, where they showed several at once.
    pub more_images: Vec<Image>,
    /// How many more they showed that cannot be read. It is the same request either way.
    pub images_left_out: usize,
    /// What they said instead of writing it, or besides.
    pub audio: Option<Audio>,
    /// How the caller can have the recording again: it is kept, the recording is not.
    pub audio_ref: Option<String>,
    /// Whether they only pass the recording on. What is said in it is then another's, and none of their message: it joins what
    /// the message answers.
    pub audio_forwarded: bool,
    /// What it answers.
    pub reply_to: Option<Quoted>,
    /// Which answer is to be made anew.
    pub again: Option<Again>,
    /// Whether it may be spoken later. It is the same request either way.
    pub voice_later: bool,
    /// Where it was said, if not in the private chat.
    pub aside: Option<Aside>,
    /// The hash of the person's @name, empty where they have none; nothing where that is not known.
    pub handle: Option<String>,
}

/// Which answer is to be made anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Again {
    /// The last one, or, where the last message has none, that.
    Last,
    /// The one to the message with this key, which says something else now. Unless it is the last one, it is corrected
    /// and nothing more.
    Edited(String),
    /// As [`Again::Edited`], but it is corrected and nothing more even if it is the last one.
    Corrected(String),
}

/// A picture.
#[derive(Clone, PartialEq, Eq)]
pub struct Image {
    /// Its media type, found by content.
    pub mime: &'static str,
    /// The file.
    pub bytes: Arc<[u8]>,
}

impl std::fmt::Debug for TurnRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TurnRequest")
            .field("user_id", &self.user_id)
            .field("text_bytes", &self.text.len())
            .field("image_bytes", &self.image.as_ref().map(|image| image.bytes.len()))
            .field("audio", &self.audio)
            .finish_non_exhaustive()
    }
}

/// What a caller who listens hears while the answer is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TurnEvent {
    /// What was heard in the recording, with what was written beside it. It comes before anything else.
    Heard(String),
    /// More text.
    Delta(String),
    /// What came so far is void; the answer starts over.
    Restart,
}

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TurnReply {
    /// The answer, in Markdown.
    pub text: String,
    /// What was heard in a recording, with what was written beside it.
    pub heard: Option<String>,
    /// A picture that the model drew: the file. A replay shows it again.
    pub picture: Option<Arc<[u8]>>,
    /// The level of the relationship that was reached with it. A replay says it again.
    pub level_up: Option<LevelUp>,
    /// Whether it was made for an earlier request with the same key.
    pub replayed: bool,
    /// Whether the turn changed the profile or the settings, so that caches of them are out of date.
    pub profile_changed: bool,
    /// How it is to be spoken, for [`Engine::sound`].
    pub sound: Option<Box<Sound>>,
    /// Whether it was stopped before its first word.
    pub stopped: bool,
    /// Whether there is no answer, since a message was corrected and nothing more.
    pub corrected: bool,
    /// Whether the person is to be asked whether they agree to adult matters. A replay does not say it again: as long as they
    /// have not decided, the next answer does.
    pub asks_consent: bool,
    /// Whether the person had agreed to adult matters, which counts no more, since they said that they are too young. They are
    /// to be told. A replay does not say it again.
    pub consent_withdrawn: bool,
}

impl TurnReply {
    /// Whether the person wants it spoken, and something here speaks.
    #[must_use]
    pub fn is_to_be_spoken(&self) -> bool {
        self.sound.is_some()
    }

    fn replay(reply: turns::Reply) -> Self {
        let turns::Reply { text, picture, level_up, stopped } = reply;
        Self { text, picture: picture.map(Into::into), level_up, replayed: true, stopped, ..Self::default() }
    }

    /// A new answer.
    fn of(outcome: &Outcome, level_up: Option<LevelUp>, profile_changed: bool) -> Self {
        let picture = outcome.picture.as_ref().map(|picture| picture.bytes().into());
        let stopped = outcome.text.is_empty() && picture.is_none();
        let Outcome { asks_consent, consent_withdrawn, .. } = *outcome;
        let text = outcome.text.clone();
        Self { text, picture, level_up, profile_changed, stopped, asks_consent, consent_withdrawn, ..Self::default() }
    }
}

/// Where deltas go. A listener that is slow or gone misses some; the whole answer reaches it in the end, or the next time
/// it asks. It never slows the turn.
#[derive(Debug)]
struct Listener(Option<mpsc::Sender<TurnEvent>>);

impl Listener {
    fn tell(&mut self, event: TurnEvent) {
        if self.0.as_ref().is_some_and(|sender| sender.try_send(event).is_err()) {
            // A gap in the text would be worse than no more text.
            self.0 = None;
        }
    }
}

/// What generate made.
#[derive(Debug)]
struct Outcome {
    text: String,
    picture: Option<Picture>,
    model: String,
    usage: turns::Usage,
    effects: Effects,
    /// See [`TurnReply::asks_consent`].
    asks_consent: bool,
    /// See [`TurnReply::consent_withdrawn`].
    consent_withdrawn: bool,
}

impl Outcome {
    fn new(text: String, picture: Option<Picture>, model: String, usage: turns::Usage, effects: Effects) -> Self {
        Self { text, picture, model, usage, effects, asks_consent: false, consent_withdrawn: false }
    }
}

/// A turn under way.
struct Running<'a> {
    engine: &'a Engine,
    request: &'a TurnRequest,
    lease: turns::TurnLease,
    person: Box<turns::Person>,
    /// What was heard, once it was.
    heard: OnceLock<Heard>,
    /// The answer that is made anew.
    anew: Option<again::Anew>,
    /// Whether the person's message is in the history already.
    is_kept: bool,
    /// What came with the message, and is not at hand any more.
    beside: again::Beside,
    /// Cancelled when the person wants to hear no more.
    stop: CancellationToken,
    /// When the first words of the answer were there.
    first_at: OnceLock<DateTime<Utc>>,
    /// The message as a question to the past, once it was read.
    question: OnceLock<Question>,
}

impl Engine {
    /// Answers a message. Deltas go to `events` as they are made. The turn goes on when the caller does not wait for it.
    ///
    /// # Errors
    /// [`TurnError`].
    #[tracing::instrument(name = "turn", skip_all)]
    pub async fn chat(
        &self,
        request: TurnRequest,
        events: Option<mpsc::Sender<TurnEvent>>,
    ) -> Result<TurnReply, TurnError> {
        let request = TurnRequest { text: storable(&request.text), ..request };
        let Some(asked) = again::prepare(self, request).await? else { return Ok(again::corrected()) };
        let mut listener = Listener(events);
        // Heard from before the turn can be asked to stop.
        let stops = self.wakeups.stops();
        let (lease, person) = match admit::admit(self, &asked).await {
            Ok(admit::Admitted::Run(lease, person)) => (lease, person),
            Ok(admit::Admitted::Answered(replay)) => return Ok(hear::replayed(self, &asked, replay).await?),
            Ok(admit::Admitted::Failed(failed)) => {
                return Err(hear::failed_before(self, &asked.request, &failed, &mut listener).await);
            }
            Err(error @ TurnError::QuotaExhausted { .. }) => {
                if let Some(anew) = &asked.anew {
                    anew.correct(self, &asked.request).await?;
                }
                return Err(error);
            }
            Err(error) => return Err(error),
        };
        let again::Asked { request, anew, retried, beside } = asked;
        let is_kept = anew.is_some() || retried.is_some();
        let (heard, first_at, question, stop) =
            (OnceLock::new(), OnceLock::new(), OnceLock::new(), CancellationToken::new());
        if lease.stop_asked() {
            stop.cancel();
        }
        let request = &request;
        let running =
            Running { engine: self, request, lease, person, heard, anew, is_kept, beside, stop, first_at, question };
        // On the heap, where it is not moved again.
        match running.keep(stops, Box::pin(running.answer(&mut listener))).await {
            Ok(outcome) => match running.persist(&outcome).await {
                // What Postgres will never take: nobody pays for that. While it is away, the lease ends the turn.
                Err(TurnError::Store(error)) if !error.is_unavailable() => {
                    let error = TurnError::Store(error);
                    running.fail(&error).await;
                    Err(error)
                }
                done => done,
            },
            Err(error) => {
                running.fail(&error).await;
                Err(error)
            }
        }
    }
}

impl Running<'_> {
    async fn answer(&self, listener: &mut Listener) -> Result<Outcome, TurnError> {
        if self.request.image.is_some() && !self.is_kept && !self.may_show_images() {
            return Err(TurnError::PremiumRequired);
        }
        if self.request.image.is_some() && !self.is_kept && !self.looks_at_images() {
            return Err(TurnError::ModelUnavailable { retry_after: None });
        }
        if let Some(aside) = &self.request.aside {
            return self.answer_aside(aside, listener).await;
        }
        self.hear(listener).await?;
        if let Some(anew) = &self.anew {
            anew.correct(self.engine, self.request).await?;
        }
        let recall = self.recall().await?;
        let consent_withdrawn = self.believe().await?;
        let manner = self.manner(&recall);
        let (prompt, secret) = self.compose(&recall, manner)?;
        let outcome = self.generate(prompt, &secret, &recall, listener).await?;
        Ok(Outcome { asks_consent: manner == Manner::Undecided, consent_withdrawn, ..outcome })
    }

    fn may_show_images(&self) -> bool {
        self.engine.plans.limits(self.person.plan).images
    }

    /// Whether pictures are looked at now; where they are not, that is nobody's plan.
    fn looks_at_images(&self) -> bool {
        self.engine.is_on(Flag::Pictures, self.lease.user_id, Some(self.person.plan))
    }

    fn settings(&self) -> Settings {
        self.person.settings
    }

    /// Notes that words of the answer are there, and when the first of them were.
    fn words_come(&self) {
        self.first_at.get_or_init(|| self.engine.clock.now());
    }

    /// Milliseconds until then from the turn's beginning: what the person waited, whatever was in between.
    fn first_ms(&self) -> Option<u32> {
        let waited = *self.first_at.get()? - self.lease.started_at();
        u32::try_from(waited.num_milliseconds().max(0)).ok()
    }
}

/// Postgres cannot hold U+0000.
fn storable(text: &str) -> String {
    text.replace('\0', "")
}
