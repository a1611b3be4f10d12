//! What is owed under methods of our own, which Telegram has not: by the API, which speaks no language and knows no form of
//! Telegram's, and copies, which are too large to wait in the outbox. It becomes a call as it is sent.

use evolve_store::outbox::ClaimedOutgoing;
use serde_json::Value;

use super::{export, first, notice};
use crate::{
    bot::Bot,
    telegram::{Refusal, TelegramError},
};

/// The call that an owed row stands for: most are calls themselves.
///
/// # Errors
/// [`TelegramError::Refused`], as Telegram would, for what can never be made; others where it cannot be made now.
pub(super) async fn call_of(bot: &Bot, outgoing: &ClaimedOutgoing) -> Result<(String, Value), TelegramError> {
    let made = match outgoing.method.as_str() {
        export::METHOD => return export::call_of(bot, outgoing).await,
        first::METHOD => first::worded(&outgoing.params),
        _ => notice::worded(&outgoing.method, &outgoing.params),
    };
    let unknown = || TelegramError::Refused {
        refusal: Refusal::Other,
        description: "something that this version does not know how to say".to_owned(),
    };
    made.ok_or_else(unknown)
}
