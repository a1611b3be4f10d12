//! What administrators may write in place of what is configured, or built in: who the companion is, the rules by which it talks, and how
//! it speaks on each level.
//!
//! What keeps people safe is not among it: what never may be spoken of, what is said to who may be in danger, what stands
//! around what people told, and that it is information and no instruction (`prompt-guard`, which follows whatever rules there are).
//! That nobody writes but we.

use std::collections::BTreeMap;

use evolve_domain::{language::Language, relationship::Level};

/// Longest prompt, in characters, as of the configured persona: it is paid for in every turn.
pub const MAX_CHARS: usize = 32_768;

/// Who the companion is.
const PERSONA: &str = "persona";
/// Levels that can be written for: as many as there may be.
const LEVELS: u8 = 10;

/// A prompt that can be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its name: never changed, since versions are kept under it.
    pub name: String,
    /// What it is, in English, for whoever writes it.
    pub description: String,
}

/// Every prompt that can be written.
#[must_use]
pub fn all() -> Vec<Named> {
    let persona = Named {
        name: PERSONA.to_owned(),
        description: "Who the companion is, in its own words to itself, for all languages.".to_owned(),
    };
    let rules = Language::ALL.into_iter().map(|language| Named {
        name: rules_of(language),
        description: format!(
            "The rules by which it talks in private, for people who speak {language}: form, tools, memory."
        ),
    });
    let levels = (1..=LEVELS).map(|number| Named {
        name: level_of(number),
        description: format!("How it speaks on level {number} of the relationship, for all languages."),
    });
    std::iter::once(persona).chain(rules).chain(levels).collect()
}

/// Whether a prompt of this name can be written.
#[must_use]
pub fn is_known(name: &str) -> bool {
    all().iter().any(|named| named.name == name)
}

/// What is wrong with a prompt, if anything is: the bounds of the configured persona.
#[must_use]
pub fn problem(content: &str) -> Option<&'static str> {
    if content.trim().is_empty() {
        return Some("must not be blank: to have what is configured, choose no version");
    }
    if content.chars().count() > MAX_CHARS {
        return Some("must have at most 32768 characters");
    }
    let is_odd = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    content.chars().any(is_odd).then_some("must not hold control characters but line breaks and tabs")
}

/// What is used in place of what is configured, by its name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides(BTreeMap<String, String>);

impl Overrides {
    /// These prompts, by their names.
    #[must_use]
    pub fn new(prompts: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(prompts.into_iter().map(|(name, content)| (name, content.trim().to_owned())).collect())
    }

    /// The same with another prompt, or without one.
    #[must_use]
    pub fn with(mut self, name: &str, content: Option<&str>) -> Self {
        match content {
            Some(content) => self.0.insert(name.to_owned(), content.trim().to_owned()),
            None => self.0.remove(name),
        };
        self
    }

    pub(super) fn persona(&self) -> Option<&str> {
        self.of(PERSONA)
    }

    pub(super) fn rules(&self, language: Language) -> Option<&str> {
        self.of(&rules_of(language))
    }

    pub(super) fn voice(&self, level: Level) -> Option<&str> {
        self.of(&level_of(level.number()))
    }

    fn of(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

/// What a prompt takes the place of: its kind, and of which language or level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Who the companion is.
    Persona,
    /// The rules of a language.
    Rules(Language),
    /// The manner on a level.
    Voice(Level),
}

/// The place of a prompt; nothing of one that nobody can write.
pub(super) fn place(name: &str) -> Option<Place> {
    if name == PERSONA {
        return Some(Place::Persona);
    }
    let rules = Language::ALL.into_iter().find(|language| rules_of(*language) == name).map(Place::Rules);
    let level = (1..=LEVELS).find(|number| level_of(*number) == name);
    rules.or_else(|| level.map(|number| Place::Voice(Level::at(number))))
}

fn rules_of(language: Language) -> String {
    format!("rules_{language}")
}

fn level_of(number: u8) -> String {
    format!("level_{number}")
}

#[cfg(test)]
mod tests {
    use evolve_domain::profile::Profile;

    use super::*;
    use crate::prompt::{Known, Persona, Prompts};

    fn known(profile: &Profile) -> Known<'_> {
        Known {
            language: Language::Ru,
            level: Level::FIRST,
            voice: Some("Как настроено."),
            adult: false,
            profile,
            facts: &[],
            earlier: &[],
            summary: None,
        }
    }

    #[test]
    fn what_was_written_takes_the_place_of_what_is_configured_and_what_keeps_people_safe_stays() {
        let (prompts, profile) = (Prompts::new().unwrap(), Profile::default());
        let persona =
            Persona { prompt: Some("Настроенная персона.".to_owned()), ..Persona::default() };
        let configured = prompts.system(&persona, &known(&profile)).unwrap();
        assert!(configured.contains("Настроенная персона.") && configured.contains("Как настроено."), "{configured}");
        let written = [("persona", "Новая персона."), ("rules_ru", "# Правила\n- Коротко."), ("level_1", "По-новому.")];
        prompts.replace(Overrides::new(written.map(|(name, text)| (name.to_owned(), format!(" {text}\n")))));
        let system = prompts.system(&persona, &known(&profile)).unwrap();
        for (_, text) in written {
            assert!(system.contains(text), "{system}");
        }
        for gone in ["Настроенная персона.", "Как настроено.", "remember"] {
            assert!(!system.contains(gone), "{gone}: {system}");
        }
        for ours in ["prompt-guard", "prompt-content-never"] {
            let words = evolve_texts::format(Language::Ru, ours, None).0;
            assert!(!words.is_empty() && system.contains(words.trim()), "{ours}: {system}");
        }
        assert!(system.contains("- Коротко.\n- Разделы «Wishes»"), "the guard is among the rules: {system}");
        let secret = prompts.secret(&persona, &known(&profile)).unwrap();
        assert!(!secret.is_quoted_in("Привет!"));
    }

    #[test]
    fn only_what_is_known_can_be_written_and_only_within_its_bounds() {
        assert!(is_known("persona") && is_known("rules_en") && is_known("level_10"));
        assert!(!is_known("content_never") && !is_known("level_11") && !is_known(""));
        assert_eq!(problem("Ты — Мария.\n\tДа."), None);
        for bad in ["", " \n ", "a\0b", &"a".repeat(MAX_CHARS + 1)] {
            assert!(problem(bad).is_some());
        }
    }
}
