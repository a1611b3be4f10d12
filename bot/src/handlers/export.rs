//! `/export`: a copy of everything that is kept of a person. It is made in the background, as it is sent.

use evolve_contract::Code;
use serde_json::json;

use super::{Trouble, Turn};
use crate::{outbound::EXPORT, replies::Replies, texts::Text};

/// `/export`.
pub(super) async fn ask(turn: &Turn<'_>) -> Result<Replies, Trouble> {
    let profile = turn.fresh_profile_or_new().await?;
    let language = turn.language(Some(&profile));
    match turn.bot.api.ask_export(turn.person.id).await {
        Ok(_) => {}
        Err(error) if error.code() == Some(Code::ExportAskedToday) => {
            // Perhaps it was this very update that asked, by a process that died before it could owe the copy.
            if !turn.is_repeated() {
                return Ok(turn.replies().say(Text::ExportAskedToday.render(language)));
            }
        }
        Err(error) => return Err(error.into()),
    }
    let asked = Text::ExportAsked.render(language);
    Ok(turn.replies().say(asked).call(EXPORT, json!({ "language": language.as_str() })))
}
