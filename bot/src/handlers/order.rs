//! The order in which it is looked what an update is; the head of [`super`] tells it.

use evolve_domain::safety::crisis;

use super::{
    Trouble, Turn, again,
    album::{self, Album},
    chat, commands, danger, first,
    incoming::{Incoming, Unsupported},
    keys,
    media::Media,
    memory,
    paid::{self, Report},
    pictures, recordings, settings, signs, start, stop, theirs,
};
use crate::{replies::Replies, texts::Text};

/// Does what an update asks for.
pub(super) async fn dispatch(turn: &Turn<'_>, incoming: Incoming) -> Result<Replies, Trouble> {
    danger::look_after_typed(turn, &incoming).await;
    match incoming {
        Incoming::Reported(report) => paid::reported(turn, &report).await,
        Incoming::Press { query_id, data, .. } if stop::is_button(&data) => stop::pressed(turn, &query_id, &data).await,
        Incoming::Press { query_id, message_id, data } if first::is_button(&data) => {
            first::pressed(turn, &query_id, message_id).await
        }
        Incoming::Press { query_id, message_id, data } => theirs::pressed(turn, &query_id, message_id, &data).await,
        Incoming::Text { text, .. } if commands::is_command(&text) => commands::run(turn, &text).await,
        Incoming::Text { text, .. } if let Some(command) = keys::command(&text) => commands::run(turn, command).await,
        Incoming::Text { text, .. }
            if let Some(asked) = settings::Asked::replied_to(&turn.update.payload)
                && !crisis::is_spoken_of(&text) =>
        {
            settings::typed(turn, asked, &text).await
        }
        Incoming::Text { text, date } => {
            let is_danger = crisis::is_spoken_of(&text);
            if !is_danger && let Some(asked) = memory::asked(&turn.update.payload) {
                return memory::answered(turn, asked, &text).await;
            }
            let profile = turn.profile_or_new().await?;
            if !is_danger && start::awaits_name(turn, &profile, &text) {
                return start::named(turn, &profile, &text).await;
            }
            chat::text(turn, turn.language(Some(&profile)), text, date).await
        }
        Incoming::Forwarded { text, date } => {
            let profile = turn.profile_or_new().await?;
            chat::text(turn, turn.language(Some(&profile)), text, date).await
        }
        // A command is meant for when it is sent; what the message said before is taken back all the same.
        Incoming::Edited { message_id, text, .. } if commands::is_command(&text) => {
            again::corrected(turn, message_id, text).await
        }
        Incoming::Edited { message_id, text, sizes } => again::edited(turn, message_id, text, &sizes).await,
        Incoming::Recaptioned { message_id, text } => again::recaptioned(turn, message_id, text).await,
        Incoming::Photo { sizes, caption, album: None, date } => {
            let profile = turn.profile_or_new().await?;
            pictures::shown(turn, turn.language(Some(&profile)), &[sizes], album::FIRST, caption, date).await
        }
        Incoming::Photo { sizes, caption, album: Some(group), date } => {
            let Album { pictures, caption, span, others } = album::gather(turn, &group, sizes, caption).await?;
            let profile = turn.profile_or_new().await?;
            let language = turn.language(Some(&profile));
            Ok(pictures::shown(turn, language, &pictures, span, caption, date).await?.together_with(others))
        }
        Incoming::Media { media, caption, date } => {
            let profile = turn.profile_or_new().await?;
            let language = turn.language(Some(&profile));
            match media {
                Media::Recording { file, seconds } => {
                    let update_id = turn.update.update_id;
                    let recording = recordings::Recording {
                        update_id,
                        payload: &turn.update.payload,
                        file: &file,
                        seconds,
                        caption,
                        date,
                    };
                    recordings::heard(turn, language, recording).await
                }
                Media::Sticker { file, emoji } => pictures::sticker(turn, language, &file, emoji, date).await,
                Media::Emoji(emoji) => chat::text(turn, language, emoji, date).await,
            }
        }
        Incoming::Reacted { message_id, reaction } => signs::reacted(turn, message_id, reaction).await,
        Incoming::Blocked(is_blocked) => signs::blocked(turn, is_blocked).await,
        Incoming::Unsupported(kind) => {
            let text = excuse_for(kind).render(turn.best_known_language().await);
            Ok(turn.replies().keyed(&burst(turn, kind)).say(text))
        }
    }
}

/// What an update is, for metrics.
pub(super) fn kind_of(incoming: &Incoming) -> &'static str {
    match incoming {
        Incoming::Reported(Report::Paid(_)) => "payment",
        Incoming::Reported(Report::Refunded(_)) => "refund",
        Incoming::Press { .. } => "button",
        Incoming::Text { text, .. } if commands::is_command(text) || keys::command(text).is_some() => "command",
        Incoming::Text { .. } | Incoming::Forwarded { .. } => "text",
        Incoming::Photo { .. } => "photo",
        Incoming::Media { media: Media::Recording { .. }, .. } => "voice",
        Incoming::Media { media: Media::Sticker { .. } | Media::Emoji(_), .. } => "sticker",
        Incoming::Edited { .. } | Incoming::Recaptioned { .. } => "edited",
        Incoming::Reacted { .. } => "reaction",
        Incoming::Blocked(true) => "blocked",
        Incoming::Blocked(false) => "unblocked",
        Incoming::Unsupported(_) => "unsupported",
    }
}

fn excuse_for(kind: Unsupported) -> Text<'static> {
    match kind {
        Unsupported::Sticker => Text::UnsupportedSticker,
        Unsupported::Animation => Text::UnsupportedAnimation,
        Unsupported::Dice => Text::UnsupportedDice,
        Unsupported::Place => Text::UnsupportedPlace,
        Unsupported::Contact => Text::UnsupportedContact,
        Unsupported::Poll => Text::UnsupportedPoll,
        Unsupported::Video => Text::UnsupportedVideo,
        Unsupported::File => Text::UnsupportedFile,
        Unsupported::Other => Text::UnsupportedOther,
    }
}

/// Who sends ten videos in a row hears once that the bot cannot watch them (twice, if the minute ends meanwhile); a sticker
/// among them is another matter.
fn burst(turn: &Turn<'_>, kind: Unsupported) -> String {
    let sent_at = turn.update.payload["message"]["date"].as_i64().unwrap_or_default();
    format!("tg-unsupported-{kind:?}-{}-{}", turn.person.chat_id, sent_at / 60)
}
