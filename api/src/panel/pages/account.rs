//! One's own account: language, password, recovery codes, sessions.

use askama::Template;

use super::{
    Page,
    access::{Forms, SessionLine},
};
use crate::panel::{
    parts::{Act, Choice, Field, FieldKind, Form, Table, View},
    shell::Section,
    words::Words,
};

const PATH: &str = "/admin/panel/account";

/// `GET /admin/panel/account`.
#[derive(Clone, Debug, Template)]
#[template(path = "panel/account.html")]
pub struct Account {
    /// The code of the language that was chosen; nothing for that of the browser.
    pub language: String,
    /// The languages there are: code and name.
    pub languages: Vec<(String, String)>,
    /// Whether there is a password: who comes by an issuer has none.
    pub has_password: bool,
    /// One's sessions.
    pub sessions: Vec<SessionLine>,
    /// What is wrong with what was typed.
    pub wrong: Wrong,
    /// How many recovery codes are left; nothing without a second factor.
    pub codes_left: Option<u64>,
    /// Whether they have their second factor here, if any, and not at an issuer.
    pub may_change_factor: bool,
    /// The session's token.
    pub csrf: String,
    /// What the reader asks of its tables.
    pub view: View,
    /// In which language.
    pub words: Words,
}

/// What is wrong with what was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wrong {
    /// With the password of now, where it was changed.
    pub current: Option<String>,
    /// With the new one.
    pub password: Option<String>,
    /// With the password of now, where codes were asked for.
    pub codes: Option<String>,
}

impl Account {
    /// The language.
    #[must_use]
    pub fn language_form(&self) -> Form {
        let say = |key: &str| self.words.say(key);
        let named = self.languages.iter().map(|(code, name)| Choice::new(code, name));
        let choices = std::iter::once(Choice::new("", say("panel-language-browser"))).chain(named).collect();
        let field = Field::new("language", say("panel-person-language"), FieldKind::Select(choices));
        let fields = vec![field.value(&self.language)];
        Form::new("language", "/admin/panel/account/language", &self.csrf, say("panel-save"), fields)
    }

    /// A new password.
    #[must_use]
    pub fn password_form(&self) -> Form {
        let say = |key: &str| self.words.say(key);
        let field = |name: &str, key: &str| Field::new(name, say(key), FieldKind::Password).required();
        let fields = vec![
            field("current", "panel-password-now").fills("current-password").error(self.wrong.current.clone()),
            field("password", "panel-password-new")
                .fills("new-password")
                .hint(say("panel-password-hint"))
                .error(self.wrong.password.clone()),
            field("again", "panel-password-again").fills("new-password"),
        ];
        Form::new("password", "/admin/panel/account/password", &self.csrf, say("panel-password-change"), fields)
    }

    /// New recovery codes.
    #[must_use]
    pub fn codes(&self) -> Act {
        let say = |key: &str| self.words.say(key);
        let path = "/admin/panel/account/codes";
        let password = Field::new("current", say("panel-password-now"), FieldKind::Password);
        let fields = vec![password.required().fills("current-password").error(self.wrong.codes.clone())];
        let form = Form::new("codes", path, &self.csrf, say("panel-codes-new-do"), fields);
        let is_open = self.wrong.codes.is_some();
        Act { is_open, ..Act::new(say("panel-codes-new"), say("panel-codes-new-explains"), form) }
    }

    /// What the link to another second factor says.
    #[must_use]
    pub fn factor_link(&self) -> String {
        self.words.say(if self.codes_left.is_some() { "panel-factor-replace" } else { "panel-factor-set-up" })
    }

    /// How many codes are left.
    #[must_use]
    pub fn left(&self) -> Option<String> {
        self.codes_left.map(|left| self.words.count("panel-codes-left", left))
    }

    /// One's sessions.
    #[must_use]
    pub fn session_table(&self) -> Table {
        Forms { csrf: &self.csrf, refused: None, words: self.words }.sessions(
            &self.sessions,
            PATH.to_owned(),
            &self.view,
        )
    }
}

impl Page for Account {
    fn section(&self) -> Option<Section> {
        None
    }

    fn title(&self) -> String {
        self.words.say("panel-account-own")
    }

    fn tables(&self) -> Vec<Table> {
        vec![self.session_table()]
    }
}
