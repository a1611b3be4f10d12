//! The words by which people are understood, those of all languages together: a person may write in another language than
//! they chose. `build.rs` makes them of the lists in `locales/`, where each is explained.

use crate::letters;

include!(concat!(env!("OUT_DIR"), "/words.rs"));

/// A text as the words are, to be looked for among them.
#[must_use]
pub fn compared(text: &str) -> String {
    letters::plain(text).collect()
}

/// Whether a word is what a pattern says: `/` parts what it may be, `*` at the beginning or the end stands for any letters.
pub(crate) fn fits(pattern: &str, word: &str) -> bool {
    pattern.split('/').any(|form| fits_form(form, word))
}

/// The same for one of what it may be.
pub(crate) fn fits_form(form: &str, word: &str) -> bool {
    match (form.strip_prefix('*'), form.strip_suffix('*')) {
        (None, None) => word == form,
        (None, Some(beginning)) => word.starts_with(beginning),
        (Some(end), None) => word.ends_with(end),
        (Some(_), Some(_)) => word.contains(form.trim_matches('*')),
    }
}

/// Whether a word is what one of these patterns says.
pub(crate) fn is_one_of(patterns: &[&str], word: &str) -> bool {
    patterns.iter().any(|pattern| fits(pattern, word))
}

/// Whether a phrase begins at a place among words, word by word.
pub(crate) fn stands_at(phrase: &str, words: &[String], place: usize) -> bool {
    phrase.split(' ').zip(place..).all(|(pattern, place)| words.get(place).is_some_and(|word| fits(pattern, word)))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::{build_words, language::Language};

    #[rstest]
    #[case("die", &["die"], &["died", "di"])]
    #[case("suicid*", &["suicide", "suicid"], &["parasuicide"])]
    #[case("*old", &["old", "yearold"], &["older"])]
    #[case("*летн*", &["15летняя", "летний"], &["летит"])]
    #[case("die/dead*", &["die", "deadly"], &["died"])]
    fn a_pattern_stands_for_words(#[case] pattern: &str, #[case] fitting: &[&str], #[case] other: &[&str]) {
        assert!(fitting.iter().all(|word| fits(pattern, word)));
        assert!(!other.iter().any(|word| fits(pattern, word)));
    }

    /// The files, and one more that is English but for a change.
    fn with_another(change: impl Fn(&str) -> String) -> Vec<(String, String)> {
        let files = Language::ALL.map(|language| (language.to_string(), language.file().to_owned()));
        let another = ("zxx".to_owned(), change(Language::En.file()));
        files.into_iter().chain([another]).collect()
    }

    #[test]
    fn the_words_of_a_language_are_looked_for_once_its_file_is_there() {
        let files = with_another(|english| {
            let changed = english.replace("\ndanger-phrases =", "\ndanger-phrases = möchte/will sterben,");
            changed.replace("stemmer = english", "stemmer = german")
        });
        let code = build_words::code(&files).unwrap();
        let phrases = code.lines().find(|line| line.starts_with("pub const DANGER_PHRASES")).unwrap();
        assert_eq!(phrases.matches("\"möchte/will sterben\"").count(), 1);
        assert_eq!(phrases.matches("\"want to die\"").count(), 1, "what two languages share is there once");
        assert!(code.contains("Algorithm::German, 'a'..='z'"), "{code}");
    }

    /// What becomes of a list of a language's file, in Rust.
    fn built(key: &str, list: &str) -> String {
        // The first of two is taken.
        let files = [("zxx".to_owned(), format!("{key} = {list}\n{}", Language::En.file()))];
        let code = build_words::code(&files).unwrap();
        let name = format!("pub const {}:", key.to_uppercase().replace('-', "_"));
        code.lines().find(|line| line.starts_with(&name)).unwrap().to_owned()
    }

    #[rstest]
    #[case::capitals_and_apostrophes("danger-phrases", "Don’t want to live", &["dont want to live"])]
    #[case::decomposed("danger-phrases", "убии\u{306}ство, все\u{308}", &["убийство", "все"])]
    #[case::a_hyphen_of_danger_parts("danger-phrases", "self-harm*", &["self harm*"])]
    #[case::a_hyphen_of_an_age_joins("minor-old", "*year-old", &["*yearold"])]
    #[case::turkish("danger-phrases", "İntihar, canıma kıy*", &["intihar", "canima kiy*"])]
    #[case::turkish_words_of_memory("recall-stop", "İçin, KAPI, kapı", &["için", "kapi", "kapı"])]
    #[case::hindi("danger-phrases", "आत्महत्या, मरना चाहता/चाहती", &["आत्महत्या", "मरना चाहता/चाहती"])]
    #[case::hindi_words_of_memory("recall-stop", "क्या, मैं", &["क्या", "मैं"])]
    #[case::thai("danger-phrases", "*ฆ่าตัวตาย*", &["*ฆ่าตัวตาย*"])]
    #[case::chinese("danger-phrases", "*不想活*, *自杀*", &["*不想活*", "*自杀*"])]
    fn a_list_is_written_as_people_write_and_kept_as_texts_are_compared(
        #[case] key: &str,
        #[case] list: &str,
        #[case] kept: &[&str],
    ) {
        let built = built(key, list);
        for word in kept {
            assert!(built.contains(&format!("{word:?}")), "{built}");
        }
    }

    #[test]
    fn a_file_without_the_words_does_not_build_and_all_that_is_missing_is_named_at_once() {
        let files =
            with_another(|english| english.replace("\ndanger-", "\n# danger-").replace("\nstemmer", "\n# stemmer"));
        let fault = build_words::code(&files).unwrap_err().to_string();
        for missing in
            ["danger-phrases` is missing", "danger-burdens` is missing", "`stemmer` must be none or one of arabic"]
        {
            assert!(fault.contains(missing), "{fault}");
        }
        assert!(fault.lines().all(|line| line.starts_with("locales/zxx.ftl: ")), "{fault}");
    }

    #[rstest]
    #[case("danger-phrases = -", "must not be empty")]
    #[case("danger-phrases = want to die!", "has \"want to die!\", which is never found")]
    #[case("danger-phrases = suicide/self-harm", "has \"suicide/self-harm\", which is never found")]
    #[case("danger-living = co-exist", "has \"co-exist\", which is never found")]
    #[case("danger-phrases = *", "has \"*\", which is never found")]
    #[case("minor-facts = \u{94d}क", "has \"\\u{94d}क\", which is never found")]
    #[case("recall-stop = don't", "has \"don't\", which is never found")]
    #[case("recall-stop = so-and-so", "has \"so-and-so\", which is never found")]
    #[case("minor-numbers = six, seven", "has 2 of 12 places")]
    #[case("recall-stop = the, any*", "has \"any*\", which is never found")]
    #[case("question-marks = ??", "has \"??\"")]
    fn what_could_never_be_found_is_refused(#[case] line: &str, #[case] reason: &str) {
        let key = line.split(' ').next().unwrap();
        // The first of two is taken.
        let files = with_another(|english| format!("{line}\n{english}"));
        let fault = build_words::code(&files).unwrap_err().to_string();
        assert!(fault.starts_with(&format!("locales/zxx.ftl: `{key}` {reason}")), "{fault}");
    }
}
