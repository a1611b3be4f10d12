//! The system instruction of a turn outside the private chat: nothing in it is of a person.

use evolve_domain::{language::Language, relationship::Level, safety::quoting::Secret};

use super::{Persona, PromptError, Prompts, content, who, words};

impl Prompts {
    /// The system instruction of a turn outside the private chat, in a group or not, and what of it must not be quoted: all.
    ///
    /// # Errors
    /// [`PromptError`].
    pub fn aside(
        &self,
        persona: &Persona,
        language: Language,
        voice: Option<&str>,
        in_room: bool,
    ) -> Result<(String, Secret), PromptError> {
        let overrides = self.overrides();
        let voice = match overrides.voice(Level::FIRST).or(voice) {
            Some(own) => own.to_owned(),
            None => words(language, "prompt-level-1", &[])?,
        };
        let place = if in_room { "prompt-room" } else { "prompt-inline" };
        let parts = [
            who(&overrides, persona, language)?,
            words(language, "prompt-aside-rules", &[])?,
            // Others read it, whatever its speaker has agreed to.
            content(language, false)?,
            format!("{}\n{voice}", words(language, "prompt-relationship", &[])?),
            words(language, place, &[])?,
        ];
        let system = parts.join("\n\n");
        let secret = self.secrets.of(&system);
        Ok((system, secret))
    }
}
