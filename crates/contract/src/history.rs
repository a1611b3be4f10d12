//! `GET /history/{user_id}`: what was said, page by page; `GET /conversations/{user_id}`: what it was about; and `GET /privacy`.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Which page. Without any, the newest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HistoryQuery {
    /// The page that ends before this number: `older` of another page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<i32>,
    /// The page that begins with this number: `newer` of another page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<i32>,
    /// Instead of a page, the messages that these words lead to, most likely first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(max_length = 200)]
    pub search: Option<String>,
}

/// Who said something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Speaker {
    /// The person.
    #[default]
    Person,
    /// The companion.
    Companion,
}

/// The conversation in which something was said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SaidIn {
    /// Its id.
    pub id: Uuid,
    /// What it is called; nothing until it was summed up.
    #[schema(example = "A holiday by the sea")]
    pub title: Option<String>,
}

/// Something that was said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Said {
    /// By whom.
    pub by: Speaker,
    /// What.
    pub text: String,
    /// Whether a picture came with it.
    pub has_image: bool,
    /// When.
    pub at: DateTime<Utc>,
    /// In which conversation; nothing in a search.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<SaidIn>,
}

/// A page of what was said, oldest first; of a search, most likely first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HistoryResponse {
    /// The person's Telegram id.
    pub user_id: i64,
    /// What was said.
    pub messages: Vec<Said>,
    /// To be passed as `before` for the page before this one; nothing on the first.
    pub older: Option<i32>,
    /// To be passed as `from` for the page after this one; nothing on the last.
    pub newer: Option<i32>,
}

/// Which conversations. Without any, the newest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ConversationsQuery {
    /// Those that began before this time: `older` of another page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<DateTime<Utc>>,
}

/// A conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Conversation {
    /// Its id.
    pub id: Uuid,
    /// What it is called; nothing until it was summed up.
    #[schema(example = "A holiday by the sea")]
    pub title: Option<String>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended; nothing for the one that goes on.
    pub ended_at: Option<DateTime<Utc>>,
    /// Messages of both sides.
    pub messages: u32,
    /// What it was about; nothing until it was summed up.
    pub summary: Option<String>,
}

/// A week that is over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Week {
    /// Its Monday.
    pub starts_on: NaiveDate,
    /// What it was about.
    pub summary: String,
}

/// What was talked of, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConversationsResponse {
    /// The person's Telegram id.
    pub user_id: i64,
    /// Conversations, at most twenty.
    pub conversations: Vec<Conversation>,
    /// To be passed as `before` for those before these; nothing on the last page.
    pub older: Option<DateTime<Utc>>,
    /// On the first page, every week that was summed up.
    pub weeks: Vec<Week>,
}

/// `GET /privacy`: who sees what people say, and what is kept of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PrivacyResponse {
    /// Whoever is sent what people say, each once: model providers in their order, then what hears, speaks and finds.
    #[schema(example = json!(["gemini"]))]
    pub models: Vec<String>,
    /// What is kept of people, and for how long.
    #[serde(default)]
    pub kept: Vec<Kept>,
    /// For how many days what was to be sent, and could not be, is kept; nothing of an API that does not say so. It stands beside
    /// `kept`, which bots of the version before can read with the kinds alone that they know.
    #[serde(default)]
    pub unsent_days: Option<u32>,
}

/// Something that is kept of people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Kept {
    /// What.
    pub what: KeptKind,
    /// For how many days; nothing for until the person deletes it. `messages` go by whole months, and so are kept for up to a
    /// month longer; people may have theirs kept for less (`keep_messages_days` of `/settings`).
    pub days: Option<u32>,
}

/// What is kept: `messages` of both sides and the index of their words; `memory`, which is the profile, facts, summaries and
/// settings; `activity`, which is messages counted by day, points and reactions; `payments`; `referrals`; `file_references`,
/// which is that pictures and recordings came and how the bot can have them again, but not them; `drawn_pictures`, which are the
/// companion's own; `unanswered`, which is updates that could not be answered, unheard recordings among them, until they are;
/// `inline_answers`, which are answers to what was asked in inline mode; `group_talk` with the companion. `other` is what a newer
/// version tells an older one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeptKind {
    /// What was said.
    Messages,
    /// What is remembered.
    Memory,
    /// What was counted.
    Activity,
    /// What was paid.
    Payments,
    /// Who came by whose link.
    Referrals,
    /// Where files are.
    FileReferences,
    /// What was drawn.
    DrawnPictures,
    /// What could not be answered.
    Unanswered,
    /// What was answered in inline mode.
    InlineAnswers,
    /// What was said in groups.
    GroupTalk,
    /// Something that this version does not know.
    #[serde(other)]
    Other,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_newer_version_keeps_or_does_not_say_does_not_hide_the_rest() {
        let newer = r#"{"models": [], "kept": [{"what": "dreams", "days": 3}, {"what": "messages", "days": 30}]}"#;
        let told: PrivacyResponse = serde_json::from_str(newer).unwrap();
        let kinds: Vec<_> = told.kept.iter().map(|kept| (kept.what, kept.days)).collect();
        assert_eq!(kinds, [(KeptKind::Other, Some(3)), (KeptKind::Messages, Some(30))]);
        assert_eq!(told.unsent_days, None);
    }
}
