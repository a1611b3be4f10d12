//! `/export`: a copy of everything that is kept of a person. It is made in the background and comes as a document.

use evolve_contract::Code;

use super::{Trouble, Turn};
use crate::{replies::Replies, texts::Text};

/// `/export`.
pub(super) async fn ask(turn: &Turn<'_>) -> Result<Replies, Trouble> {
    let profile = turn.fresh_profile_or_new().await?;
    let text = match turn.bot.api.ask_export(turn.person.id).await {
        Ok(_) => Text::ExportAsked,
        Err(error) if error.code() == Some(Code::ExportAskedToday) => Text::ExportAskedToday,
        Err(error) => return Err(error.into()),
    };
    Ok(turn.replies().say(text.render(turn.language(Some(&profile)))))
}
