//! What becomes of a person's facts: what a model wishes, worked out against what is known.
//!
//! A wish is kept as it was made, and all of them are worked out together: so they can be worked out anew when the facts have
//! changed before they could be written.

use chrono::{DateTime, NaiveDate, Utc};
use evolve_domain::{
    fact::{
        Category, MOST,
        told::{Held, Named, Placed, Shown, Told, named, place},
    },
    memory::forget::unsaid,
};
use evolve_store::facts::{Confirmed, Fact, FactChanges, NewFact, Source};
use uuid::Uuid;

/// Something that is to be done to the facts.
#[derive(Clone, Debug)]
pub enum Wish {
    /// Something was told.
    Remember(Telling),
    /// The fact that is named by these words holds no longer; it becomes history.
    End(String),
    /// The person wants it forgotten, its history too.
    Forget(String),
    /// The person wants these forgotten, which are over.
    ForgetPast(Vec<Uuid>),
    /// Something that is no fact is to be forgotten wherever it was said: in these words, each under an id of its own.
    Unsay(Vec<(Uuid, String)>),
}

/// Something that was told.
#[derive(Clone, Debug)]
pub struct Telling {
    /// Id for it, if it is new.
    pub id: Uuid,
    /// What it is about.
    pub category: Category,
    /// Its text, clean.
    pub content: String,
    /// The text of the fact that it replaces.
    pub replaces: Option<String>,
    /// How sure it is, of 100.
    pub confidence: u8,
    /// The day that it is about.
    pub day: Option<NaiveDate>,
    /// Where it was told; nothing for the message of the turn.
    pub source: Option<Source>,
}

/// What came of a wish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is remembered.
    Learnt,
    /// It was known.
    Known,
    /// There is no room for it.
    Full,
    /// Nothing: what it would take the place of was told after it.
    Outdated,
    /// So many facts were ended or forgotten; with 0 nothing is known by those words.
    Gone(usize),
    /// Nothing was ended or forgotten: it could be any of these facts.
    Unclear(Vec<String>),
}

/// A fact that holds, while wishes are worked out.
struct Holding<'a> {
    id: Uuid,
    chain: Uuid,
    category: Category,
    content: &'a str,
    day: Option<NaiveDate>,
    /// When it was told last; nothing for the message of the turn.
    said_at: Option<DateTime<Utc>>,
    is_new: bool,
}

impl<'a> Holding<'a> {
    fn shown(&self) -> Shown<'a> {
        (self.content, self.day)
    }

    /// To compare with what was told in `source`.
    fn held(&self, source: Option<Source>) -> Held<'a, Uuid> {
        let is_later = |source: Source| self.said_at.is_some_and(|said_at| said_at > source.said_at);
        let is_later = source.is_some_and(is_later);
        Held { id: self.id, category: self.category, text: self.content, day: self.day, is_later }
    }
}

/// Works wishes out, in their order, against facts of `version` that hold; what came of each is told in the same order.
/// `max` is how many facts the person's plan allows.
#[must_use]
pub fn settle(wishes: &[Wish], facts: &[Fact], version: i32, max: Option<u32>) -> (FactChanges, Vec<Outcome>) {
    let holding = facts.iter().map(|fact| Holding {
        id: fact.id,
        chain: fact.chain,
        category: fact.category,
        content: &fact.content,
        day: fact.day,
        said_at: Some(fact.last_said_at),
        is_new: false,
    });
    let max = usize::try_from(max.unwrap_or(MOST).min(MOST)).unwrap_or(usize::MAX);
    let changes = FactChanges { version, ..FactChanges::default() };
    let mut work = Work { holding: holding.collect(), changes, max };
    let outcomes = wishes.iter().map(|wish| work.grant(wish)).collect();
    let Work { holding, mut changes, .. } = work;
    // What was told again and then ended or forgotten is not told again.
    changes.confirmed.retain(|confirmed| holding.iter().any(|held| held.id == confirmed.id));
    (changes, outcomes)
}

/// What goes with a fact that is over, when it is to be forgotten: what held before it, if it was the last state of a matter of
/// which nothing holds; or else nothing, for what came after it was not meant. `holding` and `history` are all facts of the person
/// that hold, and that are over, latest first.
#[must_use]
pub fn past_with(fact: &Fact, holding: &[Fact], history: &[Fact]) -> Vec<Uuid> {
    let mut of_matter = history.iter().filter(|past| past.chain == fact.chain).map(|past| past.id).peekable();
    let holds = holding.iter().any(|held| held.chain == fact.chain);
    if of_matter.peek() == Some(&fact.id) && !holds { of_matter.collect() } else { vec![fact.id] }
}

struct Work<'a> {
    holding: Vec<Holding<'a>>,
    changes: FactChanges,
    max: usize,
}

impl<'a> Work<'a> {
    fn grant(&mut self, wish: &'a Wish) -> Outcome {
        match wish {
            Wish::Remember(telling) => self.remember(telling),
            Wish::End(words) => {
                let gone = match self.take(words) {
                    Ok(gone) => gone,
                    Err(several) => return Outcome::Unclear(several),
                };
                let known = gone.iter().filter(|held| !held.is_new);
                self.changes.lapsed.extend(known.map(|held| (held.chain, held.chain)));
                Outcome::Gone(gone.len())
            }
            Wish::Forget(words) => {
                let gone = match self.take(words) {
                    Ok(gone) => gone,
                    Err(several) => return Outcome::Unclear(several),
                };
                // A new one may have taken the place of an older one: its history goes too.
                self.changes.forgotten.extend(gone.iter().map(|held| held.chain));
                Outcome::Gone(gone.len())
            }
            Wish::ForgetPast(facts) => {
                self.changes.forgotten_alone.extend(facts);
                Outcome::Gone(facts.len())
            }
            Wish::Unsay(words) => {
                let owed = words.iter().map(|(id, words)| NewFact::new(*id, Category::Identity, unsaid(words)));
                self.changes.learnt.extend(owed);
                self.changes.forgotten.extend(words.iter().map(|(id, _)| *id));
                Outcome::Gone(words.len())
            }
        }
    }

    fn remember(&mut self, telling: &'a Telling) -> Outcome {
        let told = Told {
            category: telling.category,
            text: &telling.content,
            day: telling.day,
            replaces: telling.replaces.as_deref(),
        };
        let known: Vec<_> = self.holding.iter().map(|held| held.held(telling.source)).collect();
        let room = self.max.saturating_sub(self.holding.len());
        let replaces = match place(&told, &known, room) {
            Placed::Full => return Outcome::Full,
            Placed::Outdated => return Outcome::Outdated,
            Placed::Known(id) => {
                self.confirm(id, telling.source.map(|source| source.said_at));
                return Outcome::Known;
            }
            Placed::New { replaces } => replaces,
        };
        let gone = self.remove(|held| replaces.contains(&held.id));
        let chain = gone.first().map_or(telling.id, |held| held.chain);
        for held in &gone {
            for (_, part_of) in self.changes.lapsed.iter_mut().filter(|(_, part_of)| *part_of == held.chain) {
                *part_of = chain;
            }
            if !held.is_new {
                self.changes.lapsed.push((held.chain, chain));
            }
        }
        self.holding.push(Holding {
            id: telling.id,
            chain,
            category: telling.category,
            content: &telling.content,
            day: telling.day,
            said_at: telling.source.map(|source| source.said_at),
            is_new: true,
        });
        self.changes.learnt.push(NewFact {
            id: telling.id,
            category: telling.category,
            content: telling.content.clone(),
            chain,
            confidence: telling.confidence,
            day: telling.day,
            source: telling.source,
        });
        Outcome::Learnt
    }

    /// It was told once more, then; in the message of the turn, where no time is given.
    fn confirm(&mut self, id: Uuid, said_at: Option<DateTime<Utc>>) {
        if self.holding.iter().any(|held| held.id == id && held.is_new) {
            return;
        }
        match self.changes.confirmed.iter_mut().find(|confirmed| confirmed.id == id) {
            Some(confirmed) => confirmed.said_at = confirmed.said_at.max(said_at),
            None => self.changes.confirmed.push(Confirmed { id, said_at }),
        }
    }

    /// Takes out what is named by words of it.
    ///
    /// # Errors
    /// The texts of several that could be meant; then nothing is taken out.
    fn take(&mut self, words: &str) -> Result<Vec<Holding<'a>>, Vec<String>> {
        let facts: Vec<Shown<'a>> = self.holding.iter().map(Holding::shown).collect();
        match named(words, &facts) {
            Named::These(places) => {
                let ids: Vec<Uuid> = places.into_iter().map(|place| self.holding[place].id).collect();
                Ok(self.remove(|held| ids.contains(&held.id)))
            }
            Named::Unclear(places) => Err(places.into_iter().map(|place| facts[place].0.to_owned()).collect()),
        }
    }

    fn remove(&mut self, which: impl Fn(&Holding<'a>) -> bool) -> Vec<Holding<'a>> {
        let (gone, kept) = std::mem::take(&mut self.holding).into_iter().partition(which);
        self.holding = kept;
        let gone: Vec<Holding<'a>> = gone;
        self.changes.learnt.retain(|fact| !gone.iter().any(|held| held.id == fact.id));
        gone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(number: u128, content: &str) -> Fact {
        let at = DateTime::UNIX_EPOCH;
        Fact {
            id: Uuid::from_u128(number),
            category: Category::Work,
            content: content.to_owned(),
            chain: Uuid::from_u128(number),
            confidence: 90,
            day: None,
            created_at: at,
            last_said_at: at,
            times_said: 1,
            ended_at: None,
        }
    }

    fn telling(number: u128, content: &str, replaces: Option<&str>) -> Wish {
        Wish::Remember(Telling {
            id: Uuid::from_u128(number),
            category: Category::Work,
            content: content.to_owned(),
            replaces: replaces.map(str::to_owned),
            confidence: 90,
            day: None,
            source: None,
        })
    }

    fn uuid(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    #[test]
    fn a_matter_that_changes_twice_in_one_turn_is_one_history() {
        let wishes = [
            telling(10, "works at a museum", Some("works at a library")),
            telling(11, "works at a school", Some("works at a museum")),
        ];
        let (changes, outcomes) = settle(&wishes, &[fact(1, "Works at a library")], 7, None);
        assert_eq!(outcomes, [Outcome::Learnt, Outcome::Learnt]);
        let learnt: Vec<_> = changes.learnt.iter().map(|fact| (fact.id, fact.chain)).collect();
        assert_eq!(learnt, [(uuid(11), uuid(1))], "what held for a moment is no history");
        assert_eq!((changes.lapsed, changes.version), (vec![(uuid(1), uuid(1))], 7));
    }

    #[test]
    fn one_fact_that_replaces_two_joins_their_histories() {
        let facts = [fact(1, "Works 3 days"), fact(2, "Works 4 days")];
        let (changes, _) = settle(&[telling(10, "works 5 days", None)], &facts, 0, Some(2));
        assert_eq!(changes.lapsed, [(uuid(1), uuid(1)), (uuid(2), uuid(1))]);
        assert_eq!(changes.learnt[0].chain, uuid(1));
    }

    #[test]
    fn what_was_told_again_counts_once_in_a_turn_and_not_when_it_is_forgotten_in_it() {
        let again = || telling(10, "at a library works", None);
        let facts = [fact(1, "Works at a library")];
        let (changes, outcomes) = settle(&[again(), again()], &facts, 0, Some(1));
        let confirmed = Confirmed { id: uuid(1), said_at: None };
        assert_eq!((outcomes, changes.confirmed), (vec![Outcome::Known; 2], vec![confirmed]));
        let (changes, outcomes) = settle(&[again(), Wish::Forget("library".to_owned())], &facts, 0, Some(1));
        assert_eq!(outcomes, [Outcome::Known, Outcome::Gone(1)]);
        assert_eq!((changes.confirmed, changes.forgotten), (Vec::new(), vec![uuid(1)]));
    }

    #[test]
    fn words_that_could_mean_several_facts_end_and_forget_none_of_them() {
        let facts = [fact(1, "Likes tea"), fact(2, "Her sister likes tea")];
        for wish in [Wish::Forget("tea".to_owned()), Wish::End("tea".to_owned())] {
            let (changes, outcomes) = settle(&[wish], &facts, 0, None);
            let several = vec!["Likes tea".to_owned(), "Her sister likes tea".to_owned()];
            assert_eq!(outcomes, [Outcome::Unclear(several)]);
            assert!(changes.is_empty());
        }
        let (changes, outcomes) = settle(&[Wish::Forget("likes tea".to_owned())], &facts, 0, None);
        assert_eq!((outcomes, changes.forgotten), (vec![Outcome::Gone(1)], vec![uuid(1)]));
    }

    #[test]
    fn what_is_told_and_forgotten_in_one_turn_was_never_there() {
        let wishes = [telling(10, "likes jam", None), Wish::Forget("jam".to_owned())];
        let (changes, _) = settle(&wishes, &[], 0, None);
        assert!(changes.learnt.is_empty());
        assert_eq!(settle(&[Wish::End("tea".to_owned())], &[], 0, None).1, [Outcome::Gone(0)]);
    }

    #[test]
    fn what_is_over_is_forgotten_with_what_was_before_it_unless_something_came_after() {
        let ended = |number, chain, at| {
            let ended_at = DateTime::from_timestamp(at, 0);
            Fact { chain: uuid(chain), ended_at, ..fact(number, "Worked somewhere") }
        };
        // Of the first matter something holds, of the second nothing.
        let holding = [Fact { chain: uuid(1), ..fact(2, "Works somewhere") }];
        let history = [ended(4, 3, 9), ended(3, 3, 8), ended(1, 1, 7)];
        let goes = |at: usize| past_with(&history[at], &holding, &history);
        assert_eq!([goes(0), goes(1), goes(2)], [vec![uuid(4), uuid(3)], vec![uuid(3)], vec![uuid(1)]]);
        let (changes, outcomes) = settle(&[Wish::ForgetPast(goes(2))], &holding, 0, None);
        assert_eq!((outcomes, changes.is_empty()), (vec![Outcome::Gone(1)], false));
        assert_eq!((changes.forgotten_alone, changes.forgotten), (vec![uuid(1)], Vec::new()));
    }

    #[test]
    fn what_is_no_fact_is_owed_its_forgetting_even_by_a_full_memory() {
        let unsay = Wish::Unsay(vec![(uuid(10), "Kazan".to_owned())]);
        let (changes, outcomes) = settle(&[unsay], &[fact(1, "Sings")], 0, Some(1));
        assert_eq!((outcomes, changes.forgotten.as_slice()), (vec![Outcome::Gone(1)], &[uuid(10)][..]));
        assert_eq!((changes.learnt[0].content.clone(), changes.news()), (unsaid("Kazan"), 0));
    }

    #[test]
    fn a_full_memory_takes_what_replaces_something_and_nothing_else() {
        let facts = [fact(1, "Works at a library")];
        let (_, outcomes) = settle(&[telling(10, "sings", None)], &facts, 0, Some(1));
        assert_eq!(outcomes, [Outcome::Full]);
        let (_, outcomes) = settle(&[telling(10, "sings", Some("works at a library"))], &facts, 0, Some(1));
        assert_eq!(outcomes, [Outcome::Learnt]);
    }
}
