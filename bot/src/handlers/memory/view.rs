//! What `/memory` looks like.

use evolve_contract::memory::{FactData, FactResponse, MemoryResponse};
use evolve_domain::{fact::Category, language::Language};

use super::action::{Action, Asked};
use crate::{
    markdown::escape,
    texts::{Text, date},
};

/// So much of a fact's history is shown: more does not fit into a message of Telegram's.
const MOST_PAST: usize = 10;

/// A message and the buttons under it: label and data.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Screen {
    pub(super) html: String,
    pub(super) rows: Vec<Vec<(String, String)>>,
}

/// Everything by category; above it, what was just done.
pub(super) fn overview(memory: &MemoryResponse, done: Option<&str>, language: Language) -> Screen {
    let said = |text: Text<'_>| text.render(language);
    let mut lines: Vec<String> = done.map(|done| format!("{done}\n")).into_iter().collect();
    let mut rows = Vec::new();
    if memory.total == 0 && memory.past == 0 {
        lines.push(said(Text::MemoryEmpty));
    } else {
        lines.push(said(Text::MemoryTitle { total: memory.total }));
        let buttons: Vec<_> = memory
            .categories
            .iter()
            .map(|count| {
                let label = format!("{} · {}", plain(name(&count.category), language), count.facts);
                (label, Action::Category(Some(count.category.clone()), 0).data())
            })
            .collect();
        rows.extend(buttons.chunks(2).map(<[_]>::to_vec));
        if let Some(limit) = memory.limit {
            let text = if memory.total >= limit { Text::MemoryFull { limit } } else { Text::MemoryLimit { limit } };
            lines.push(said(text));
        }
        if memory.past > 0 {
            rows.push(vec![button(Text::MemoryEarlier { past: memory.past }, Action::Past(0), language)]);
        }
        rows.push(vec![button(Text::MemorySearch, Action::AskForWords, language)]);
    }
    // Even with no facts, there is what was said.
    rows.push(vec![button(Text::MemoryForgetAll, Action::AskToForgetAll, language)]);
    Screen { html: lines.join("\n"), rows }
}

/// A page of a category, or of all.
pub(super) fn category(memory: &MemoryResponse, category: Option<&str>, language: Language) -> Screen {
    let title = match category {
        Some(category) => format!("<b>{}</b>", name(category).render(language)),
        None => Text::MemoryTitle { total: memory.total }.render(language),
    };
    page(memory, title, |page| Action::Category(category.map(str::to_owned), page), language)
}

/// A page of what is over.
pub(super) fn past(memory: &MemoryResponse, language: Language) -> Screen {
    page(memory, Text::MemoryEarlierTitle.render(language), Action::Past, language)
}

/// A page of what was searched for.
pub(super) fn found(memory: &MemoryResponse, words: &str, language: Language) -> Screen {
    let title = match memory.found {
        0 => Text::MemoryFoundNothing { words },
        found => Text::MemoryFound { words, found },
    };
    page(memory, title.render(language), |page| Action::Search(words.to_owned(), page), language)
}

fn page(memory: &MemoryResponse, title: String, turn_to: impl Fn(u32) -> Action, language: Language) -> Screen {
    let mut lines = vec![title];
    let numbered = || (1_u32..).zip(&memory.facts);
    if !memory.facts.is_empty() {
        lines.push(String::new());
    }
    lines.extend(numbered().map(|(number, fact)| format!("{number}. {}", line(fact, language))));
    let open = numbered().map(|(number, fact)| (number.to_string(), Action::Fact(fact.id).data()));
    let mut rows = vec![open.collect::<Vec<_>>()];
    if memory.pages > 1 {
        lines.push(format!("\n{}", Text::MemoryPage { page: memory.page + 1, pages: memory.pages }.render(language)));
        let before = memory.page.checked_sub(1).map(|page| ("‹".to_owned(), turn_to(page).data()));
        let after = (memory.page + 1 < memory.pages).then(|| ("›".to_owned(), turn_to(memory.page + 1).data()));
        rows.push(before.into_iter().chain(after).collect());
    }
    rows.push(vec![button(Text::MemoryBack, Action::Overview, language)]);
    rows.retain(|row| !row.is_empty());
    Screen { html: lines.join("\n"), rows }
}

/// A fact as a list shows it: what is over is told apart from what holds.
fn line(fact: &FactData, language: Language) -> String {
    match fact.ended_on {
        Some(day) => Text::MemoryOver { fact: &fact.content, until: &date(day, language) }.render(language),
        None => escape(&fact.content),
    }
}

/// One fact. What is over was true, and is there to be forgotten and not to be put right.
pub(super) fn fact(FactResponse { fact, history }: &FactResponse, language: Language) -> Screen {
    let said = |text: Text<'_>| text.render(language);
    let mut lines = vec![format!("<b>{}</b>", escape(&fact.content)), String::new()];
    lines.push(said(name(&fact.category)));
    if let Some(day) = fact.day {
        lines.push(said(Text::MemoryDay { date: &date(day, language) }));
    }
    lines.push(said(Text::MemoryTold { date: &date(fact.told_on, language) }));
    if let Some(day) = fact.ended_on {
        lines.push(said(Text::MemoryEnded { date: &date(day, language) }));
    }
    if fact.times_told > 1 {
        lines.push(said(Text::MemoryTimes { times: fact.times_told }));
    }
    if !history.is_empty() {
        lines.push(format!("\n{}", said(Text::MemoryBefore)));
        lines.extend(history.iter().take(MOST_PAST).map(|past| {
            let until = past.ended_on.map(|day| date(day, language)).unwrap_or_default();
            said(Text::MemoryPast { fact: &past.content, from: &date(past.told_on, language), until: &until })
        }));
        if let Some(more) = history.len().checked_sub(MOST_PAST).filter(|more| *more > 0) {
            lines.push(said(Text::MemoryPastMore { more: u32::try_from(more).unwrap_or(u32::MAX) }));
        }
    }
    let forget = button(Text::MemoryForget, Action::AskToForget(fact.id), language);
    if fact.ended_on.is_some() {
        let back = button(Text::MemoryBack, Action::Past(0), language);
        return Screen { html: lines.join("\n"), rows: vec![vec![forget], vec![back]] };
    }
    let category = button(Text::MemoryCategory, Action::AskForCategory(fact.id), language);
    let day = has_day(fact).then(|| button(Text::MemoryWhen, Action::AskForDay(fact.id), language));
    let rows = vec![
        vec![button(Text::MemoryCorrect, Action::AskForCorrection(fact.id), language), forget],
        [category].into_iter().chain(day).collect(),
        vec![button(Text::MemoryBack, Action::Category(Some(fact.category.clone()), 0), language)],
    ];
    Screen { html: lines.join("\n"), rows }
}

/// Whether a fact is about a day, or may be.
pub(super) fn has_day(fact: &FactData) -> bool {
    fact.day.is_some() || matches!(fact.category.parse::<Category>(), Ok(Category::Plans | Category::Events))
}

/// What a fact is about, to be chosen.
pub(super) fn categories(fact: &FactData, language: Language) -> Screen {
    let buttons = Category::ALL.map(|category| {
        let label = plain(name(category.as_str()), language);
        (label, Action::Recategorise(fact.id, category).data())
    });
    let mut rows: Vec<_> = buttons.chunks(2).map(<[_]>::to_vec).collect();
    rows.push(vec![button(Text::MemoryBack, Action::Fact(fact.id), language)]);
    Screen { html: Text::MemoryAskCategory { fact: &fact.content }.render(language), rows }
}

/// Whether a fact is really to be forgotten.
pub(super) fn forget(fact: &FactData, language: Language) -> Screen {
    let yes = button(Text::MemoryForgetYes, Action::Forget(fact.id), language);
    let no = button(Text::MemoryForgetNo, Action::Fact(fact.id), language);
    Screen { html: Text::MemoryAskForget { fact: &fact.content }.render(language), rows: vec![vec![yes, no]] }
}

/// Whether everything is really to be forgotten, asked at this time.
pub(super) fn forget_all(made: i64, language: Language) -> Screen {
    let yes = button(Text::MemoryForgetAllYes, Action::ForgetAll(made), language);
    let no = button(Text::MemoryForgetNo, Action::Overview, language);
    Screen { html: Text::MemoryAskForgetAll.render(language), rows: vec![vec![no], vec![yes]] }
}

/// A question that knows what it asks for when it is answered.
pub(super) fn question(html: &str, asked: Asked) -> String {
    format!("<a href=\"{}\">✏️</a> {html}", escape(&asked.link()))
}

fn button(text: Text<'static>, action: Action, language: Language) -> (String, String) {
    (plain(text, language), action.data())
}

/// A text without markup, as buttons show it.
fn plain(text: Text<'_>, language: Language) -> String {
    text.render(language)
}

fn name(category: &str) -> Text<'static> {
    match category.parse().unwrap_or_default() {
        Category::Identity => Text::CategoryIdentity,
        Category::Family => Text::CategoryFamily,
        Category::Work => Text::CategoryWork,
        Category::Preferences => Text::CategoryPreferences,
        Category::Health => Text::CategoryHealth,
        Category::Plans => Text::CategoryPlans,
        Category::Events => Text::CategoryEvents,
        Category::Other => Text::CategoryOther,
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use evolve_contract::memory::{CategoryCount, PastFact};
    use evolve_testkit::telegram::entities::{ParseMode, parse};
    use uuid::Uuid;

    use super::*;

    fn day(number: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 3, number).unwrap()
    }

    fn known(number: u128, content: &str) -> FactData {
        FactData {
            id: Uuid::from_u128(number),
            category: "family".to_owned(),
            content: content.to_owned(),
            confidence: 90,
            day: None,
            told_on: day(1),
            times_told: 1,
            ended_on: None,
        }
    }

    fn memory() -> MemoryResponse {
        let count = |category: &str, facts| CategoryCount { category: category.to_owned(), facts };
        MemoryResponse {
            user_id: 42,
            total: 12,
            past: 0,
            limit: Some(50),
            categories: vec![count("family", 7), count("work", 4), count("other", 1)],
            found: 7,
            page: 1,
            pages: 3,
            facts: vec![known(1, "Есть сестра <Анна>"), known(2, "Кошку зовут Слива")],
        }
    }

    fn shown(screen: &Screen) -> String {
        parse(&screen.html, ParseMode::Html).unwrap();
        let row = |row: &Vec<(String, String)>| {
            let buttons: Vec<_> = row.iter().map(|(label, data)| format!("[{label}]({data})")).collect();
            buttons.join(" ")
        };
        format!("{}\n\n{}", screen.html, screen.rows.iter().map(row).collect::<Vec<_>>().join("\n"))
    }

    #[test]
    fn a_long_history_is_shown_by_its_newest_and_fits_into_a_message() {
        let past =
            PastFact { id: Uuid::from_u128(9), content: "я".repeat(300), told_on: day(1), ended_on: Some(day(9)) };
        let moved = |times| FactResponse { fact: known(1, &"я".repeat(300)), history: vec![past.clone(); times] };
        let shown = |times| fact(&moved(times), Language::Ru).html;
        assert!(shown(23).encode_utf16().count() <= 4096 && shown(23).ends_with("и ещё 13 раз"), "{}", shown(23));
        assert!(!shown(10).contains("и ещё"));
    }

    #[test]
    fn what_is_over_is_told_apart_and_can_be_forgotten_alone() {
        let over = FactData { ended_on: Some(day(9)), ..known(1, "Учит <испанский>") };
        for language in Language::ALL {
            let gone = MemoryResponse { past: 1, pages: 1, facts: vec![over.clone()], ..MemoryResponse::default() };
            let shown_of = |screen: Screen| shown(&screen);
            assert!(shown_of(overview(&gone, None, language)).contains("(mem:p:0)"), "there is no way to it");
            let listed = shown_of(past(&gone, language));
            assert!(listed.contains("&lt;испанский&gt; (") && listed.contains("(mem:f:"), "{listed}");
            let one = shown_of(fact(&FactResponse { fact: over.clone(), history: Vec::new() }, language));
            assert!(one.contains("(mem:d:") && one.contains("(mem:p:0)"), "{one}");
            assert!(!one.contains("(mem:e:") && !one.contains("(mem:k:"), "{one}");
        }
    }

    /// Languages whose pages are compared with what somebody has read; those of the others must be such as Telegram takes.
    const READ: [Language; 2] = [Language::Ru, Language::En];

    #[test]
    fn memory_is_shown_by_category_in_pages_and_fact_by_fact() {
        for language in Language::ALL {
            let full = MemoryResponse { limit: Some(12), ..memory() };
            let moved = FactResponse {
                fact: FactData { day: Some(day(20)), times_told: 3, ..known(1, "Работает в <музее>") },
                history: vec![PastFact {
                    id: Uuid::from_u128(9),
                    content: "Работает в библиотеке".to_owned(),
                    told_on: day(1),
                    ended_on: Some(day(9)),
                }],
            };
            let nothing = MemoryResponse { pages: 1, ..MemoryResponse::default() };
            let screens = [
                overview(&memory(), None, language),
                overview(&full, Some(&Text::MemoryForgotten { messages: 2 }.render(language)), language),
                overview(&nothing, Some(&Text::MemoryForgotAll.render(language)), language),
                category(&memory(), Some("family"), language),
                found(&memory(), "<сестра>", language),
                found(&nothing, "кит", language),
                fact(&moved, language),
                forget(&moved.fact, language),
                forget_all(1_772_366_400, language),
            ];
            let all: Vec<_> = screens.iter().map(shown).collect();
            if READ.contains(&language) {
                insta::assert_snapshot!(format!("memory_{language}"), all.join("\n\n———\n\n"));
            }
        }
    }
}
