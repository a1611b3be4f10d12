//! Which message is whose: each carries a tag, and the models' answers quote it.

use std::fmt;
use std::str::FromStr;

/// What an answer begins with.
const ANSWER: &str = "you said ";

/// A person and the number of their message, from 1: `1001/3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Tag {
    pub(crate) person: i64,
    pub(crate) number: u32,
}

impl Tag {
    /// The tag of what a model is asked. What it is told besides, and earlier messages that had no answer, stand before it.
    pub(crate) fn asked_in(prompt: &str) -> Option<Self> {
        Self::said_in(prompt.lines().last()?)
    }

    /// The tag of a person's message.
    pub(crate) fn said_in(text: &str) -> Option<Self> {
        text.split_whitespace().next()?.parse().ok()
    }

    /// The tag of an answer. The beginning of one, as it is shown while it is made, is none.
    pub(crate) fn answered_in(text: &str) -> Option<Self> {
        text.strip_prefix(ANSWER)?.parse().ok()
    }

    /// The answer, in the pieces in which a model says it.
    pub(crate) fn answer(self) -> [String; 2] {
        [ANSWER.to_owned(), self.to_string()]
    }

    /// The beginning of an answer that breaks off.
    pub(crate) fn beginning() -> String {
        ANSWER.to_owned()
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.person, self.number)
    }
}

/// A text that is no tag.
#[derive(Debug)]
pub(crate) struct NoTag;

impl FromStr for Tag {
    type Err = NoTag;

    fn from_str(text: &str) -> Result<Self, NoTag> {
        let (person, number) = text.split_once('/').ok_or(NoTag)?;
        Ok(Self { person: person.parse().map_err(|_| NoTag)?, number: number.parse().map_err(|_| NoTag)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_tells_which_message_it_answers() {
        let tag = Tag { person: 1001, number: 3 };
        assert_eq!(Tag::said_in(&format!("{tag} and then it rained")), Some(tag));
        assert_eq!(Tag::asked_in(&format!("They said before:\n1001/2 hello\n{tag} and then")), Some(tag));
        assert_eq!(Tag::answered_in(&tag.answer().concat()), Some(tag));
        for text in ["you said ", "you said 1001", "My thoughts are all over the place…", "1001/3", ""] {
            assert_eq!(Tag::answered_in(text), None, "{text}");
        }
    }
}
