//! What the menu lets people type. The question is a message to reply to, and the reply carries it: so nothing has to be
//! remembered, any replica can tell, and whoever writes something else is simply talking.

use evolve_contract::{Code, profile::ProfileData, settings::SettingsData};
use evolve_domain::{language::Language, quiet::QuietHours, zones};
use serde_json::Value;

use super::{Page, Trouble, Turn};
use crate::{markdown, replies::Replies, texts::Text};

/// Something that is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Asked {
    Zone,
    Wishes,
    TalkOf,
    Avoid,
    Quiet,
}

const ALL: [(&str, Asked); 5] = [
    ("zone", Asked::Zone),
    ("wishes", Asked::Wishes),
    ("talk", Asked::TalkOf),
    ("avoid", Asked::Avoid),
    ("quiet", Asked::Quiet),
];

impl Asked {
    /// What a button asks for.
    pub(super) fn named(name: &str) -> Option<Self> {
        ALL.into_iter().find(|(known, _)| *known == name).map(|(_, asked)| asked)
    }

    /// What this update replies to, if it is a question of ours.
    pub(in super::super) fn replied_to(update: &Value) -> Option<Self> {
        let question = &update["message"]["reply_to_message"];
        if question["from"]["is_bot"] != true {
            return None;
        }
        let text = question["text"].as_str()?.trim();
        let is =
            |asked: Self| Language::ALL.into_iter().any(|lang| markdown::plain(&asked.question(lang)).trim() == text);
        ALL.into_iter().map(|(_, asked)| asked).find(|asked| is(*asked))
    }

    /// Asks.
    pub(super) fn ask(self, replies: Replies, language: Language) -> Replies {
        replies.prompt(self.question(language))
    }

    /// What is said to an answer that cannot be taken.
    pub(super) const fn refusal(self) -> Text<'static> {
        match self {
            Self::Zone => Text::SettingsZoneUnknown,
            Self::Wishes => Text::SettingsWishesTooLong,
            Self::TalkOf | Self::Avoid => Text::SettingsTopicsTooLong,
            Self::Quiet => Text::SettingsQuietUnknown,
        }
    }

    /// Sets it, and says which page shows it; nothing where it cannot be taken.
    pub(super) async fn set(self, turn: &Turn<'_>, text: &str) -> Result<Option<Page>, Trouble> {
        let mut data = SettingsData::default();
        let page = match self {
            Self::Zone => {
                let Some(zone) = zones::meant_by(text) else { return Ok(None) };
                turn.change(ProfileData { time_zone: Some(zone.name().to_owned()), ..ProfileData::default() }).await?;
                return Ok(Some(Page::Root));
            }
            Self::Wishes => {
                data.instructions = Some(split(text, &['\n']));
                Page::Wishes
            }
            Self::TalkOf => {
                data.talk_of = Some(split(text, &['\n', ',', ';']));
                Page::Topics
            }
            Self::Avoid => {
                data.avoid = Some(split(text, &['\n', ',', ';']));
                Page::Topics
            }
            Self::Quiet => {
                let Ok(quiet) = text.parse::<QuietHours>() else { return Ok(None) };
                data.quiet_hours = Some(quiet.to_string());
                Page::Root
            }
        };
        match turn.bot.api.update_settings(turn.person.id, data).await {
            Ok(_) => Ok(Some(page)),
            Err(error) if error.code() == Some(Code::InvalidValue) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn question(self, language: Language) -> String {
        match self {
            Self::Zone => Text::SettingsAskZone,
            Self::Wishes => Text::SettingsAskWishes,
            Self::TalkOf => Text::SettingsAskTalkOf,
            Self::Avoid => Text::SettingsAskAvoid,
            Self::Quiet => Text::SettingsAskQuiet,
        }
        .render(language)
    }
}

fn split(text: &str, at: &[char]) -> Vec<String> {
    text.split(at).map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}
