//! An answer that is made anew: because the person asks for another, or because they have edited their message.
//!
//! It is a turn like any other, with a key and a message of the day's quota of its own. But its message is in the history
//! already, and its answer takes the place of the old one there; the model sees neither the old answer nor, in the history,
//! the message. What the model does while it answers is done: the person is told so. Only what counts how often something
//! was said is left as it was: the message was counted when it was first answered, and earns no points again.
//!
//! A message that has no answer, since its turn failed, is no different from one that is sent again: its own turn goes on,
//! and is known by the key of the wish as well.

use evolve_store::{
    facts::{FactChanges, Source},
    turns::{Last, LastAnswer, Replace, Replaced, Said, Unanswered},
};

use super::{Again, Outcome, Quoted, Running, TurnError, TurnReply, TurnRequest, persist::insist};
use crate::{Engine, facts::settle, model::Picture};

/// The answer that is made anew.
pub(super) struct Anew {
    pub(super) last: LastAnswer,
    /// Whether its message may say something else now.
    edited: bool,
}

/// The turn that is to go on, and is known by the key of the request as well.
pub(super) struct Retried {
    /// The key under which it began.
    pub(super) key: String,
    /// What its request was.
    pub(super) request_hash: [u8; 32],
}

/// What a request comes to.
pub(super) struct Asked {
    pub(super) request: TurnRequest,
    pub(super) anew: Option<Anew>,
    pub(super) retried: Option<Retried>,
    pub(super) beside: Beside,
}

/// What came with a message that is in the history, and does not come with the request.
#[derive(Clone, Copy, Default)]
pub(super) struct Beside {
    /// Whether a picture did.
    pub(super) had_image: bool,
    /// How many pictures did besides that one, or the one that comes with the request.
    pub(super) other_images: u8,
    /// Whether a recording did.
    pub(super) was_spoken: bool,
}

impl Asked {
    fn message(request: TurnRequest) -> Self {
        Self { request, anew: None, retried: None, beside: Beside::default() }
    }

    /// A message that is in the history. Its picture, if it had none, is none of this request's; and pictures are shown one at a
    /// time once their message is known, since what else came with it is not.
    fn known(request: TurnRequest, said: &Said, text: String, quoted: Option<&String>, key: Option<&str>) -> Self {
        let image = request.image.clone().filter(|_| said.has_image);
        let beside = Beside {
            had_image: said.has_image && image.is_none(),
            other_images: key.filter(|_| said.has_image).map_or(0, others_of_album),
            was_spoken: said.was_spoken(),
        };
        let reply_to = request.reply_to.clone().or_else(|| quoted.and_then(|quoted| Quoted::read(quoted)));
        let request = TurnRequest { text, image, more_images: Vec::new(), reply_to, ..request };
        Self { beside, ..Self::message(request) }
    }

    fn anew(request: TurnRequest, text: String, last: LastAnswer, edited: bool) -> Self {
        let asked = Self::known(request, &last.said, text, last.quoted.as_ref(), last.key.as_deref());
        Self { anew: Some(Anew { last, edited }), ..asked }
    }

    fn retried(request: TurnRequest, text: String, last: Unanswered) -> Self {
        let asked = Self::known(request, &last.said, text, last.quoted.as_ref(), Some(&last.key));
        Self { retried: Some(Retried { key: last.key, request_hash: last.request_hash }), ..asked }
    }
}

/// How many pictures an album has besides its first. The bot's key of an album tells the number of its last, which counts a
/// video between two of them as well, and after it sometimes how many there are; of others it is not known.
fn others_of_album(key: &str) -> u8 {
    let count = key.rsplit_once("-album-").and_then(|(_, counts)| counts.rsplit('-').next()?.parse::<u8>().ok());
    count.unwrap_or_default().saturating_sub(1)
}

/// Finds out what a request is about: an ordinary message, or one that is answered anew. Nothing where a message was
/// corrected, which is all there was to do.
pub(super) async fn prepare(engine: &Engine, request: TurnRequest) -> Result<Option<Asked>, TurnError> {
    let Some(again) = request.again.clone() else { return Ok(Some(Asked::message(request))) };
    let (turns, user_id) = (engine.store.turns(), request.user_id);
    let (key, wants_answer) = match again {
        Again::Last => {
            return match turns.last(user_id).await?.ok_or(TurnError::NothingToRepeat)? {
                Last::Answered(last) => {
                    let text = last.said.text.clone();
                    Ok(Some(Asked::anew(request, text, last, false)))
                }
                Last::Unanswered(last) => {
                    let text = last.said.text.clone();
                    Ok(Some(Asked::retried(request, text, last)))
                }
            };
        }
        Again::Edited(key) => (key, true),
        Again::Corrected(key) => (key, false),
    };
    let said = turns.said_under(user_id, &key).await?.ok_or(TurnError::MessageNotFound)?;
    let request = TurnRequest { text: edited(&said, &request.text), ..request };
    // Without words and without a picture there is no message.
    if request.text.trim().is_empty() && !said.has_image {
        return Err(TurnError::MessageNotFound);
    }
    let last = if wants_answer { turns.last(user_id).await? } else { None };
    match last {
        Some(Last::Answered(last)) if last.said.id == said.id => {
            // A turn under this key has begun before, and corrected the message then.
            let has_begun = match &request.key {
                Some(own) => turns.is_known(user_id, own).await?,
                None => false,
            };
            if has_begun || said.text != request.text {
                let text = request.text.clone();
                return Ok(Some(Asked::anew(request, text, last, true)));
            }
        }
        Some(Last::Unanswered(last)) if last.said.id == said.id => {
            turns.correct(user_id, &said, &request.text, engine.clock.now()).await?;
            let text = request.text.clone();
            return Ok(Some(Asked::retried(request, text, last)));
        }
        _ => {}
    }
    turns.correct(user_id, &said, &request.text, engine.clock.now()).await?;
    Ok(None)
}

/// What an edited message says: of a recording, what is written beside it can be edited, and what was heard in it stays.
fn edited(said: &Said, written: &str) -> String {
    match said.heard() {
        None => written.to_owned(),
        Some(heard) if written.trim().is_empty() => heard.to_owned(),
        Some(heard) => format!("{written}\n\n{heard}"),
    }
}

/// What is told of a message that was corrected and nothing more.
pub(super) fn corrected() -> TurnReply {
    TurnReply { corrected: true, ..TurnReply::default() }
}

impl Anew {
    /// Gives an edited message its new words: they are what the person says, whatever comes of it.
    pub(super) async fn correct(&self, engine: &Engine, request: &TurnRequest) -> Result<(), TurnError> {
        if self.edited {
            let (turns, now) = (engine.store.turns(), engine.clock.now());
            turns.correct(request.user_id, &self.last.said, &request.text, now).await?;
        }
        Ok(())
    }

    /// What becomes of the facts: what was told was told in the message, and what was known is not counted a second time.
    fn facts(&self, changes: &FactChanges) -> FactChanges {
        let mut changes = FactChanges { confirmed: Vec::new(), ..changes.clone() };
        let said = &self.last.said;
        for fact in &mut changes.learnt {
            fact.source.get_or_insert(Source { message_id: said.id, said_at: said.created_at });
        }
        changes
    }
}

impl Running<'_> {
    /// Ends the turn: its answer takes the place of the old one.
    pub(super) async fn replace(&self, outcome: &Outcome, anew: &Anew) -> Result<TurnReply, TurnError> {
        let (turns, user_id) = (self.engine.store.turns(), self.lease.user_id);
        let patch = &outcome.effects.patch;
        let mut facts = anew.facts(&outcome.effects.facts);
        loop {
            let work = Replace {
                last: &anew.last,
                reply: &outcome.text,
                picture: outcome.picture.as_ref().map(Picture::bytes),
                facts: &facts,
                patch,
                settings: self.person.settings,
                usage: outcome.usage,
                tools: &outcome.effects.calls,
                model: &outcome.model,
                first_ms: self.first_ms(),
                now: self.engine.clock.now(),
            };
            match insist(|| turns.replace(&self.lease, &work)).await? {
                Replaced::Written => {
                    let reply = TurnReply::of(outcome, None, !patch.is_empty());
                    return Ok(TurnReply { sound: self.sound(), ..reply });
                }
                Replaced::Outpaced => {
                    let known = self.engine.store.facts();
                    let book = insist(|| known.book(user_id)).await?;
                    let max = self.engine.plans.limits(self.person.plan).facts;
                    facts = anew.facts(&settle(&outcome.effects.wishes, &book.facts, book.version, max).0);
                }
                Replaced::NotLast => {
                    self.fail(&TurnError::NothingToRepeat).await;
                    return Err(TurnError::NothingToRepeat);
                }
                Replaced::Lost => return self.ended_before(!patch.is_empty()).await,
            }
        }
    }
}
