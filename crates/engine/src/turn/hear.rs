//! Hear: what the person said becomes what they wrote (and what somebody else said whose recording they pass on, what they
//! answer); and, when all is written down, the answer becomes sound.
//!
//! Hearing is part of the turn: it comes after the quota was taken, so that nobody without a message left costs a
//! transcription. Speaking is not: the answer is safe before anything is spoken, and whoever asks again for a turn that was
//! answered has it spoken anew.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use evolve_domain::{
    flags::Flag,
    language::Language,
    plan::Plan,
    speech::{Voice, VoiceSettings},
};
use evolve_store::{
    StoreError,
    audio::{AudioFile, AudioKind},
    turns::Replay,
};
use uuid::Uuid;

use super::{
    Author, Listener, Quoted, Running, TurnError, TurnEvent, TurnReply, TurnRequest,
    admit::Failed,
    again::{Asked, Beside},
    generate::failure,
};
use crate::{
    Engine,
    speech::{Audio, Heard, Spoken},
};

/// An answer that is to be spoken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sound {
    turn_id: Uuid,
    user_id: i64,
    /// The voice to speak in: nothing means the bot's own.
    voice: Option<Voice>,
    /// The language that the person is spoken to in.
    language: Language,
}

impl Running<'_> {
    /// Turns the recording, if there is one, into words.
    pub(super) async fn hear(&self, listener: &mut Listener) -> Result<(), TurnError> {
        let Some(audio) = &self.request.audio else { return Ok(()) };
        let speech = &self.engine.speech;
        if !speech.hears() {
            return Err(TurnError::CannotHear);
        }
        let heard = match self.heard_before().await? {
            Some(heard) => heard,
            None => {
                let heard = speech.hear(audio, self.settings().language).await.map_err(|error| failure(&error))?;
                // At once, since it was paid for whatever becomes of the turn.
                record(self.engine, self.lease.turn_id, self.lease.user_id, self.received(audio, &heard)).await;
                heard
            }
        };
        if heard.text.is_empty() && self.written().is_empty() {
            return Err(TurnError::NothingHeard);
        }
        // A turn hears once.
        let _ = self.heard.set(heard);
        if let Some(quoted) = self.reply_to().filter(|_| self.request.audio_forwarded) {
            // It stands in no message, and is wanted when this is tried again, and when the answer is made anew.
            self.engine.store.turns().quote(&self.lease, &quoted.written()).await?;
        }
        if let Some(heard) = self.heard() {
            listener.tell(TurnEvent::Heard(heard));
        }
        Ok(())
    }

    fn received(&self, audio: &Audio, heard: &Heard) -> AudioFile {
        let Audio { mime, bytes, duration_ms } = audio;
        AudioFile {
            kind: AudioKind::In,
            mime,
            bytes: bytes.len(),
            duration_ms: Some(*duration_ms),
            model: heard.model.clone(),
            file_ref: self.request.audio_ref.clone(),
            // As much of the message as was heard.
            heard_chars: Some(if self.request.audio_forwarded { 0 } else { heard.text.chars().count() }),
        }
    }

    /// What an attempt before this one has heard: nobody pays for the same words twice.
    async fn heard_before(&self) -> Result<Option<Heard>, TurnError> {
        if !self.lease.is_retaken() {
            return Ok(None);
        }
        let said = told(self.engine, self.request, self.lease.turn_id, self.lease.started_at()).await?;
        // What was written besides comes before it.
        let heard = said.and_then(|said| said.strip_prefix(self.written()).map(|heard| heard.trim_start().to_owned()));
        Ok(heard.filter(|heard| !heard.is_empty()).map(|text| Heard { text, model: String::new() }))
    }

    /// What is written beside the recording, by whoever speaks in it.
    fn written(&self) -> &str {
        match (self.request.audio_forwarded, &self.request.reply_to) {
            (false, _) => self.request.text.as_str(),
            (true, Some(quoted)) => quoted.text.as_str(),
            (true, None) => "",
        }
    }

    /// What is written there, and what was heard.
    fn written_and_heard(&self) -> Cow<'_, str> {
        let written = self.written();
        match self.heard.get().map(|heard| heard.text.as_str()) {
            None | Some("") => Cow::Borrowed(written),
            Some(heard) if written.is_empty() => Cow::Borrowed(heard),
            Some(heard) => Cow::Owned(format!("{written}\n\n{heard}")),
        }
    }

    /// What the person said, in whichever way.
    pub(super) fn said(&self) -> Cow<'_, str> {
        if self.request.audio_forwarded { Cow::Borrowed(self.request.text.as_str()) } else { self.written_and_heard() }
    }

    /// What their message answers: a recording that they pass on, too.
    pub(super) fn reply_to(&self) -> Option<Cow<'_, Quoted>> {
        if !self.request.audio_forwarded {
            return self.request.reply_to.as_ref().map(Cow::Borrowed);
        }
        let text = self.written_and_heard().into_owned();
        (!text.is_empty()).then_some(Cow::Owned(Quoted { author: Author::Other, text }))
    }

    /// What was heard, with what is written beside it; nothing where there was nothing to hear.
    pub(super) fn heard(&self) -> Option<String> {
        self.heard.get().map(|_| self.written_and_heard().into_owned())
    }

    /// How the answer is to be spoken. Who stopped it wants to hear no more of it.
    pub(super) fn sound(&self) -> Option<Box<Sound>> {
        if self.stop.is_cancelled() {
            return None;
        }
        let voice = (self.person.voice, self.settings().language);
        sound(self.engine, self.request, self.beside, self.lease.turn_id, self.person.plan, voice)
    }
}

/// The reply to a request that was answered before. What was heard then is in the messages.
pub(super) async fn replayed(engine: &Engine, asked: &Asked, replay: Replay) -> Result<TurnReply, StoreError> {
    let Asked { request, beside, .. } = asked;
    let Replay { turn_id, started_at, reply, plan, voice, language } = replay;
    let heard = match &request.audio {
        Some(_) => told(engine, request, turn_id, started_at).await?,
        None => None,
    };
    let sound = sound(engine, request, *beside, turn_id, plan, (voice, language));
    Ok(TurnReply { heard, sound, ..TurnReply::replay(reply) })
}

/// Why a recording had no answer, for who sends it again under its key. What was heard in it is told as it was then: whoever
/// looks after people in danger goes by it.
pub(super) async fn failed_before(
    engine: &Engine,
    request: &TurnRequest,
    failed: &Failed,
    listener: &mut Listener,
) -> TurnError {
    match told(engine, request, failed.turn_id, failed.started_at).await {
        Ok(Some(said)) => listener.tell(TurnEvent::Heard(said)),
        Ok(None) => {}
        Err(error) => return error.into(),
    }
    TurnError::from_stored(&failed.failure)
}

/// What is kept of what was heard in a recording, with what was written beside it.
async fn told(
    engine: &Engine,
    request: &TurnRequest,
    turn_id: Uuid,
    started_at: DateTime<Utc>,
) -> Result<Option<String>, StoreError> {
    match request.audio_forwarded {
        true => quoted(engine, turn_id).await,
        false => engine.store.turns().said(request.user_id, turn_id, started_at).await,
    }
}

/// The words that the message of a turn answers, as they were kept.
async fn quoted(engine: &Engine, turn_id: Uuid) -> Result<Option<String>, StoreError> {
    let kept = engine.store.turns().quoted(turn_id).await?;
    Ok(kept.and_then(|kept| Quoted::read(&kept)).map(|quoted| quoted.text))
}

fn sound(
    engine: &Engine,
    request: &TurnRequest,
    beside: Beside,
    turn_id: Uuid,
    plan: Plan,
    (settings, language): (VoiceSettings, Language),
) -> Option<Box<Sound>> {
    let was_spoken = request.audio.is_some() || beside.was_spoken;
    let speak = engine.plans.speaks(plan)
        && settings.mode.wants(was_spoken)
        && engine.speech.speaks()
        && engine.is_on(Flag::Voice, request.user_id, Some(plan));
    speak.then(|| Box::new(Sound { turn_id, user_id: request.user_id, voice: settings.voice, language }))
}

/// Nothing that goes wrong here costs the answer.
async fn record(engine: &Engine, turn_id: Uuid, user_id: i64, file: AudioFile) {
    let recorded = engine.store.audio().record(turn_id, user_id, &[file], engine.clock.now()).await;
    if let Err(error) = recorded {
        tracing::warn!(%error, turn = %turn_id, "what was spoken could not be recorded");
    }
}

impl Engine {
    /// The answer spoken, where the person wants it and it can be; and a record of that.
    pub async fn sound(&self, reply: &TurnReply) -> Option<Spoken> {
        let Sound { turn_id, user_id, voice, language } = reply.sound.as_deref()?;
        let spoken = self.speech.say(&reply.text, *voice, *language).await?;
        record(self, *turn_id, *user_id, sent(&spoken)).await;
        Some(spoken)
    }
}

fn sent(spoken: &Spoken) -> AudioFile {
    let Spoken { ogg, duration_ms, model } = spoken;
    AudioFile {
        kind: AudioKind::Out,
        mime: "audio/ogg",
        bytes: ogg.len(),
        duration_ms: Some(*duration_ms),
        model: model.clone(),
        // Telegram has yet to get it; whoever sends it there writes it down.
        file_ref: None,
        heard_chars: None,
    }
}
