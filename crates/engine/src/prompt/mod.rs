//! The prompt: its words are in `locales/`, the language's `prompt-…` messages; how they are put together is in `prompts/`.
//!
//! What never changes for a persona stands first, then the level, then what is known of the person, so that the
//! providers' implicit caching keeps the longest prefix. Text that came from a person or a model enters only as single
//! lines or under a heading that the rules declare to be information.

mod aside;
mod configured;
mod history;
mod lines;
pub mod notices;
pub mod overrides;
mod said;
mod secrets;

use std::sync::{Arc, PoisonError, RwLock};

use evolve_domain::{
    fact,
    language::Language,
    profile::{Profile, Settings},
    relationship::Level,
    safety::{helplines::Helplines, quoting::Secret},
    wishes::Detail,
};
use evolve_store::facts::Fact;
use evolve_texts::{FluentArgs, FluentValue};
use minijinja::{Environment, UndefinedBehavior, Value, value::Serde};
use serde::{Deserialize, Serialize};

pub(crate) use configured::configured_prompt;

use configured::built_in_voice;
pub use history::{PHOTO, fitting, history};
use lines::{FactLine, Field, fact_line, profile_lines, told, wish_lines};
use overrides::Overrides;
pub use said::{answered, indented, said_before};
use secrets::Secrets;

/// Who the companion is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Persona {
    /// Its name.
    pub name: String,
    /// Who it is, in its own words to itself; nothing for the built-in one.
    pub prompt: Option<String>,
    /// The language of people whose own is not known.
    pub language: Language,
    /// The time zone of people whose own is not known, as an IANA name.
    pub time_zone: chrono_tz::Tz,
    /// Whether it may speak of adult matters, with adults who have agreed to it.
    pub adult: bool,
}

impl Default for Persona {
    fn default() -> Self {
        Self {
            name: "Мария".to_owned(),
            prompt: None,
            language: Language::Ru,
            time_zone: chrono_tz::Europe::Moscow,
            adult: false,
        }
    }
}

impl Persona {
    /// Settings of a person who has none.
    #[must_use]
    pub fn default_settings(&self) -> Settings {
        Settings {
            language: self.language,
            time_zone: self.time_zone,
            onboarding: evolve_domain::profile::Onboarding::New,
        }
    }
}

/// A prompt that cannot be put together: a fault of ours, which tests exclude.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    /// A template.
    #[error("a prompt template failed: {0}")]
    Template(#[from] minijinja::Error),
    /// A message of a language.
    #[error("the message {key} of locales/{language}.ftl cannot be used: {problems:?}")]
    Words {
        /// Which.
        key: String,
        /// Of which language.
        language: Language,
        /// Why.
        problems: Vec<String>,
    },
}

/// The templates, parsed; and what somebody wrote in place of what is configured.
#[derive(Debug)]
pub struct Prompts {
    environment: Environment<'static>,
    overrides: RwLock<Arc<Overrides>>,
    secrets: Secrets,
}

/// What the system instruction is made of.
#[derive(Clone, Debug)]
pub struct Known<'a> {
    /// The person's language.
    pub language: Language,
    /// How close they are.
    pub level: Level,
    /// How the companion speaks on that level, where the bot has words of its own for it.
    pub voice: Option<&'a str>,
    /// Whether they are an adult who has agreed to adult matters, with a companion that may speak of them.
    pub adult: bool,
    /// What they told of themselves.
    pub profile: &'a Profile,
    /// Facts, in the order to show.
    pub facts: &'a [Fact],
    /// What earlier weeks and conversations were about, in the order to show.
    pub earlier: &'a [String],
    /// What this conversation was about before the history begins.
    pub summary: Option<&'a str>,
}

impl Prompts {
    /// Parses the templates.
    ///
    /// # Errors
    /// [`PromptError`], which a test excludes.
    pub fn new() -> Result<Self, PromptError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        for (name, source) in
            [("known", include_str!("../../prompts/known.j2")), ("system", include_str!("../../prompts/system.j2"))]
        {
            environment.add_template(name, source)?;
        }
        Ok(Self { environment, overrides: RwLock::default(), secrets: Secrets::default() })
    }

    /// What is used from now on in place of what is configured.
    pub fn replace(&self, overrides: Overrides) {
        *self.overrides.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(overrides);
    }

    /// What is used now in place of what is configured.
    #[must_use]
    pub fn overrides(&self) -> Arc<Overrides> {
        self.overrides.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The system instruction of a turn.
    ///
    /// # Errors
    /// [`PromptError`].
    pub fn system(&self, persona: &Persona, known: &Known<'_>) -> Result<String, PromptError> {
        self.system_with(&self.overrides(), persona, known)
    }

    /// As [`Prompts::system`], with what somebody may write in place of what is configured.
    ///
    /// # Errors
    /// [`PromptError`].
    pub fn system_with(
        &self,
        overrides: &Overrides,
        persona: &Persona,
        known: &Known<'_>,
    ) -> Result<String, PromptError> {
        let language = known.language;
        let persona_prompt = who(overrides, persona, language)?;
        let voice = match overrides.voice(known.level).or(known.voice) {
            Some(own) => own.to_owned(),
            None => built_in_voice(language, known.level)?,
        };
        let detail = match known.profile.wishes.detail {
            Detail::Normal => None,
            detail => Some(words(language, &format!("prompt-detail-{}", detail.as_str()), &[])?),
        };
        let context = SystemContext {
            persona: persona_prompt,
            rules: match overrides.rules(language) {
                Some(own) => own.to_owned(),
                None => words(language, "prompt-rules", &[])?,
            },
            guard: words(language, "prompt-guard", &[])?,
            content: content(language, known.adult)?,
            relationship: words(language, "prompt-relationship", &[])?,
            voice,
            address: words(language, "prompt-address", &[])?,
            detail,
            wishes: wish_lines(&known.profile.wishes),
            profile: profile_lines(known.profile),
            facts: known.facts.iter().filter_map(fact_line).collect(),
            earlier: known.earlier.iter().filter_map(|text| told(text)).collect(),
            summary: known.summary.and_then(told),
        };
        let text = self.environment.get_template("system")?.render(Value::from(Serde(&context)))?;
        Ok(text.trim().to_owned())
    }

    /// What must not be quoted to the person of their own system instruction: all of it that is not theirs.
    ///
    /// # Errors
    /// [`PromptError`].
    pub fn secret(&self, persona: &Persona, known: &Known<'_>) -> Result<Secret, PromptError> {
        let nobody = Profile::default();
        let known = Known { profile: &nobody, facts: &[], earlier: &[], summary: None, ..known.clone() };
        Ok(self.secrets.of(&self.system(persona, &known)?))
    }

    /// What the system instruction ends with where the person may be in danger, with whom they can call. They may have been
    /// told already, or by nobody but the model: that depends on where they write.
    ///
    /// # Errors
    /// [`PromptError`].
    pub fn danger(&self, language: Language, helplines: &Helplines) -> Result<String, PromptError> {
        let args = [("lines", helplines.listed()), ("emergency", helplines.emergency.to_owned())];
        words(language, "prompt-danger", &args.each_ref().map(|(name, value)| (*name, value.as_str())))
    }

    /// What the system instruction ends with where the companion writes first: to ask how a plan went, or to say good morning.
    ///
    /// # Errors
    /// [`PromptError`].
    pub fn first(&self, language: Language, about_a_plan: bool) -> Result<String, PromptError> {
        let what = words(language, if about_a_plan { "prompt-first-plan" } else { "prompt-first-morning" }, &[])?;
        Ok(format!("{}\n{what}", words(language, "prompt-first", &[])?))
    }

    /// The system instruction of a summary.
    ///
    /// # Errors
    /// [`PromptError`].
    pub fn summary(&self, language: Language) -> Result<String, PromptError> {
        let categories = fact::Category::ALL.map(fact::Category::as_str).join(", ");
        words(language, "prompt-summary", &[("categories", &categories)])
    }

    /// The system instruction of the summary of a week.
    ///
    /// # Errors
    /// [`PromptError`].
    pub fn week(&self, language: Language) -> Result<String, PromptError> {
        words(language, "prompt-week", &[])
    }
}

/// Who the companion is, in its own words to itself.
fn who(overrides: &Overrides, persona: &Persona, language: Language) -> Result<String, PromptError> {
    match overrides.persona().or(persona.prompt.as_deref()) {
        Some(own) => Ok(own.trim().to_owned()),
        None => words(language, "prompt-persona", &[("name", persona.name.as_str())]),
    }
}

/// What may be spoken of, and what never may.
fn content(language: Language, adult: bool) -> Result<String, PromptError> {
    let manner = if adult { "prompt-content-adult" } else { "prompt-content-decent" };
    let lines = ["prompt-content", manner, "prompt-content-never"].map(|key| words(language, key, &[]));
    let [title, manner, never] = lines;
    Ok(format!("{}\n{}\n{}", title?, manner?, never?))
}

/// A message to a model. What a person told is never among `args`: it would be words of ours then.
fn words(language: Language, key: &str, args: &[(&'static str, &str)]) -> Result<String, PromptError> {
    let args: FluentArgs<'_> = args.iter().map(|(name, value)| (*name, FluentValue::from(*value))).collect();
    match evolve_texts::format(language, key, Some(&args)) {
        (text, problems) if problems.is_empty() => Ok(text),
        (_, problems) => Err(PromptError::Words { key: key.to_owned(), language, problems }),
    }
}

#[derive(Serialize)]
struct SystemContext {
    persona: String,
    rules: String,
    guard: String,
    content: String,
    relationship: String,
    voice: String,
    address: String,
    detail: Option<String>,
    wishes: Vec<Field>,
    profile: Vec<Field>,
    facts: Vec<FactLine>,
    earlier: Vec<String>,
    summary: Option<String>,
}
