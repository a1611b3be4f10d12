//! What a prompt says where nothing is written in its place: as this bot is configured, or in the words that are built in.

use evolve_domain::{language::Language, relationship::Level};

use super::{
    Persona, PromptError,
    overrides::{self, Overrides, Place},
    who, words,
};

/// Levels that have words of their own; those above speak as the last.
const BUILT_IN_LEVELS: u8 = 5;

/// What a prompt that can be written says where nothing is. `voice` is how the bot speaks on a level, where it has words of its own for
/// that; what is of all languages is told in `language`. Nothing for a name that no prompt has.
///
/// # Errors
/// [`PromptError`].
pub(crate) fn configured_prompt(
    name: &str,
    persona: &Persona,
    voice: impl Fn(Level) -> Option<String>,
    language: Language,
) -> Result<Option<String>, PromptError> {
    let text = match overrides::place(name) {
        None => return Ok(None),
        Some(Place::Persona) => who(&Overrides::default(), persona, language)?,
        Some(Place::Rules(of)) => words(of, "prompt-rules", &[])?,
        Some(Place::Voice(level)) => match voice(level) {
            Some(own) => own,
            None => built_in_voice(language, level)?,
        },
    };
    Ok(Some(text))
}

/// How a companion speaks on a level that the bot has no words of its own for.
pub(super) fn built_in_voice(language: Language, level: Level) -> Result<String, PromptError> {
    words(language, &format!("prompt-level-{}", level.number().min(BUILT_IN_LEVELS)), &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_prompt_that_can_be_written_is_configured_or_built_in() {
        let own = |level: Level| (level.number() == 2).then(|| "Как с другом.".to_owned());
        let persona = Persona { prompt: Some(" Тебя зовут Луна.\n".to_owned()), ..Persona::default() };
        let told = |name: &str| configured_prompt(name, &persona, own, Language::Ru).unwrap();
        for named in overrides::all() {
            assert!(told(&named.name).is_some_and(|text| !text.is_empty()), "{}", named.name);
        }
        assert_eq!(told("persona").as_deref(), Some("Тебя зовут Луна."));
        assert_eq!(told("level_2").as_deref(), Some("Как с другом."));
        assert_ne!(told("rules_en"), told("rules_ru"));
        assert_eq!(told("level_9"), told("level_5"), "those above speak as the last");
        assert_eq!(told("prompt-guard"), None);
    }
}
