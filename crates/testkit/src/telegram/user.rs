//! A person who writes to the bot.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A person with a Telegram account. The private chat with them has their id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// Telegram id, positive.
    pub id: i64,
    /// First name; every account has one.
    #[serde(default)]
    pub first_name: String,
    /// Last name, if they gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// Username without the `@`, if they have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// IETF language tag of their app, such as `ru`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language_code: Option<String>,
}

impl User {
    /// A person about whom nothing is known but the id.
    pub fn new(id: i64) -> Self {
        Self { id, first_name: String::new(), last_name: None, username: None, language_code: None }
    }

    /// With this first name.
    #[must_use]
    pub fn first_name(mut self, name: impl Into<String>) -> Self {
        self.first_name = name.into();
        self
    }

    /// With this last name.
    #[must_use]
    pub fn last_name(mut self, name: impl Into<String>) -> Self {
        self.last_name = Some(name.into());
        self
    }

    /// With this username, without the `@`.
    #[must_use]
    pub fn username(mut self, name: impl Into<String>) -> Self {
        self.username = Some(name.into());
        self
    }

    /// With this language of their app, such as `ru`.
    #[must_use]
    pub fn language(mut self, code: impl Into<String>) -> Self {
        self.language_code = Some(code.into());
        self
    }

    /// Whether nothing but the id is given, so that it must not overwrite what is known already.
    pub(super) fn is_bare(&self) -> bool {
        *self == Self::new(self.id)
    }

    /// The name that the Bot API shows; an account without a name cannot exist, so one is made up.
    pub(super) fn shown_name(&self) -> String {
        if self.first_name.is_empty() { format!("User {}", self.id) } else { self.first_name.clone() }
    }

    /// As the `User` object of the Bot API.
    pub(super) fn to_json(&self) -> Value {
        let mut user = self.names();
        user.insert("id".into(), self.id.into());
        user.insert("is_bot".into(), false.into());
        if let Some(code) = &self.language_code {
            user.insert("language_code".into(), code.clone().into());
        }
        Value::Object(user)
    }

    /// The fields that the `User` and the private `Chat` object share.
    pub(super) fn names(&self) -> Map<String, Value> {
        let mut names = Map::new();
        names.insert("first_name".into(), self.shown_name().into());
        if let Some(last_name) = &self.last_name {
            names.insert("last_name".into(), last_name.clone().into());
        }
        if let Some(username) = &self.username {
            names.insert("username".into(), username.clone().into());
        }
        names
    }
}

impl From<i64> for User {
    fn from(id: i64) -> Self {
        Self::new(id)
    }
}

impl From<&User> for User {
    fn from(user: &User) -> Self {
        user.clone()
    }
}
