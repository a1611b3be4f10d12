//! What a person can do in their private chat, and why an update may be none of that.

use chrono::{DateTime, Utc};

use crate::handlers::{media::Media, paid::Report};

/// Who is speaking, in their private chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    /// Telegram id.
    pub(crate) id: i64,
    /// The chat to answer in.
    pub(crate) chat_id: i64,
    /// As their account says.
    pub(crate) first_name: String,
    /// Language of their app.
    pub(crate) language_code: Option<String>,
}

/// A size of a photo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Photo {
    /// To download it with.
    pub(crate) file_id: String,
    /// Bytes, where Telegram says so.
    pub(crate) size: Option<u64>,
    /// Pixels.
    pub(crate) area: u64,
}

/// What we cannot do anything with yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unsupported {
    /// A sticker.
    Sticker,
    /// A silent clip that repeats itself (GIF).
    Animation,
    /// Dice, darts, a slot machine.
    Dice,
    /// A place on the map.
    Place,
    /// Somebody's number.
    Contact,
    /// A poll.
    Poll,
    /// A video or a round one.
    Video,
    /// A file.
    File,
    /// A game, a story, a checklist, …
    Other,
}

/// What a person did.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Incoming {
    /// Wrote something.
    Text {
        /// What.
        text: String,
        /// When.
        date: DateTime<Utc>,
    },
    /// Passed on what somebody else wrote. (What else they pass on is told from the message itself: [`super::is_forwarded`].)
    Forwarded {
        /// What.
        text: String,
        /// When.
        date: DateTime<Utc>,
    },
    /// Sent a picture, as a photo or as a file.
    Photo {
        /// The sizes that Telegram made of it; of a file there is one.
        sizes: Vec<Photo>,
        /// What is written under it.
        caption: String,
        /// The album that it is part of.
        album: Option<String>,
        /// When.
        date: DateTime<Utc>,
    },
    /// Sent something else that the companion can do something with.
    Media {
        /// What.
        media: Media,
        /// What is written under it.
        caption: String,
        /// When.
        date: DateTime<Utc>,
    },
    /// Gave a message of theirs other words.
    Edited {
        /// Its number in the chat.
        message_id: i64,
        /// What it says now.
        text: String,
        /// The sizes of its photo, where it has one.
        sizes: Vec<Photo>,
    },
    /// Wrote something else beside a recording of theirs.
    Recaptioned {
        /// Its number in the chat.
        message_id: i64,
        /// What is written there now.
        text: String,
    },
    /// Pressed a button.
    Press {
        /// To be answered.
        query_id: String,
        /// The message with the button.
        message_id: Option<i64>,
        /// What the button says to us.
        data: String,
    },
    /// Paid, or has been given money back: Telegram says so.
    Reported(Report),
    /// Put a reaction under a message, or took it back.
    Reacted {
        /// The message's number in the chat.
        message_id: i64,
        /// What stands there now.
        reaction: Option<String>,
    },
    /// Blocked the bot, or wants it back.
    Blocked(bool),
    /// Sent something else.
    Unsupported(Unsupported),
}

/// Why an update is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ignored {
    /// It is not from a private chat.
    NotPrivate,
    /// It is not from a person.
    NotAPerson,
    /// It says something about the chat (blocked, pinned, …) and wants no answer.
    Service,
    /// It is of a kind that we did not ask for.
    UnknownKind,
    /// It is not what it should be.
    Malformed,
}

impl Ignored {
    /// For metrics.
    #[must_use]
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::NotPrivate => "ignored_not_private",
            Self::NotAPerson => "ignored_not_a_person",
            Self::Service => "ignored_service",
            Self::UnknownKind => "ignored_unknown_kind",
            Self::Malformed => "ignored_malformed",
        }
    }
}
