//! `/history`: what was said, page by page in one message; `/history words` finds it.

use chrono_tz::Tz;
use evolve_contract::{
    Code,
    history::{HistoryQuery, HistoryResponse, Said, SaidIn, Speaker},
    profile::ProfileData,
};
use evolve_domain::language::Language;

use super::{Trouble, Turn, menu::Menu, talks};
use crate::{
    markdown::escape,
    replies::Replies,
    texts::{Text, date, zone},
};

const PREFIX: &str = "his:";
/// So much of each message is shown, as Telegram counts (in UTF-16), and of the title of each conversation: eight of them fit
/// into one message of its 4096, even where each message is a conversation of its own.
const SHOWN_UNITS: usize = 380;
pub(super) const TITLE_UNITS: usize = 60;

/// Whether a button is one of `/history`.
#[must_use]
pub(super) fn is_button(data: &str) -> bool {
    data.starts_with(PREFIX)
}

/// `/history`, and `/history words`.
pub(super) async fn show(turn: &Turn<'_>, words: &str) -> Result<Replies, Trouble> {
    let words = words.trim();
    let search = (!words.is_empty()).then(|| words.to_owned());
    let profile = turn.fresh_profile_or_new().await?;
    let query = HistoryQuery { search, ..HistoryQuery::default() };
    match turn.bot.api.history(turn.person.id, &query).await {
        Ok(page) => Ok(described(&page, &query, &profile, turn.language(Some(&profile))).send(turn.replies())),
        Err(error) if error.code() == Some(Code::InvalidValue) => {
            Ok(turn.replies().say(Text::HistoryTooLong.render(turn.language(Some(&profile)))))
        }
        Err(error) => Err(error.into()),
    }
}

/// The way back to the newest page.
pub(super) fn newest(language: Language) -> (String, String) {
    (Text::HistoryMessages.render(language), format!("{PREFIX}last:0"))
}

/// A button of a page was pressed.
pub(super) async fn pressed(
    turn: &Turn<'_>,
    profile: &ProfileData,
    message: Option<i64>,
    data: &str,
) -> Result<Replies, Trouble> {
    let Some(query) = query_of(data) else { return Ok(turn.replies()) };
    let page = turn.bot.api.history(turn.person.id, &query).await?;
    Ok(described(&page, &query, profile, turn.language(Some(profile))).turn(turn.replies(), message))
}

fn query_of(data: &str) -> Option<HistoryQuery> {
    let (what, number) = data.strip_prefix(PREFIX)?.split_once(':')?;
    let number = Some(number.parse().ok()?);
    match what {
        "before" => Some(HistoryQuery { before: number, ..HistoryQuery::default() }),
        "last" => Some(HistoryQuery::default()),
        "from" => Some(HistoryQuery { from: number, ..HistoryQuery::default() }),
        _ => None,
    }
}

fn described(page: &HistoryResponse, query: &HistoryQuery, profile: &ProfileData, language: Language) -> Menu {
    let zone = zone(profile.time_zone.as_deref());
    let title = match (&query.search, page.messages.is_empty()) {
        (Some(_), true) => Text::HistoryNotFound,
        (Some(words), false) => Text::HistoryFound { words },
        (None, true) => Text::HistoryEmpty,
        (None, false) => Text::HistoryTitle,
    };
    let mut parts = vec![title.render(language)];
    let mut before: Option<&SaidIn> = None;
    for said in &page.messages {
        parts.extend(heading(before, said.conversation.as_ref(), language));
        parts.push(line(said, zone, language));
        before = said.conversation.as_ref();
    }
    let button = |text: Text<'_>, what: &str, number: i32| (text.render(language), format!("{PREFIX}{what}:{number}"));
    let older = page.older.map(|number| button(Text::HistoryOlder, "before", number));
    let newer = page.newer.map(|number| button(Text::HistoryNewer, "from", number));
    let menu = Menu::new(parts.join("\n\n")).row(older.into_iter().chain(newer));
    if query.search.is_some() || page.messages.is_empty() { menu } else { menu.row(talks::buttons(language)) }
}

/// What stands where a conversation begins, or the page begins in the midst of it: its title. Of one that has none yet it is
/// said that it is another.
fn heading(before: Option<&SaidIn>, now: Option<&SaidIn>, language: Language) -> Option<String> {
    let now = now.filter(|now| before.is_none_or(|before| before.id != now.id))?;
    match (&now.title, before) {
        (Some(title), _) => Some(Text::HistoryTalk { title: &cut(title, TITLE_UNITS) }.render(language)),
        (None, Some(_)) => Some(Text::HistoryTalkNew.render(language)),
        (None, None) => None,
    }
}

fn line(said: &Said, zone: Tz, language: Language) -> String {
    let who = match said.by {
        Speaker::Person => Text::HistoryYou,
        Speaker::Companion => Text::HistoryI,
    };
    let at = said.at.with_timezone(&zone);
    let (day, time) = (date(at.date_naive(), language), at.format("%H:%M"));
    let text = cut(&said.text, SHOWN_UNITS);
    let photo = if said.has_image { "🖼 " } else { "" };
    format!("<b>{}</b>, {day}, {time}\n{photo}{}", who.render(language), escape(&text))
}

/// The text, or its beginning where it is longer.
pub(super) fn cut(text: &str, most: usize) -> String {
    let mut units = 0;
    let fits = |char: &char| {
        units += char.len_utf16();
        units <= most
    };
    let mut shown: String = text.chars().take_while(fits).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}
