//! Accounts, sessions and keys, as lines of lists.

use chrono::{DateTime, Utc};

use crate::panel::parts::FieldError;

/// An account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountLine {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The code of its role.
    pub role: String,
    /// Whether it has a second factor.
    pub has_factor: bool,
    /// The person whose bearer tokens are its.
    pub telegram: Option<i64>,
    /// Whether it has set its password: before, it waits for its link to be used.
    pub is_ready: bool,
    /// Whether nobody can sign in with it.
    pub is_disabled: bool,
    /// When somebody signed in with it last.
    pub last: Option<DateTime<Utc>>,
}

/// A session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionLine {
    /// Its id, which is not its token.
    pub id: String,
    /// Whose.
    pub account: String,
    /// From which address.
    pub address: Option<String>,
    /// With which browser, in a few words.
    pub browser: Option<String>,
    /// When it began.
    pub since: Option<DateTime<Utc>>,
    /// When it was used last.
    pub last: Option<DateTime<Utc>>,
    /// Whether it is the one that looks.
    pub is_own: bool,
}

/// An API key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyLine {
    /// Its id.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// Its beginning, by which it is told from others.
    pub begins: String,
    /// What it opens.
    pub scopes: Vec<String>,
    /// When it was used last.
    pub last: Option<DateTime<Utc>>,
    /// When it ends.
    pub until: Option<DateTime<Utc>>,
}

/// Somebody who looks at statistics with a name and a password.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserLine {
    /// Their id.
    pub id: String,
    /// Their name.
    pub name: String,
    /// Since when.
    pub since: Option<DateTime<Utc>>,
}

/// A form that was sent and refused: it comes back unfolded, as it was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refused {
    /// Which, by its id in the page: `account-role-ID`.
    pub form: String,
    /// What was typed, by the name of the field.
    pub typed: Vec<(String, String)>,
    /// Why it was refused.
    pub wrong: FieldError,
}

impl Refused {
    /// What was typed into a field.
    pub(super) fn typed(&self, field: &str) -> String {
        self.typed.iter().find(|(name, _)| name == field).map(|(_, typed)| typed.clone()).unwrap_or_default()
    }
}
