//! What conversations were about, and weeks: pages that the message of `/history` turns into.

use chrono::{DateTime, Days, Utc};
use chrono_tz::Tz;
use evolve_contract::{
    history::{Conversation, ConversationsQuery, ConversationsResponse, Week},
    profile::ProfileData,
};
use evolve_domain::language::Language;

use super::{
    Trouble, Turn,
    history::{TITLE_UNITS, cut, newest},
    menu::Menu,
};
use crate::{
    markdown::escape,
    replies::Replies,
    texts::{Text, date, zone},
};

const PREFIX: &str = "sum:";
/// Conversations, or weeks, on a page.
const PAGE: usize = 4;
/// So much of each summary is shown, in UTF-16: with its title and its dates, four fit into one message.
const SHOWN_UNITS: usize = 850;

/// Which page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Page {
    /// Conversations that began before a time; the newest where there is none.
    Talks(Option<DateTime<Utc>>),
    /// Weeks before the newest so many.
    Weeks(usize),
}

impl Page {
    fn read(data: &str) -> Option<Self> {
        match data.strip_prefix(PREFIX)?.split_once(':')? {
            ("talks", "") => Some(Self::Talks(None)),
            ("talks", before) => Some(Self::Talks(Some(DateTime::from_timestamp_micros(before.parse().ok()?)?))),
            ("weeks", skipped) => Some(Self::Weeks(skipped.parse().ok()?)),
            _ => None,
        }
    }

    fn button(self, text: Text<'_>, language: Language) -> (String, String) {
        let data = match self {
            Self::Talks(None) => format!("{PREFIX}talks:"),
            Self::Talks(Some(before)) => format!("{PREFIX}talks:{}", before.timestamp_micros()),
            Self::Weeks(skipped) => format!("{PREFIX}weeks:{skipped}"),
        };
        (text.render(language), data)
    }
}

/// Whether a button is one of these pages.
#[must_use]
pub(super) fn is_button(data: &str) -> bool {
    data.starts_with(PREFIX)
}

/// The way here from `/history`.
pub(super) fn buttons(language: Language) -> [(String, String); 2] {
    [Page::Talks(None).button(Text::HistoryTalks, language), Page::Weeks(0).button(Text::HistoryWeeks, language)]
}

/// A button was pressed.
pub(super) async fn pressed(
    turn: &Turn<'_>,
    profile: &ProfileData,
    message: Option<i64>,
    data: &str,
) -> Result<Replies, Trouble> {
    let Some(page) = Page::read(data) else { return Ok(turn.replies()) };
    let before = match page {
        Page::Talks(before) => before,
        Page::Weeks(_) => None,
    };
    let found = turn.bot.api.conversations(turn.person.id, &ConversationsQuery { before }).await?;
    let language = turn.language(Some(profile));
    let menu = match page {
        Page::Talks(before) => talks(&found, before.is_some(), zone(profile.time_zone.as_deref()), language),
        Page::Weeks(skipped) => weeks(&found.weeks, skipped, language),
    };
    Ok(menu.turn(turn.replies(), message))
}

/// The API's pages are longer than ours; each of ours goes on from the last conversation that it shows.
fn talks(found: &ConversationsResponse, is_older: bool, zone: Tz, language: Language) -> Menu {
    let shown: Vec<&Conversation> = found.conversations.iter().take(PAGE).collect();
    let title = if shown.is_empty() { Text::HistoryEmpty } else { Text::TalksTitle };
    let mut parts = vec![title.render(language)];
    parts.extend(shown.iter().map(|talk| described(talk, zone, language)));
    let is_more = found.conversations.len() > PAGE || found.older.is_some();
    let older = shown.last().filter(|_| is_more).map(|last| Page::Talks(Some(last.started_at)));
    let older = older.map(|page| page.button(Text::HistoryOlder, language));
    let first = is_older.then(|| Page::Talks(None).button(Text::TalksNewest, language));
    Menu::new(parts.join("\n\n"))
        .row(older.into_iter().chain(first))
        .row([newest(language), Page::Weeks(0).button(Text::HistoryWeeks, language)])
}

fn described(talk: &Conversation, zone: Tz, language: Language) -> String {
    let title = match &talk.title {
        Some(title) => Text::HistoryTalk { title: &cut(title, TITLE_UNITS) }.render(language),
        None => Text::HistoryTalkNew.render(language),
    };
    let day = date(talk.started_at.with_timezone(&zone).date_naive(), language);
    let about = match (&talk.summary, talk.ended_at) {
        (Some(summary), _) => format!("\n{}", escape(&cut(summary, SHOWN_UNITS))),
        (None, None) => format!("\n{}", Text::TalksGoesOn.render(language)),
        (None, Some(_)) => String::new(),
    };
    format!("{title}\n{day}{about}")
}

/// All weeks come at once: there are fifty a year.
fn weeks(all: &[Week], skipped: usize, language: Language) -> Menu {
    let title = if all.is_empty() { Text::WeeksEmpty } else { Text::WeeksTitle };
    let mut parts = vec![title.render(language)];
    parts.extend(all.iter().skip(skipped).take(PAGE).map(|week| {
        let sunday = week.starts_on.checked_add_days(Days::new(6)).unwrap_or(week.starts_on);
        let (from, until) = (date(week.starts_on, language), date(sunday, language));
        format!("📅 <b>{from} – {until}</b>\n{}", escape(&cut(&week.summary, SHOWN_UNITS)))
    }));
    let next = skipped.saturating_add(PAGE);
    let older = (next < all.len()).then(|| Page::Weeks(next).button(Text::HistoryOlder, language));
    let newer = (skipped > 0).then(|| Page::Weeks(skipped.saturating_sub(PAGE)).button(Text::HistoryNewer, language));
    Menu::new(parts.join("\n\n"))
        .row(older.into_iter().chain(newer))
        .row([newest(language), Page::Talks(None).button(Text::HistoryTalks, language)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_button_names_its_page_to_the_microsecond_and_fits_into_what_telegram_allows() {
        let before = "2026-03-08T09:05:00.123456Z".parse().unwrap();
        for page in [Page::Talks(None), Page::Talks(Some(before)), Page::Weeks(0), Page::Weeks(usize::MAX)] {
            let (_, data) = page.button(Text::HistoryOlder, Language::En);
            assert_eq!(Page::read(&data), Some(page));
            assert!(is_button(&data) && data.len() <= 64, "{data}");
        }
        for wrong in ["sum:", "sum:talks", "sum:talks:soon", "sum:weeks:-1", "sum:years:1", "his:last:0"] {
            assert_eq!(Page::read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_page_of_the_longest_summaries_fits_into_one_message() {
        let long = "ы".repeat(5000);
        let at: DateTime<Utc> = "2026-09-28T09:05:00Z".parse().unwrap();
        let talk = Conversation {
            title: Some(long.clone()),
            summary: Some(long.clone()),
            started_at: at,
            ended_at: Some(at),
            ..Conversation::default()
        };
        let found = ConversationsResponse { conversations: vec![talk; 20], ..ConversationsResponse::default() };
        let year: Vec<Week> = std::iter::repeat_n(Week { starts_on: at.date_naive(), summary: long }, 52).collect();
        for language in Language::ALL {
            for menu in [talks(&found, true, Tz::UTC, language), weeks(&year, 4, language)] {
                assert!(menu.html().encode_utf16().count() <= 4096, "{language}");
            }
        }
    }
}
