//! What can be done to something, asked once more before it is done.
//!
//! Without a script it is a fold: its head opens what is asked, and the form in it does it. With one, the head opens the same in a
//! dialog.

use askama::{Template, filters::HtmlSafe};

use super::Form;

/// Something that can be done.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "panel/parts/act.html")]
pub struct Act {
    /// What it is called, on the button that opens it.
    pub label: String,
    /// What happens then.
    pub explains: String,
    /// What is asked, and where it is sent.
    pub form: Form,
    /// Whether it is unfolded: something is wrong with what was sent.
    pub is_open: bool,
}

impl HtmlSafe for Act {}

impl Act {
    /// An act.
    #[must_use]
    pub fn new(label: String, explains: String, form: Form) -> Self {
        Self { label, explains, form, is_open: false }
    }
}
