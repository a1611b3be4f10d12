//! A spoken answer that comes after the written one, as a message of its own in Telegram.
//!
//! Speaking takes seconds, and nobody with an answer to read should wait for them. The sound is owed in the outbox under a key
//! of its own, once the written answer is owed there: so it comes after it, once, and never to somebody who is gone meanwhile.
//! A process that dies in between costs the person the sound of one answer, not the answer.

use std::{slice, time::Duration};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use evolve_contract::upload;
use evolve_engine::turn::TurnReply;
use evolve_store::{
    StoreError,
    outbox::{NewOutgoing, Priority},
};

use crate::state::Api;

/// For so long the bot may take to owe the written answer; otherwise it will ask for it again.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// What is to be spoken.
#[derive(Debug)]
pub(super) struct Later {
    user_id: i64,
    key: String,
    reply: TurnReply,
}

impl Later {
    /// The answer that this is the key of, where it is to be spoken.
    #[must_use]
    pub(super) fn of(user_id: i64, key: String, reply: &TurnReply) -> Option<Self> {
        let reply = TurnReply { text: reply.text.clone(), sound: reply.sound.clone(), ..TurnReply::default() };
        reply.is_to_be_spoken().then_some(Self { user_id, key, reply })
    }

    /// Speaks it, and owes it.
    pub(super) async fn speak(self, api: &Api) {
        if let Err(error) = self.owe(api).await {
            tracing::warn!(%error, "a spoken answer could not be owed");
        }
    }

    async fn owe(&self, api: &Api) -> Result<(), StoreError> {
        let outbox = api.store.outbox();
        let key = format!("{}-voice", self.key);
        // The request came again: it is spoken already.
        if outbox.knows(self.user_id, &key).await? {
            return Ok(());
        }
        let Some(spoken) = api.engine.sound(&self.reply).await else { return Ok(()) };
        let written = format!("{}-0", self.key);
        let is_owed = async {
            while !outbox.knows(self.user_id, &written).await? {
                tokio::time::sleep(LOOK_EVERY).await;
            }
            Ok::<_, StoreError>(())
        };
        match tokio::time::timeout(PATIENCE, is_owed).await {
            Ok(done) => done?,
            Err(_) => return Ok(()),
        }
        let seconds = u32::try_from(spoken.duration_ms.div_ceil(1000)).unwrap_or(u32::MAX);
        let owed = NewOutgoing {
            chat_id: self.user_id,
            user_id: Some(self.user_id),
            key,
            method: "sendVoice".to_owned(),
            params: upload::voice(self.user_id, BASE64_STANDARD.encode(spoken.ogg), seconds),
            priority: Priority::Reply,
        };
        outbox.put(slice::from_ref(&owed), api.clock.now()).await.map(|_| ())
    }
}
