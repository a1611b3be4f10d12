//! What a message answers.

/// What a message answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quoted {
    /// Whose words they are.
    pub author: Author,
    /// The words.
    pub text: String,
}

/// Whose words are quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// The person who is writing.
    Person,
    /// The companion.
    Companion,
    /// Somebody else.
    Other,
}

impl Author {
    const ALL: [Self; 3] = [Self::Person, Self::Companion, Self::Other];

    const fn name(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Companion => "companion",
            Self::Other => "other",
        }
    }
}

impl Quoted {
    /// As it is kept with the turn, until its message is answered once more.
    pub(super) fn written(&self) -> String {
        format!("{}:{}", self.author.name(), self.text)
    }

    /// What was kept.
    pub(super) fn read(kept: &str) -> Option<Self> {
        let (name, text) = kept.split_once(':')?;
        let author = Author::ALL.into_iter().find(|author| author.name() == name)?;
        Some(Self { author, text: text.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_of_a_quote_is_the_quote() {
        for author in Author::ALL {
            let quoted = Quoted { author, text: "Завтра: в 10:00".to_owned() };
            assert_eq!(Quoted::read(&quoted.written()), Some(quoted));
        }
        assert_eq!(Quoted::read("nobody:Завтра"), None);
    }
}
