//! What a model is told on the way, in a line of its own.

use evolve_domain::language::Language;

use super::{PromptError, words};

/// Stands for the other pictures of a message, of which one at most can be shown once more.
///
/// # Errors
/// [`PromptError`].
pub fn other_pictures(language: Language, count: u8) -> Result<String, PromptError> {
    Ok(format!("[{}]", words(language, "prompt-other-pictures", &[("count", &count.to_string())])?))
}

/// What the system instruction ends with where an answer has quoted it.
///
/// # Errors
/// [`PromptError`].
pub fn quoted(language: Language) -> Result<String, PromptError> {
    words(language, "prompt-quoted", &[])
}

/// What comes before words that are to be spoken, or a question might be answered instead of read.
///
/// # Errors
/// [`PromptError`].
pub fn read_aloud(language: Language) -> Result<String, PromptError> {
    words(language, "prompt-read-aloud", &[])
}
