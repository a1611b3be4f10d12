//! Colours, on a terminal and where nobody asked for none; and text of a cluster made fit to be printed.

use std::io::IsTerminal as _;

/// What a piece of text means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// All is well.
    Good,
    /// On the way, or on purpose.
    Wait,
    /// To be mended.
    Bad,
    /// Detail.
    Quiet,
    /// A heading.
    Strong,
}

/// Whether there are colours.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint(bool);

impl Paint {
    /// For standard output.
    pub(crate) fn for_stdout() -> Self {
        let is_unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self(std::io::stdout().is_terminal() && !is_unwanted)
    }

    /// `text` in its tone.
    pub(crate) fn tone(self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Good => 32,
            Tone::Wait => 33,
            Tone::Bad => 31,
            Tone::Quiet => 2,
            Tone::Strong => 1,
        };
        if self.0 { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// On one line and without control characters: a message from a cluster must not move the cursor or rename the window.
pub(crate) fn clean(text: &str) -> String {
    let spaced = text.split(|letter: char| letter.is_whitespace()).filter(|word| !word.is_empty());
    spaced.collect::<Vec<_>>().join(" ").chars().filter(|letter| !letter.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_from_the_cluster_cannot_speak_to_the_terminal() {
        assert_eq!(clean("a\x1b]0;owned\x07\n  b\u{9b}2J"), "a]0;owned b2J");
    }
}
