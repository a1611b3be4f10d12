//! Hear: what the person said becomes what they wrote; and, when all is written down, the answer becomes sound.
//!
//! Hearing is part of the turn: it comes after the quota was taken, so that nobody without a message left costs a
//! transcription. Speaking is not: the answer is safe before anything is spoken, and whoever asks again for a turn that was
//! answered has it spoken anew.

use std::borrow::Cow;

use evolve_domain::plan::Plan;
use evolve_domain::speech::{Voice, VoiceSettings};
use evolve_store::{
    StoreError,
    audio::{AudioFile, AudioKind},
    turns::Replay,
};
use uuid::Uuid;

use super::{Listener, Running, TurnError, TurnEvent, TurnReply, TurnRequest, generate::failure};
use crate::{
    Engine,
    speech::{Audio, Spoken},
};

/// What a turn has to do with sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sound {
    turn_id: Uuid,
    user_id: i64,
    /// The voice to speak in, where the answer is to be spoken: nothing inside means the bot's own.
    voice: Option<Option<Voice>>,
    /// What was heard, where this request heard it.
    heard: Option<AudioFile>,
}

impl Running<'_> {
    /// Turns the recording, if there is one, into words.
    pub(super) async fn hear(&self, listener: &mut Listener) -> Result<(), TurnError> {
        let Some(audio) = &self.request.audio else { return Ok(()) };
        let speech = &self.engine.speech;
        if !speech.hears() {
            return Err(TurnError::CannotHear);
        }
        let heard = speech.hear(audio, self.settings().language).await.map_err(|error| failure(&error))?;
        if heard.text.is_empty() && self.request.text.is_empty() {
            return Err(TurnError::NothingHeard);
        }
        // A turn hears once.
        let _ = self.heard.set(heard);
        listener.tell(TurnEvent::Heard(self.said().into_owned()));
        Ok(())
    }

    /// What the person said, in whichever way.
    pub(super) fn said(&self) -> Cow<'_, str> {
        let written = self.request.text.as_str();
        match self.heard.get().map(|heard| heard.text.as_str()) {
            None | Some("") => Cow::Borrowed(written),
            Some(heard) if written.is_empty() => Cow::Borrowed(heard),
            Some(heard) => Cow::Owned(format!("{written}\n\n{heard}")),
        }
    }

    /// The same, where there was something to hear.
    pub(super) fn heard(&self) -> Option<String> {
        self.heard.get().map(|_| self.said().into_owned())
    }

    pub(super) fn sound(&self) -> Option<Box<Sound>> {
        let model = self.heard.get().map(|heard| heard.model.clone());
        let heard = self.request.audio.as_ref().zip(model).map(|(audio, model)| received(audio, model));
        sound(self.engine, self.request, self.lease.turn_id, self.person.plan, self.person.voice, heard)
    }
}

/// The reply to a request that was answered before. What was heard then is in the messages.
pub(super) async fn replayed(engine: &Engine, request: &TurnRequest, replay: Replay) -> Result<TurnReply, StoreError> {
    let Replay { turn_id, started_at, reply, plan, voice } = replay;
    let heard = match &request.audio {
        Some(_) => engine.store.turns().said(request.user_id, turn_id, started_at).await?,
        None => None,
    };
    let sound = sound(engine, request, turn_id, plan, voice, None);
    Ok(TurnReply { heard, sound, ..TurnReply::replay(reply) })
}

fn sound(
    engine: &Engine,
    request: &TurnRequest,
    turn_id: Uuid,
    plan: Plan,
    settings: VoiceSettings,
    heard: Option<AudioFile>,
) -> Option<Box<Sound>> {
    let speak = engine.plans.speaks(plan) && settings.mode.wants(request.audio.is_some()) && engine.speech.speaks();
    let voice = speak.then_some(settings.voice);
    (voice.is_some() || heard.is_some()).then(|| Box::new(Sound { turn_id, user_id: request.user_id, voice, heard }))
}

fn received(audio: &Audio, model: String) -> AudioFile {
    let Audio { mime, bytes, duration_ms } = audio;
    AudioFile { kind: AudioKind::In, mime, bytes: bytes.len(), duration_ms: *duration_ms, model }
}

impl Engine {
    /// The answer spoken, where the person wants it and it can be; and a record of what was heard and spoken. Nothing that
    /// goes wrong here costs the answer.
    pub async fn sound(&self, reply: &TurnReply) -> Option<Spoken> {
        let Sound { turn_id, user_id, voice, heard } = reply.sound.as_deref()?;
        let spoken = match voice {
            Some(voice) => self.speech.say(&reply.text, *voice).await,
            None => None,
        };
        let files: Vec<AudioFile> = heard.clone().into_iter().chain(spoken.as_ref().map(sent)).collect();
        if !files.is_empty()
            && let Err(error) = self.store.audio().record(*turn_id, *user_id, &files, self.clock.now()).await
        {
            tracing::warn!(%error, turn = %turn_id, "what was spoken could not be recorded");
        }
        spoken
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
    }
}
