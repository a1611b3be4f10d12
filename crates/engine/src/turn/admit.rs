//! Admit: the quota is taken and the turn begun, or an earlier answer is found, or waited for.

use chrono::{DateTime, Utc};
use evolve_domain::{
    day,
    memory::question::{Names, Question},
};
use evolve_store::turns::{Admission, Admit, Ended, Person, Replay, TurnLease};
use sha2::{Digest as _, Sha256};
use tokio::{sync::broadcast, time::Instant};
use uuid::Uuid;

use super::{Again, LEASE, Quoted, TurnError, TurnRequest, WAIT_FOR_FIRST, again::Asked};
use crate::Engine;

pub(super) enum Admitted {
    Run(TurnLease, Box<Person>),
    Answered(Replay),
    Failed(Failed),
}

/// A turn that failed for good.
pub(super) struct Failed {
    pub(super) turn_id: Uuid,
    pub(super) started_at: DateTime<Utc>,
    /// As it is kept.
    pub(super) failure: String,
}

pub(super) async fn admit(engine: &Engine, asked: &Asked) -> Result<Admitted, TurnError> {
    let turn_id = Uuid::now_v7();
    let own_key = turn_id.to_string();
    let request = &asked.request;
    let wished_under = request.key.as_deref().unwrap_or(&own_key);
    let (key, request_hash, also_key) = match &asked.retried {
        Some(retried) => (retried.key.as_str(), retried.request_hash, Some(wished_under)),
        None => (wished_under, hash(request), None),
    };
    // A recording that was listened to for nothing is neither heard nor charged twice. A wish to try it again is another
    // request: it comes without the recording.
    let lasting: &[&str] = if request.audio.is_some() && asked.retried.is_none() { &TurnError::CHARGED } else { &[] };
    // What is quoted in a group is mostly another's, and is not kept.
    let is_aside = request.aside.is_some();
    let quoted = request.reply_to.as_ref().filter(|_| !is_aside).map(Quoted::written);
    // Whose name is in it is not known yet; its terms are the same but for that.
    let terms = Question::read(&request.text, Names::default()).terms;
    let give_up = Instant::now() + WAIT_FOR_FIRST;
    // Subscribed before asking, so that an end in between is not missed.
    let mut ends = engine.wakeups.turns();
    loop {
        let admit = Admit {
            user_id: request.user_id,
            key,
            request_hash,
            turn_id,
            now: engine.clock.now(),
            lease: LEASE,
            plans: &engine.plans,
            defaults: engine.persona.default_settings(),
            terms: &terms,
            also_key,
            lasting,
            quoted: quoted.as_deref(),
            image_ref: request.image_ref.as_deref(),
            is_aside,
            handle: request.handle.as_deref(),
        };
        match engine.store.turns().admit(&admit).await? {
            Admission::Admitted(lease, person) => return Ok(Admitted::Run(lease, person)),
            Admission::Replay(replay) => return Ok(Admitted::Answered(replay)),
            Admission::Failed { turn_id, started_at, failure } => {
                return Ok(Admitted::Failed(Failed { turn_id, started_at, failure }));
            }
            Admission::KeyReused => return Err(TurnError::KeyReused),
            Admission::Banned { until } => return Err(TurnError::Banned { until }),
            Admission::Exhausted { limit, settings } => {
                let resets_at = day::next_day(settings.time_zone, engine.clock.now());
                return Err(TurnError::QuotaExhausted { limit, resets_at });
            }
            Admission::Running { turn_id, leased_until } => {
                let lease_left = (leased_until - engine.clock.now()).to_std().unwrap_or_default();
                let until = give_up.min(Instant::now() + lease_left);
                match wait(engine, &mut ends, turn_id, until).await? {
                    // The next look finds the answer, and how the person wants it.
                    Some(Ended::Done(_)) => {}
                    Some(Ended::Failed(name)) => return Err(TurnError::from_stored(&name)),
                    None if Instant::now() >= give_up => return Err(TurnError::InProgress),
                    None => {}
                }
            }
        }
    }
}

/// Waits until the turn has ended; nothing when it has not by `until`, was handed back, or is gone.
async fn wait(
    engine: &Engine,
    ends: &mut broadcast::Receiver<Option<Uuid>>,
    turn_id: Uuid,
    until: Instant,
) -> Result<Option<Ended>, TurnError> {
    loop {
        let heard = tokio::time::timeout_at(until, ends.recv()).await;
        let may_have_ended = match heard {
            Ok(Ok(Some(ended))) => ended == turn_id,
            // Something was missed: look.
            Ok(Ok(None) | Err(broadcast::error::RecvError::Lagged(_))) => true,
            Ok(Err(broadcast::error::RecvError::Closed)) | Err(_) => {
                return Ok(engine.store.turns().ended(turn_id).await?);
            }
        };
        // Where it has not ended, it was handed back: whoever waits looks whether it can be taken over.
        if may_have_ended {
            return Ok(engine.store.turns().ended(turn_id).await?);
        }
    }
}

/// What makes two requests the same.
fn hash(request: &TurnRequest) -> [u8; 32] {
    let mut hash = Sha256::new();
    match &request.again {
        // Its message is what it is.
        Some(Again::Last) => return Sha256::digest(b"again").into(),
        // Its picture and what it answers are what they are, too.
        Some(Again::Edited(key) | Again::Corrected(key)) => {
            hash.update(key);
            hash.update(&request.text);
            return hash.finalize().into();
        }
        None => {}
    }
    if let Some(aside) = &request.aside {
        hash.update(b"aside");
        hash.update(aside.room.unwrap_or_default().to_be_bytes());
    }
    hash.update(request.text.len().to_be_bytes());
    hash.update(&request.text);
    if let Some(quoted) = &request.reply_to {
        hash.update(&quoted.text);
    }
    if let Some(image) = &request.image {
        hash.update(&image.bytes);
    }
    for image in &request.more_images {
        hash.update(image.bytes.len().to_be_bytes());
        hash.update(&image.bytes);
    }
    if let Some(audio) = &request.audio {
        hash.update(if request.audio_forwarded { b"other" } else { b"audio" });
        hash.update(&audio.bytes);
    }
    hash.finalize().into()
}
