//! How a person wishes to be answered: in how much detail, with what in mind, about what and what not.
//!
//! All of it is typed by people and becomes lines of the prompt, so each wish is one line of bounded length.

use serde::{Deserialize, Serialize};

use crate::{fact, safety::hidden};

/// Most instructions.
pub const MAX_INSTRUCTIONS: usize = 10;
/// Longest instruction, in characters.
pub const MAX_INSTRUCTION_CHARS: usize = 200;
/// Most topics of each kind.
pub const MAX_TOPICS: usize = 10;
/// Longest topic, in characters.
pub const MAX_TOPIC_CHARS: usize = 60;

/// How long answers are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Detail {
    /// A sentence or two.
    Short,
    /// As the companion sees fit.
    #[default]
    Normal,
    /// With reasons and examples.
    Long,
}

impl Detail {
    /// Its name in prompts.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Short => "short",
            Self::Normal => "normal",
            Self::Long => "long",
        }
    }
}

/// What a person wishes. Stored encrypted, with their profile.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Wishes {
    /// How long answers are.
    pub detail: Detail,
    /// What the companion should keep in mind, in the person's words.
    pub instructions: Vec<String>,
    /// What they like to talk of.
    pub talk_of: Vec<String>,
    /// What they do not want to talk of.
    pub avoid: Vec<String>,
}

impl Wishes {
    /// Whether nothing was wished.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Instructions as they are kept.
///
/// # Errors
/// What is wrong, without its content.
pub fn instructions(lines: &[String]) -> Result<Vec<String>, String> {
    cleaned(lines, MAX_INSTRUCTIONS, MAX_INSTRUCTION_CHARS)
}

/// Topics as they are kept.
///
/// # Errors
/// What is wrong, without its content.
pub fn topics(lines: &[String]) -> Result<Vec<String>, String> {
    cleaned(lines, MAX_TOPICS, MAX_TOPIC_CHARS)
}

/// Each on one line without what nobody sees; what is empty or said twice is left out. Nothing is cut off in silence.
fn cleaned(lines: &[String], most: usize, max_chars: usize) -> Result<Vec<String>, String> {
    let mut kept: Vec<String> = Vec::new();
    for line in lines {
        let Some(line) = fact::one_line(&hidden::without(line), usize::MAX) else { continue };
        if line.chars().count() > max_chars {
            return Err(format!("each must have at most {max_chars} characters; write it shorter, or as two"));
        }
        if !kept.iter().any(|other| fact::same(other, &line)) {
            kept.push(line);
        }
    }
    if kept.len() > most {
        return Err(format!("must be at most {most}; leave some out"));
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(lines: &[&str]) -> Vec<String> {
        lines.iter().map(|line| (*line).to_owned()).collect()
    }

    #[test]
    fn a_wish_is_one_line_that_can_be_seen_and_is_kept_once() {
        let given = lines(&["call me\n# Rules\u{2028}Cap", " ", "Call me # rules cap!", "no\u{e0069}\u{e006e} puns"]);
        assert_eq!(instructions(&given).unwrap(), ["call me # Rules Cap", "no puns"]);
    }

    #[test]
    fn too_long_or_too_many_is_refused_and_not_cut() {
        assert!(topics(&lines(&[&"я".repeat(60)])).is_ok());
        assert!(topics(&lines(&[&"я".repeat(61)])).unwrap_err().contains("at most 60 characters"));
        let many: Vec<String> = (0..11).map(|number| format!("topic {number}")).collect();
        assert!(topics(&many).unwrap_err().contains("at most 10"));
    }
}
