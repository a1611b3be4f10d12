//! What is said in each language, to people and to models: one Fluent file each in `locales/`, compiled in.
//!
//! Adding a language is adding its file. What it must hold is checked where it is used: the bot's texts and the engine's
//! prompts each name their messages, and a test of each renders all of them in every language.

use std::sync::LazyLock;

use evolve_domain::language::Language;
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
