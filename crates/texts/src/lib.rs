//! What is said in each language, to people and to models: one Fluent file each in `locales/`, compiled in.
//!
//! Adding a language is adding its file. What it must hold is checked where it is used: the bot's texts and the engine's
//! prompts each name their messages, and a test of each renders all of them in every language.

use std::sync::LazyLock;

use evolve_domain::{language::Language, words::compared};
use fluent_bundle::{FluentResource, concurrent::FluentBundle};

pub use fluent_bundle::{FluentArgs, FluentValue};

type Bundle = FluentBundle<FluentResource>;

/// A message in a language. What is filled in is taken as it is: whoever calls escapes it for where the message goes.
/// Beside it, what is wrong with it: nothing in a release, since tests render every message.
#[must_use]
pub fn format(language: Language, key: &str, args: Option<&FluentArgs<'_>>) -> (String, Vec<String>) {
    static BUNDLES: LazyLock<Vec<(Language, Bundle)>> =
        LazyLock::new(|| Language::ALL.into_iter().map(|language| (language, load(language).0)).collect());
    let bundle = BUNDLES.iter().find(|(of, _)| *of == language).map(|(_, bundle)| bundle);
    let message = bundle.and_then(|bundle| Some((bundle, bundle.get_message(key)?.value()?)));
    let Some((bundle, pattern)) = message else {
        return (key.to_owned(), vec!["it does not exist".to_owned()]);
    };
    let mut errors = Vec::new();
    let text = bundle.format_pattern(pattern, args, &mut errors).into_owned();
    (text, errors.iter().map(ToString::to_string).collect())
}

/// A gender that has words of its own in every language. People, and models, say it in any of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gender {
    /// `gender-male`.
    Male,
    /// `gender-female`.
    Female,
}

impl Gender {
    /// The one that a word says, in whichever language; nothing for any other word, which then stands for itself.
    #[must_use]
    pub fn said(word: &str) -> Option<Self> {
        let word = compared(word.trim());
        let says = |gender: &Self| {
            let words = Language::ALL.map(|language| format(language, &format!("{}-words", gender.key()), None).0);
            words.iter().flat_map(|words| words.split(',')).any(|known| compared(known.trim()) == word)
        };
        [Self::Male, Self::Female].into_iter().find(says)
    }

    /// The message that says it.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Male => "gender-male",
            Self::Female => "gender-female",
        }
    }
}

/// What is wrong with a language's file.
#[must_use]
pub fn problems(language: Language) -> Vec<String> {
    load(language).1
}

/// The keys of the messages in a language's file.
pub fn keys(language: Language) -> impl Iterator<Item = &'static str> {
    let keys = language.file().lines().filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()));
    keys.filter_map(|line| Some(line.split_once('=')?.0.trim()))
}

fn load(language: Language) -> (Bundle, Vec<String>) {
    let mut problems = Vec::new();
    let mut bundle = Bundle::new_concurrent(language.as_str().parse().into_iter().collect());
    // The marks around what is filled in are for texts that mix directions; ours do not, and people would copy them.
    bundle.set_use_isolating(false);
    let resource = FluentResource::try_new(language.file().to_owned()).unwrap_or_else(|(partial, errors)| {
        problems.extend(errors.iter().map(ToString::to_string));
        partial
    });
    if let Err(errors) = bundle.add_resource(resource) {
        problems.extend(errors.iter().map(ToString::to_string));
    }
    for problem in &problems {
        tracing::error!(%language, problem, "a file of texts is broken");
    }
    (bundle, problems)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    /// The messages of a file, and what is filled into each.
    fn filled_in(language: Language) -> BTreeMap<&'static str, BTreeSet<&'static str>> {
        let mut messages = BTreeMap::<_, BTreeSet<_>>::new();
        let mut key = "";
        for line in language.file().lines().filter(|line| !line.starts_with('#')) {
            if line.starts_with(|c: char| c.is_ascii_lowercase()) {
                key = line.split_once('=').map_or(line, |(key, _)| key.trim());
            }
            let of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
            let names =
                line.split('$').skip(1).map(|rest| rest.split(|c: char| !of_name(c)).next().unwrap_or_default());
            messages.entry(key).or_default().extend(names);
        }
        messages
    }

    #[test]
    fn no_language_lacks_a_message_or_leaves_out_what_is_filled_into_it() {
        let first = filled_in(Language::ALL[0]);
        assert!(first["helplines"].contains("emergency"), "{first:?}");
        for language in Language::ALL {
            assert_eq!(problems(language), Vec::<String>::new(), "{language}");
            let messages = filled_in(language);
            for (key, names) in &first {
                assert_eq!(messages.get(key), Some(names), "{key} in locales/{language}.ftl");
            }
            let more: Vec<_> = messages.keys().filter(|key| !first.contains_key(*key)).collect();
            assert!(more.is_empty(), "locales/{language}.ftl alone has {more:?}");
        }
    }
}
