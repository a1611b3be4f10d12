//! Fields of forms.

use std::fmt::Write as _;

use askama::{Template, filters::HtmlSafe};

use crate::panel::markup::{Markup, escape};

/// What can be entered, and what is entered now.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "panel/parts/field.html")]
pub struct Field {
    /// Its name in what is sent.
    pub name: String,
    /// Its id in the page; the form sees to it.
    pub id: String,
    /// What it asks for.
    pub label: String,
    /// What else there is to know.
    pub hint: Option<String>,
    /// What is wrong with what was entered.
    pub error: Option<String>,
    /// What is entered now.
    pub value: String,
    /// Of which kind.
    pub kind: FieldKind,
    /// Whether it has to be filled in.
    pub is_required: bool,
    /// What the browser may fill in: a value of `autocomplete`.
    pub fills: Option<&'static str>,
}

impl HtmlSafe for Field {}

/// Of which kind a field is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum FieldKind {
    /// A line.
    #[default]
    Text,
    /// Words to look for. The key `/` goes to the first of them.
    Search,
    /// A password.
    Password,
    /// The digits of a second factor.
    Code,
    /// A number, from the lowest to the highest.
    Number(i64, i64),
    /// A day.
    Date,
    /// A day and a time of the panel's zone.
    Moment,
    /// Many lines: so many are shown.
    Area(u32),
    /// One of these.
    Select(Vec<Choice>),
    /// Yes or no.
    Check,
    /// Not seen: it goes along.
    Hidden,
}

/// What is wrong with what was entered, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldError {
    /// The name of the field; empty where it is of the form as a whole.
    pub field: &'static str,
    /// What is wrong, in words.
    pub says: String,
}

impl FieldError {
    /// At this field.
    #[must_use]
    pub fn new(field: &'static str, says: String) -> Self {
        Self { field, says }
    }
}

/// One of several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is shown.
    pub text: String,
}

impl Choice {
    /// A value, and how it is shown.
    #[must_use]
    pub fn new(value: impl Into<String>, text: impl Into<String>) -> Self {
        Self { value: value.into(), text: text.into() }
    }
}

impl Field {
    /// A field of a kind.
    #[must_use]
    pub fn new(name: &str, label: String, kind: FieldKind) -> Self {
        Self { name: name.to_owned(), label, kind, ..Self::default() }
    }

    /// What goes along unseen.
    #[must_use]
    pub fn hidden(name: &str, value: impl Into<String>) -> Self {
        Self { name: name.to_owned(), value: value.into(), kind: FieldKind::Hidden, ..Self::default() }
    }

    /// With what is entered now; of a check, any word stands for yes.
    #[must_use]
    pub fn value(mut self, value: impl Into<String>) -> Self {
        self.value = value.into();
        self
    }

    /// With what else there is to know.
    #[must_use]
    pub fn hint(mut self, hint: String) -> Self {
        self.hint = Some(hint);
        self
    }

    /// With what is wrong, where something is.
    #[must_use]
    pub fn error(mut self, error: Option<String>) -> Self {
        self.error = error;
        self
    }

    /// It has to be filled in.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.is_required = true;
        self
    }

    /// The browser may fill in this.
    #[must_use]
    pub fn fills(mut self, what: &'static str) -> Self {
        self.fills = Some(what);
        self
    }

    /// The attributes that every kind has.
    #[must_use]
    pub fn attributes(&self) -> Markup {
        let (id, name) = (escape(&self.id), escape(&self.name));
        let mut html = format!(r#" id="{id}" name="{name}""#);
        if self.is_required {
            html.push_str(" required");
        }
        let parts = [self.hint.as_ref().map(|_| "hint"), self.error.as_ref().map(|_| "error")];
        let described: Vec<String> = parts.into_iter().flatten().map(|part| format!("{id}-{part}")).collect();
        if !described.is_empty() {
            let _ = write!(html, r#" aria-describedby="{}""#, described.join(" "));
        }
        if self.error.is_some() {
            // Whoever has to mend something is where it is.
            html.push_str(r#" aria-invalid="true" autofocus"#);
        }
        if let Some(what) = self.fills {
            let _ = write!(html, r#" autocomplete="{what}""#);
        }
        Markup::trusted(html)
    }

    /// Whether this choice is the one that is entered.
    #[must_use]
    pub fn is_chosen(&self, choice: &Choice) -> bool {
        choice.value == self.value
    }
}
