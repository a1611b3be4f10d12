//! A menu: one message with buttons that turns into another page of itself when one is pressed.

use crate::replies::Replies;

/// A page: what it says, and rows of buttons with what each says to us (64 bytes at most).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Menu {
    html: String,
    rows: Vec<Vec<(String, String)>>,
}

impl Menu {
    /// A page without buttons.
    #[must_use]
    pub(super) fn new(html: impl Into<String>) -> Self {
        Self { html: html.into(), rows: Vec::new() }
    }

    /// One more row.
    #[must_use]
    pub(super) fn row(mut self, buttons: impl IntoIterator<Item = (String, String)>) -> Self {
        let row: Vec<_> = buttons.into_iter().collect();
        if !row.is_empty() {
            self.rows.push(row);
        }
        self
    }

    /// Rows of two.
    #[must_use]
    pub(super) fn pairs(self, buttons: impl IntoIterator<Item = (String, String)>) -> Self {
        let buttons: Vec<_> = buttons.into_iter().collect();
        buttons.chunks(2).fold(self, |menu, pair| menu.row(pair.to_vec()))
    }

    /// What it says.
    #[cfg(test)]
    pub(super) fn html(&self) -> &str {
        &self.html
    }

    /// As a message of its own.
    #[must_use]
    pub(super) fn send(self, replies: Replies) -> Replies {
        replies.screen(None, self.html, &self.rows)
    }

    /// As a message of its own, which is owed once to each person under this name.
    #[must_use]
    pub(super) fn send_once(self, replies: Replies, name: &str) -> Replies {
        replies.once(name, self.html, &self.rows)
    }

    /// In the message whose button was pressed; as a message of its own where Telegram does not say which that was.
    #[must_use]
    pub(super) fn turn(self, replies: Replies, message: Option<i64>) -> Replies {
        replies.screen(message, self.html, &self.rows)
    }
}
