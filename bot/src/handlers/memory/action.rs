//! What the buttons of `/memory` say, in the 64 bytes that Telegram lets them, and what its questions ask.

use evolve_domain::fact::Category;
use uuid::Uuid;

/// What the data of all of these buttons begins with.
pub(super) const PREFIX: &str = "mem:";
/// Bytes that Telegram allows as the data of a button.
const MOST_BYTES: usize = 64;
/// Bytes that a search's page may take: more pages than anybody has.
const PAGE_BYTES: usize = 4;

/// What a button stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Everything, by category.
    Overview,
    /// The facts of a category, or all; which page.
    Category(Option<String>, u32),
    /// The facts that hold these words; which page.
    Search(String, u32),
    /// What is over and has nothing in its place; which page.
    Past(u32),
    /// One fact.
    Fact(Uuid),
    /// What to search for is to be asked.
    AskForWords,
    /// How a fact is right is to be asked.
    AskForCorrection(Uuid),
    /// What a fact is about is to be asked.
    AskForCategory(Uuid),
    /// This is what a fact is about.
    Recategorise(Uuid, Category),
    /// The day that a fact is about is to be asked.
    AskForDay(Uuid),
    /// Whether a fact is really to be forgotten is to be asked.
    AskToForget(Uuid),
    /// A fact is to be forgotten.
    Forget(Uuid),
    /// Whether everything is really to be forgotten is to be asked.
    AskToForgetAll,
    /// Everything is to be forgotten, if the button still holds that was made at this time.
    ForgetAll(i64),
}

impl Action {
    /// As the data of a button.
    pub(super) fn data(&self) -> String {
        let rest = match self {
            Self::Overview => "o".to_owned(),
            Self::Category(category, page) => format!("c:{page}:{}", category.as_deref().unwrap_or_default()),
            Self::Search(words, page) => format!("q:{page}:{words}"),
            Self::Past(page) => format!("p:{page}"),
            Self::Fact(fact) => format!("f:{}", fact.simple()),
            Self::AskForWords => "w".to_owned(),
            Self::AskForCorrection(fact) => format!("e:{}", fact.simple()),
            Self::AskForCategory(fact) => format!("k:{}", fact.simple()),
            Self::Recategorise(fact, category) => format!("kc:{}:{category}", fact.simple()),
            Self::AskForDay(fact) => format!("t:{}", fact.simple()),
            Self::AskToForget(fact) => format!("d:{}", fact.simple()),
            Self::Forget(fact) => format!("x:{}", fact.simple()),
            Self::AskToForgetAll => "da".to_owned(),
            Self::ForgetAll(made) => format!("xa:{made}"),
        };
        format!("{PREFIX}{rest}")
    }

    /// From the data of a button; nothing if it is none of ours.
    pub(super) fn parse(data: &str) -> Option<Self> {
        let rest = data.strip_prefix(PREFIX)?;
        let (kind, rest) = rest.split_once(':').unwrap_or((rest, ""));
        let fact = || Uuid::try_parse(rest).ok();
        let paged = || rest.split_once(':').and_then(|(page, rest)| Some((page.parse().ok()?, rest)));
        Some(match kind {
            "o" => Self::Overview,
            "c" => {
                let (page, category) = paged()?;
                let known = category.parse::<Category>().ok().map(|category| category.to_string());
                Self::Category(known, page)
            }
            "q" => paged().map(|(page, words)| Self::Search(words.to_owned(), page))?,
            "p" => Self::Past(rest.parse().ok()?),
            "f" => Self::Fact(fact()?),
            "w" => Self::AskForWords,
            "e" => Self::AskForCorrection(fact()?),
            "k" => Self::AskForCategory(fact()?),
            "kc" => {
                let (fact, category) = rest.split_once(':')?;
                Self::Recategorise(Uuid::try_parse(fact).ok()?, category.parse().ok()?)
            }
            "t" => Self::AskForDay(fact()?),
            "d" => Self::AskToForget(fact()?),
            "x" => Self::Forget(fact()?),
            "da" => Self::AskToForgetAll,
            // One without its time is of a version before, and no longer holds.
            "xa" => Self::ForgetAll(rest.parse().unwrap_or_default()),
            _ => return None,
        })
    }
}

/// As much of the words as a button can hold, so that the next page searches for the same.
pub(super) fn searchable(words: &str) -> String {
    let most = MOST_BYTES - PREFIX.len() - "q::".len() - PAGE_BYTES;
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    words[..words.floor_char_boundary(most)].trim_end().to_owned()
}

/// What a question asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::handlers) enum Asked {
    /// Words to search for.
    Words,
    /// How a fact is right.
    Correction(Uuid),
    /// The day that a fact is about.
    Day(Uuid),
}

/// What follows in the link of a question.
const MARK: &str = "#memory-";
const WORDS: &str = "search";
const DAY: &str = "day-";

impl Asked {
    /// The link that stands in the question. It leads nowhere in particular; it is there to come back with the answer.
    pub(super) fn link(self) -> String {
        let what = match self {
            Self::Words => WORDS.to_owned(),
            Self::Correction(fact) => fact.simple().to_string(),
            Self::Day(fact) => format!("{DAY}{}", fact.simple()),
        };
        format!("https://t.me/{MARK}{what}")
    }

    /// From a link; nothing if it is none of ours.
    pub(super) fn of_link(link: &str) -> Option<Self> {
        let what = link.split_once(MARK)?.1;
        let fact = |fact: &str| Uuid::try_parse(fact).ok();
        match what.strip_prefix(DAY) {
            Some(of) => Some(Self::Day(fact(of)?)),
            None if what == WORDS => Some(Self::Words),
            None => Some(Self::Correction(fact(what)?)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all() -> Vec<Action> {
        let fact = Uuid::from_u128(u128::MAX);
        let mut all = vec![
            Action::Overview,
            Action::Category(None, 0),
            Action::Search("кот: чёрный".to_owned(), 9999),
            Action::Past(u32::MAX),
            Action::Fact(fact),
            Action::AskForWords,
            Action::AskForCorrection(fact),
            Action::AskForCategory(fact),
            Action::AskForDay(fact),
            Action::AskToForget(fact),
            Action::Forget(fact),
            Action::AskToForgetAll,
            Action::ForgetAll(i64::MAX),
        ];
        all.extend(Category::ALL.map(|category| Action::Recategorise(fact, category)));
        all.extend(Category::ALL.map(|category| Action::Category(Some(category.to_string()), u32::MAX)));
        all
    }

    #[test]
    fn every_button_comes_back_as_it_was_and_is_small_enough() {
        for action in all() {
            let data = action.data();
            assert!(data.len() <= MOST_BYTES, "{data}");
            assert_eq!(Action::parse(&data), Some(action));
        }
    }

    #[test]
    fn a_question_is_known_by_its_link() {
        for asked in [Asked::Words, Asked::Correction(Uuid::from_u128(7)), Asked::Day(Uuid::from_u128(7))] {
            assert_eq!(Asked::of_link(&asked.link()), Some(asked));
        }
        assert_eq!(Asked::of_link("https://t.me/#memory-everything"), None);
    }

    proptest! {
        #[test]
        fn any_search_fits_into_a_button(words in "\\PC{0,80}", page in 0_u32..10_000) {
            let words = searchable(&words);
            let action = Action::Search(words, page);
            prop_assert!(action.data().len() <= MOST_BYTES);
            prop_assert_eq!(Action::parse(&action.data()), Some(action));
        }

        #[test]
        fn no_data_is_too_strange(data in "\\PC{0,64}") {
            let _ = Action::parse(&data);
            let _ = Action::parse(&format!("{PREFIX}{data}"));
        }
    }
}
