//! What pages are put together from. Each part is a template of its own, and is filled into pages as it is.

mod act;
mod card;
mod facts;
mod field;
mod form;
mod listing;
mod table;
pub mod telegram;
mod view;

pub use act::Act;
pub use card::{Against, Card, Change};
pub use facts::{Fact, Facts};
pub use field::{Choice, Field, FieldError, FieldKind};
pub use form::{Filter, Form};
pub use listing::{Listing, Sort};
pub use table::{Cell, Column, Empty, Head, Table};
pub use view::View;

/// What a state means for whoever looks: colour and sign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Neither good nor bad.
    #[default]
    Plain,
    /// As it should be.
    Good,
    /// To be looked at.
    Warning,
    /// Broken, or refused.
    Bad,
}

impl Tone {
    /// Its class in the style sheet.
    #[must_use]
    pub const fn class(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Good => "good",
            Self::Warning => "warning",
            Self::Bad => "bad",
        }
    }
}
